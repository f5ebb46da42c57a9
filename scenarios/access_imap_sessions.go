package scenarios

import (
	"crypto/tls"

	"mailtls/fakes"
	"mailtls/results"
)

// imapSessions are the cases about what a session holds, and what outlives it.
func imapSessions() []Case {
	m := imapBoxes()
	covers := []results.Feature{m.covers}
	return m.played(
		Case{
			ID: "imap/append-truncated", Row: "A-021",
			Title:  "A message whose connection ends in the middle is not stored",
			Source: Source{"RFC 9051 §4.3; RFC 9051 §6.3.12", "A literal has the length that was announced; a message that is shorter did not come."},
			Needs:  covers,
			Dialogues: []fakes.Dialogue{
				m.on(m.implicit, "whole", m.covered(), m.known(), fakes.Imap("append", "+", "APPEND INBOX {38}"),
					fakes.Say("append-body", "OK", "Subject: whole-{canary}\r\n\r\nwhole\r\n\r\n"), m.bye()),
				m.on(m.implicit, "cut", m.covered(), m.known(), fakes.Imap("append", "+", "APPEND INBOX {370}"),
					fakes.Script{
						{Mark: "append-body", Do: fakes.MoveSend, Text: []string{"Subject: cut-{canary}\r\n\r\nnot whole\r\n"}},
						{Mark: "end", Do: fakes.MoveHalfClose},
					}, awaitClose(closing)),
				m.on(m.implicit, "look", m.covered(), m.known(), fakes.Imap("select", "OK", "SELECT INBOX"),
					fakes.Imap("fetch", "OK", "FETCH 1:* BODY.PEEK[]"), m.bye()),
			},
			Judge: judgeAppendCut,
		},
		Case{
			ID: "imap/resumed-login/implicit-tls", Row: "A-022",
			Title:     "Where TLS comes first a resumed session is not logged in",
			Source:    Source{"RFC 9051 §6.2.1", "TLS leaves a session unauthenticated, whatever it is made of."},
			Needs:     covers,
			Dialogues: m.resuming(m.implicit, m.covered()),
			Judge:     judgeResumedLogin,
		},
		Case{
			ID: "imap/resumed-login/starttls", Row: "A-022",
			Title:     "After STARTTLS a resumed session is not logged in",
			Source:    Source{"RFC 9051 §6.2.1", "TLS leaves a session unauthenticated, whatever it is made of."},
			Dialogues: m.resuming(m.clear, m.upgraded()),
			Judge:     judgeResumedLogin,
		},
		Case{
			ID: "imap/external-login", Row: "A-023",
			Title:  "AUTHENTICATE EXTERNAL succeeds with a good client certificate, and with no other",
			Source: Source{"RFC 8314 §4.2; RFC 9051 §6.2.2", "A server that takes client certificates has EXTERNAL for them; one that does not hold is no proof."},
			Needs:  []results.Feature{m.covers, results.FeatureMTLS},
			Dialogues: []fakes.Dialogue{
				m.external("good", fakes.CertClient), m.external("expired", fakes.CertClientExpired),
				m.external("unknown", fakes.CertClientUnknownCA), m.external("none", fakes.CertNone),
			},
			Judge: judgeExternal,
		},
		Case{
			ID: "imap/alpn/imap", Row: "A-024",
			Title:  "What becomes of a client that offers imap or h2 by ALPN",
			Source: Source{"RFC 7301 §3.2; RFC 9325 §3.8", "ALPN keeps protocols apart; a server that knows none of those offered says so or overlooks them."},
			Levels: []LevelRule{info()}, Needs: covers,
			Dialogues: []fakes.Dialogue{m.agreeing("none"), m.agreeing("imap", "imap"), m.agreeing("h2", "h2")},
			Judge:     judgeALPN,
		},
	)
}

// resuming logs in, and shows the ticket in a session that does not.
func (m mailboxes) resuming(l fakes.Listener, open fakes.Script) []fakes.Dialogue {
	first, resumed := m.on(l, dialogueFirst, open, m.known(), m.bye()), m.on(l, dialogueResumed, open, m.probe(), m.bye())
	first.Tickets, resumed.Tickets = "t", "t"
	return []fakes.Dialogue{first, resumed}
}

// external is a login by certificate.
func (m mailboxes) external(name string, cert fakes.Cert) fakes.Dialogue {
	h := broad()
	h.Cert = cert
	return m.on(m.implicit, name, fakes.Handshake(h), m.greet(), m.say(markLogin, "", "AUTHENTICATE EXTERNAL ="), m.bye())
}

