package scenarios

import (
	"fmt"
	"slices"
	"strings"

	"mailtls/fakes/dialect"
	"mailtls/results"
)

// consents tells whether an answer agrees to the command.
func consents(s *results.Session, a answer) bool {
	return a.found && a.Code == dialect.GoAhead(protocolOf(s))
}

// denied tells whether an answer refuses the command.
func denied(a answer) bool { return a.found && slices.Contains([]string{"NO", "BAD", "-ERR"}, a.Code) }

// unlisted concludes where there is no list under a mark.
func unlisted(s *results.Session, mark string) (offering, answer, results.Verdict, bool) {
	a := reply(s, mark)
	o, ok := listed(protocolOf(s), a)
	if !ok {
		return o, a, inconclusive("there is no list of capabilities: %s", a), false
	}
	return o, a, results.Verdict{}, true
}

func judgeOffered(t *results.Transcript, _ results.Claims) results.Verdict {
	s, v, ok := reach(t, "", markGreeting, markCapability)
	if !ok {
		return v
	}
	m := boxesOf(s)
	want := m.command + " in the list of capabilities in clear"
	o, a, v, ok := unlisted(s, markCapability)
	if !ok {
		return v
	}
	if !o.startTLS {
		return fail(want, m.command+" is not listed: "+a.String(), a.refs...)
	}
	greeting := reply(s, markGreeting)
	if first, told := listed(m.Protocol, greeting); told && m.Protocol == results.IMAP && first.String() != o.String() {
		return fail(want+", and the same in the greeting", "the greeting lists "+first.String()+"; CAPABILITY "+o.String(), append(greeting.refs, a.refs...)...)
	}
	return pass(want, "listed are "+o.String(), a.refs...)
}

func judgeLoginListed(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "in clear neither a login with name and password nor SASL PLAIN or LOGIN is offered"
	s, v, ok := reach(t, "", markGreeting, markCapability)
	if !ok {
		return v
	}
	o, a, v, ok := unlisted(s, markCapability)
	if !ok {
		return v
	}
	if o.user || len(o.plain()) > 0 {
		return fail(want, "offered are "+o.String()+": "+a.String(), a.refs...)
	}
	return pass(want, "offered are "+o.String(), a.refs...)
}

func judgeLoginInTLS(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "AUTH=PLAIN and no LOGINDISABLED inside TLS"
	s, v, ok := secured(t, "")
	if !ok {
		return v
	}
	o, a, v, ok := unlisted(s, markCapabilityTLS)
	switch {
	case !ok:
		return v
	case !o.user:
		return fail(want, "LOGINDISABLED is listed inside TLS: "+a.String(), a.refs...)
	case !slices.Contains(o.mechanisms, "PLAIN"):
		return fail(want, "AUTH=PLAIN is not listed: "+a.String(), a.refs...)
	}
	return pass(want, "offered are "+o.String(), a.refs...)
}

func judgeOfferedAgain(t *results.Transcript, _ results.Claims) results.Verdict {
	s, v, ok := secured(t, "")
	if !ok {
		return v
	}
	m := boxesOf(s)
	want := "no " + m.command + " in the list of capabilities inside TLS"
	o, a, v, ok := unlisted(s, markCapabilityTLS)
	switch {
	case !ok:
		return v
	case o.startTLS:
		return fail(want, m.command+" is listed inside TLS: "+a.String(), a.refs...)
	case m.Protocol == results.POP3 && !o.user && len(o.mechanisms) == 0:
		return fail(want+", and a login", "no login is listed inside TLS: "+a.String(), a.refs...)
	}
	return pass(want, "offered are "+o.String(), a.refs...)
}

func judgePreauth(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "a greeting with OK"
	s, v, ok := reach(t, "")
	if !ok {
		return v
	}
	a := reply(s, markGreeting)
	switch {
	case !a.found:
		return inconclusive("there is no greeting: %s", a)
	case a.is("PREAUTH"):
		return fail(want, "the greeting in clear is "+a.String(), a.refs...)
	}
	return pass(want, "the greeting is "+a.Code, a.refs...)
}

