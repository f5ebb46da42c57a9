package scenarios

import (
	"mailtls/fakes"
	"mailtls/results"
)

// starttls holds the cases about the command itself.
func starttls() []Case {
	return []Case{
		{
			ID: "starttls/argument-accepted", Row: "R-004",
			Title:  "STARTTLS with a parameter gets 501, and a proper STARTTLS then works",
			Source: Source{"RFC 3207 §4", "The command has no parameters; with one it is a syntax error, 501."},
			Role:   results.RoleReceiver, Protocol: results.SMTP,
			Needs: []results.Feature{results.FeatureStartTLS}, Levels: []LevelRule{must()},
			Dialogues: one(clear(), fakes.Say("argument", "5", "STARTTLS x\r\n"), fakes.StartTLS(), fakes.Handshake(broad()),
				fakes.Ehlo(markEhloTLS), fakes.Quit()),
			Judge: judgeArgument,
		},
	}
}

func judgeArgument(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "501 to STARTTLS x, then 220 to STARTTLS and a handshake"
	s, v, ok := reach(t, "", markGreeting, markEhlo)
	if !ok {
		return v
	}
	refused, again := reply(s, "argument"), reply(s, markStartTLS)
	switch {
	case !refused.is("501"):
		return fail(want, "STARTTLS x got "+refused.String(), refused.refs...)
	case !again.is("220"):
		return fail(want, "STARTTLS x got "+refused.String()+"; STARTTLS then got "+again.String(), again.refs...)
	case !facts(s).Complete:
		return fail(want, "after STARTTLS x the handshake failed: "+handshakeOutcome(s), handshakeRefs(s)...)
	}
	return pass(want, "STARTTLS x got "+refused.String()+"; STARTTLS then gave "+handshakeOutcome(s), refused.refs...)
}
