package scenarios

import (
	"fmt"
	"time"

	"mailtls/fakes"
	"mailtls/fakes/dialect"
	"mailtls/results"
)

// injection holds the cases about commands that an attacker on the path puts
// between STARTTLS and the handshake (CVE-2011-0411 and its many twins).
func injection() []Case {
	const rule = "What came in clear does not count inside TLS; STARTTLS is the last command of its group, and what follows it in the buffer is not run."
	return append([]Case{
		{
			ID: "injection/same-segment", Row: "R-016",
			Title:  "A command in the segment of STARTTLS is not run inside TLS",
			Source: Source{"RFC 3207 §4; RFC 3207 §4.2; CVE-2011-0411", rule},
			Needs:  []results.Feature{results.FeatureStartTLS}, Levels: []LevelRule{must()},
			Dialogues: []fakes.Dialogue{injected(0, "STARTTLS\r\nNOOP\r\n")},
			Judge:     judgeInjected,
		},
		{
			ID: "injection/second-segment", Row: "R-019",
			Title:  "A command that follows STARTTLS before its reply is not run inside TLS",
			Source: Source{"RFC 3207 §4; RFC 3207 §4.2; CVE-2022-28220", rule},
			Needs:  []results.Feature{results.FeatureStartTLS}, Levels: []LevelRule{must()},
			Dialogues: []fakes.Dialogue{injected(20*time.Millisecond, "STARTTLS\r\n", "NOOP\r\n")},
			Judge:     judgeInjected,
		},
		{
			ID: "injection/partial-line", Row: "R-021",
			Title:  "An unfinished line behind STARTTLS is not joined to the first line inside TLS",
			Source: Source{"RFC 3207 §4.2; RFC 5321 §2.3.8", rule},
			Needs:  []results.Feature{results.FeatureStartTLS}, Levels: []LevelRule{must()},
			Dialogues: one(greeted(), fakes.Say(markStartTLS, "220", "STARTTLS\r\nMAIL FROM:<x"), fakes.Handshake(broad()),
				fakes.Say(markEhloTLS, "", "EHLO {helo}\r\n"), fakes.Quit()),
			Judge: judgePartialLine,
		},
	}, payloads()...)
}

// injected is a session that sends more than STARTTLS, does the handshake, waits
// for what comes unasked, and then says a command whose reply cannot be taken
// for another's.
func injected(gap time.Duration, segments ...string) fakes.Dialogue {
	return fakes.Dialogue{Script: injectedBehind(greeted(), gap, segments...)}
}

// injectedBehind is the script of injected behind what is said first.
func injectedBehind(first fakes.Script, gap time.Duration, segments ...string) fakes.Script {
	return fakes.Join(
		first,
		fakes.Script{{Mark: markStartTLS, Do: fakes.MoveSay, Text: segments, Gap: gap, Want: "220"}},
		fakes.Handshake(broad()),
		listen("silence", 2*time.Second),
		fakes.Say("fake", "", "FAKE {canary}\r\n"),
		fakes.Quit(),
	)
}

func judgeInjected(t *results.Transcript, _ results.Claims) results.Verdict {
	return notRun(t, markEhlo)
}

// notRun judges a session of injectedBehind, hello being the mark of what was said
// last before STARTTLS.
func notRun(t *results.Transcript, hello string) results.Verdict {
	const want = "nothing unasked inside TLS, and an error reply to FAKE first; or no TLS session at all"
	s, v, ok := reach(t, "", markGreeting, hello)
	if !ok {
		return v
	}
	if v, done := refusedToStart(s, want); done {
		return v
	}
	if v, done := unasked(s, want); done {
		return v
	}
	if !marked(s, "fake") {
		return pass(want, "nothing was run: "+ending(s), handshakeRefs(s)...)
	}
	a := reply(s, "fake")
	if v, done := unanswered(s, a, "FAKE", want); done {
		return v
	}
	if !a.is("5") {
		return fail(want, "FAKE got "+a.String(), a.refs...)
	}
	return pass(want, "FAKE got "+a.String(), a.refs...)
}

// refusedToStart concludes where STARTTLS with something behind it led to no
// TLS session: that is safe, unless the rest was served in clear behind the
// go-ahead.
func refusedToStart(s *results.Session, want string) (results.Verdict, bool) {
	a := reply(s, markStartTLS)
	behind, refs := a.rest, a.refs
	if late, more := heard(s, markHandshake, false); len(late) > 0 {
		behind, refs = append(behind, late...), more
	}
	if r, _, err := dialect.CutReply(behind); err == nil && a.is("220") && (r.Class() == '2' || r.Class() == '3') {
		return fail(want, fmt.Sprintf("behind its 220 the target sent %q in clear", clip(behind)), refs...), true
	}
	switch {
	case a.is("5"), len(sent(s, markStartTLS)) > 0 && gone(s) && !a.found:
		return pass(want, "STARTTLS got "+a.String(), a.refs...), true
	case !a.is("220"):
		return inconclusive("the session did not get past starttls: %s", a), true
	case !facts(s).Complete && len(behind) > 0:
		return pass(want, fmt.Sprintf("no TLS session; in clear the target sent %q", clip(behind)), refs...), true
	case !facts(s).Complete:
		return pass(want, "no TLS session: "+handshakeOutcome(s), handshakeRefs(s)...), true
	}
	return results.Verdict{}, false
}

func judgePartialLine(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "250 to EHLO inside TLS, or no TLS session at all"
	s, v, ok := reach(t, "", markGreeting, markEhlo)
	if !ok {
		return v
	}
	if v, done := refusedToStart(s, want); done {
		return v
	}
	a := reply(s, markEhloTLS)
	if v, done := unanswered(s, a, "EHLO inside TLS", want); done {
		return v
	}
	if !a.is("250") {
		return fail(want, "EHLO inside TLS got "+a.String(), a.refs...)
	}
	return pass(want, "EHLO inside TLS got 250", a.refs...)
}
