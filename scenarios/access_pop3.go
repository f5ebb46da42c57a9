package scenarios

import (
	"time"

	"mailtls/fakes"
	"mailtls/results"
)

// pop3Offers are the cases about what a POP3 server lists.
func pop3Offers() []Case {
	m := pop3Boxes()
	return m.played(
		Case{
			ID: "pop3/starttls-missing", Row: "A-030",
			Title:     "STLS is listed in clear",
			Source:    Source{"RFC 2595 §4", "A server that has STLS lists it where the command is permitted."},
			Dialogues: m.one(m.greet(), m.capability(markCapability), m.bye()),
			Judge:     judgeOffered,
		},
		Case{
			ID: "pop3/login-listed", Row: "A-030",
			Title:     "In clear neither USER nor a mechanism that shows the password is listed",
			Source:    Source{"RFC 2595 §2.3; RFC 2595 §6", "A server that takes passwords inside TLS only offers them there only."},
			Needs:     []results.Feature{m.listens, results.FeatureBasicAfterTLS},
			Dialogues: m.one(m.greet(), m.capability(markCapability), m.bye()),
			Judge:     judgeLoginListed,
		},
		Case{
			ID: "pop3/starttls-listed-again", Row: "A-036",
			Title:     "Inside TLS STLS is not listed, and a login is",
			Source:    Source{"RFC 2595 §4", "What is listed is permitted now; TLS is there already, and with it the login."},
			Levels:    []LevelRule{should()},
			Dialogues: m.one(m.upgraded(), m.capability(markCapabilityTLS), m.bye()),
			Judge:     judgeOfferedAgain,
		},
	)
}

// pop3Logins are the cases about logins in clear.
func pop3Logins() []Case {
	m := pop3Boxes()
	const locked = "A server can refuse every login in clear that shows the password."
	afterTLS := []results.Feature{m.listens, results.FeatureBasicAfterTLS}
	return m.played(
		Case{
			ID: "pop3/login-in-clear", Row: "A-031",
			Title:     "USER and PASS in clear are refused, in the same words for a right and a wrong password",
			Source:    Source{"RFC 2595 §2.3; RFC 1939 §7; RFC 8314 §4.1", locked},
			Needs:     afterTLS,
			Dialogues: m.guesses(),
			Judge:     judgeGuesses,
		},
		Case{
			ID: "pop3/auth-in-clear/challenge", Row: "A-032",
			Title:     "AUTH PLAIN in clear is refused before the password is asked for",
			Source:    Source{"RFC 2595 §2.3; RFC 5034 §4", locked},
			Needs:     afterTLS,
			Dialogues: m.one(m.greet(), m.say(markLogin, "-ERR", "AUTH PLAIN"), m.bye()),
			Judge:     judgeClearSASL,
		},
		Case{
			ID: "pop3/auth-in-clear/initial-response", Row: "A-032",
			Title:     "AUTH PLAIN in clear that brings the password along is refused",
			Source:    Source{"RFC 2595 §2.3; RFC 5034 §4", locked},
			Needs:     afterTLS,
			Dialogues: m.one(m.greet(), m.say(markLogin, "-ERR", "AUTH PLAIN {auth-plain}"), m.bye()),
			Judge:     judgeClearSASL,
		},
		Case{
			ID: "pop3/apop-in-clear", Row: "A-033",
			Title:     "Whether APOP is offered in clear",
			Source:    Source{"RFC 1939 §7", "A greeting with a time stamp offers APOP, which does not show the password."},
			Levels:    []LevelRule{info()},
			Needs:     []results.Feature{m.listens},
			Dialogues: m.one(m.greet(), m.say(markLogin, "", "APOP {user} 00000000000000000000000000000000"), m.bye()),
			Judge:     judgeAPOP,
		},
	)
}