// agreeing offers protocols by ALPN.
func (m mailboxes) agreeing(name string, offered ...string) fakes.Dialogue {
	h := broad()
	h.ALPN = offered
	return m.on(m.implicit, name, fakes.Handshake(h), m.greet(), m.bye())
}

// imapListeners are the cases about versions and certificates, and about the
// listener where TLS comes first.
func imapListeners() []Case {
	m := imapBoxes()
	covers := []results.Feature{m.covers}
	cases := []Case{
		{
			ID: "imap/implicit/speaks-in-clear", Row: "A-017",
			Title:  "Where TLS comes first nothing is said in clear, to a silent client or to a command",
			Source: Source{"RFC 8314 §3.2", "On this listener the handshake comes at once; there is no session in clear."},
			Needs:  covers, Dialogues: m.clearOnImplicit(), Judge: judgeImplicitClear,
		},
		{
			ID: "imap/implicit/starttls", Row: "A-017",
			Title:  "Where TLS comes first STARTTLS is neither listed nor accepted",
			Source: Source{"RFC 8314 §3.2; RFC 9051 §6.2.1", "The session begins inside TLS, where STARTTLS gets BAD."},
			Needs:  covers, Dialogues: m.tlsOnImplicit(), Judge: judgeTwiceCovered,
		},
		{
			ID: "imap/certificate/chain", Row: "A-026",
			Title:  "The chain leads to a known root, is in date, and uses sound keys and digests",
			Source: Source{"RFC 8314 §4.4; RFC 7817 §3", "Programs that read mail refuse a server whose certificate does not hold."},
			Needs:  covers, Dialogues: []fakes.Dialogue{m.on(m.implicit, "", m.covered(), m.bye())}, Judge: judgeChain,
		},
		{
			ID: "imap/certificate/name", Row: "A-026",
			Title:  "The certificate names the host that was asked for",
			Source: Source{"RFC 8314 §4.4; RFC 7817 §3", "Programs that read mail look for the name of the server that they were told."},
			Needs:  covers, Dialogues: []fakes.Dialogue{m.on(m.implicit, "", m.covered(), m.bye())}, Judge: judgeName,
		},
	}
	return m.played(append(cases, m.oldVersions()...)...)
}

// oldVersions are clients that speak TLS 1.0 or 1.1 and nothing newer.
func (m mailboxes) oldVersions() []Case {
	var all []Case
	for _, v := range []struct {
		id, name, clause string
		version          uint16
	}{
		{"tls10-accepted", "TLS 1.0", "RFC 8996 §4; RFC 8997 §3", tls.VersionTLS10},
		{"tls11-accepted", "TLS 1.1", "RFC 8996 §5; RFC 8997 §3", tls.VersionTLS11},
	} {
		old := fakes.Handshake(fakes.Hello{Min: v.version, Max: v.version})
		for _, where := range []struct {
			id, name  string
			needs     results.Feature
			dialogues []fakes.Dialogue
		}{
			{"starttls", "after STARTTLS", m.offers, m.one(m.greet(), m.startTLS(), old, m.capability(markCapabilityTLS), m.bye())},
			{"implicit-tls", "where TLS comes first", m.covers, []fakes.Dialogue{m.on(m.implicit, "", old, m.greet(), m.bye())}},
		} {
			all = append(all, Case{
				ID: "imap/" + v.id + "/" + where.id, Row: "A-018",
				Title:  "A client that speaks only " + v.name + " is refused with alert 70, " + where.name,
				Source: Source{v.clause, v.name + " is not negotiated, and a service for mail users does without it."},
				Levels: []LevelRule{must(results.FeatureModern), info()}, Needs: []results.Feature{where.needs},
				Dialogues: where.dialogues, Judge: judgeRefused,
			})
		}
	}
	return all
}

// clearOnImplicit says nothing, and then something in clear, where TLS comes first.
func (m mailboxes) clearOnImplicit() []fakes.Dialogue {
	return []fakes.Dialogue{m.on(m.implicit, "", listen("silence", closing), below("clear", m.line("clear", "NOOP")), awaitClose(closing))}
}

// tlsOnImplicit asks for TLS where it came first.
func (m mailboxes) tlsOnImplicit() []fakes.Dialogue {
	return []fakes.Dialogue{m.on(m.implicit, "", m.covered(), m.capability(markCapabilityTLS), m.say("again", "", m.command), m.bye())}
}