func judgeCompress(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "NO or BAD to COMPRESS before a login"
	var got []string
	var refs []results.EventRef
	for _, d := range []string{"clear", "tls"} {
		s, v, ok := reach(t, d, markGreeting)
		if ok && d == "tls" {
			s, v, ok = secured(t, d)
		}
		if !ok {
			return v
		}
		a := reply(s, markProbe)
		switch {
		case consents(s, a):
			return fail(want, d+": COMPRESS got "+a.String(), a.refs...)
		case !denied(a):
			return inconclusive("%s: COMPRESS got %s", d, a)
		}
		got, refs = append(got, d+": "+a.String()), append(refs, a.refs...)
	}
	return pass(want, strings.Join(got, "; "), refs...)
}

// judgeGuesses compares two logins in clear: one with the right password.
func judgeGuesses(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "both logins refused, in the same words"
	said := map[string]string{}
	var refs []results.EventRef
	for _, d := range []string{"right", "wrong"} {
		s, v, ok := reach(t, d, markGreeting)
		if !ok {
			return v
		}
		a := reply(s, markLogin)
		refs = append(refs, a.refs...)
		said[d] = a.String()
		if user := reply(s, "user"); denied(user) && !marked(s, markLogin) || a.mute && gone(s) {
			said[d] = user.String() + ", " + ending(s)
			continue
		}
		switch {
		case consents(s, a):
			return fail(want, "the login with the "+d+" password got "+a.String(), a.refs...)
		case !denied(a):
			return inconclusive("the login with the %s password got %s", d, a)
		}
	}
	if said["right"] != said["wrong"] {
		return fail(want, "the right password got "+said["right"]+"; the wrong one "+said["wrong"], refs...)
	}
	return pass(want, "both got "+said["right"], refs...)
}

func judgeClearSASL(t *results.Transcript, _ results.Claims) results.Verdict {
	s, v, ok := reach(t, "", markGreeting)
	if !ok {
		return v
	}
	want := map[results.Protocol]string{results.IMAP: "NO", results.POP3: "-ERR"}[protocolOf(s)]
	a := reply(s, markLogin)
	got := "the login got " + a.String()
	switch {
	case a.found && a.Code == want:
		return pass(want+" to the login, and no challenge", got, a.refs...)
	case denied(a):
		return nonstrict("refused in another way", want+" to the login, and no challenge", got, a.refs...)
	case a.found:
		return fail(want+" to the login, and no challenge", got, a.refs...)
	}
	if v, done := unanswered(s, a, "the login", want); done {
		return v
	}
	return inconclusive("the login got %s", a)
}

// judgeUnlistedMechanism looks at each mechanism that was asked for.
func judgeUnlistedMechanism(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "a challenge to no mechanism that is not listed"
	var got []string
	var refs []results.EventRef
	for _, mechanism := range []string{"NTLM", "GSSAPI", "XOAUTH2"} {
		s, v, ok := reach(t, mechanism, markGreeting, markCapability)
		if !ok {
			return v
		}
		o, _, v, ok := unlisted(s, markCapability)
		if !ok {
			return v
		}
		a := reply(s, markLogin)
		named := slices.Contains(o.mechanisms, mechanism)
		switch {
		case !a.found && !gone(s):
			return inconclusive("%s got %s", mechanism, a)
		case a.found && !denied(a) && !named:
			return fail(want, mechanism+" is not listed, and got "+a.String(), a.refs...)
		}
		got, refs = append(got, fmt.Sprintf("%s (listed: %v) got %s", mechanism, named, a)), append(refs, a.refs...)
	}
	return pass(want, strings.Join(got, "; "), refs...)
}

func judgePipelinedLogin(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "NO or BAD to the login behind CAPABILITY"
	s, v, ok := reach(t, "", markGreeting)
	if !ok {
		return v
	}
	b, refs := heard(s, markCapability, false)
	a, _, err := dialect.CutAnswer(b, markLogin)
	switch {
	case err != nil && gone(s):
		return nonstrict("ended without an answer", want, ending(s), refs...)
	case err != nil:
		return inconclusive("the login got no answer (%s)", ending(s))
	case a.Tag != markLogin || a.Status == "OK":
		return fail(want, "the login got "+a.String(), refs...)
	}
	return pass(want, "the login got "+a.String(), refs...)
}

