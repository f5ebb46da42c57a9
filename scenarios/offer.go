package scenarios

import (
	"mailtls/fakes"
	"mailtls/results"
)

// offer holds the cases about listing STARTTLS.
func offer() []Case {
	return []Case{
		{
			ID: "offer/keyword-missing", Row: "R-001",
			Title:  "STARTTLS is listed in the EHLO reply, as a bare keyword on a line of its own",
			Source: Source{"RFC 3207 §2; RFC 3207 §3", "The extension's keyword is STARTTLS and takes no parameter; keywords stand on the lines after the first."},
			Role:   results.RoleReceiver, Protocol: results.SMTP,
			Needs: []results.Feature{results.FeatureStartTLS}, Levels: []LevelRule{must()},
			Dialogues: one(clear(), fakes.Quit()),
			Judge:     judgeListed,
		},
		{
			ID: "offer/starttls-while-off", Row: "R-063",
			Title:  "With TLS switched off STARTTLS is not listed, is refused, and the session goes on",
			Source: Source{"RFC 3207 §4; RFC 5321 §3.8", "STARTTLS without TLS gets an error reply; a command that is not known does not end the session."},
			Role:   results.RoleReceiver, Protocol: results.SMTP,
			Needs: []results.Feature{results.FeatureTLSOff}, Levels: []LevelRule{must()},
			Dialogues: one(clear(), fakes.Say(markStartTLS, "", "STARTTLS\r\n"), fakes.Say("noop", "", "NOOP\r\n"), fakes.Quit()),
			Judge:     judgeWhileOff,
		},
	}
}

func judgeListed(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "a line STARTTLS, without parameter, after the first line of the EHLO reply"
	s, v, ok := reach(t, "", markGreeting, markEhlo)
	if !ok {
		return v
	}
	a := reply(s, markEhlo)
	switch parameter, listed := a.Keywords()["STARTTLS"]; {
	case !listed:
		return fail(want, "STARTTLS is not listed: "+a.String(), a.refs...)
	case parameter != "":
		return fail(want, "STARTTLS is listed with the parameter "+parameter, a.refs...)
	}
	return pass(want, "STARTTLS is listed", a.refs...)
}

func judgeWhileOff(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "no STARTTLS in the EHLO reply, 500, 502 or 454 to STARTTLS, then 250 to NOOP"
	s, v, ok := reach(t, "", markGreeting, markEhlo)
	if !ok {
		return v
	}
	list, refused, noop := reply(s, markEhlo), reply(s, markStartTLS), reply(s, "noop")
	got := "STARTTLS got " + refused.String() + "; NOOP then got " + noop.String()
	_, listed := list.Keywords()["STARTTLS"]
	switch {
	case listed:
		return fail(want, "STARTTLS is listed though TLS is off", list.refs...)
	case !refused.is("5", "454"):
		return fail(want, got, refused.refs...)
	case !noop.is("250"):
		return fail(want, got, noop.refs...)
	case !refused.is("500", "502", "454"):
		return nonstrict("STARTTLS was refused with another code", want, got, refused.refs...)
	}
	return pass(want, got, append(refused.refs, noop.refs...)...)
}
