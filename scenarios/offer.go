package scenarios

import (
	"fmt"

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
			Needs:  []results.Feature{results.FeatureStartTLS}, Levels: []LevelRule{must()},
			Dialogues: one(greeted(), fakes.Quit()),
			Judge:     judgeListed,
		},
		{
			ID: "offer/starttls-while-off", Row: "R-063",
			Title:  "With TLS switched off STARTTLS is not listed, is refused, and the session goes on",
			Source: Source{"RFC 3207 §4; RFC 5321 §3.8", "STARTTLS without TLS gets an error reply; a command that is not known does not end the session."},
			Needs:  []results.Feature{results.FeatureTLSOff}, Levels: []LevelRule{must()},
			Dialogues: one(greeted(), fakes.Say(markStartTLS, "", "STARTTLS\r\n"), fakes.Say(markNoop, "", "NOOP\r\n"), fakes.Quit()),
			Judge:     judgeWhileOff,
		},
		{
			ID: "offer/keyword-flickers", Row: "R-062",
			Title:  "STARTTLS is listed in each of 20 sessions",
			Source: Source{"RFC 3207 §2", "The keyword tells clients that TLS can be had; one that misses it sends in clear."},
			Needs:  []results.Feature{results.FeatureStartTLS}, Levels: []LevelRule{should()},
			Dialogues: []fakes.Dialogue{{Repeat: flickers, Script: fakes.Join(greeted(), fakes.Quit())}},
			Judge:     judgeFlickers,
		},
		{
			ID: "offer/broken-certificate", Row: "R-064",
			Title:  "TLS that is configured and cannot work is not listed, and STARTTLS gets 454",
			Source: Source{"RFC 3207 §4; RFC 8314 §4", "TLS that is not available for the time being gets 454, and the session goes on; it is better not listed."},
			Needs:  []results.Feature{results.FeatureTLSBroken}, Levels: []LevelRule{should()},
			Dialogues: []fakes.Dialogue{
				{Name: "go-on", Script: fakes.Join(greeted(), fakes.Say(markStartTLS, "", "STARTTLS\r\n"), fakes.Say(markNoop, "", "NOOP\r\n"), fakes.Quit())},
				{Name: "handshake", Script: fakes.Join(greeted(), fakes.StartTLS(), fakes.Handshake(broad()))},
			},
			Temporary: true,
			Judge:     judgeBroken,
		},
	}
}

// flickers is how many sessions R-062 looks at.
const flickers = 20

func judgeFlickers(t *results.Transcript, _ results.Claims) results.Verdict {
	want := fmt.Sprintf("STARTTLS listed in %d of %d sessions", flickers, flickers)
	var refs []results.EventRef
	read := 0
	for i, s := range probes(t, "") {
		a := reply(s, markEhlo)
		if !reply(s, markGreeting).is("220") || !a.is("250") {
			continue
		}
		read++
		if _, listed := a.Keywords()["STARTTLS"]; !listed {
			return fail(want, fmt.Sprintf("in session %d STARTTLS is not listed: %s", i+1, a), a.refs...)
		}
		refs = append(refs, a.refs...)
	}
	if read < flickers {
		return inconclusive("only %d of %d sessions came as far as EHLO", read, flickers)
	}
	return pass(want, fmt.Sprintf("it was listed in %d of %d", read, flickers), refs...)
}

func judgeBroken(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "no STARTTLS in the EHLO reply, 454 to STARTTLS, then 250 to NOOP"
	s, v, ok := reach(t, "go-on", markGreeting, markEhlo)
	if !ok {
		return v
	}
	list, refused, noop := reply(s, markEhlo), reply(s, markStartTLS), reply(s, markNoop)
	_, listed := list.Keywords()["STARTTLS"]
	got := "STARTTLS got " + refused.String()
	switch {
	case refused.is("2"):
		if h := probe(t, "handshake"); h != nil && facts(h).Hello != nil {
			got += ", and the handshake: " + handshakeOutcome(h)
		}
		return fail(want, got, refused.refs...)
	case !refused.is("454", "5"):
		return fail(want, got, refused.refs...)
	case !noop.is("250"):
		return fail(want, got+"; NOOP then got "+noop.String(), noop.refs...)
	case !refused.is("454"):
		return nonstrict("refused, but not with 454", want, got, append(refused.refs, noop.refs...)...)
	case listed:
		return nonstrict("STARTTLS is listed though it cannot work", want, got, append(list.refs, refused.refs...)...)
	}
	return pass(want, got, append(refused.refs, noop.refs...)...)
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
	list, refused, noop := reply(s, markEhlo), reply(s, markStartTLS), reply(s, markNoop)
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
