package scenarios

import (
	"crypto/tls"

	"mailtls/fakes"
	"mailtls/results"
)

// weakHello is a handshake that a target may take for too weak.
type weakHello struct {
	name  string
	hello fakes.Hello
}

// weakHellos go from the weakest to what most targets take for good.
func weakHellos() []weakHello {
	return []weakHello{
		{"tls10", fakes.Hello{Min: tls.VersionTLS10, Max: tls.VersionTLS10}},
		{"tls11", fakes.Hello{Min: tls.VersionTLS11, Max: tls.VersionTLS11}},
		{"tls12-cbc", fakes.Hello{Min: tls.VersionTLS12, Max: tls.VersionTLS12, Suites: []uint16{
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, tls.TLS_RSA_WITH_AES_128_CBC_SHA,
		}}},
		{"tls12", fakes.Hello{Min: tls.VersionTLS12, Max: tls.VersionTLS12}},
	}
}

func weakSessions() []fakes.Dialogue {
	var all []fakes.Dialogue
	for _, w := range weakHellos() {
		all = append(all, fakes.Dialogue{Name: w.name, Script: fakes.Join(greeted(), fakes.StartTLS(), fakes.Handshake(w.hello),
			fakes.Say(markEhloTLS, "", "EHLO {helo}\r\n"), fakes.Say(markMail, "", "MAIL FROM:<{from}>\r\n"),
			fakes.Say(markNoop, "", "NOOP\r\n"), fakes.Quit())})
	}
	return all
}

// judgeWeak looks at the weakest handshake that the target took part in.
func judgeWeak(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "554 to EHLO, MAIL and NOOP, 221 to QUIT, inside the weakest TLS to be had"
	for _, w := range weakHellos() {
		s, v, ok := reach(t, w.name, markGreeting, markEhlo, markStartTLS)
		if !ok {
			return v
		}
		if !facts(s).Complete {
			continue
		}
		mail, refs := reply(s, markMail), handshakeRefs(s)
		got, strict := handshakeOutcome(s), true
		for _, step := range []struct{ mark, code string }{{markEhloTLS, "554"}, {markMail, "554"}, {markNoop, "554"}, {markQuit, "221"}} {
			a := reply(s, step.mark)
			strict = strict && a.is(step.code)
			got += "; " + step.mark + " got " + a.String()
			refs = append(refs, a.refs...)
		}
		switch {
		case mail.is("4"):
			return inconclusive("a temporary refusal: %s", got)
		case !mail.is("5"):
			return fail(want, got, refs...)
		case !strict:
			return nonstrict("mail is refused, but not everything with 554", want, got, refs...)
		}
		return pass(want, got, refs...)
	}
	return inconclusive("none of the weak handshakes was completed")
}
