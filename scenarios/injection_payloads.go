package scenarios

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"mailtls/fakes"
	"mailtls/results"
)

// payloads holds the cases about what an attacker can have run inside TLS, and
// the other places for it.
func payloads() []Case {
	const (
		behind = "What came in clear does not count inside TLS; STARTTLS is the last command of its group, and what follows it in the buffer is not run."
		after  = "After the go-ahead the handshake comes first; what stands in clear before it is no command."
	)
	onSMTP := []results.Feature{results.FeatureStartTLS}
	return []Case{
		injectionCase("injection/command-run/ehlo", "R-017", Case{
			Title:     "EHLO behind STARTTLS is not run inside TLS",
			Source:    Source{"RFC 3207 §4; RFC 3207 §4.2; CVE-2011-0411", behind},
			Dialogues: []fakes.Dialogue{injected(0, "STARTTLS\r\nEHLO {helo}\r\n")}, Judge: judgeInjected,
		}),
		injectionCase("injection/command-run/reset", "R-017", Case{
			Title:     "RSET behind STARTTLS is not run inside TLS",
			Source:    Source{"RFC 3207 §4; RFC 3207 §4.2; CVE-2011-0411", behind},
			Dialogues: []fakes.Dialogue{injected(0, "STARTTLS\r\nRSET\r\n")}, Judge: judgeInjected,
		}),
		injectionCase("injection/command-run/transaction", "R-017", Case{
			Title:  "A transaction behind STARTTLS is not begun inside TLS",
			Source: Source{"RFC 3207 §4; RFC 3207 §4.2; CVE-2011-0411", behind},
			Dialogues: one(greeted(), fakes.Say(markStartTLS, "220", "STARTTLS\r\n"+opening("")), fakes.Handshake(broad()),
				listen("silence", 2*time.Second), fakes.Say(markRcpt, "", "RCPT TO:<{rcpt}>\r\n"), fakes.Quit()),
			Fence: true, Judge: judgeTransactionRun,
		}),
		injectionCase("injection/victim-captured", "R-018", Case{
			Title:  "What a client says inside TLS never becomes the content of an attacker's mail",
			Source: Source{"RFC 3207 §4; RFC 3207 §4.2; CVE-2011-0411", behind},
			Needs:  []results.Feature{results.FeatureStartTLS, results.FeatureAuth},
			Dialogues: []fakes.Dialogue{{Listener: fakes.ListenSubmission, Script: fakes.Join(
				greeted(), fakes.Say(markStartTLS, "220", "STARTTLS\r\n"+opening("AUTH PLAIN {auth-plain}\r\n")), fakes.Handshake(broad()),
				listen("silence", 2*time.Second), fakes.Say(markEhloTLS, "250", "EHLO {helo2}\r\n"),
				fakes.Say("auth", "235", "AUTH PLAIN {auth-plain}\r\n"), fakes.Transaction(), fakes.Quit(),
			)}},
			Fence: true, Judge: judgeCaptured,
		}),
		injectionCase("injection/before-hello", "R-020", Case{
			Title:  "A command in clear between the go-ahead and the ClientHello is not run",
			Source: Source{"RFC 3207 §4; RFC 3207 §4.2; CVE-2011-0411", after},
			Dialogues: one(greeted(), fakes.StartTLS(), below("", "NOOP\r\n"), fakes.Handshake(broad()),
				listen("silence", 2*time.Second), fakes.Say("fake", "", "FAKE {canary}\r\n"), fakes.Quit()),
			Judge: judgeInjected,
		}),
		injectionCase("injection/bare-lf", "R-022", Case{
			Title:     "A bare LF behind STARTTLS does not hide a command that is run inside TLS",
			Source:    Source{"RFC 3207 §4.2; RFC 5321 §2.3.8; CVE-2022-28220", behind},
			Dialogues: []fakes.Dialogue{injected(0, "STARTTLS\nNOOP\r\n")}, Judge: judgeInjected,
		}),
		{
			ID: "injection/proxied-listener", Row: "R-098",
			Title:  "A proxy in front does not carry commands from before TLS into it",
			Source: Source{"RFC 3207 §4; RFC 3207 §4.2; CVE-2014-3556", behind},
			Needs:  append(onSMTP, results.FeatureProxy), Levels: []LevelRule{must()},
			Pending: "needs a proxied listener",
		},
	}
}

