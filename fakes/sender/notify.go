package sender

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"mailtls/fakes"
)

// giveUp tells the sender of a message that it was not delivered (RFC 3464). A
// notification that cannot be delivered is dropped (RFC 5321 §6.1).
func (m *MTA) giveUp(ctx context.Context, e *entry, t *trouble) {
	if e.from == "" || e.policy.Has(fakes.FlawNoNotice) {
		return
	}
	if e.policy.Has(fakes.FlawVagueNotice) {
		t = &trouble{status: "5.0.0", text: "the message could not be delivered", host: t.host}
	}
	// The error is that of the context: then nobody is there to be told.
	_ = m.Submit(ctx, Mail{To: []string{e.from}, Data: m.notification(e, t)})
}

// notification is the content of a delivery status notification: words, the
// status, and the header of the message.
func (m *MTA) notification(e *entry, t *trouble) []byte {
	boundary, now := rand.Text(), time.Now()
	kind := "x-mailtls"
	if t.said {
		kind = "smtp"
	}
	text := printable(t.text)
	var b bytes.Buffer
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	line("From: MAILER-DAEMON@%s", m.Host)
	line("To: %s", e.from)
	line("Subject: Delivery failed")
	line("Date: %s", now.Format(time.RFC1123Z))
	line("Message-ID: <%s@%s>", rand.Text(), m.Host)
	line("Auto-Submitted: auto-replied")
	line("MIME-Version: 1.0")
	line("Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=\"%s\"\r\n", boundary)
	line("--%s\r\nContent-Type: text/plain; charset=us-ascii\r\n", boundary)
	line("The message from <%s> to <%s> was not delivered after %d attempts:", e.from, e.to, e.attempts)
	line("%s\r\n", text)
	line("--%s\r\nContent-Type: message/delivery-status\r\n", boundary)
	line("Reporting-MTA: dns; %s", m.Host)
	line("Arrival-Date: %s\r\n", e.since.Format(time.RFC1123Z))
	line("Final-Recipient: rfc822; %s", e.to)
	line("Action: failed")
	line("Status: %s", t.status)
	if t.host != "" {
		line("Remote-MTA: dns; %s", t.host)
	}
	line("Diagnostic-Code: %s; %s", kind, text)
	line("Last-Attempt-Date: %s\r\n", now.Format(time.RFC1123Z))
	line("--%s\r\nContent-Type: text/rfc822-headers\r\n", boundary)
	header, _, _ := bytes.Cut(e.data, []byte("\r\n\r\n"))
	line("Return-Path: <%s>", e.from)
	line("%s\r\n", header)
	line("--%s--", boundary)
	return b.Bytes()
}

// printable makes text fit for one line of a header: what a host said may be
// anything.
func printable(text string) string {
	const most = 700
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, text)
	return text[:min(len(text), most)]
}
