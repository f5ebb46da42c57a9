package fakes

import (
	"maps"
	"slices"
	"strings"
	"time"

	"mailtls/results"
)

// Model is a mail server as data: played by the one in-process target.
type Model struct {
	// Name of the model; variants stand behind a slash.
	Name string
	// Doc says what it models and where that is documented.
	Doc string
	// Receives is how it takes mail on its smtp listener; the zero value, in a model
	// that has Access, has no such listener.
	Receives Profile
	// Submission, SMTPS and LMTP are its other receiving listeners; nil when it has
	// none.
	Submission, SMTPS, LMTP *Profile
	// Access are its IMAP and POP3 listeners, and how it serves mailboxes there; nil
	// when it has none.
	Access map[Listener]Profile
	// Late is how much later it hands on every other message that it accepted,
	// the first one included; 0 for a queue in order. With LateSecond it begins
	// with the second one.
	Late       time.Duration
	LateSecond bool
	// LosesPlain drops what it accepted in clear.
	LosesPlain bool
	// Sends are the policies by which it sends to other domains; nil when it
	// hands everything on to the collector. The first is for the domains that
	// nothing else is for.
	Sends []Policy
	// Connectors are for the mail of some domains, which goes by the first of Sends
	// as the connector changes it.
	Connectors []Connector
	// Claims it makes when it is the target.
	Claims results.Claims
}

// Receiving tells whether the model has an smtp listener.
func (m Model) Receiving() bool { return m.Access == nil || m.Receives.Name != "" }

// Profiles returns the model's profiles by listener.
func (m Model) Profiles() map[Listener]Profile {
	all := map[Listener]Profile{}
	maps.Copy(all, m.Access)
	if m.Receiving() {
		all[ListenSMTP] = m.Receives
	}
	for l, p := range map[Listener]*Profile{ListenSubmission: m.Submission, ListenSMTPS: m.SMTPS, ListenLMTP: m.LMTP} {
		if p != nil {
			all[l] = *p
		}
	}
	return all
}

// Toward is the policy by which the model sends to a domain: that of the connector
// whose domains fit it most closely, else the first of Sends. The error is that of
// the connector.
func (m Model) Toward(domain string) (Policy, error) {
	domain = strings.ToLower(strings.TrimSuffix(domain, "."))
	var by *Connector
	closest := 0
	for i, c := range m.Connectors {
		if how := c.covers(domain); how > closest {
			by, closest = &m.Connectors[i], how
		}
	}
	if by == nil {
		return m.Sends[0], nil
	}
	return by.Policy(m.Sends[0])
}

// Policies are all by which the model sends: Sends, and behind them those of the
// connectors. The error is that of a connector.
func (m Model) Policies() ([]Policy, error) {
	all := slices.Clone(m.Sends)
	for _, c := range m.Connectors {
		p, err := c.Policy(m.Sends[0])
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}