// injectionCase completes a case about injection.
func injectionCase(id, row string, c Case) Case {
	c.ID, c.Row = id, row
	c.Levels = []LevelRule{must()}
	if c.Needs == nil {
		c.Needs = []results.Feature{results.FeatureStartTLS}
	}
	return c
}

// opening is a transaction up to DATA, as one segment; login stands before it.
func opening(login string) string {
	return "EHLO {helo}\r\n" + login + "MAIL FROM:<{from}>\r\nRCPT TO:<{rcpt}>\r\nDATA\r\n"
}

// unasked concludes where the target sent something inside TLS before we did.
func unasked(s *results.Session, want string) (results.Verdict, bool) {
	for _, mark := range []string{markHandshake, "silence"} {
		if b, refs := heard(s, mark, true); len(b) > 0 {
			return fail(want, fmt.Sprintf("unasked, the target sent %q inside TLS", clip(b)), refs...), true
		}
	}
	return results.Verdict{}, false
}

func judgeTransactionRun(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "nothing unasked inside TLS, 503 to RCPT and no message; or no TLS session at all"
	s, v, ok := reach(t, "", markGreeting, markEhlo)
	if !ok {
		return v
	}
	if got := mail(t); len(got) > 0 {
		return fail(want, "a message arrived", bodyRef(t, got[0]))
	}
	if v, done := refusedToStart(s, want); done {
		return v
	}
	if v, done := unasked(s, want); done {
		return v
	}
	a := reply(s, markRcpt)
	switch {
	case !marked(s, markRcpt):
		return pass(want, "nothing was run: "+ending(s), handshakeRefs(s)...)
	case a.is("503"):
		return pass(want, "RCPT got "+a.String(), a.refs...)
	case a.is("4", "5"), !a.found && gone(s):
		return nonstrict("refused, but not with 503", want, "RCPT got "+a.String(), a.refs...)
	}
	return fail(want, "RCPT got "+a.String(), a.refs...)
}

// judgeCaptured: the attacker opened a transaction in clear that the victim's
// commands would fill; the victim then sends a message of its own.
func judgeCaptured(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "no message that holds the client's commands, and nothing unasked inside TLS; or no TLS session at all"
	s, v, ok := reach(t, "", markGreeting, markEhlo)
	if !ok {
		return v
	}
	for _, m := range mail(t) {
		if line, found := commandLine(content(t, m)); found {
			return fail(want, fmt.Sprintf("a message from %s holds what the client said inside TLS: %q", m.From, clip(line)), bodyRef(t, m))
		}
	}
	if v, done := refusedToStart(s, want); done {
		return v
	}
	if v, done := unasked(s, want); done {
		return v
	}
	got := "nothing was sent unasked"
	login := reply(s, "auth")
	switch a := reply(s, markEhloTLS); {
	case !marked(s, markEhloTLS):
		return pass(want, "nothing was run: "+ending(s), handshakeRefs(s)...)
	case !a.is("250"):
		return inconclusive("the client's EHLO inside TLS got %s", a)
	case len(a.rest) > 0:
		return fail(want, fmt.Sprintf("behind the reply to EHLO inside TLS the target sent %q", clip(a.rest)), a.refs...)
	case !login.is("235"):
		return inconclusive("the client's login inside TLS got %s", login)
	case len(mail(t)) > 0:
		return pass(want, got+", and the client's message arrived as it was sent", append(a.refs, bodyRef(t, mail(t)[0]))...)
	default:
		return pass(want, got+"; the client's session went as far as "+lastWords(s), a.refs...)
	}
}

// commandLine finds a line of a message that only a session has.
func commandLine(content []byte) ([]byte, bool) {
	for line := range bytes.Lines(content) {
		for _, command := range []string{"EHLO ", "AUTH PLAIN ", "MAIL FROM:<"} {
			if strings.HasPrefix(string(line), command) {
				return bytes.TrimSpace(line), true
			}
		}
	}
	return nil, false
}
