package page

import (
	"crypto/x509"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"mailtls/results"
)

// Bounds of what a page tells of a transcript, in bytes.
const (
	wholeTelling = 48 << 10 // events are told until it is so long
	wholeEvent   = 1500     // of an event's text
	nearEvidence = 8        // events told on each side of what a verdict points at
	lastEvents   = 4        // events told at the end of a session, however long it was
)

// telling is a transcript in lines for the script: a letter, and fields parted by tabs.
//
//	H name value            a fact about the whole
//	S id leg peer listener client server
//	F text                  what is known of a handshake
//	E number at side layer stage mark kind text
//	X text                  what is left out
//	Z how at                the end of a session
type telling struct {
	b     strings.Builder
	cited map[string]bool
}

// tell writes a transcript; events that the verdict points at are told in any case.
func tell(t *results.Transcript, evidence []string) string {
	w := &telling{cited: map[string]bool{}}
	for _, e := range evidence {
		w.cited[e] = true
	}
	w.head(t)
	silent := 0
	for i := range t.Sessions {
		s := &t.Sessions[i]
		if w.b.Len() > wholeTelling && !w.cites(s) && i < len(t.Sessions)-1 {
			silent++
			continue
		}
		w.omitted(silent, "sessions")
		silent = 0
		w.session(s)
	}
	w.foot(t)
	return w.b.String()
}

// line writes a line.
func (w *telling) line(letter string, fields ...string) {
	w.b.WriteString(letter)
	for _, f := range fields {
		w.b.WriteString("\t" + visible(f))
	}
	w.b.WriteString("\n")
}

// omitted says that something is left out.
func (w *telling) omitted(n int, what string) {
	if n > 0 {
		w.line("X", fmt.Sprintf("%d %s are left out here", n, what))
	}
}

func (w *telling) head(t *results.Transcript) {
	fact := func(name, value string) {
		if value != "" {
			w.line("H", name, value)
		}
	}
	fact("version", t.Version)
	fact("watched for", t.Window.String()+" at the most")
	if t.ClockFactor != 1 {
		fact("queue clock", fmt.Sprintf("shortened by %g", t.ClockFactor))
	}
	if t.Sanity != (results.Sanity{}) {
		fact("ordinary conversations", fmt.Sprintf("before: %s, after: %s", t.Sanity.Before, t.Sanity.After))
	}
	for _, s := range t.Submissions {
		fact("handed in", fmt.Sprintf("at %s for %s: %s", at(s.At), s.Recipient, s.Reply))
	}
}

func (w *telling) foot(t *results.Transcript) {
	const most = 40
	for i, q := range t.Queries {
		if i == most {
			w.omitted(len(t.Queries)-most, "queries")
			break
		}
		w.line("H", "query", fmt.Sprintf("at %s %s %s %s: %s", at(q.At), q.Kind, q.Name, q.Type, q.Answer))
	}
	for i, m := range t.Messages {
		if i == most {
			w.omitted(len(t.Messages)-most, "messages")
			break
		}
		w.line("H", "message arrived", fmt.Sprintf("in session %d from %s to %s", m.Session, m.From, strings.Join(m.To, ", ")))
	}
	for _, d := range t.DSNs {
		w.line("H", "notification", fmt.Sprintf("at %s in session %d: %s %s %s", at(d.At), d.Session, d.Action, d.Status, d.Diagnostic))
	}
	w.line("H", "ended", fmt.Sprintf("%s at %s", t.Ended.Why, at(t.Ended.At)))
}

// cites tells whether the verdict points into a session.
func (w *telling) cites(s *results.Session) bool {
	for e := range w.cited {
		if strings.HasPrefix(e, fmt.Sprintf("s%de", s.ID)) {
			return true
		}
	}
	return false
}

func (w *telling) session(s *results.Session) {
	w.line("S", strconv.Itoa(s.ID), string(s.Leg), s.Peer, s.Listener, s.Client, s.Server)
	for i := range s.TLS {
		w.facts(&s.TLS[i])
	}
	silent := 0
	for i := range s.Events {
		if w.b.Len() > wholeTelling && !w.near(s, i) {
			silent++
			continue
		}
		w.omitted(silent, "events")
		silent = 0
		w.event(s, i)
	}
	w.omitted(silent, "events")
	if s.Alike > 0 {
		w.line("X", fmt.Sprintf("%d more sessions went as this one and were not kept", s.Alike))
	}
	w.line("Z", string(s.End), at(s.EndAt))
}

