package fakes

import (
	"time"

	"mailtls/results"
)

// dialogueTwins are the broken twins for the cases about commands, injection, gates and logins.
func dialogueTwins() []Model {
	return []Model{
		twin("capitals-only", "default", "Knows its commands in capitals only.", func(m *Model) { m.Receives.Strict = []Strict{StrictCase} }),
		twin("nul-overlooked", "default", "Overlooks a NUL behind STARTTLS.", lenient(LenientNUL)),
		twin("closes-on-junk", "default", "Closes the connection on a command that it does not know.", fault(Fault{
			At: results.StageUnknown, Do: ActionFin,
		})),
		twin("starttls-once", "default", "Refuses STARTTLS when it was tried before.", fault(Fault{
			At: results.StageStartTLS, Phase: PhaseClear, Skip: 1, Do: ActionReply, Text: "503 5.5.1 Bad sequence of commands\r\n",
		})),
		twin("bare-lf-kept", "default", "Takes a bare LF for a line end, and runs inside TLS what came behind STARTTLS in clear.",
			lenient(LenientBareLF), keep(KeepBuffer)),
		twin("submission-buffer-kept", "submission", "Runs inside TLS what came behind STARTTLS in clear, on its submission listener.",
			submission(func(p *Profile) { p.Keep = []Keep{KeepBuffer} })),
		twin("user-kept", "auth-in-clear", "Carries a login in clear into TLS.",
			submission(func(p *Profile) { p.Keep = []Keep{KeepUser} })),
		twin("user-kept-open", "auth-in-clear", "Carries a login in clear into TLS, and demands none.",
			submission(func(p *Profile) { p.Keep, p.Gates = []Keep{KeepUser}, nil })),
		twin("commands-in-exchange", "auth-in-clear", "Takes for a command what is a response to its 334.", submission(strike(Fault{
			At: results.StageAuth, Do: ActionReply, Text: "334 VXNlcm5hbWU6\r\n",
		}))),
		twin("mechanisms-in-clear", "submission", "Goes along with any mechanism in clear.", submission(strike(Fault{
			At: results.StageAuth, Phase: PhaseClear, Do: ActionReply, Text: "334 \r\n",
		}))),
		twin("login-not-needed", "submission", "Takes mail for submission without a login.",
			submission(func(p *Profile) { p.Gates = []Gate{MustTLS()} })),
		twin("verify-in-clear", "tls12-required", "Answers VRFY in clear.", func(m *Model) {
			m.Receives.Gates[0].Except = append(m.Receives.Gates[0].Except, "VRFY")
		}),
		twin("refuses-once", "tls12-required", "Refuses MAIL in clear once, and then takes it.", func(m *Model) {
			m.Receives.Gates = nil
		}, fault(Fault{
			At: results.StageMail, Phase: PhaseClear, Times: 1, Do: ActionReply, Text: "530 5.7.0 Must issue a STARTTLS command first\r\n",
		})),
		twin("smtps-greets-in-clear", "submission", "Greets in clear where TLS comes first, when a client is silent.", implicitly(strike(Fault{
			At: results.StageHandshake, When: Before, Do: ActionReply, Text: "220 mx ESMTP\r\n", Delay: time.Second, IfSilent: true,
		}))),
		twin("smtps-lists-starttls", "submission", "Lists STARTTLS where TLS comes first.",
			implicitly(func(p *Profile) { p.TLS = append(p.TLS, "STARTTLS") })),
		twin("smtps-starttls", "submission", "Gives a go-ahead to STARTTLS where TLS comes first.",
			implicitly(func(p *Profile) { p.Lenient = []Lenient{LenientDuplicateTLS} })),
		twin("smtps-buffer-kept", "submission", "Runs inside TLS what came before the handshake in clear, where TLS comes first.",
			implicitly(func(p *Profile) { p.Keep = []Keep{KeepBuffer} })),
	}
}

// submission and implicitly change the profile of a listener.
func submission(change func(*Profile)) func(*Model) {
	return func(m *Model) { change(m.Submission) }
}
func implicitly(change func(*Profile)) func(*Model) {
	return func(m *Model) { change(m.SMTPS) }
}

// strike adds a fault to a profile.
func strike(f Fault) func(*Profile) {
	return func(p *Profile) { p.Faults = append(p.Faults, f) }
}