// judgeAgain is about the command that begins TLS where it has no place.
func judgeAgain(where string) Judge {
	return func(t *results.Transcript, _ results.Claims) results.Verdict {
		s, v, ok := reach(t, "", markGreeting)
		if !ok {
			return v
		}
		m := boxesOf(s)
		if marked(s, markLogin) {
			_, v, ok = reach(t, "", markLogin)
		} else {
			_, v, ok = secured(t, "")
		}
		if !ok {
			return v
		}
		want := map[results.Protocol]string{results.IMAP: "BAD", results.POP3: "-ERR"}[m.Protocol] + " to " + m.command + " " + where
		a := reply(s, "again")
		got := m.command + " got " + a.String()
		switch {
		case a.is("BAD", "-ERR"):
			return pass(want, got, a.refs...)
		case denied(a):
			return nonstrict("refused with NO", want, got, a.refs...)
		}
		if v, done := unanswered(s, a, m.command, want); done {
			return v
		}
		return fail(want, got, a.refs...)
	}
}

func judgeSilentInTLS(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "no byte inside TLS for 3 s, and then an answer to CAPABILITY"
	s, v, ok := secured(t, "")
	if !ok {
		return v
	}
	if v, done := unasked(s, want); done {
		return v
	}
	a := reply(s, markCapabilityTLS)
	if !consents(s, a) {
		return fail(want, "CAPABILITY got "+a.String(), a.refs...)
	}
	return pass(want, "nothing was sent; CAPABILITY got "+a.Code, a.refs...)
}

func judgeIdentityKept(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "nothing inside TLS of what ID said in clear"
	s, v, ok := reach(t, "", markGreeting)
	if !ok {
		return v
	}
	said := reply(s, "id")
	if denied(said) {
		return moot("ID is refused: " + said.String())
	}
	if s, v, ok = secured(t, ""); !ok {
		return v
	}
	name := ""
	for _, ref := range sent(s, "id") {
		if fields, ok := dialect.Fields(strings.TrimSpace(string(shown(s.Events[ref.Event])))); ok && len(fields) > 2 {
			if pair, ok := dialect.Fields(strings.Trim(fields[2], "()")); ok && len(pair) == 2 {
				name = pair[1]
			}
		}
	}
	a := reply(s, "id-tls")
	switch {
	case !a.found || name == "":
		return inconclusive("ID inside TLS got %s", a)
	case strings.Contains(a.String(), name):
		return fail(want, "ID inside TLS got "+a.String(), a.refs...)
	}
	return pass(want, "ID inside TLS got "+a.String(), a.refs...)
}

func judgeTwiceCovered(t *results.Transcript, _ results.Claims) results.Verdict {
	s, v, ok := secured(t, "")
	if !ok {
		return v
	}
	m := boxesOf(s)
	want := "a greeting inside TLS, " + m.command + " not listed there, and refused"
	if b, refs := saidInClear(s); len(b) > 0 {
		return fail(want, fmt.Sprintf("the target sent %q in clear", clip(b)), refs...)
	}
	if greeting := reply(s, markGreeting); !greeting.is("OK", "PREAUTH", "+OK") {
		return fail(want, "the greeting is "+greeting.String(), greeting.refs...)
	}
	o, list, v, ok := unlisted(s, markCapabilityTLS)
	if !ok {
		return v
	}
	again := reply(s, "again")
	switch {
	case o.startTLS:
		return fail(want, m.command+" is listed: "+list.String(), list.refs...)
	case consents(s, again):
		return fail(want, m.command+" got "+again.String(), again.refs...)
	case !denied(again) && !gone(s):
		return inconclusive("%s got %s", m.command, again)
	}
	return pass(want, m.command+" is not listed, and got "+again.String(), append(list.refs, again.refs...)...)
}

func judgeAPOP(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "whether the greeting has a time stamp, and what APOP gets"
	s, v, ok := reach(t, "", markGreeting)
	if !ok {
		return v
	}
	greeting, a := reply(s, markGreeting), reply(s, markLogin)
	stamp := "no time stamp"
	if text := greeting.String(); strings.Contains(text, "<") && strings.Contains(text, ">") {
		stamp = "a time stamp"
	}
	return note(want, "the greeting has "+stamp+"; APOP got "+a.String(), append(greeting.refs, a.refs...)...)
}

func judgeUserNamed(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "-ERR to PASS inside TLS"
	s, v, ok := secured(t, "")
	if !ok {
		return v
	}
	user, a := reply(s, "user"), reply(s, markLogin)
	got := "USER in clear got " + user.Code + "; PASS inside TLS got " + a.String()
	switch {
	case denied(a):
		return pass(want, got, append(user.refs, a.refs...)...)
	case a.found:
		return fail(want, got, append(user.refs, a.refs...)...)
	}
	if v, done := unanswered(s, a, "PASS", want); done {
		return v
	}
	return inconclusive("PASS inside TLS got %s", a)
}