// near tells whether an event is told however long the transcript is.
func (w *telling) near(s *results.Session, i int) bool {
	if i >= len(s.Events)-lastEvents {
		return true
	}
	for j := max(0, i-nearEvidence); j <= i+nearEvidence; j++ {
		if w.cited[(results.EventRef{Session: s.ID, Event: j}).String()] {
			return true
		}
	}
	return false
}

func (w *telling) event(s *results.Session, i int) {
	e := &s.Events[i]
	layer := "clear"
	if e.Secure {
		layer = "TLS"
	}
	kind, text := string(e.Kind), e.Text
	switch {
	case e.Digest != nil:
		kind, text = "digest", fmt.Sprintf("%d bytes in %d segments, sha256 %s: %q ... %q", e.Digest.Length, e.Digest.Segments, e.Digest.SHA256, e.Digest.Head, e.Digest.Tail)
	case e.Kind == results.EventData:
		kind, text = "", string(e.Bytes)
	case len(e.Bytes) > 0:
		text += fmt.Sprintf(" (%d bytes)", len(e.Bytes))
	}
	w.line("E", strconv.Itoa(i+1), at(e.At), string(e.From), layer, string(e.Stage), e.Mark, kind, text)
}

// facts says what is known of a handshake: what was chosen, what was offered, alerts and certificates.
func (w *telling) facts(f *results.TLSFacts) {
	var parts []string
	add := func(name, value string) {
		if value != "" {
			parts = append(parts, name+value)
		}
	}
	add("TLS ", f.Version)
	add("", f.Suite)
	add("group ", f.Group)
	add("retried with ", f.Retry)
	add("ALPN ", f.ALPN)
	if f.Resumed {
		add("", "resumed")
	}
	if f.Requested {
		add("", "asked for a client certificate")
	}
	if !f.Complete {
		add("", "not complete")
	}
	add("verified: ", f.Verify)
	add("error: ", f.Error)
	w.line("F", "handshake: "+strings.Join(parts, ", "))
	if h := f.Hello; h != nil {
		w.line("F", fmt.Sprintf("hello of %d bytes: versions %s; name %q; suites %s; groups %s; extensions %s", h.Length,
			strings.Join(h.Versions, ", "), h.SNI, strings.Join(h.Suites, ", "), strings.Join(h.Groups, ", "), strings.Join(h.Extensions, ", ")))
	}
	for _, a := range f.Alerts {
		w.line("F", fmt.Sprintf("alert from %s: %s (%d), fatal: %t", a.From, a.Name, a.Code, a.Fatal))
	}
	for _, der := range f.Chain {
		w.line("F", "server's certificate: "+certificate(der))
	}
	for _, der := range f.ClientChain {
		w.line("F", "client's certificate: "+certificate(der))
	}
}

// certificate says in a line what a certificate says.
func certificate(der []byte) string {
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return fmt.Sprintf("%d bytes that cannot be read: %v", len(der), err)
	}
	names := append([]string{}, c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	return fmt.Sprintf("%s for %s, by %s, %s, %s to %s", c.Subject, strings.Join(names, " "), c.Issuer, c.PublicKeyAlgorithm,
		c.NotBefore.UTC().Format(time.DateOnly), c.NotAfter.UTC().Format(time.DateOnly))
}

// at is a time in seconds, to a tenth of a millisecond.
func at(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 4, 64) + " s" }

// visible spells what is no printable text as Go does, so that it is one field of one line, and cuts it at wholeEvent.
func visible(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		if b.Len() >= wholeEvent {
			fmt.Fprintf(&b, " … %d bytes more", len(s)-i)
			break
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == '\\', !unicode.IsPrint(r):
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		default:
			b.WriteRune(r)
		}
		i += n
	}
	return b.String()
}
