package sender

import (
	"context"
	"crypto/tls"
	"errors"
	"maps"
	"strings"

	"mailtls/fakes"
	"mailtls/fakes/dialect"
	"mailtls/results"
)

// open takes the greeting and says EHLO.
func (c *conn) open(e *entry) *trouble {
	r, t := c.answer("connection")
	switch {
	case t != nil:
		return t
	case r.Code == "220", e.policy.Has(fakes.FlawAnyGreeting):
	case r.Class() == '4', r.Class() == '5':
		return refused(r, "connection")
	default:
		c.inStep = false
		return unexpected(r, "connection")
	}
	if t := c.hello(e); t != nil {
		return t
	}
	if _, listed := c.listed["AUTH"]; listed && e.policy.Credentials && e.policy.Has(fakes.FlawAuthInClear) {
		return c.login()
	}
	return nil
}

// hello says EHLO, or HELO where that is refused and the policy does not need
// what only EHLO lists. What was listed before is forgotten (RFC 3207 §4.2).
func (c *conn) hello(e *entry) *trouble {
	c.listed, c.lines = nil, nil
	r, t := c.want("EHLO "+c.mta.Host, "250")
	if t == nil {
		c.listed, c.lines = r.Keywords(), r.Lines
		return nil
	}
	if !strings.HasPrefix(t.reply, "5") || !c.inStep {
		return t
	}
	if !c.secure && e.policy.Forbids() {
		if !e.policy.Has(fakes.FlawHeloInClear) {
			t.trigger, t.tls, t.final = results.TriggerNotOffered, true, false
			return t
		}
		c.spoilt = true
	}
	_, t = c.want("HELO "+c.mta.Host, "250")
	return t
}

// offered tells whether STARTTLS is listed, whatever its case (RFC 5321 §2.4);
// the first line is no list (RFC 5321 §4.1.1.1).
func (c *conn) offered() bool {
	for i, line := range c.lines {
		word, _, _ := strings.Cut(line, " ")
		switch {
		case i == 0 && !c.policy.Has(fakes.FlawGreetingKeyword):
		case word == "STARTTLS":
			return true
		case strings.EqualFold(word, "STARTTLS") && !c.policy.Has(fakes.FlawCaseSensitiveKeyword):
			return true
		}
	}
	return false
}

// upgrade turns the connection into one inside TLS (RFC 3207).
func (c *conn) upgrade(ctx context.Context, e *entry) *trouble {
	if !c.offered() {
		return withoutTLS(results.TriggerNotOffered, statusNotOffered, "TLS cannot be had: "+c.hop.Name+" does not list STARTTLS")
	}
	if t := c.goAhead(e); t != nil {
		return t
	}
	if t := c.handshake(ctx, e); t != nil {
		return t
	}
	return c.begin(e)
}

// goAhead asks for TLS and awaits the whole of the go-ahead.
func (c *conn) goAhead(e *entry) *trouble {
	if c.policy.Has(fakes.FlawStartsEarly) {
		return c.startEarly()
	}
	r, t := c.ask(c.startTLS())
	for again := 0; again < 3 && c.policy.Has(fakes.FlawLoopsStartTLS) && t == nil && strings.ContainsRune("45", rune(r.Class())); again++ {
		r, t = c.ask("STARTTLS")
	}
	switch {
	case t != nil:
		t.tls = true
		return t
	case r.Code == "220":
		return c.nothingBehind()
	case r.Class() == '4':
		t = refused(r, "STARTTLS")
		if r.Code != "421" { // which closes the connection (RFC 5321 §3.8)
			t.trigger = results.TriggerRefused4xx
		}
	case r.Class() == '5':
		t = refused(r, "STARTTLS")
		t.trigger, t.final = results.TriggerRefused5xx, false
	default:
		if r.Code == "354" && c.policy.Has(fakes.FlawTakes354) {
			_ = c.send(ended(e.data))
		}
		c.inStep = false
		t = unexpected(r, "STARTTLS")
	}
	t.tls = true
	return t
}

// startTLS is the command: without a parameter, and the last in its segment (RFC
// 3207 §4, RFC 2920 §3.1).
func (c *conn) startTLS() string {
	switch {
	case c.policy.Has(fakes.FlawStartTLSArgument):
		return "STARTTLS smtp"
	case c.policy.Has(fakes.FlawPipelinesBehind):
		return "STARTTLS\r\nEHLO " + c.mta.Host
	}
	return "STARTTLS"
}

// startEarly takes the first three digits for the go-ahead.
func (c *conn) startEarly() *trouble {
	err := c.send("STARTTLS\r\n")
	for err == nil && len(c.buf) < len("220") {
		err = c.more()
	}
	if err != nil {
		return c.lost("STARTTLS", err)
	}
	c.buf = nil
	return nil
}

// nothingBehind demands that the go-ahead is the last thing said in clear: what
// stands behind it would be read as if it came inside TLS.
func (c *conn) nothingBehind() *trouble {
	if len(c.buf) == 0 {
		return nil
	}
	_, _, err := dialect.CutReply(c.buf)
	if err == nil && c.policy.Has(fakes.FlawInjectedReply) || errors.Is(err, dialect.ErrIncomplete) && c.policy.Has(fakes.FlawPartialLine) {
		return nil
	}
	c.inStep = false
	return withoutTLS(results.TriggerFailed, statusProtocol, describe("TLS cannot be had: behind the go-ahead to STARTTLS", errLeftover))
}

// handshake does the TLS handshake.
func (c *conn) handshake(ctx context.Context, e *entry) *trouble {
	c.limit()
	inside := tls.Client(c.Conn, c.mta.config(e, c.hop))
	err := inside.HandshakeContext(ctx)
	if err == nil {
		c.Conn, c.secure = inside, true
		return nil
	}
	t := withoutTLS(broken(err), statusHandshake, describe("TLS handshake with "+c.hop.Name, err))
	var bad *untrustedError
	if t.untrusted = errors.As(err, &bad); t.untrusted && c.policy.Untrusted != "" {
		t.status, t.text = c.policy.Untrusted, "450 "+c.policy.Untrusted+" "+t.text
	}
	var header tls.RecordHeaderError
	digit := errors.As(err, &header) && strings.ContainsRune("2345", rune(header.RecordHeader[0]))
	c.spoilt = c.policy.Has(fakes.FlawClearSame) || digit && c.policy.Has(fakes.FlawParsesAfter220)
	c.inStep = c.spoilt
	return t
}

// begin starts the session inside TLS anew (RFC 3207 §4.2).
func (c *conn) begin(e *entry) *trouble {
	before := c.listed
	if c.policy.Has(fakes.FlawNoEhloAfterTLS) {
		return nil
	}
	if len(c.buf) > 0 {
		return c.misled()
	}
	if t := c.hello(e); t != nil {
		t.tls = true
		return t
	}
	if c.policy.Has(fakes.FlawKeepCapabilities) {
		maps.Copy(before, c.listed)
		c.listed = before
	}
	if _, listed := c.listed["STARTTLS"]; listed && c.policy.Has(fakes.FlawStartTLSAgain) {
		_, t := c.ask("STARTTLS")
		return t
	}
	return nil
}

// misled says EHLO and takes what was said in clear for the reply, or for its
// beginning.
func (c *conn) misled() *trouble {
	if err := c.send("EHLO " + c.mta.Host + "\r\n"); err != nil {
		return c.lost("EHLO", err)
	}
	r, t := c.answer("EHLO")
	if t == nil {
		c.listed, c.lines = r.Keywords(), r.Lines
	}
	return t
}
