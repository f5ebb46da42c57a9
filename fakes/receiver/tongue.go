package receiver

import (
	"context"

	"mailtls/fakes/dialect"
	"mailtls/results"
)

// tongue is the part of a session that differs by protocol.
type tongue interface {
	// greet sends the greeting.
	greet() error
	// read reads a command, without its line end.
	read() ([]byte, error)
	// parse takes a command apart.
	parse(line []byte) dialect.Command
	// obey answers a command honestly.
	obey(ctx context.Context, c dialect.Command) error
	// refuse answers the command with a gate's reply.
	refuse(reply string) error
	// wording fills in the placeholders in what a fault says.
	wording(text string) string
	// mayUpgrade tells whether the session is in a state in which TLS may begin.
	mayUpgrade() bool
	// answerTLS answers STARTTLS.
	answerTLS(a tlsAnswer) error
	// restart forgets what was learnt before TLS.
	restart()
	// turnAway says a last word to a client that is not understood; errEnd follows.
	turnAway(w lastWord) error
}

// tlsAnswer is what STARTTLS gets.
type tlsAnswer int

// The answers.
const (
	tlsGo       tlsAnswer = iota // TLS may begin
	tlsBroken                    // it cannot be had for the time being
	tlsUnknown                   // there is none
	tlsActive                    // it has begun already
	tlsLate                      // not in this state
	tlsArgument                  // the command has a parameter
)

// lastWord is why a client is turned away.
type lastWord int

// The reasons.
const (
	lineTooLong lastWord = iota
	noWebServer
)

// tongueOf is the part of the session that speaks the profile's protocol.
func tongueOf(x *session) tongue {
	switch x.Profile.Protocol {
	case results.IMAP:
		return &imap{session: x}
	case results.POP3:
		return &pop3{session: x}
	default:
		return smtp{x}
	}
}
