package scenarios

import (
	"mailtls/fakes"
	"mailtls/results"
)

// requireTLS holds the cases about REQUIRETLS at a receiver.
func requireTLS() []Case {
	return []Case{
		{
			ID: "requiretls/keyword-missing", Row: "R-093",
			Title:  "REQUIRETLS is listed inside TLS",
			Source: Source{"RFC 8689 §2", "The option is used only where the keyword stands in the EHLO reply inside TLS; what is listed in clear does not count."},
			Needs:  []results.Feature{results.FeatureStartTLS, results.FeatureREQUIRETLS}, Levels: []LevelRule{must()},
			Dialogues: one(inside(), fakes.Quit()),
			Judge:     judgeRequireTLSListed,
		},
		{
			ID: "requiretls/taken-in-clear", Row: "R-094",
			Title:  "MAIL with REQUIRETLS in clear is refused",
			Source: Source{"RFC 8689 §2; RFC 5321 §4.1.1.11", "The option has no meaning without TLS; a parameter that is not known gets 555."},
			Needs:  []results.Feature{results.FeatureREQUIRETLS}, Levels: []LevelRule{should()},
			Dialogues: one(greeted(), fakes.Say(markMail, "", "MAIL FROM:<{from}> REQUIRETLS\r\n"), fakes.Quit()),
			Judge:     judgeRequireTLSInClear,
		},
	}
}

func judgeRequireTLSListed(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "REQUIRETLS in the EHLO reply inside TLS"
	s, v, ok := reach(t, "", markGreeting, markEhlo, markStartTLS, markHandshake, markEhloTLS)
	if !ok {
		return v
	}
	outside, inTLS := reply(s, markEhlo), reply(s, markEhloTLS)
	refs := append(outside.refs, inTLS.refs...)
	if _, listed := inTLS.Keywords()["REQUIRETLS"]; !listed {
		return fail(want, "REQUIRETLS is not listed inside TLS: "+inTLS.String(), refs...)
	}
	if _, early := outside.Keywords()["REQUIRETLS"]; early {
		return pass(want, "REQUIRETLS is listed inside TLS, and in clear too", refs...)
	}
	return pass(want, "REQUIRETLS is listed inside TLS only", refs...)
}

func judgeRequireTLSInClear(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "a 5xx reply to MAIL with REQUIRETLS in clear"
	s, v, ok := reach(t, "", markGreeting, markEhlo)
	if !ok {
		return v
	}
	a := reply(s, markMail)
	switch got := "MAIL got " + a.String(); {
	case a.is("4"):
		return inconclusive("a temporary refusal: %s", got)
	case !a.is("5"):
		return fail(want, got, a.refs...)
	default:
		return pass(want, got, a.refs...)
	}
}
