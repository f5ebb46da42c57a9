package scenarios

import (
	"fmt"

	"mailtls/results"
)

// judgeTwoWays judges the sessions of twoWays, the marks being the steps before
// the command.
func judgeTwoWays(marks ...string) Judge {
	return func(t *results.Transcript, _ results.Claims) results.Verdict {
		const want = "220 and a handshake, or a 5xx reply and a session that goes on"
		yes, v, ok := reach(t, "served", marks...)
		if !ok {
			return v
		}
		no, v, ok := reach(t, "refused", marks...)
		if !ok {
			return v
		}
		if hello := reply(yes, "hello"); hello.is("5") {
			return note(want, "HELO got "+hello.String()+"; STARTTLS was not reached", hello.refs...)
		}
		a := reply(yes, markStartTLS)
		got := "STARTTLS got " + a.String()
		switch {
		case a.is("220") && facts(yes).Complete:
			return pass(want, got+"; then "+handshakeOutcome(yes), a.refs...)
		case a.is("220"):
			return fail(want, got+"; then no handshake: "+handshakeOutcome(yes), a.refs...)
		case !a.is("5"):
			return fail(want, got, a.refs...)
		}
		noop := reply(no, markNoop)
		got += "; NOOP then got " + noop.String()
		if !noop.is("250") {
			return fail(want, got, append(a.refs, noop.refs...)...)
		}
		return pass(want, got, append(a.refs, noop.refs...)...)
	}
}

// judgeThenServed: the command under a mark must get the code, and STARTTLS must
// then work.
func judgeThenServed(what, mark, code string) Judge {
	want := fmt.Sprintf("%s to %s, then 220 to STARTTLS and a handshake", code, what)
	return func(t *results.Transcript, claims results.Claims) results.Verdict {
		s, v, ok := reach(t, "", markGreeting, markEhlo)
		if !ok {
			return v
		}
		refused, again := reply(s, mark), reply(s, markStartTLS)
		got := what + " got " + refused.String()
		switch {
		case refused.is("4"):
			return inconclusive("%s", got)
		case !refused.is("5"), code == "501" && !refused.is(code):
			return fail(want, got, refused.refs...)
		case len(refused.rest) > 0:
			return fail(want, fmt.Sprintf("%s, and behind it %q", got, clip(refused.rest)), refused.refs...)
		case !again.is("220"):
			return fail(want, got+"; STARTTLS then got "+again.String(), again.refs...)
		case !facts(s).Complete:
			return fail(want, got+"; the handshake then failed: "+handshakeOutcome(s), handshakeRefs(s)...)
		}
		got += "; STARTTLS then gave " + handshakeOutcome(s)
		barred := refused.is("530") && claims.Has(results.FeatureRequireTLS) // RFC 3207 §4, for any command
		if !refused.is(code) && !barred {
			return nonstrict("refused, but not with "+code, want, got, refused.refs...)
		}
		return pass(want, got, refused.refs...)
	}
}

func judgeMixedCase(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "220 to sTaRtTlS, and a handshake"
	s, v, ok := reach(t, "", markGreeting, markEhlo)
	if !ok {
		return v
	}
	a := reply(s, markStartTLS)
	switch {
	case a.is("4"):
		return inconclusive("sTaRtTlS got a temporary refusal: %s", a)
	case !a.is("220"):
		return fail(want, "sTaRtTlS got "+a.String(), a.refs...)
	case !facts(s).Complete:
		return fail(want, "sTaRtTlS got "+a.String()+"; then no handshake: "+handshakeOutcome(s), handshakeRefs(s)...)
	}
	return pass(want, "sTaRtTlS got "+a.String()+"; then "+handshakeOutcome(s), a.refs...)
}

func judgeTrailingNUL(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "a 5xx reply to STARTTLS with a NUL behind it"
	s, v, ok := reach(t, "", markGreeting, markEhlo)
	if !ok {
		return v
	}
	a := reply(s, "nul")
	switch {
	case a.is("5"):
		return pass(want, "it got "+a.String(), a.refs...)
	case a.is("2", "3"):
		return fail(want, "it got "+a.String(), a.refs...)
	case a.is("4"):
		return inconclusive("it got a temporary refusal: %s", a)
	}
	return nonstrict("refused without a reply", want, a.String(), a.refs...)
}

func judgeGroup(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "250, then 220 and a handshake; or a refusal"
	s, v, ok := reach(t, "", markGreeting)
	if !ok {
		return v
	}
	all, refs := replies(s, markEhlo, markStartTLS)
	got := "no reply (" + ending(s) + ")"
	switch {
	case len(all) == 1:
		got = "one reply to both: " + all[0].String() + " (" + ending(s) + ")"
	case len(all) > 1:
		got = "EHLO got " + all[0].Code + ", STARTTLS got " + all[1].String() + "; " + handshakeOutcome(s)
	}
	return note(want, got, refs...)
}

func judgeSecond(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "220 to STARTTLS and a handshake, after a 501 and after RSET alike"
	got := ""
	var refs []results.EventRef
	for _, d := range []struct{ dialogue, what string }{{"after-501", "STARTTLS x"}, {"after-reset", "RSET"}} {
		s, v, ok := reach(t, d.dialogue, markGreeting, markEhlo)
		if !ok {
			return v
		}
		before, a := reply(s, "before"), reply(s, markStartTLS)
		if before.is("220") || !before.is("2", "5") {
			return inconclusive("%s got %s", d.what, before)
		}
		seen := fmt.Sprintf("after %s to %s, STARTTLS got %s", before.Code, d.what, a)
		switch {
		case a.is("454"):
			return inconclusive("%s", seen)
		case !a.is("220"):
			return fail(want, seen, a.refs...)
		case !facts(s).Complete:
			return fail(want, seen+", then "+handshakeOutcome(s), handshakeRefs(s)...)
		}
		got, refs = got+seen+"; ", append(refs, a.refs...)
	}
	return pass(want, got[:len(got)-2], refs...)
}

func judgeEarlyTalk(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "a refusal (554, 421, 503), after which the session may go on, or 220 and a handshake"
	yes, no := probe(t, "served"), probe(t, "refused")
	if yes == nil || no == nil {
		return inconclusive("the dialogues were not held")
	}
	all, refs := replies(yes, "early", markGreeting, markStartTLS)
	refs = append(refs, sent(yes, "early")...)
	got := "no reply (" + ending(yes) + ")"
	switch {
	case len(all) == 1:
		got = "the only reply is " + all[0].String() + " (" + ending(yes) + ")"
	case len(all) > 1 && all[1].Code == "220":
		got = "after the greeting STARTTLS got " + all[1].String() + "; " + handshakeOutcome(yes)
	case len(all) > 1:
		got = "after the greeting STARTTLS got " + all[1].String() + "; later " + handshakeOutcome(no)
	}
	return note(want, got, refs...)
}
