package scenarios

import (
	"mailtls/fakes"
	"mailtls/results"
)

// imapOffers are the cases about what an IMAP server lists.
func imapOffers() []Case {
	m := imapBoxes()
	return m.played(
		Case{
			ID: "imap/starttls-missing", Row: "A-001",
			Title:     "STARTTLS is listed in clear, and a list in the greeting says the same",
			Source:    Source{"RFC 9051 §6.1.1; RFC 9051 §11.2", "A server that listens in clear allows STARTTLS, and lists it there."},
			Dialogues: m.one(m.greet(), m.capability(markCapability), m.bye()),
			Judge:     judgeOffered,
		},
		Case{
			ID: "imap/login-listed", Row: "A-002",
			Title:     "In clear LOGINDISABLED is listed, and no mechanism that shows the password",
			Source:    Source{"RFC 9051 §6.2.3; RFC 9051 §11.7", "A server that takes passwords inside TLS only says so by LOGINDISABLED, and offers no plain mechanism before."},
			Needs:     []results.Feature{m.listens, results.FeatureBasicAfterTLS},
			Dialogues: m.one(m.greet(), m.capability(markCapability), m.bye()),
			Judge:     judgeLoginListed,
		},
		Case{
			ID: "imap/plain-missing", Row: "A-006",
			Title:     "Inside TLS LOGINDISABLED is gone, and AUTH=PLAIN is listed",
			Source:    Source{"RFC 9051 §6.1.1; RFC 9051 §6.2.1", "PLAIN is for every server; the list changes with TLS, and the client asks for it anew."},
			Dialogues: m.one(m.upgraded(), m.capability(markCapabilityTLS), m.bye()),
			Judge:     judgeLoginInTLS,
		},
		Case{
			ID: "imap/starttls-listed-again", Row: "A-006",
			Title:     "Inside TLS STARTTLS is not listed",
			Source:    Source{"RFC 9051 §6.2.1", "A server whose client is in TLS should not list the keyword."},
			Levels:    []LevelRule{should()},
			Dialogues: m.one(m.upgraded(), m.capability(markCapabilityTLS), m.bye()),
			Judge:     judgeOfferedAgain,
		},
		Case{
			ID: "imap/preauth-in-clear", Row: "A-015",
			Title:     "Nobody is logged in by a greeting in clear",
			Source:    Source{"RFC 9051 §7.1.4", "PREAUTH is for connections that are protected already."},
			Levels:    []LevelRule{should()},
			Needs:     []results.Feature{m.listens},
			Dialogues: m.one(fakes.Script{{Mark: markGreeting, Do: fakes.MoveExpect}}, m.bye()),
			Judge:     judgePreauth,
		},
		Case{
			ID: "imap/compress-unknown-client", Row: "A-025",
			Title:  "COMPRESS is refused before a login, in clear and inside TLS",
			Source: Source{"RFC 4978 §5", "Compression is for clients that have logged in."},
			Levels: []LevelRule{should()},
			Dialogues: []fakes.Dialogue{
				m.on(m.clear, "clear", m.greet(), m.say(markProbe, "NO", "COMPRESS DEFLATE")),
				m.on(m.clear, "tls", m.upgraded(), m.say(markProbe, "NO", "COMPRESS DEFLATE")),
			},
			Judge: judgeCompress,
		},
	)
}

// handshakeFirst is what RFC 9051 says of the time between go-ahead and handshake.
const handshakeFirst = "After the tagged OK the handshake comes first, and only that."

// imapLogins are the cases about logins in clear.
func imapLogins() []Case {
	m := imapBoxes()
	const locked = "A server that takes passwords inside TLS only lets no login in clear succeed, be the password right or not."
	afterTLS := []results.Feature{m.listens, results.FeatureBasicAfterTLS}
	return m.played(
		Case{
			ID: "imap/login-in-clear", Row: "A-003",
			Title:     "LOGIN in clear is refused, in the same words for a right and a wrong password",
			Source:    Source{"RFC 9051 §6.2.3; RFC 9051 §11.7; RFC 8314 §4.1", locked},
			Needs:     afterTLS,
			Dialogues: m.guesses(),
			Judge:     judgeGuesses,
		},
		Case{
			ID: "imap/authenticate-in-clear/challenge", Row: "A-004",
			Title:     "AUTHENTICATE PLAIN in clear is refused before the password is asked for",
			Source:    Source{"RFC 9051 §6.2.2; RFC 9051 §11.7", locked},
			Needs:     afterTLS,
			Dialogues: m.one(m.greet(), m.say(markLogin, "NO", "AUTHENTICATE PLAIN"), m.bye()),
			Judge:     judgeClearSASL,
		},
		Case{
			ID: "imap/authenticate-in-clear/initial-response", Row: "A-004",
			Title:     "AUTHENTICATE PLAIN in clear that brings the password along is refused",
			Source:    Source{"RFC 9051 §6.2.2; RFC 9051 §11.7", locked},
			Needs:     afterTLS,
			Dialogues: m.one(m.greet(), m.say(markLogin, "NO", "AUTHENTICATE PLAIN {auth-plain}"), m.bye()),
			Judge:     judgeClearSASL,
		},
		Case{
			ID: "imap/mechanism-in-clear", Row: "A-005",
			Title:  "A mechanism that is not listed in clear gets no challenge there",
			Source: Source{"RFC 9051 §6.2.2", "The mechanisms that can be used are listed; another one is refused."},
			Needs:  []results.Feature{m.listens},
			Dialogues: []fakes.Dialogue{
				m.mechanism("NTLM"), m.mechanism("GSSAPI"), m.mechanism("XOAUTH2"),
			},
			Judge: judgeUnlistedMechanism,
		},
		Case{
			ID: "imap/login-pipelined", Row: "A-014",
			Title:  "LOGIN in clear is refused too behind another command in the same segment",
			Source: Source{"RFC 9051 §6.2.3; RFC 9051 §11.7", locked},
			Needs:  afterTLS,
			Dialogues: m.one(m.greet(), fakes.Script{
				{Mark: markCapability, Do: fakes.MoveSend, Text: []string{"capability CAPABILITY\r\nlogin LOGIN \"{user}\" \"{password}\"\r\n"}},
				{Do: fakes.MoveExpect}, {Do: fakes.MoveExpect},
			}, m.bye()),
			Judge: judgePipelinedLogin,
		},
	)
}

