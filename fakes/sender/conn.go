package sender

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"time"

	"mailtls/fakes"
	"mailtls/fakes/dialect"
	"mailtls/results"
)

// conn is a connection of the MTA to a host.
type conn struct {
	net.Conn
	mta *MTA
	hop fakes.NextHop
	key poolKey
	// policy under which it was made.
	policy  fakes.Policy
	timeout time.Duration
	// buf is what was read and not yet used.
	buf []byte
	// listed are the keywords of the last EHLO reply; lines are all its lines.
	listed map[string]string
	lines  []string
	// secure is true inside TLS; fallback where TLS was given up for it.
	secure, fallback bool
	// known says that the login was taken.
	known bool
	// inStep is true while each command has had its reply.
	inStep bool
	// spoilt says that a flaw goes on in clear after a handshake that failed.
	spoilt bool
	// atEnd is true while the reply to the content is awaited.
	atEnd bool
	// mute is true once nothing more can be sent inside TLS.
	mute bool
	stop func() bool
}

// errLeftover means that the host said something that was not asked for.
var errLeftover = errors.New("the host speaks without being asked")

// dial connects to a host.
func (m *MTA) dial(ctx context.Context, e *entry, hop fakes.NextHop) (*conn, *trouble) {
	timeout := seconds(e.policy.TimeoutSeconds, defaultTimeout)
	d := net.Dialer{Timeout: timeout}
	if m.From.IsValid() {
		d.LocalAddr = &net.TCPAddr{IP: m.From.AsSlice()}
	}
	raw, err := d.DialContext(ctx, "tcp", hop.Addr)
	if err != nil {
		return nil, deferred(statusNoAnswer, describe("connect to "+hop.Name, err))
	}
	if e.policy.Has(fakes.FlawNoTimeout) {
		timeout = 0
	}
	c := &conn{Conn: raw, mta: m, hop: hop, key: holdKey(e, hop), policy: e.policy, timeout: timeout, inStep: true}
	c.stop = context.AfterFunc(ctx, func() { _ = raw.Close() })
	return c, nil
}

// limit bounds what comes next.
func (c *conn) limit() {
	if c.timeout > 0 {
		_ = c.SetDeadline(time.Now().Add(c.timeout))
	}
}

// send writes text as it is.
func (c *conn) send(text string) error {
	c.limit()
	_, err := c.Write([]byte(text))
	return err
}

// reply reads one whole reply. What came behind it stays in buf.
func (c *conn) reply() (dialect.Reply, error) {
	c.limit()
	for {
		r, rest, err := dialect.CutReply(c.buf)
		if err == nil {
			c.buf = rest
			return r, nil
		}
		if !errors.Is(err, dialect.ErrIncomplete) {
			return r, err
		}
		if err := c.more(); err != nil {
			return r, err
		}
	}
}

// more reads some bytes. A renegotiation that the host asks for is refused, behind
// which crypto/tls sends nothing more; what the host says is heard all the same,
// or a message that it takes would be sent again.
func (c *conn) more() error {
	b := make([]byte, 4096)
	n, err := c.Read(b)
	for tries := 0; tries < 3 && refusedRenegotiation(err); tries++ {
		c.mute = true
		n, err = c.Read(b)
	}
	c.buf = append(c.buf, b[:n]...)
	if n > 0 {
		return nil
	}
	return err
}

// refusedRenegotiation tells whether reading ended because we refused a
// renegotiation; crypto/tls has no error of its own for it.
func refusedRenegotiation(err error) bool {
	var local *net.OpError
	return errors.As(err, &local) && local.Op == "local error" && local.Err.Error() == "tls: no renegotiation"
}

// ask sends a command and reads its reply. Bytes that are there before the
// command are a reply to nothing, and the connection is given up: what comes next
// could be taken for the reply to something else.
func (c *conn) ask(command string) (dialect.Reply, *trouble) {
	verb := dialect.ParseSMTP(command).Verb
	if len(c.buf) > 0 {
		c.inStep = false
		return dialect.Reply{}, deferred(statusProtocol, describe("before "+verb, errLeftover))
	}
	if err := c.send(command + "\r\n"); err != nil {
		c.inStep = false
		return dialect.Reply{}, c.lost(verb, err)
	}
	return c.answer(verb)
}

// answer reads the reply to a command.
func (c *conn) answer(to string) (dialect.Reply, *trouble) {
	c.inStep = false
	r, err := c.reply()
	switch {
	case errors.Is(err, dialect.ErrMalformed):
		return r, deferred(statusProtocol, describe("in reply to "+to, err))
	case err != nil:
		return r, c.lost(to, err)
	}
	c.inStep = r.Code != "421"
	return r, nil
}

// lost is the trouble of a connection that ended. Inside TLS, before the content
// was sent, it is a way in which TLS cannot be had.
func (c *conn) lost(at string, err error) *trouble {
	t := deferred(statusLost, describe("connection with "+c.hop.Name+" lost at "+at, err))
	if c.secure && !c.atEnd {
		t.trigger, t.tls = results.TriggerLostAfterTLS, true
		t.text = describe("connection with "+c.hop.Name+" lost inside TLS at "+at, err)
	}
	return t
}

// want asks and demands a code. Replies of another class than 4 and 5 that are
// not the wanted one make no sense, and the connection is given up.
func (c *conn) want(command, code string) (dialect.Reply, *trouble) {
	r, t := c.ask(command)
	if t != nil {
		return r, t
	}
	verb := dialect.ParseSMTP(command).Verb
	switch {
	case r.Code == code:
		return r, nil
	case r.Class() == '4', r.Class() == '5':
		return r, refused(r, verb)
	case c.policy.Has(fakes.FlawLaxCodes):
		return r, nil
	}
	c.inStep = false
	return r, unexpected(r, verb)
}

// leave ends a connection after a trouble: with QUIT where it is in step.
func (c *conn) leave(t *trouble) {
	if c.inStep && t.reply != "421" {
		c.quit()
		return
	}
	c.drop()
}

// quit ends the session in good order. What the host makes of it does not matter.
func (c *conn) quit() {
	const patience = time.Second
	if c.timeout == 0 || c.timeout > patience {
		c.timeout = patience
	}
	if len(c.buf) == 0 && c.send("QUIT\r\n") == nil {
		_, _ = c.reply()
	}
	c.drop()
}

// drop closes the connection.
func (c *conn) drop() {
	c.stop()
	if inside, ok := c.Conn.(*tls.Conn); ok {
		_ = inside.SetDeadline(time.Now().Add(time.Second))
	}
	_ = c.Close()
}
