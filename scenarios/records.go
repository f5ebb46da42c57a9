package scenarios

import (
	"crypto/tls"
	"fmt"
	"strings"
	"time"

	"mailtls/fakes"
	"mailtls/results"
)

// Marks of the steps that send a handshake message inside TLS.
const (
	markRenegotiate = "renegotiate"
	markLast        = "last"
)

// records holds the cases about TLS records after the handshake.
func records() []Case {
	return []Case{
		renegotiation(fakes.MoveRenegotiateUnbound, Case{
			ID:     "records/renegotiation-accepted/unbound",
			Title:  "A renegotiation that is not bound to the handshake before it is refused",
			Source: Source{"RFC 9325 §3.5", "In TLS 1.2 renegotiation is bound to its session by renegotiation_info; a hello without it continues nothing."},
			Levels: []LevelRule{must()},
		}),
		renegotiation(fakes.MoveRenegotiate, Case{
			ID:     "records/renegotiation-accepted/client",
			Title:  "A client's wish for renegotiation is refused",
			Source: Source{"RFC 9325 §3.5", "Mail needs no renegotiation that a client begins, and each costs the server a handshake."},
			Levels: []LevelRule{should()},
		}),
		probed(unsignalled(), Case{
			ID: "records/renegotiation-accepted/unsignalled", Row: "R-046",
			Title:  "What becomes of a client that knows nothing of bound renegotiation",
			Source: Source{"RFC 9325 §3.5", "In TLS 1.2 both sides use renegotiation_info; without the client's sign of it a server cannot tell an attack on renegotiation, and may refuse."},
			Levels: []LevelRule{info()}, Judge: judgeUnsignalled,
		}),
		{
			ID: "records/early-data-permitted", Row: "R-047",
			Title:  "No ticket permits early data",
			Source: Source{"RFC 8446 App. E.5; RFC 9325 §3.10", "Early data is not used where no profile of the application protocol says how; SMTP has none."},
			Needs:  []results.Feature{results.FeatureStartTLS, results.FeatureTLS13}, Levels: []LevelRule{must()},
			Dialogues: []fakes.Dialogue{
				{Name: "first", Tickets: "early", Script: fakes.Join(newest(), fakes.Quit())},
				{Name: "resumed", Tickets: "early", Script: fakes.Join(newest(), fakes.Quit())},
			},
			Judge: judgeEarlyData,
		},
		{
			ID: "records/key-update-breaks", Row: "R-049",
			Title:  "Keys may change in the middle of a message",
			Source: Source{"RFC 8446 §4.6.3", "A KeyUpdate is obeyed whenever it comes, and answered when it asks for that."},
			Needs:  []results.Feature{results.FeatureStartTLS, results.FeatureTLS13, results.FeatureReadback},
			Levels: []LevelRule{must()},
			Dialogues: one(newest(), envelope(), fakes.Script{
				{Mark: markBody, Do: fakes.MoveSend, Text: []string{"{head}"}, Body: fakes.Part{To: 8192}},
				{Mark: "update", Do: fakes.MoveKeyUpdate},
				{Mark: "more", Do: fakes.MoveSend, Body: fakes.Part{From: 8192, To: 12288}},
				{Mark: "rekey", Do: fakes.MoveRekey},
				{Mark: markLast, Do: fakes.MoveSend, Body: fakes.Part{From: 12288, To: updated}},
				{Do: fakes.MoveSay, Text: []string{".\r\n"}, Want: "250"},
			}, fakes.Quit()),
			Fence: true,
			Judge: judgeKeyUpdate,
		},
	}
}

// updated is the length of the body during which keys change.
const updated = 16384

// newest is a session up to EHLO inside TLS 1.3.
func newest() fakes.Script {
	return fakes.Join(greeted(), fakes.StartTLS(),
		fakes.Handshake(fakes.Hello{Min: tls.VersionTLS13, Max: tls.VersionTLS13}), fakes.Ehlo(markEhloTLS))
}

// renegotiation completes a case with a session in TLS 1.2 that asks for another
// handshake. A target that speaks no TLS 1.2 has nothing to renegotiate.
func renegotiation(m fakes.Move, c Case) Case {
	c.Row = "R-046"
	c.Needs = []results.Feature{results.FeatureStartTLS}
	c.Dialogues = one(greeted(), fakes.StartTLS(),
		fakes.Handshake(fakes.Hello{Min: tls.VersionTLS12, Max: tls.VersionTLS12}), fakes.Ehlo(markEhloTLS),
		fakes.Script{{Mark: markRenegotiate, Do: m}, {Do: fakes.MoveListen, For: 2 * time.Second}},
		fakes.Say(markNoop, "", "NOOP\r\n"), fakes.Quit())
	c.Judge = judgeRenegotiation
	return c
}

