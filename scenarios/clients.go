package scenarios

import (
	"crypto/tls"

	"mailtls/fakes"
	"mailtls/results"
)

// clientCertificates holds the cases about client certificates and partner
// connectors. Revoked certificates are not among them: our authority publishes
// no revocations.
func clientCertificates() []Case {
	mtls := Case{
		Row:    "R-072",
		Source: Source{"RFC 8446 §4.4.2.4; RFC 5280 §4.2.1.12", "A server that gets no certificate, or one that it cannot accept, goes on without or ends the handshake, as it is set up; a certificate serves its listed purposes only."},
	}
	expired, unknown, usage, none := mtls, mtls, mtls, mtls
	expired.ID, expired.Title = "mtls/bad-certificate/expired", "An expired client certificate counts for nothing"
	unknown.ID, unknown.Title = "mtls/bad-certificate/unknown-issuer", "A client certificate of an unknown issuer counts for nothing"
	usage.ID, usage.Title = "mtls/bad-certificate/wrong-usage", "A client certificate that is for servers only counts for nothing"
	none.ID, none.Title, none.Row = "mtls/no-certificate", "A client without a certificate is served or refused, as claimed", "R-071"
	none.Source.Clause = "RFC 3207 §4.1; RFC 8446 §4.4.2.4"
	return append([]Case{
		shows(fakes.CertNone, none), shows(fakes.CertClientExpired, expired),
		shows(fakes.CertClientUnknownCA, unknown), shows(fakes.CertClientWrongEKU, usage),
	}, partners()...)
}

// shows completes a case with a session that shows a client certificate and
// goes on to a recipient: where the client is refused is the target's choice.
func shows(kind fakes.Cert, c Case) Case {
	c.Judge, c.Temporary = judgeClientCert(kind != fakes.CertNone), true
	c.Needs, c.Levels = []results.Feature{results.FeatureStartTLS, results.FeatureMTLS}, []LevelRule{must()}
	c.Dialogues = one(greeted(), fakes.StartTLS(), fakes.Handshake(showing(kind)),
		fakes.Ehlo(markEhloTLS), fakes.Say(markMail, "250", "MAIL FROM:<{from}>\r\n"), fakes.Say(markRcpt, "", "RCPT TO:<{rcpt}>\r\n"), fakes.Quit())
	return c
}

// showing is a handshake that any target can take part in, with a client
// certificate.
func showing(kind fakes.Cert) fakes.Hello {
	return fakes.Hello{Min: tls.VersionTLS10, Max: tls.VersionTLS13, Cert: kind}
}

// partners holds the cases about connectors that bind a partner's domain.
func partners() []Case {
	source := Source{"RFC 3207 §6", "A server can be set up to insist on TLS for chosen hosts."}
	needs := []results.Feature{results.FeatureStartTLS, results.FeaturePublicMX, results.FeaturePartner}
	return []Case{
		{
			ID: "partner/bound-client-refused", Row: "R-073",
			Title:  "A partner's mail is taken inside TLS with the partner's certificate",
			Source: source,
			Needs:  needs, Levels: []LevelRule{must()},
			Dialogues: one(greeted(), fakes.StartTLS(), fakes.Handshake(showing(fakes.CertClient)), fakes.Ehlo(markEhloTLS), fromPartner(), fakes.Quit()),
			Judge:     judgePartnerTaken,
		},
		{
			ID: "partner/unbound-mail-taken", Row: "R-074",
			Title:  "A partner's mail is refused in clear and without the partner's certificate; other domains' mail is taken",
			Source: source,
			Needs:  needs, Levels: []LevelRule{must()},
			Dialogues: []fakes.Dialogue{
				{Name: "clear", Script: fakes.Join(greeted(), fromPartner(), fakes.Quit())},
				{Name: "none", Script: fakes.Join(greeted(), fakes.StartTLS(), fakes.Handshake(showing(fakes.CertNone)), fakes.Ehlo(markEhloTLS), fromPartner(), fakes.Quit())},
				{Name: "wrong", Script: fakes.Join(greeted(), fakes.StartTLS(), fakes.Handshake(showing(fakes.CertClientUnknownCA)), fakes.Ehlo(markEhloTLS), fromPartner(), fakes.Quit())},
				{Name: dialogueOther, Script: fakes.Join(greeted(), fakes.Say(markMail, "250", "MAIL FROM:<{from}>\r\n"), fakes.Say(markRcpt, "", "RCPT TO:<{rcpt}>\r\n"), fakes.Quit())},
			},
			Judge: judgePartnerBound,
		},
	}
}

// fromPartner names a sender in the partner's domain, and a recipient.
func fromPartner() fakes.Script {
	return fakes.Join(fakes.Say(markMail, "250", "MAIL FROM:<{canary}@{partner}>\r\n"), fakes.Say(markRcpt, "", "RCPT TO:<{rcpt}>\r\n"))
}

