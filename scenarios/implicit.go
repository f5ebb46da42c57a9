package scenarios

import (
	"fmt"
	"time"

	"mailtls/fakes"
	"mailtls/results"
)

// implicit holds the cases about listeners that speak TLS first.
func implicit() []Case {
	return []Case{
		implicitCase(Case{
			ID: "implicit/speaks-in-clear", Row: "R-079",
			Title:  "Where TLS comes first nothing is said in clear, to a silent client or to EHLO",
			Source: Source{"RFC 8314 §3.3", "On this listener the handshake comes at once; there is no session in clear."},
			Judge:  judgeImplicitClear,
		}, listen("silence", 5*time.Second), below("clear", "EHLO {helo}\r\n"), awaitClose(closing)),
		implicitCase(Case{
			ID: "implicit/starttls-offered", Row: "R-080",
			Title:  "Where TLS comes first the greeting follows it, and STARTTLS is neither listed nor accepted",
			Source: Source{"RFC 8314 §3.3; RFC 3207 §4.2", "The session begins inside TLS; a server whose client is in TLS already does not list STARTTLS."},
			Judge:  judgeImplicitStartTLS,
		}, fakes.Handshake(broad()), fakes.Greet(), fakes.Ehlo(markEhloTLS), fakes.Say("again", "", "STARTTLS\r\n"), fakes.Quit()),
		implicitCase(Case{
			ID: "implicit/injection", Row: "R-081",
			Title:  "Where TLS comes first a command in clear before the ClientHello is not run",
			Source: Source{"RFC 8314 §3.3; CVE-2011-0411", "The session begins inside TLS; what stands in clear before it is no command."},
			Judge:  judgeImplicitInjected,
		}, below("injected", "EHLO {helo}\r\nNOOP\r\n"), fakes.Handshake(broad()), fakes.Greet(),
			listen("silence", 2*time.Second), fakes.Say("fake", "", "FAKE {canary}\r\n"), fakes.Quit()),
	}
}

// implicitCase completes a case with a session on the smtps listener.
func implicitCase(c Case, script ...fakes.Script) Case {
	c.Needs, c.Levels = []results.Feature{results.FeatureSMTPS}, []LevelRule{must()}
	c.Dialogues = []fakes.Dialogue{{Listener: fakes.ListenSMTPS, Script: fakes.Join(script...)}}
	return c
}

// saidInClear finds what the server said in clear under any mark.
func saidInClear(s *results.Session) ([]byte, []results.EventRef) {
	var b []byte
	var refs []results.EventRef
	for i, e := range s.Events {
		if e.From == results.Server && e.Kind == results.EventData && !e.Secure {
			b = append(b, shown(e)...)
			refs = append(refs, results.EventRef{Session: s.ID, Event: i})
		}
	}
	return b, refs
}

func judgeImplicitClear(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "no byte in clear but a TLS alert, and the end of the connection"
	s, v, ok := reach(t, "")
	if !ok {
		return v
	}
	if b, refs := saidInClear(s); len(b) > 0 {
		return fail(want, fmt.Sprintf("the target sent %q in clear", clip(b)), refs...)
	}
	if s.End == results.EndRefused {
		return inconclusive("the session did not begin: %s", ending(s))
	}
	refs := append(append(sent(s, "clear"), handshakeRefs(s)...), closeRefs(s)...)
	got := ending(s)
	if !marked(s, "clear") {
		got = "before anything was sent, " + got
	}
	if !gone(s) {
		return nonstrict("the connection was left open", want, got, refs...)
	}
	return pass(want, got, refs...)
}

// closeRefs points at the end of the connection.
func closeRefs(s *results.Session) []results.EventRef {
	var refs []results.EventRef
	for i, e := range s.Events {
		if e.Kind == results.EventClose {
			refs = append(refs, results.EventRef{Session: s.ID, Event: i})
		}
	}
	return refs
}

func judgeImplicitStartTLS(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "220 after the handshake, no STARTTLS in the EHLO reply, and a 5xx reply to STARTTLS"
	s, v, ok := reach(t, "")
	if !ok {
		return v
	}
	if b, refs := saidInClear(s); len(b) > 0 {
		return fail(want, fmt.Sprintf("the target sent %q in clear", clip(b)), refs...)
	}
	if s, v, ok = reach(t, "", markHandshake, markGreeting, markEhloTLS); !ok {
		return v
	}
	list, again := reply(s, markEhloTLS), reply(s, "again")
	_, listed := list.Keywords()["STARTTLS"]
	switch {
	case listed:
		return fail(want, "STARTTLS is listed: "+list.String(), list.refs...)
	case !again.is("5"):
		return fail(want, "STARTTLS got "+again.String(), again.refs...)
	}
	return pass(want, "STARTTLS is not listed, and got "+again.String(), append(list.refs, again.refs...)...)
}

func judgeImplicitInjected(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "no TLS session, or one that begins with the greeting and in which nothing is said unasked"
	s, v, ok := reach(t, "")
	if !ok {
		return v
	}
	refs := append(sent(s, "injected"), handshakeRefs(s)...)
	if b, said := saidInClear(s); len(b) > 0 {
		return fail(want, fmt.Sprintf("the target sent %q in clear", clip(b)), said...)
	}
	switch {
	case s.End == results.EndRefused:
		return inconclusive("the session did not begin: %s", ending(s))
	case !facts(s).Complete:
		return pass(want, "no TLS session: "+handshakeOutcome(s), refs...)
	}
	a := reply(s, markGreeting)
	early, earlyRefs := heard(s, "silence", true)
	switch {
	case !a.is("220"):
		return fail(want, "inside TLS the target began with "+a.String(), a.refs...)
	case len(a.rest)+len(early) > 0:
		return fail(want, fmt.Sprintf("unasked, the target sent %q behind its greeting", clip(append(a.rest, early...))), append(a.refs, earlyRefs...)...)
	case !marked(s, "fake"):
		return pass(want, "nothing was run: "+ending(s), refs...)
	}
	fake := reply(s, "fake")
	if !fake.is("5") {
		return fail(want, "FAKE got "+fake.String(), fake.refs...)
	}
	return pass(want, "FAKE got "+fake.String(), fake.refs...)
}
