package scenarios

import (
	"fmt"
	"slices"
	"strings"

	"mailtls/fakes/dialect"
	"mailtls/results"
)

// answerToHello says in words what a built hello led to; agreed is true when the
// target chose something.
func answerToHello(s *results.Session) (got string, agreed bool) {
	f := facts(s)
	data, _ := heard(s, markHandshake, false)
	switch a, alerted := alertFrom(f); {
	case f.Suite != "":
		return "the target chose TLS " + f.Version + ", " + f.Suite, true
	case f.Retry != "":
		return "the target asked for a share of " + f.Retry, true
	case len(data) > 2 && data[0]&0x80 != 0 && data[2] == 4:
		return "the target answered with a SERVER-HELLO of SSL 2.0", true
	case alerted:
		return fmt.Sprintf("alert %s(%d)", a.Name, a.Code), false
	case len(data) > 0:
		return fmt.Sprintf("in clear the target sent %q", clip(data)), false
	}
	return "no answer, and " + ending(s), false
}

// helloRefs points at the hello and at what it led to.
func helloRefs(s *results.Session) []results.EventRef {
	const most = 12
	var refs []results.EventRef
	for i, e := range s.Events {
		if e.Mark == markHandshake && e.Kind != results.EventNote && len(refs) < most {
			refs = append(refs, results.EventRef{Session: s.ID, Event: i})
		}
	}
	return refs
}

// asked is reach up to the hello after STARTTLS.
func asked(t *results.Transcript) (*results.Session, results.Verdict, bool) {
	s, v, ok := reach(t, "", markGreeting, markEhlo, markStartTLS)
	if !ok {
		return s, v, false
	}
	if f := facts(s); f.Hello == nil {
		return s, inconclusive("the hello was not sent: %s", ending(s)), false
	}
	return s, v, true
}

// refusing judges a hello that must not lead to a session.
func refusing(want string) Judge {
	return func(t *results.Transcript, _ results.Claims) results.Verdict {
		s, v, ok := asked(t)
		if !ok {
			return v
		}
		got, agreed := answerToHello(s)
		if agreed {
			return fail(want, got, helloRefs(s)...)
		}
		return refused(s, want, got)
	}
}

// refused is the verdict where no session came about, as it should be.
func refused(s *results.Session, want, got string) results.Verdict {
	switch data, _ := heard(s, markHandshake, false); {
	case len(data) > 0:
		return nonstrict("refused, but in clear", want, got, helloRefs(s)...)
	case s.End == results.EndTimeout:
		return nonstrict("the hello was left without an answer", want, got, helloRefs(s)...)
	}
	return pass(want, got, helloRefs(s)...)
}

func judgePrime(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "no session, or a prime of 2048 bits or more"
	s, v, ok := asked(t)
	if !ok {
		return v
	}
	got, agreed := answerToHello(s)
	bits := facts(s).DHBits
	got += fmt.Sprintf(", with a prime of %d bits", bits)
	switch {
	case !agreed:
		got, _ = answerToHello(s)
		return refused(s, want, got)
	case bits == 0:
		return inconclusive("no Diffie-Hellman parameters were seen: %s", ending(s))
	case bits < 2048:
		return fail(want, got, helloRefs(s)...)
	}
	return pass(want, got, helloRefs(s)...)
}

func judgeRecordsJoined(t *results.Transcript, claims results.Claims) results.Verdict {
	s, v, ok := reach(t, "", markGreeting, markEhlo, markStartTLS)
	if !ok {
		return v
	}
	h := facts(s).Hello
	if h == nil || h.Records < 3 {
		return inconclusive("the hello was not sent in three records: %s", ending(s))
	}
	v = judgeServed(t, claims)
	v.Got = fmt.Sprintf("to a hello of %d bytes in %d records: %s", h.Length, h.Records, v.Got)
	return v
}

