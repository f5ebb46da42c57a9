package scenarios

import (
	"fmt"
	"slices"
	"strings"

	"mailtls/fakes/dialect"
	"mailtls/results"
)

// notBegun concludes where the command that begins TLS, with something behind it,
// led to no TLS session: that is safe, unless the rest was served in clear behind
// the go-ahead.
func notBegun(s *results.Session, want string) (results.Verdict, bool) {
	a, m := reply(s, markStartTLS), boxesOf(s)
	late, more := heard(s, markHandshake, false)
	behind, refs := append(slices.Clone(a.rest), late...), append(slices.Clone(a.refs), more...)
	switch {
	case denied(a), a.mute && gone(s):
		return pass(want, m.command+" got "+a.String(), refs...), true
	case !consents(s, a):
		return inconclusive("the session did not get past %s: %s", m.command, a), true
	case servedIn(m, behind):
		return fail(want, fmt.Sprintf("behind its go-ahead the target sent %q in clear", clip(behind)), refs...), true
	case !facts(s).Complete && len(behind) > 0:
		return pass(want, fmt.Sprintf("no TLS session; in clear the target sent %q", clip(behind)), refs...), true
	case !facts(s).Complete:
		return pass(want, "no TLS session: "+handshakeOutcome(s), handshakeRefs(s)...), true
	}
	return results.Verdict{}, false
}

// servedIn tells whether bytes hold an answer that agrees to a command.
func servedIn(m mailboxes, b []byte) bool {
	for line := range strings.Lines(string(b)) {
		if strings.HasPrefix(line, "+OK") || strings.HasPrefix(line, injectedTag+" OK") && m.Protocol == results.IMAP {
			return true
		}
	}
	return false
}

