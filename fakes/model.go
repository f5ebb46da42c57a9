package fakes

import (
	"time"

	"mailtls/results"
)

// Model is a mail server as data: played by the one in-process target.
type Model struct {
	// Name of the model; variants stand behind a slash.
	Name string
	// Doc says what it models and where that is documented.
	Doc string
	// Receives is how it takes mail on its smtp listener.
	Receives Profile
	// Submission and SMTPS are its other receiving listeners; nil when it has
	// none.
	Submission, SMTPS *Profile
	// Late is how much later it hands on every other message that it accepted,
	// the first one included; 0 for a queue in order. With LateSecond it begins
	// with the second one.
	Late       time.Duration
	LateSecond bool
	// LosesPlain drops what it accepted in clear.
	LosesPlain bool
	// Sends are the policies by which it sends to other domains; nil when it
	// hands everything on to the collector.
	Sends []Policy
	// Claims it makes when it is the target.
	Claims results.Claims
}

// Profiles returns the model's receiving profiles by listener.
func (m Model) Profiles() map[Listener]Profile {
	all := map[Listener]Profile{ListenSMTP: m.Receives}
	if m.Submission != nil {
		all[ListenSubmission] = *m.Submission
	}
	if m.SMTPS != nil {
		all[ListenSMTPS] = *m.SMTPS
	}
	return all
}