func judgeGrease(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "a ServerHello that chooses nothing reserved"
	s, v, ok := asked(t)
	if !ok {
		return v
	}
	f := facts(s)
	got, agreed := answerToHello(s)
	if !agreed {
		return fail(want, got, helloRefs(s)...)
	}
	for _, chosen := range append([]string{f.Version, f.Suite, f.Group, f.Retry}, f.Extensions...) {
		if strings.HasPrefix(chosen, "GREASE") {
			return fail(want, "the target chose "+chosen, helloRefs(s)...)
		}
	}
	return pass(want, got, helloRefs(s)...)
}

func judgeFallback(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "recorded: alert inappropriate_fallback(86), or the version offered"
	s, v, ok := asked(t)
	if !ok {
		return v
	}
	got, _ := answerToHello(s)
	return note(want, got, helloRefs(s)...)
}

func judgeCompression(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "a ServerHello without compression"
	s, v, ok := chosenTLS12(t, want)
	if !ok {
		return v
	}
	got, _ := answerToHello(s)
	if method := facts(s).Compression; method != "" {
		return fail(want, got+", with compression "+method, helloRefs(s)...)
	}
	return pass(want, got+", without compression", helloRefs(s)...)
}

func judgeExtendedMasterSecret(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "extended_master_secret in the ServerHello"
	s, v, ok := chosenTLS12(t, want)
	if !ok {
		return v
	}
	f := facts(s)
	got, _ := answerToHello(s)
	got += ", extensions: " + strings.Join(f.Extensions, ", ")
	switch {
	case slices.Contains(f.Extensions, "extended_master_secret"):
		return pass(want, got, helloRefs(s)...)
	case f.Version != "1.2":
		return note(want, got+"; it is asked of TLS 1.2", helloRefs(s)...)
	}
	return fail(want, got, helloRefs(s)...)
}

// chosenTLS12 is asked for hellos that offer TLS 1.2 at most and must have been
// agreed to; a target that refuses the version is only recorded.
func chosenTLS12(t *results.Transcript, want string) (*results.Session, results.Verdict, bool) {
	s, v, ok := asked(t)
	if !ok {
		return s, v, false
	}
	got, agreed := answerToHello(s)
	if a, alerted := alertFrom(facts(s)); !agreed && alerted && a.Code == protocolVersion {
		return s, note(want, "TLS 1.2 is not spoken: "+got, helloRefs(s)...), false
	}
	if !agreed {
		return s, inconclusive("an ordinary hello for TLS 1.2 was refused: %s", got), false
	}
	return s, v, true
}

func judgeHelloAtOnce(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "recorded: an error reply, or a close"
	s := probe(t, "")
	if s == nil || facts(s).Hello == nil {
		return inconclusive("the hello was not sent")
	}
	var said []string
	data, _ := heard(s, markHandshake, false)
	for len(data) > 0 {
		r, rest, err := dialect.CutReply(data)
		if err != nil {
			said = append(said, fmt.Sprintf("%q", clip(data)))
			break
		}
		said, data = append(said, r.String()), rest
	}
	if len(said) > 0 && strings.HasPrefix(said[0], "4") {
		return inconclusive("the connection was not served: %s", said[0])
	}
	got := "in clear the target sent " + strings.Join(said, ", then ")
	if answer, agreed := answerToHello(s); agreed || len(said) == 0 {
		got = answer
	}
	return note(want, got+"; "+ending(s), helloRefs(s)...)
}

func judgeRefusalForm(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "recorded: an alert, or a reply inside TLS"
	s, v, ok := reach(t, "", markGreeting, markEhlo, markStartTLS)
	if !ok {
		return v
	}
	got := handshakeOutcome(s)
	refs := handshakeRefs(s)
	for _, mark := range []string{markEhloTLS, markMail} {
		if facts(s).Complete && marked(s, mark) {
			a := reply(s, mark)
			got += "; " + mark + " got " + a.String()
			refs = append(refs, a.refs...)
		}
	}
	return note(want, got, refs...)
}