func judgeInjectedAccess(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "nothing unasked inside TLS, and FAKE refused first; or no TLS session at all"
	s, v, ok := reach(t, "", markGreeting)
	if !ok {
		return v
	}
	if v, done := notBegun(s, want); done {
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
	others := a.Lines[min(1, len(a.Lines)):]
	if !denied(a) || slices.ContainsFunc(others, func(l string) bool { return strings.HasPrefix(l, injectedTag+" ") }) {
		return fail(want, "FAKE got "+a.String(), a.refs...)
	}
	return pass(want, "FAKE got "+a.String(), a.refs...)
}

func judgePresumedLogin(t *results.Transcript, _ results.Claims) results.Verdict {
	s, v, ok := reach(t, "", markGreeting)
	if !ok {
		return v
	}
	needy := boxesOf(s).needy()
	want := "nothing unasked inside TLS, and " + needy + " refused; or no TLS session at all"
	if v, done := notBegun(s, want); done {
		return v
	}
	a := reply(s, markProbe)
	if consents(s, a) && a.secure {
		return fail(want, "the client was logged in: "+needy+" got "+a.String(), a.refs...)
	}
	if v, done := unasked(s, want); done {
		return v
	}
	if !marked(s, markProbe) {
		return pass(want, "nothing was run: "+ending(s), handshakeRefs(s)...)
	}
	if v, done := unanswered(s, a, needy, want); done {
		return v
	}
	if !denied(a) {
		return inconclusive("%s got %s", needy, a)
	}
	return pass(want, needy+" got "+a.String(), a.refs...)
}

// judgeJoined: an unfinished line stood behind the command that begins TLS.
func judgeJoined(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "an answer to the list of capabilities inside TLS, or no TLS session at all"
	s, v, ok := reach(t, "", markGreeting)
	if !ok {
		return v
	}
	if v, done := notBegun(s, want); done {
		return v
	}
	a := reply(s, markCapabilityTLS)
	switch {
	case consents(s, a):
		return pass(want, "it got "+a.Code, a.refs...)
	case a.mute:
		if v, done := unanswered(s, a, "the list", want); done {
			return v
		}
		return inconclusive("the first command inside TLS got %s", a)
	}
	return fail(want, "the first command inside TLS got "+a.String(), a.refs...)
}

// judgeResumedLogin: the session before had logged in.
func judgeResumedLogin(t *results.Transcript, _ results.Claims) results.Verdict {
	for _, d := range []string{dialogueFirst, dialogueResumed} {
		if _, v, ok := secured(t, d); !ok {
			return v
		}
	}
	first, v, ok := reach(t, dialogueFirst, markLogin)
	if !ok {
		return v
	}
	resumed := probe(t, dialogueResumed)
	needy := boxesOf(first).needy()
	want := needy + " refused in a resumed session without a login"
	if !facts(resumed).Resumed {
		return pass(want, "the target did not resume the session: nothing can be carried over", handshakeRefs(resumed)...)
	}
	a := reply(resumed, markProbe)
	switch {
	case consents(resumed, a):
		return fail(want, needy+" got "+a.String(), append(handshakeRefs(resumed), a.refs...)...)
	case denied(a):
		return pass(want, needy+" got "+a.String(), append(handshakeRefs(resumed), a.refs...)...)
	}
	if v, done := unanswered(resumed, a, needy, want); done {
		return v
	}
	return inconclusive("%s got %s", needy, a)
}

func judgeExternal(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "OK with a good certificate, and no login or no handshake with any other"
	var got []string
	var refs []results.EventRef
	for _, d := range []string{"good", "expired", "unknown", "none"} {
		s, v, ok := reach(t, d)
		if !ok {
			return v
		}
		a, in := reply(s, markLogin), "with certificate "+d+" the login got "
		switch {
		case d == "good" && !a.found && facts(s).Complete:
			return inconclusive("%s%s", in, a)
		case consents(s, a) != (d == "good"):
			if !facts(s).Complete {
				return fail(want, "with certificate "+d+" there is no handshake: "+handshakeOutcome(s), handshakeRefs(s)...)
			}
			return fail(want, in+a.String(), a.refs...)
		}
		got, refs = append(got, in+a.Code), append(refs, a.refs...)
	}
	return pass(want, strings.Join(got, "; "), refs...)
}

// judgeAppendCut looks for two messages: one that came whole, and one that did not.
func judgeAppendCut(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "the message that was cut is not in the mailbox"
	whole, v, ok := reach(t, "whole", markLogin, "append", "append-body")
	if !ok {
		return v
	}
	if _, v, ok := reach(t, "cut", markLogin, "append"); !ok {
		return v
	}
	s, v, ok := reach(t, "look", markLogin, "select", "fetch")
	if !ok {
		return v
	}
	b, refs := heard(s, "fetch", true)
	mine := subjectSent(whole)
	cut := strings.Replace(mine, "whole-", "cut-", 1)
	switch text := string(b); {
	case mine == "" || !strings.Contains(text, mine):
		return inconclusive("the message that came whole is not in the mailbox")
	case strings.Contains(text, cut):
		return fail(want, "it is there, beside the one that came whole", refs...)
	}
	return pass(want, "only the one that came whole is there", refs...)
}

// subjectSent is the subject line of the message that a session appended.
func subjectSent(s *results.Session) string {
	for _, ref := range sent(s, "append-body") {
		line, _, _ := strings.Cut(string(shown(s.Events[ref.Event])), "\r\n")
		return line
	}
	return ""
}

// judgeDeleted compares what is listed before and after a session that marked a
// message and ended without QUIT.
func judgeDeleted(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "every message that was listed before is listed still"
	before, v, ok := reach(t, "delete", markGreeting, markLogin, "listed", "delete")
	if !ok {
		return v
	}
	after, v, ok := reach(t, "look", markGreeting, markLogin, "listed")
	if !ok {
		return v
	}
	was, is := uidsOf(reply(before, "listed").Reply), uidsOf(reply(after, "listed").Reply)
	refs := append(reply(before, "listed").refs, reply(after, "listed").refs...)
	if len(was) == 0 {
		return inconclusive("the mailbox is empty")
	}
	for _, uid := range was {
		if !slices.Contains(is, uid) {
			return fail(want, fmt.Sprintf("the message %s is gone", uid), refs...)
		}
	}
	return pass(want, fmt.Sprintf("all %d are there", len(was)), refs...)
}

// uidsOf are the unique names in the answer to UIDL (RFC 1939 §7).
func uidsOf(r dialect.Reply) []string {
	var all []string
	for _, line := range r.Lines[min(1, len(r.Lines)):] {
		if _, uid, found := strings.Cut(line, " "); found {
			all = append(all, uid)
		}
	}
	return all
}