// admission is how far a client came: taken is true when its recipient was
// accepted. In TLS 1.3 the server's refusal of a certificate comes after the
// client's handshake has ended, so it is read from the replies.
func admission(s *results.Session) (got string, taken bool, refs []results.EventRef) {
	refs = handshakeRefs(s)
	for _, mark := range []string{markEhloTLS, markMail, markRcpt} {
		if !marked(s, mark) {
			continue
		}
		a := reply(s, mark)
		refs = append(refs, a.refs...)
		got = mark + " got " + a.String()
		if !a.found {
			break
		}
		taken = mark == markRcpt && a.is("2")
		if !a.is("2") {
			break
		}
	}
	if a, alerted := alertFrom(facts(s)); alerted && !taken {
		return "the target sent alert " + a.Name, false, refs
	}
	if got == "" {
		got = handshakeOutcome(s)
	}
	return got, taken, refs
}

// postponed tells whether a refusal was only for the time being.
func postponed(s *results.Session) bool {
	for _, mark := range []string{markEhlo, markStartTLS, markEhloTLS, markMail, markRcpt} {
		if reply(s, mark).is("4") {
			return true
		}
	}
	return false
}

// judgeClientCert judges a session that showed a certificate, or had none to
// show; the target must have asked for it.
func judgeClientCert(shown bool) Judge {
	return func(t *results.Transcript, claims results.Claims) results.Verdict {
		s, v, ok := reach(t, "", markGreeting, markEhlo, markStartTLS)
		if !ok {
			return v
		}
		switch f := facts(s); {
		case !f.Complete && s.End == results.EndTimeout:
			return inconclusive("the handshake was not ended: %s", handshakeOutcome(s))
		case shown && len(f.ClientChain) > 0, !shown && f.Requested:
			return admitted(s, claims)
		case f.Requested:
			return inconclusive("the certificate was not sent: %s", handshakeOutcome(s))
		}
		return inconclusive("the target asked for no certificate: %s", handshakeOutcome(s))
	}
}

// admitted tells whether the client came as far as the claims say.
func admitted(s *results.Session, claims results.Claims) results.Verdict {
	want := "the session goes on, and takes a recipient"
	if claims.Has(results.FeatureMTLSRequired) {
		want = "an alert, a close or a 5xx reply"
	}
	got, taken, refs := admission(s)
	required := claims.Has(results.FeatureMTLSRequired)
	switch {
	case required && reply(s, markEhloTLS).is("4"): // where the ordinary conversation, with a good certificate, is served
		return nonstrict("refused for the time being only", want, got, refs...)
	case postponed(s):
		return inconclusive("a temporary refusal: %s", got)
	case s.End == results.EndTimeout:
		return fail(want, "the target stayed silent: "+got, refs...)
	case taken == required:
		return fail(want, got, refs...)
	}
	return pass(want, got, refs...)
}

func judgePartnerTaken(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "250 to MAIL from the partner's domain and to RCPT"
	s, v, ok := reach(t, "", markGreeting, markEhlo, markStartTLS)
	if !ok {
		return v
	}
	got, taken, refs := admission(s)
	switch {
	case postponed(s):
		return inconclusive("a temporary refusal: %s", got)
	case !taken:
		return fail(want, got, refs...)
	}
	return pass(want, got, refs...)
}

func judgePartnerBound(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "5xx to the partner's mail in clear, without a certificate and with a wrong one; 250 to other mail in clear"
	strict, words := true, ""
	var refs []results.EventRef
	for _, d := range []struct{ name, words string }{
		{"clear", "in clear"}, {"none", "without a certificate"}, {"wrong", "with a wrong certificate"},
	} {
		s, v, ok := reach(t, d.name, markGreeting, markEhlo)
		if !ok {
			return v
		}
		got, taken, seen := admission(s)
		switch {
		case postponed(s):
			return inconclusive("%s: a temporary refusal: %s", d.words, got)
		case taken:
			return fail(want, d.words+" the partner's mail is taken: "+got, seen...)
		}
		refusal := reply(s, markRcpt)
		if !marked(s, markRcpt) {
			refusal = reply(s, markMail)
		}
		strict = strict && (!refusal.found || hasStatus(refusal, "5.7."))
		words += d.words + " " + got + "; "
		refs = append(refs, seen...)
	}
	s, v, ok := reach(t, dialogueOther, markGreeting, markEhlo)
	if !ok {
		return v
	}
	got, taken, seen := admission(s)
	words, refs = words+"another domain: "+got, append(refs, seen...)
	switch {
	case postponed(s):
		return inconclusive("another domain's mail got a temporary refusal: %s", got)
	case !taken:
		return fail(want, "another domain's mail is refused: "+got, seen...)
	case !strict:
		return nonstrict("refused, but not with 5.7.x", want, words, refs...)
	}
	return pass(want, words, refs...)
}