// guesses are two logins in clear, of which one has the right password.
func (m mailboxes) guesses() []fakes.Dialogue {
	return []fakes.Dialogue{
		m.on(m.clear, "right", m.greet(), m.login("", "{password}"), m.bye()),
		m.on(m.clear, "wrong", m.greet(), m.login("", "{canary}"), m.bye()),
	}
}

// mechanism is a dialogue that asks for a mechanism in clear.
func (m mailboxes) mechanism(name string) fakes.Dialogue {
	return m.on(m.clear, name, m.greet(), m.capability(markCapability), m.say(markLogin, "NO", "AUTHENTICATE "+name))
}

// imapUpgrades are the cases about STARTTLS and what follows it.
func imapUpgrades() []Case {
	m := imapBoxes()
	return m.played(
		Case{
			ID: "imap/starttls-accepted-again", Row: "A-007",
			Title:     "STARTTLS inside TLS is refused",
			Source:    Source{"RFC 9051 §6.2.1", "Inside TLS the command gets BAD."},
			Dialogues: m.one(m.upgraded(), m.say("again", "", m.command), m.bye()),
			Judge:     judgeAgain("inside TLS"),
		},
		Case{
			ID: "imap/starttls-after-login", Row: "A-008",
			Title:     "STARTTLS after a login is refused",
			Source:    Source{"RFC 9051 §6.2", "The command is for clients that have not logged in."},
			Needs:     []results.Feature{m.offers, results.FeaturePlainLogin},
			Dialogues: m.one(m.greet(), m.known(), m.say("again", "", m.command)),
			Judge:     judgeAgain("after a login"),
		},
		Case{
			ID: "imap/speaks-before-hello", Row: "A-009",
			Title:     "After the go-ahead the server waits for the ClientHello and sends nothing",
			Source:    Source{"RFC 9051 §6.2.1", handshakeFirst},
			Dialogues: m.one(m.greet(), m.startTLS(), listen("silence", calmly)),
			Judge:     judgeSpeaksFirst,
		},
		Case{
			ID: "imap/speaks-in-tls", Row: "A-009",
			Title:     "After the handshake the server waits for a command and sends nothing",
			Source:    Source{"RFC 9051 §6.2.1", "Inside TLS the client speaks first; there is no second greeting."},
			Dialogues: m.one(m.upgraded(), listen("silence", calmly), m.capability(markCapabilityTLS), m.bye()),
			Judge:     judgeSilentInTLS,
		},
		Case{
			ID: "imap/identity-kept", Row: "A-016",
			Title:     "Who the client said it is in clear is not told again inside TLS",
			Source:    Source{"RFC 9051 §6.2.1; RFC 2971 §3.1", "What came in clear may be an attacker's; it had better not count inside TLS."},
			Levels:    []LevelRule{should()},
			Dialogues: m.one(m.greet(), m.say("id", "", `ID ("name" "{canary}")`), m.startTLS(), fakes.Handshake(broad()), m.say("id-tls", "", "ID NIL"), m.bye()),
			Judge:     judgeIdentityKept,
		},
	)
}

// imapHandshakes are the cases about what stands in place of the handshake.
func imapHandshakes() []Case {
	m := imapBoxes()
	return m.played(
		Case{
			ID: "imap/garbage-answered", Row: "A-019",
			Title:     "Garbage in place of a ClientHello never gets an answer in clear",
			Source:    Source{"RFC 9051 §6.2.1", handshakeFirst},
			Dialogues: m.one(m.greet(), m.startTLS(), below("clear", noise()), awaitClose(closing)),
			Judge:     judgeNoClearReply,
		},
		Case{
			ID: "imap/clear-command-served", Row: "A-019",
			Title:     "A command in clear in place of a ClientHello is not served",
			Source:    Source{"RFC 9051 §6.2.1", handshakeFirst},
			Dialogues: m.one(m.greet(), m.startTLS(), below("clear", "clear NOOP\r\n"), awaitClose(closing)),
			Judge:     judgeNoClearReply,
		},
		Case{
			ID: "imap/stall-unbounded", Row: "A-020",
			Title:     "A client that is silent after the go-ahead is given up within the declared time",
			Source:    Source{"RFC 9051 §5.4", "A server has a time after which it gives a silent client up; how long it is before a login is its own to say."},
			Levels:    []LevelRule{should()},
			Dialogues: m.one(m.greet(), m.startTLS(), fakes.Script{{Mark: "stall", Do: fakes.MoveAwaitClose, For: stalling}}),
			Window:    DefaultWindow,
			Judge:     judgeStall,
		},
	)
}