// pop3Upgrades are the cases about STLS and what follows it.
func pop3Upgrades() []Case {
	m := pop3Boxes()
	return m.played(
		Case{
			ID: "pop3/user-kept", Row: "A-034",
			Title:     "A user who was named in clear is forgotten inside TLS",
			Source:    Source{"RFC 1939 §7; RFC 2595 §4", "PASS comes right behind USER, and nothing else does; TLS stands between them here."},
			Dialogues: m.one(m.greet(), m.say("user", "", "USER {user}"), m.startTLS(), fakes.Handshake(broad()), m.say(markLogin, "", "PASS {password}"), m.bye()),
			Judge:     judgeUserNamed,
		},
		Case{
			ID: "pop3/starttls-after-login", Row: "A-035",
			Title:     "STLS after a login is refused",
			Source:    Source{"RFC 2595 §4; RFC 1939 §3", "The command is for clients that have not logged in."},
			Needs:     []results.Feature{m.offers, results.FeaturePlainLogin},
			Dialogues: m.one(m.greet(), m.known(), m.say("again", "", m.command)),
			Judge:     judgeAgain("after a login"),
		},
		Case{
			ID: "pop3/starttls-accepted-again", Row: "A-036",
			Title:     "STLS inside TLS is refused",
			Source:    Source{"RFC 2595 §4", "A server may refuse the command inside TLS; a second handshake helps nobody."},
			Levels:    []LevelRule{should()},
			Dialogues: m.one(m.upgraded(), m.say("again", "", m.command), m.bye()),
			Judge:     judgeAgain("inside TLS"),
		},
		Case{
			ID: "pop3/stall-unbounded", Row: "A-041",
			Title:     "A client that is silent after the go-ahead is given up within the declared time",
			Source:    Source{"RFC 1939 §3", "A server has a time after which it gives a silent client up; how long it is before a login is its own to say."},
			Levels:    []LevelRule{should()},
			Dialogues: m.one(m.greet(), m.startTLS(), fakes.Script{{Mark: "stall", Do: fakes.MoveAwaitClose, For: stalling}}),
			Window:    DefaultWindow,
			Judge:     judgeStall,
		},
		Case{
			ID: "pop3/slow-after-resets", Row: "A-041",
			Title:  "1,000 clients that reset the connection right after the go-ahead leave the server as fast as it was",
			Source: Source{"RFC 2595 §4", "A client that cannot start the handshake drops the connection; a server has to bear it, however often."},
			Levels: []LevelRule{should()},
			Dialogues: []fakes.Dialogue{
				m.calmly("before"),
				{Name: "resets", Listener: m.clear, Repeat: resets, Script: fakes.Join(m.greet(), m.startTLS(), fakes.Script{{Mark: "reset", Do: fakes.MoveReset}})},
				m.calmly("after"),
			},
			Window: 2 * time.Minute, Intrusive: true, Alone: true,
			Judge: judgeSlowAfterResets,
		},
	)
}

// calmly holds ordinary sessions.
func (m mailboxes) calmly(name string) fakes.Dialogue {
	return fakes.Dialogue{Name: name, Listener: m.clear, Repeat: calm, Script: fakes.Join(m.upgraded(), m.capability(markCapabilityTLS), m.bye())}
}

// pop3Listeners are the cases about the listener where TLS comes first.
func pop3Listeners() []Case {
	m, other := pop3Boxes(), imapBoxes()
	covers := []results.Feature{m.covers}
	return m.played(
		Case{
			ID: "pop3/implicit/speaks-in-clear", Row: "A-039",
			Title:  "Where TLS comes first nothing is said in clear, to a silent client or to a command",
			Source: Source{"RFC 8314 §3.1", "On this listener the handshake comes at once; there is no session in clear."},
			Needs:  covers, Dialogues: m.clearOnImplicit(), Judge: judgeImplicitClear,
		},
		Case{
			ID: "pop3/implicit/starttls", Row: "A-039",
			Title:  "Where TLS comes first STLS is neither listed nor accepted",
			Source: Source{"RFC 8314 §3.1; RFC 2595 §4", "The session begins inside TLS; what is listed is permitted, and STLS is not."},
			Needs:  covers, Dialogues: m.tlsOnImplicit(), Judge: judgeTwiceCovered,
		},
		Case{
			ID: "imap/alpn/pop3", Row: "A-024",
			Title:  "What becomes of a client that offers pop3 or h2 by ALPN",
			Source: Source{"RFC 7301 §3.2; RFC 9325 §3.8", "ALPN keeps protocols apart; a server that knows none of those offered says so or overlooks them."},
			Levels: []LevelRule{info()}, Needs: covers,
			Dialogues: []fakes.Dialogue{m.agreeing("none"), m.agreeing("pop3", "pop3"), m.agreeing("h2", "h2")},
			Judge:     judgeALPN,
		},
		Case{
			ID: "pop3/deleted-without-quit", Row: "A-040",
			Title:  "What was marked for deletion stays when the connection ends without QUIT",
			Source: Source{"RFC 1939 §6", "Messages are removed after QUIT, and only then."},
			Needs:  []results.Feature{m.covers, other.covers},
			Dialogues: []fakes.Dialogue{
				m.on(other.implicit, "append", other.covered(), other.known(), fakes.ImapAppend("append"), other.bye()),
				m.on(m.implicit, "delete", m.covered(), m.known(), m.say("listed", "+OK", "UIDL"), m.say("delete", "+OK", "DELE 1"),
					fakes.Script{{Mark: "end", Do: fakes.MoveHalfClose}}, awaitClose(closing)),
				m.on(m.implicit, "look", m.covered(), m.known(), m.say("listed", "+OK", "UIDL"), m.bye()),
			},
			Judge: judgeDeleted,
		},
	)
}
