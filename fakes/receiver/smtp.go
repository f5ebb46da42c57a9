package receiver

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"mailtls/fakes"
	"mailtls/fakes/dialect"
	"mailtls/results"
)

// smtp speaks SMTP, and LMTP where the profile says so.
type smtp struct{ *session }

// local tells whether LMTP is spoken.
func (x *session) local() bool { return x.Profile.Protocol == results.LMTP }

func (x smtp) greet() error {
	if x.local() {
		return x.reply("220", x.Host+" LMTP mailtls")
	}
	return x.reply("220", x.Host+" ESMTP mailtls")
}

func (x smtp) read() ([]byte, error) { return x.readLine() }

// parse reads a command line; a line with bytes that have no place in one is a
// command that nobody knows.
func (x smtp) parse(line []byte) dialect.Command {
	if x.Profile.Accepts(fakes.LenientNUL) {
		line = bytes.TrimRight(line, "\x00")
	}
	c := dialect.ParseSMTP(string(line))
	if bytes.ContainsAny(line, "\x00\r\n") || x.Profile.Refuses(fakes.StrictCase) && !bytes.HasPrefix(line, []byte(c.Verb)) {
		return dialect.Command{Stage: results.StageUnknown}
	}
	return c
}

// obey answers a command honestly.
func (x smtp) obey(ctx context.Context, c dialect.Command) error {
	switch c.Verb {
	case "EHLO", "HELO", "LHLO":
		return x.hello(c)
	case "STARTTLS":
		return x.startTLS(ctx, c)
	case "AUTH":
		return x.auth(c)
	case "MAIL", "RCPT", "DATA":
		return x.transaction(ctx, c)
	case "BDAT":
		return x.bdat(ctx, c)
	case "RSET":
		x.forget()
		return x.reply("250", "2.0.0 Ok")
	case "NOOP":
		return x.reply("250", "2.0.0 Ok")
	case "VRFY":
		return x.reply("252", "2.0.0 Send some mail and see")
	case "QUIT":
		return x.finish("221", "2.0.0 Bye")
	}
	return x.reply("500", "5.5.2 Command not known")
}

// refuse sends the reply of a gate; one of 421 ends the session (RFC 5321 §3.8).
func (x smtp) refuse(reply string) error {
	if err := x.send(reply+"\r\n", 1); err != nil {
		return err
	}
	if strings.HasPrefix(reply, "421") {
		return errEnd
	}
	return nil
}

func (x smtp) wording(text string) string { return text }

// mayUpgrade is always true: RFC 3207 binds STARTTLS to no state.
func (x smtp) mayUpgrade() bool { return true }

func (x smtp) answerTLS(a tlsAnswer) error {
	switch a {
	case tlsBroken:
		return x.reply("454", "4.7.0 TLS is not available for the time being")
	case tlsUnknown:
		return x.reply("502", "5.5.1 TLS is not available")
	case tlsActive:
		return x.reply("554", "5.5.1 TLS is already active")
	case tlsLate:
		return x.reply("503", "5.5.1 Not now")
	case tlsArgument:
		return x.reply("501", "5.5.4 Syntax: STARTTLS, without parameters")
	case tlsGo:
	}
	return x.reply("220", "2.0.0 Ready to start TLS")
}

func (x smtp) restart() {
	if !x.Profile.Keeps(fakes.KeepEnvelope) {
		x.forget()
	}
}

func (x smtp) turnAway(w lastWord) error {
	if w == noWebServer {
		return x.reply("421", "4.7.0 This is no web server")
	}
	return x.reply("500", "5.5.2 Line too long")
}

// forget drops the mail transaction (RFC 5321 §4.1.1.5).
func (x *session) forget() {
	x.mail, x.from, x.rcpts = false, "", nil
	x.chunks, x.chunked = nil, false
}

func (x *session) hello(c dialect.Command) error {
	if (c.Verb == "LHLO") != x.local() { // RFC 2033 §4.1
		return x.reply("500", "5.5.2 Command not known")
	}
	if c.Argument == "" {
		return x.reply("501", "5.5.4 A name is needed")
	}
	if !x.kept {
		x.helo = c.Argument
	}
	if !x.Profile.Keeps(fakes.KeepEnvelope) {
		x.forget()
	}
	x.remember()
	x.esmtp = c.Verb != "HELO"
	if !x.esmtp {
		return x.reply("250", x.Host)
	}
	return x.reply("250", append([]string{x.Host}, x.capabilities()...)...)
}

// capabilities are the keywords listed after EHLO.
func (x *session) capabilities() []string {
	p := x.Profile
	if x.conn.Secure() && !p.Keeps(fakes.KeepCapabilities) {
		return p.TLS
	}
	if p.Offer == fakes.OfferStartTLS {
		return append([]string{"STARTTLS"}, p.Clear...)
	}
	return p.Clear
}

// transaction answers the commands of a mail transaction.
func (x *session) transaction(ctx context.Context, c dialect.Command) error {
	switch {
	case c.Verb == "MAIL" && x.helo == "" && !x.Profile.Accepts(fakes.LenientNoHelo):
		return x.reply("503", "5.5.1 Say EHLO first")
	case c.Verb == "MAIL" && x.mail:
		return x.reply("503", "5.5.1 A transaction is open")
	case c.Verb == "MAIL":
		return x.mailFrom(c)
	case !x.mail:
		return x.reply("503", "5.5.1 MAIL comes first")
	case x.chunked:
		return x.reply("503", "5.5.1 BDAT has begun")
	case c.Verb == "RCPT":
		return x.rcptTo(c)
	case len(x.rcpts) == 0:
		return x.reply("503", "5.5.1 RCPT comes first")
	}
	return x.data(ctx)
}

