package scenarios

import (
	"time"

	"mailtls/fakes"
	"mailtls/results"
)

// injectedTag is the tag of the commands that an attacker on the path puts in.
const injectedTag = "X"

// imapInjection holds the cases about commands between STARTTLS and the handshake.
func imapInjection() []Case {
	m := imapBoxes()
	const rule = "What came behind STARTTLS in the buffer is fed to TLS or thrown away, and never run."
	source := Source{"RFC 9051 §6.2.1; CVE-2011-1926", rule}
	return m.played(
		Case{
			ID: "imap/injection/same-segment", Row: "A-010",
			Title:  "A command in the segment of STARTTLS is not run inside TLS",
			Source: source, Dialogues: m.injected(0, "starttls STARTTLS\r\nX NOOP\r\n"), Judge: judgeInjectedAccess,
		},
		Case{
			ID: "imap/injection/second-segment", Row: "A-010",
			Title:  "A command that follows STARTTLS before its answer is not run inside TLS",
			Source: source, Dialogues: m.injected(20*time.Millisecond, "starttls STARTTLS\r\n", "X NOOP\r\n"), Judge: judgeInjectedAccess,
		},
		Case{
			ID: "imap/injection/login", Row: "A-011",
			Title:  "A login behind STARTTLS does not count inside TLS",
			Source: source, Dialogues: m.presumed("starttls STARTTLS\r\nX LOGIN \"{user}\" \"{password}\"\r\n"), Judge: judgePresumedLogin,
		},
		Case{
			ID: "imap/injection/partial-line", Row: "A-012",
			Title:  "An unfinished line behind STARTTLS is not joined to the first line inside TLS",
			Source: source, Dialogues: m.unfinished("starttls STARTTLS\r\nX LOG"), Judge: judgeJoined,
		},
		Case{
			ID: "imap/injection/bare-lf", Row: "A-013",
			Title:  "A bare LF behind STARTTLS does not hide a command that is run inside TLS",
			Source: Source{"RFC 9051 §6.2.1; CVE-2022-28220", rule}, Dialogues: m.injected(0, "starttls STARTTLS\nX NOOP\r\n"), Judge: judgeInjectedAccess,
		},
		Case{
			ID: "imap/injection/literal", Row: "A-013",
			Title:  "A literal behind STARTTLS does not hide a command that is run inside TLS",
			Source: Source{"RFC 9051 §6.2.1; CVE-2022-28220", rule}, Dialogues: m.injected(0, "starttls STARTTLS {8+}\r\nX NOOP\r\n\r\n"), Judge: judgeInjectedAccess,
		},
	)
}

// pop3Injection holds the cases about commands between STLS and the handshake.
func pop3Injection() []Case {
	m := pop3Boxes()
	source := Source{"RFC 2595 §4; CVE-2011-0411", "The client sends nothing between STLS and the handshake; what stands there in clear is an attacker's, and is not run."}
	return m.played(
		Case{
			ID: "pop3/injection/same-segment", Row: "A-037",
			Title:  "A command in the segment of STLS is not run inside TLS",
			Source: source, Dialogues: m.injected(0, "STLS\r\nCAPA\r\n"), Judge: judgeInjectedAccess,
		},
		Case{
			ID: "pop3/injection/second-segment", Row: "A-037",
			Title:  "A command that follows STLS before its answer is not run inside TLS",
			Source: source, Dialogues: m.injected(20*time.Millisecond, "STLS\r\n", "CAPA\r\n"), Judge: judgeInjectedAccess,
		},
		Case{
			ID: "pop3/injection/partial-line", Row: "A-037",
			Title:  "An unfinished line behind STLS is not joined to the first line inside TLS",
			Source: source, Dialogues: m.unfinished("STLS\r\nUS"), Judge: judgeJoined,
		},
		Case{
			ID: "pop3/injection/login", Row: "A-038",
			Title:  "A login behind STLS does not count inside TLS",
			Source: source, Dialogues: m.presumed("STLS\r\nUSER {user}\r\nPASS {password}\r\n"), Judge: judgePresumedLogin,
		},
	)
}

// injected is a session that sends more than the command that begins TLS, waits
// inside TLS for what comes unasked, and then says what no answer fits but its own.
func (m mailboxes) injected(gap time.Duration, segments ...string) []fakes.Dialogue {
	return m.one(m.greet(), m.starting(gap, segments...), fakes.Handshake(broad()), listen("silence", brief),
		m.say("fake", "", "FAKE {canary}"), m.bye())
}

// presumed is injected with a login, after which something is asked that needs one.
func (m mailboxes) presumed(segment string) []fakes.Dialogue {
	return m.one(m.greet(), m.starting(0, segment), fakes.Handshake(broad()), listen("silence", brief), m.probe(), m.bye())
}

// unfinished is a session that sends the beginning of another line behind the
// command that begins TLS.
func (m mailboxes) unfinished(segment string) []fakes.Dialogue {
	return m.one(m.greet(), m.starting(0, segment), fakes.Handshake(broad()),
		m.say(markCapabilityTLS, "", map[results.Protocol]string{results.IMAP: "CAPABILITY", results.POP3: "CAPA"}[m.Protocol]), m.bye())
}

// starting sends segments that begin with the command that begins TLS.
func (m mailboxes) starting(gap time.Duration, segments ...string) fakes.Script {
	want := m.startTLS()[0].Want
	return fakes.Script{{Mark: markStartTLS, Do: fakes.MoveSay, Text: segments, Gap: gap, Want: want}}
}