func judgeRenegotiation(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "an alert, or the end of the session, and no ServerHello"
	s, v, ok := reach(t, "", markGreeting, markEhlo, markStartTLS)
	if !ok {
		return v
	}
	if f := facts(s); !f.Complete && lacksTLS12(f) {
		return note(want, "TLS 1.2 is refused: there is nothing to renegotiate", handshakeRefs(s)...)
	}
	if s, v, ok = reach(t, "", markHandshake, markEhloTLS); !ok {
		return v
	}
	asked := inner(s, results.Client, "client_hello")
	if len(asked) == 0 {
		return inconclusive("no second hello could be sent: %s", s.LastNote())
	}
	if refs := inner(s, results.Server, "server_hello"); len(refs) > 0 {
		return fail(want, "the target answered with a ServerHello", refs...)
	}
	a, alerted := alertFrom(facts(s))
	switch noop := reply(s, markNoop); {
	case alerted && (a.Fatal || a.Code == noRenegotiation):
		return pass(want, fmt.Sprintf("alert %s(%d)", a.Name, a.Code), append(asked, handshakeRefs(s)...)...)
	case gone(s):
		return pass(want, ending(s), asked...)
	case noop.is("2"):
		return nonstrict("the hello was ignored", want, "no answer to the hello; NOOP then got "+noop.String(), append(asked, noop.refs...)...)
	}
	return inconclusive("the target neither refused nor went on: %s", ending(s))
}

// unsignalled is an ordinary hello without renegotiation_info.
func unsignalled() fakes.RawHello {
	h := ordinary()
	h.NoRenegotiation = true
	return h
}

func judgeUnsignalled(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "recorded: a ServerHello, or alert handshake_failure(40)"
	s, v, ok := asked(t)
	if !ok {
		return v
	}
	got, _ := answerToHello(s)
	return note(want, got, helloRefs(s)...)
}

// lacksTLS12 tells whether a server refused TLS 1.2 by alert, or chose an older
// version.
func lacksTLS12(f results.TLSFacts) bool {
	a, alerted := alertFrom(f)
	return alerted && a.Code == protocolVersion || f.Version != "" && f.Version != "1.2"
}

func judgeEarlyData(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "no ticket that permits early data"
	var refs []results.EventRef
	var got []string
	for _, name := range []string{"first", "resumed"} {
		s, v, ok := reach(t, name, markGreeting, markEhlo, markStartTLS, markHandshake, markEhloTLS)
		if !ok {
			return v
		}
		f := facts(s)
		refs = append(refs, handshakeRefs(s)...)
		if f.EarlyData > 0 {
			return fail(want, fmt.Sprintf("a ticket permits %d bytes of early data (session %s)", f.EarlyData, name), handshakeRefs(s)...)
		}
		text := fmt.Sprintf("%s: %d tickets", name, f.Tickets)
		if f.Resumed {
			text += ", resumed"
		}
		got = append(got, text)
	}
	return pass(want, strings.Join(got, "; ")+"; none permits early data", refs...)
}

func judgeKeyUpdate(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "250 to the message, the same body as was sent, and a KeyUpdate in answer"
	s, v, ok := reach(t, "", markGreeting, markEhlo, markStartTLS, markHandshake, markEhloTLS, markMail, markRcpt, markData)
	if !ok {
		return v
	}
	sent := inner(s, results.Client, "key_update")
	if len(sent) == 0 {
		return inconclusive("no KeyUpdate could be sent: %s", s.LastNote())
	}
	taken := reply(s, markLast)
	if a, alerted := alertFrom(facts(s)); alerted {
		return fail(want, fmt.Sprintf("the target sent alert %s(%d) behind the KeyUpdate", a.Name, a.Code), handshakeRefs(s)...)
	}
	switch {
	case taken.is("4", "5"):
		return inconclusive("the message got %s", taken)
	case !taken.is("2"):
		return fail(want, "behind the KeyUpdate the message got "+taken.String(), append(sent, taken.refs...)...)
	}
	if v, ok := intact(t, want, 1, fakes.Part{To: updated}); !ok {
		return v
	}
	answered := inner(s, results.Server, "key_update")
	if len(answered) == 0 {
		return fail(want, "the message is whole, but the KeyUpdate that asked for an answer got none", append(sent, taken.refs...)...)
	}
	return pass(want, "the message got "+taken.Code+" and arrived as it was sent; the KeyUpdate was answered", append(sent, answered...)...)
}