func (x *session) mailFrom(c dialect.Command) error {
	from, ok := dialect.Path(c.Argument, "FROM")
	if !ok {
		return x.reply("501", "5.5.4 Syntax: MAIL FROM:<address>")
	}
	if k := x.unlisted(c.Argument); k != "" && !x.Profile.Accepts(fakes.LenientParameters) {
		return x.reply("555", "5.5.4 Parameter not known: "+clean(k))
	}
	if _, domain, _ := strings.Cut(from, "@"); x.bound(domain) {
		return x.reply("550", "5.7.1 This domain's mail comes inside TLS with its own certificate")
	}
	x.mail, x.from, x.rcpts = true, from, nil
	return x.reply("250", "2.1.0 Ok")
}

func (x *session) rcptTo(c dialect.Command) error {
	to, ok := dialect.Path(c.Argument, "TO")
	if !ok || to == "" {
		return x.reply("501", "5.5.4 Syntax: RCPT TO:<address>")
	}
	if len(x.rcpts) >= 1000 {
		return x.reply("452", "4.5.3 Too many recipients")
	}
	x.rcpts = append(x.rcpts, to)
	return x.reply("250", "2.1.5 Ok")
}

// data takes the message.
func (x *session) data(ctx context.Context) error {
	if err := x.reply("354", "End data with <CR><LF>.<CR><LF>"); err != nil {
		return err
	}
	mark := x.mark(results.StageBody)
	x.rec.At(results.StageBody, mark)
	return x.ask(ctx, x.moment(results.StageBody, ""),
		func(ctx context.Context) error { return x.body(ctx, mark) })
}

func (x *session) body(ctx context.Context, mark string) error {
	content, err := x.content()
	if err != nil {
		return err
	}
	if content == nil {
		x.forget()
		return x.reply("552", "5.3.4 Message too big")
	}
	return x.take(ctx, mark, content)
}

// take takes a whole message over.
func (x *session) take(ctx context.Context, mark string, content []byte) error {
	if x.truncate {
		half := content[:len(content)/2]
		content, x.truncate = half[:bytes.LastIndexByte(half, '\n')+1], false
	}
	m := Message{Session: x.id, Mark: mark, From: x.from, To: x.rcpts, Secure: x.conn.Secure(), Data: append([]byte(x.received()), content...)}
	x.forget()
	code, text := "250", "2.0.0 Ok: taken as "+mark
	if x.Deliver != nil {
		if err := x.Deliver(ctx, m); err != nil {
			x.rec.Note(err.Error())
			code, text = "451", "4.3.0 Not taken: try later"
		}
	}
	if x.local() && !x.Profile.Omits(fakes.OmitRecipients) {
		return x.replyToEach(m.To, code, text)
	}
	return x.reply(code, text)
}

// replyToEach gives a reply for each recipient (RFC 2033 §4.2).
func (x *session) replyToEach(rcpts []string, code, text string) error {
	var all strings.Builder
	for _, to := range rcpts {
		all.WriteString(dialect.Format(code, text+" for <"+clean(to)+">"))
	}
	return x.say(all.String())
}

// content reads up to the end of data, which is CRLF.CRLF alone (RFC 5321
// §4.1.1.4) unless the profile takes more for it; it ends in CRLF.
func (x *session) content() ([]byte, error) {
	ends := x.Profile.Ends(x.conn.Secure())
	longest := 0
	for _, end := range ends {
		longest = max(longest, len(end))
	}
	searched := 0
	for {
		if bytes.HasPrefix(x.buf, []byte(".\r\n")) {
			x.buf = x.buf[3:]
			return []byte{}, nil
		}
		if at, end := firstOf(x.buf[searched:], ends); at >= 0 {
			content := append(dialect.Unstuff(x.buf[:searched+at]), "\r\n"...)
			x.buf = x.buf[searched+at+len(end):]
			return content, nil
		}
		searched = max(0, len(x.buf)-longest)
		if len(x.buf) > maxContent {
			return nil, x.finish("552", "5.3.4 Message too big")
		}
		if err := x.fill(); err != nil {
			if x.Profile.Accepts(fakes.LenientTruncated) && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)) {
				return dialect.Unstuff(x.buf), nil
			}
			return nil, err
		}
	}
}

// firstOf finds the end that comes first; -1 when none does. Where two begin at
// the same place the one named first counts.
func firstOf(b []byte, ends []string) (at int, found string) {
	at = -1
	for _, end := range ends {
		if i := bytes.Index(b, []byte(end)); i >= 0 && (at < 0 || i < at) {
			at, found = i, end
		}
	}
	return at, found
}

// received is the trace header (RFC 5321 §4.4) with the transmission type of
// RFC 3848 §1 and the tls clause of RFC 8314 §4.3.
func (x *session) received() string {
	with, cipher := "SMTP", ""
	if x.esmtp {
		with = "ESMTP"
	}
	if x.local() {
		with = "LMTP"
	}
	if x.conn.Secure() && !x.Profile.Omits(fakes.OmitTraceTLS) {
		with += "S"
	}
	if x.conn.Secure() && !x.Profile.Omits(fakes.OmitTraceCipher) {
		cipher = " tls " + tls.CipherSuiteName(x.conn.ConnectionState().CipherSuite)
	}
	if x.user != "" {
		with += "A"
	}
	host, _, _ := net.SplitHostPort(x.peek.RemoteAddr().String())
	return fmt.Sprintf("Received: from %s ([%s])\r\n\tby %s with %s%s;\r\n\t%s\r\n",
		clean(x.helo), host, x.Host, with, cipher, x.Clock().Format(time.RFC1123Z))
}

// clean keeps what a client called itself from breaking a header.
func clean(name string) string {
	name = strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return '?'
		}
		return r
	}, name)
	if name == "" {
		return "unknown"
	}
	return name
}
