package scenarios

import (
	"crypto/tls"
	"fmt"
	"strings"

	"mailtls/fakes"
	"mailtls/results"
)

// Names of dialogues that the cases about sessions share.
const (
	dialogueFirst   = "first"   // makes the TLS session
	dialogueFresh   = "fresh"   // says what the resumed one says, in a session of its own
	dialogueResumed = "resumed" // shows the ticket
	dialogueOther   = "other"   // shows it under another name
)

// strangeName is a server name that no target goes by.
const strangeName = "strange-name.invalid"

// resumption holds the cases about resumed TLS sessions, server names and ALPN.
func resumption() []Case {
	starttls := []results.Feature{results.FeatureStartTLS}
	return []Case{
		{
			ID: "resumption/state-kept", Row: "R-050",
			Title:  "A resumed TLS session carries neither the login nor the EHLO of the session before",
			Source: Source{"RFC 3207 §4.2; RFC 5321 §4.1.4", "After the handshake only what the client says inside this session counts; a mail session begins with its own EHLO."},
			Needs:  starttls, Levels: []LevelRule{must()},
			Dialogues: []fakes.Dialogue{
				{Name: dialogueFirst, Listener: fakes.ListenSubmission, Tickets: "t", Script: fakes.Join(
					upgraded(), fakes.Say(markEhloTLS, "250", "EHLO {helo2}\r\n"), fakes.Say("auth", "", "AUTH PLAIN {auth-plain}\r\n"), fakes.Quit())},
				{Name: dialogueFresh, Listener: fakes.ListenSubmission, Script: presuming()},
				{Name: dialogueResumed, Listener: fakes.ListenSubmission, Tickets: "t", Script: presuming()},
			},
			Judge: judgeStateKept,
		},
		otherName(tls.VersionTLS12, Case{
			ID: "resumption/other-name/tls12", Levels: []LevelRule{must()}, Needs: starttls,
			Title:  "A TLS 1.2 session is not resumed under another server name",
			Source: Source{"RFC 6066 §3", "A server that makes use of server names refuses a resumption with another name than the session was made for; a full handshake follows."},
		}),
		otherName(tls.VersionTLS13, Case{
			ID: "resumption/other-name/tls13", Levels: []LevelRule{should()}, Needs: []results.Feature{results.FeatureStartTLS, results.FeatureTLS13},
			Title:  "A TLS 1.3 session is not resumed under another server name",
			Source: Source{"RFC 6066 §3; RFC 8446 §4.6.1", "A session belongs to the name it was made for; in TLS 1.3 it is the client that is bound to that."},
		}),
		{
			ID: "sni/name-insisted-on", Row: "R-052",
			Title:  "The handshake works without a server name, with the target's name and with an unknown one",
			Source: Source{"RFC 7672 §8.1; RFC 8461 §7.1", "A mail server does not insist on a server name; it falls back to some chain."},
			Needs:  starttls, Levels: []LevelRule{must(results.FeatureSTS), must(results.FeatureDANE), should()},
			Dialogues: []fakes.Dialogue{
				greets("none", fakes.Hello{Min: tls.VersionTLS10, NoSNI: true}),
				greets("own", fakes.Hello{Min: tls.VersionTLS10}),
				greets("unknown", fakes.Hello{Min: tls.VersionTLS10, SNI: strangeName}),
			},
			Judge: judgeNameInsistedOn,
		},
		{
			ID: "alpn/not-smtp", Row: "R-053",
			Title:  "What becomes of a client that offers another protocol by ALPN, and of one that offers none",
			Source: Source{"RFC 9325 §3.8", "ALPN keeps protocols apart; mail has no name in it for port 25, so that clients offer none."},
			Needs:  starttls, Levels: []LevelRule{info()},
			Dialogues: []fakes.Dialogue{
				greets("none", fakes.Hello{Min: tls.VersionTLS10}),
				greets("h2", fakes.Hello{Min: tls.VersionTLS10, ALPN: []string{"h2"}}),
			},
			Judge: judgeALPN,
		},
	}
}

// presuming is a session that sends mail without an EHLO of its own, and then
// with one but without a login.
func presuming() fakes.Script {
	return fakes.Join(upgraded(),
		fakes.Say("early", "", "MAIL FROM:<{from}>\r\n"), fakes.Ehlo(markEhloTLS),
		fakes.Say(markMail, "", "MAIL FROM:<{from}>\r\n"), fakes.Say(markRcpt, "", "RCPT TO:<{rcpt}>\r\n"), fakes.Quit())
}

// greets is a dialogue that says EHLO inside TLS after the given handshake.
func greets(name string, h fakes.Hello) fakes.Dialogue {
	return fakes.Dialogue{Name: name, Script: fakes.Join(greeted(), fakes.StartTLS(), fakes.Handshake(h), fakes.Ehlo(markEhloTLS), fakes.Quit())}
}

// otherName completes a case with sessions of one TLS version at the most that
// show their ticket under the same name, and then under another.
func otherName(highest uint16, c Case) Case {
	c.Row, c.Judge = "R-051", judgeOtherName
	lowest := highest
	if highest == tls.VersionTLS12 {
		lowest = tls.VersionTLS10
	}
	for _, d := range []struct{ name, sni string }{{dialogueFirst, ""}, {dialogueResumed, ""}, {dialogueOther, strangeName}} {
		g := greets(d.name, fakes.Hello{Min: lowest, Max: highest, SNI: d.sni})
		g.Tickets = "t"
		c.Dialogues = append(c.Dialogues, g)
	}
	return c
}

