package scenarios

import (
	"mailtls/fakes"
	"mailtls/results"
)

// authentication holds the cases about logging in.
func authentication() []Case {
	return append([]Case{
		{
			ID: "auth/listed-in-clear", Row: "R-075",
			Title:  "AUTH is listed inside TLS only",
			Source: Source{"RFC 4954 §4; RFC 4954 §6; RFC 4954 §9", "Mechanisms that need encryption are not listed without it; a configuration without plain passwords in clear exists."},
			Needs:  []results.Feature{results.FeatureStartTLS, results.FeatureAuthAfterTLS}, Levels: []LevelRule{must()},
			Dialogues: []fakes.Dialogue{{Listener: fakes.ListenSubmission, Script: fakes.Join(inside(), fakes.Quit())}},
			Judge:     judgeAuthListed,
		},
		{
			ID: "auth/accepted-in-clear", Row: "R-076",
			Title:  "AUTH PLAIN and AUTH LOGIN in clear are refused before a password is asked for",
			Source: Source{"RFC 4954 §4; RFC 4954 §6; RFC 8314 §4.1", "A server can be set to take no plain password without TLS, and then refuses good and bad ones alike."},
			Needs:  []results.Feature{results.FeatureAuthAfterTLS}, Levels: []LevelRule{must()},
			Dialogues: []fakes.Dialogue{
				{Name: "plain", Listener: fakes.ListenSubmission, Script: fakes.Join(greeted(), fakes.Say("auth", "5", "AUTH PLAIN {auth-plain}\r\n"), fakes.Quit())},
				{Name: "login", Listener: fakes.ListenSubmission, Script: fakes.Join(greeted(), fakes.Say("auth", "5", "AUTH LOGIN {auth-login}\r\n"), fakes.Quit())},
			},
			Judge: judgeAuthInClear,
		},
	}, logins()...)
}

func judgeAuthListed(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "no AUTH in the EHLO reply in clear, AUTH in the one inside TLS"
	s, v, ok := reach(t, "", markGreeting, markEhlo, markStartTLS, markHandshake, markEhloTLS)
	if !ok {
		return v
	}
	before, after := reply(s, markEhlo), reply(s, markEhloTLS)
	mechanisms, listed := after.Keywords()["AUTH"]
	if early, found := before.Keywords()["AUTH"]; found {
		return fail(want, "in clear AUTH "+early+" is listed", before.refs...)
	}
	if !listed {
		return fail(want, "inside TLS AUTH is not listed: "+after.String(), after.refs...)
	}
	return pass(want, "inside TLS only: AUTH "+mechanisms, append(before.refs, after.refs...)...)
}

func judgeAuthInClear(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "538, 530, 503 or 504 to AUTH PLAIN and AUTH LOGIN in clear"
	var got string
	var refs []results.EventRef
	strict := true
	for _, mechanism := range []string{"plain", "login"} {
		s, v, ok := reach(t, mechanism, markGreeting, markEhlo)
		if !ok {
			return v
		}
		a := reply(s, "auth")
		switch {
		case a.is("4"), !a.found && s.End == results.EndTimeout:
			return inconclusive("AUTH %s got %s", mechanism, a)
		case a.mute && gone(s): // refused, if not in words
		case !a.is("5"):
			return fail(want, "AUTH "+mechanism+" got "+a.String(), a.refs...)
		}
		strict = strict && a.is("538", "530", "503", "504")
		got += "AUTH " + mechanism + " got " + a.String() + "; "
		refs = append(refs, a.refs...)
	}
	got = got[:len(got)-2]
	if !strict {
		return nonstrict("refused in another way", want, got, refs...)
	}
	return pass(want, got, refs...)
}
