package scenarios

import (
	"crypto/tls"

	"mailtls/fakes"
	"mailtls/results"
)

// policy holds the cases about mail in clear.
func policy() []Case {
	return []Case{
		{
			ID: "policy/public-mx-demands-tls", Row: "R-065",
			Title:  "A public MX takes mail for its own domains in clear",
			Source: Source{"RFC 3207 §4", "A server that is publicly referenced does not demand STARTTLS for local delivery."},
			Needs:  []results.Feature{results.FeaturePublicMX}, Levels: []LevelRule{must()},
			Dialogues: one(greeted(), fakes.Transaction(), fakes.Quit()),
			Fence:     true,
			Judge:     judgePlainTaken,
		},
		{
			ID: "policy/plain-after-refused-version", Row: "R-038",
			Title:  "A client whose TLS 1.0 was refused is served in clear, or not, as any client in clear",
			Source: Source{"RFC 3207 §4", "Whether mail is taken in clear is the receiver's policy; a handshake that failed before does not change it."},
			Needs:  []results.Feature{results.FeatureStartTLS, results.FeatureModern},
			Levels: []LevelRule{must(results.FeaturePublicMX), must(results.FeatureRequireTLS), info()},
			Dialogues: []fakes.Dialogue{
				{Name: "old", Script: fakes.Join(greeted(), fakes.StartTLS(), fakes.Handshake(fakes.Hello{Min: tls.VersionTLS10, Max: tls.VersionTLS10}))},
				{Script: fakes.Join(greeted(), fakes.Transaction(), fakes.Quit())},
			},
			Fence: true,
			Judge: judgePlainAfterRefusal,
		},
		{
			ID: "policy/weak-tls-served", Row: "R-070",
			Title:  "Inside TLS that is too weak for the target everything but QUIT gets 554",
			Source: Source{"RFC 3207 §4.1", "A server for which the TLS achieved is not enough answers 554 to all but QUIT."},
			Needs:  []results.Feature{results.FeatureStartTLS, results.FeatureMinStrength}, Levels: []LevelRule{should()},
			Dialogues: weakSessions(),
			Judge:     judgeWeak,
		},
	}
}

func judgePlainAfterRefusal(t *results.Transcript, claims results.Claims) results.Verdict {
	old, v, ok := reach(t, "old", markGreeting, markEhlo, markStartTLS)
	switch {
	case !ok:
		return v
	case facts(old).Complete:
		return inconclusive("TLS 1.0 was not refused: %s", handshakeOutcome(old))
	case facts(old).Hello == nil:
		return inconclusive("TLS 1.0 was not tried: %s", ending(old))
	case claims.Has(results.FeatureRequireTLS):
		return judgePlainRefused(t, claims)
	}
	return judgePlainTaken(t, claims)
}

func judgePlainTaken(t *results.Transcript, claims results.Claims) results.Verdict {
	const want = "250 to the message, and its delivery"
	s, v, ok := reach(t, "", markGreeting, markEhlo)
	if !ok {
		return v
	}
	for _, m := range []string{markMail, markRcpt, markData, markBody} {
		a := reply(s, m)
		switch {
		case a.is("4"):
			return inconclusive("%s got a temporary refusal: %s", m, a)
		case !a.found && s.End == results.EndTimeout:
			return inconclusive("%s got no reply in our time: a server may take longer", m)
		case !a.is("2", "3"):
			return fail(want, m+" got "+a.String(), a.refs...)
		}
	}
	a := reply(s, markBody)
	switch {
	case !claims.Has(results.FeatureReadback):
		return pass(want, "the message got "+a.String()+"; whether it was delivered cannot be read back", a.refs...)
	case len(mail(t)) == 0 && !settled(t):
		return inconclusive("the message got %s, and watching ended (%s) before the fence had come through", a, t.Ended.Why)
	case len(mail(t)) == 0:
		return fail(want, "the message got "+a.String()+" and was never delivered", a.refs...)
	}
	return pass(want, "the message got "+a.String()+" and arrived", append(a.refs, bodyRef(t, mail(t)[0]))...)
}