func judgeStateKept(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "inside a resumed session MAIL and RCPT are refused as in a session of its own"
	for _, d := range []string{dialogueFirst, dialogueFresh, dialogueResumed} {
		if _, v, ok := reach(t, d, markGreeting, markEhlo, markStartTLS, markHandshake); !ok {
			return v
		}
	}
	first, fresh, resumed := probe(t, dialogueFirst), probe(t, dialogueFresh), probe(t, dialogueResumed)
	if !facts(resumed).Resumed {
		return pass(want, "the target did not resume the session: nothing can be carried over", handshakeRefs(resumed)...)
	}
	var got []string
	bound := false
	refs := handshakeRefs(resumed)
	for _, step := range []struct{ mark, name string }{
		{"early", "MAIL without EHLO"}, {markMail, "MAIL without login"}, {markRcpt, "RCPT without login"},
	} {
		own, carried := reply(fresh, step.mark), reply(resumed, step.mark)
		words := fmt.Sprintf("%s got %s in a session of its own, %s in the resumed one", step.name, own, carried)
		refs = append(refs, carried.refs...)
		switch {
		case own.is("5") && carried.is("2"):
			return fail(want, words, append(own.refs, carried.refs...)...)
		case own.is("4"), carried.is("4"), !own.found, !carried.found:
			return inconclusive("%s", words)
		}
		bound = bound || own.is("5")
		got = append(got, step.name+" got "+carried.Code)
	}
	if !bound {
		return moot("nothing that would tell is refused in a session of its own: " + strings.Join(got, ", "))
	}
	login := "no login was to be had before"
	if reply(first, "auth").is("235") {
		login = "the session before had logged in"
	}
	return pass(want, strings.Join(got, ", ")+", as in a session of its own; "+login, refs...)
}

func judgeOtherName(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "a full handshake when the ticket is shown under another name"
	for _, d := range []string{dialogueFirst, dialogueResumed, dialogueOther} {
		s, v, ok := reach(t, d, markGreeting, markEhlo, markStartTLS)
		if !ok {
			return v
		}
		if d != dialogueOther && !facts(s).Complete {
			return inconclusive("the handshake failed: %s", handshakeOutcome(s))
		}
	}
	same, other := probe(t, dialogueResumed), probe(t, dialogueOther)
	refs := handshakeRefs(other)
	switch f := facts(other); {
	case f.Resumed && !facts(probe(t, dialogueFirst)).Named:
		return nonstrict("the target makes no use of server names, so that the rule does not bind it", want,
			"the session was resumed under "+strangeName+"; no name was ever confirmed", append(handshakeRefs(probe(t, dialogueFirst)), refs...)...)
	case f.Resumed:
		return fail(want, "the session was resumed under "+strangeName, refs...)
	case !f.Complete:
		return nonstrict("the session was not resumed, and there was no full handshake", want, handshakeOutcome(other), refs...)
	case !facts(same).Resumed:
		return pass(want, "the target did not resume under the same name either", append(handshakeRefs(same), refs...)...)
	}
	return pass(want, "resumed under its own name, a full handshake under another", refs...)
}

func judgeNameInsistedOn(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "a handshake, and 250 to EHLO, whatever name is asked for"
	var got []string
	var refs []results.EventRef
	for _, d := range []struct{ name, words string }{
		{"own", "with the target's name"}, {"none", "without a name"}, {"unknown", "with an unknown name"},
	} {
		s, v, ok := reach(t, d.name, markGreeting, markEhlo, markStartTLS)
		if !ok {
			return v
		}
		a, f := reply(s, markEhloTLS), facts(s)
		switch {
		case !f.Complete && d.name == "own":
			return inconclusive("the handshake failed even %s: %s", d.words, handshakeOutcome(s))
		case !f.Complete:
			return fail(want, d.words+" there is no handshake: "+handshakeOutcome(s), handshakeRefs(s)...)
		case !a.is("250"):
			return fail(want, d.words+" EHLO got "+a.String(), a.refs...)
		}
		names := "no certificate"
		if len(f.Chain) > 0 {
			names = subject(f.Chain[0])
		}
		got = append(got, d.words+" a certificate for "+names)
		refs = append(refs, handshakeRefs(s)...)
	}
	return pass(want, strings.Join(got, "; "), refs...)
}

func judgeALPN(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "what becomes of ALPN; without it a handshake"
	var got []string
	var refs []results.EventRef
	for _, name := range []string{"none", "imap", "pop3", "h2"} {
		if name != "none" && probe(t, name) == nil {
			continue
		}
		s, v, ok := begun(t, name)
		if !ok {
			return v
		}
		agreed := ""
		if p := facts(s).ALPN; p != "" {
			agreed = ", agreed on " + p
		}
		got = append(got, "ALPN "+name+": "+handshakeOutcome(s)+agreed)
		refs = append(refs, handshakeRefs(s)...)
	}
	return note(want, strings.Join(got, "; "), refs...)
}
