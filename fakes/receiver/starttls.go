package receiver

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"time"

	"mailtls/fakes"
	"mailtls/fakes/dialect"
	"mailtls/results"
)

// firstByte begins every TLS handshake record (RFC 8446 §5.1).
const firstByte = 22

// startTLS answers STARTTLS and STLS (RFC 3207 §4, RFC 9051 §6.2.1, RFC 2595 §4).
func (x *session) startTLS(ctx context.Context, c dialect.Command) error {
	answer := x.judgeTLS(c)
	if err := x.tongue.answerTLS(answer); err != nil || answer != tlsGo {
		return err
	}
	if x.conn.Secure() {
		return nil // the defect of LenientDuplicateTLS ends here: there is no second handshake
	}
	x.conn.ExpectTLS()
	return x.at(ctx, results.StageHandshake, x.upgrade)
}

// judgeTLS tells what STARTTLS gets.
func (x *session) judgeTLS(c dialect.Command) tlsAnswer {
	switch p := x.Profile; {
	case p.Offer == fakes.OfferBroken:
		return tlsBroken
	case p.Offer == fakes.OfferNone:
		return tlsUnknown
	case x.conn.Secure() && !p.Accepts(fakes.LenientDuplicateTLS):
		return tlsActive
	case !x.tongue.mayUpgrade() && !p.Accepts(fakes.LenientLateTLS):
		return tlsLate
	case c.Argument != "" && !p.Accepts(fakes.LenientArgument):
		return tlsArgument
	}
	return tlsGo
}

// upgrade does the handshake of STARTTLS and forgets what was learnt before
// (RFC 3207 §4.2), as far as the profile lets it.
func (x *session) upgrade(ctx context.Context) error {
	kept, err := x.leftover()
	if err != nil {
		return err
	}
	if x.Profile.Accepts(fakes.LenientClearHandshake) {
		first, err := x.peekByte()
		if err != nil || first != firstByte {
			return err
		}
	}
	x.buf = nil
	if err := x.handshake(ctx); err != nil {
		return err
	}
	x.buf = kept
	if x.Profile.Keeps(fakes.KeepHelo) {
		x.kept = true
	} else {
		x.helo, x.esmtp = "", false
	}
	if !x.Profile.Keeps(fakes.KeepUser) {
		x.user = ""
	}
	x.tongue.restart()
	x.recall()
	return nil
}

// first does the handshake of a listener that speaks TLS first. What came in
// clear before it breaks it, unless the profile keeps it.
func (x *session) first(ctx context.Context) error {
	kept, err := x.leftover()
	if err != nil {
		return err
	}
	if err := x.handshake(ctx); err != nil {
		return err
	}
	x.buf = kept
	x.recall()
	return nil
}

// leftover is what came in clear behind STARTTLS, or where TLS comes first, and
// is wrongly kept.
func (x *session) leftover() ([]byte, error) {
	p := x.Profile
	switch {
	case p.Keeps(fakes.KeepBuffer):
		return x.drainClear()
	case p.Accepts(fakes.LenientPartialLine):
		end := bytes.LastIndexByte(x.buf, '\n')
		return bytes.Clone(x.buf[end+1:]), nil
	}
	return nil, nil
}

// drainClear reads on, through the same buffer, until the handshake begins: what
// a server does that never empties its buffer.
func (x *session) drainClear() ([]byte, error) {
	for {
		chunk, err := x.peekChunk()
		if err != nil {
			return nil, err
		}
		n := bytes.IndexByte(chunk, firstByte)
		if n == 0 {
			return bytes.Clone(x.buf), nil
		}
		if n < 0 {
			n = len(chunk)
		}
		if n, err = x.conn.ReadBelow(make([]byte, n)); err != nil {
			return nil, fmt.Errorf("read: %w", err)
		}
		x.buf = append(x.buf, chunk[:n]...)
	}
}

func (x *session) peekByte() (byte, error) {
	chunk, err := x.peekChunk()
	if err != nil {
		return 0, err
	}
	return chunk[0], nil
}

func (x *session) peekChunk() ([]byte, error) {
	if err := x.conn.SetReadDeadline(time.Now().Add(x.Profile.IdleTime())); err != nil {
		return nil, fmt.Errorf("set deadline: %w", err)
	}
	return x.peek.Peek()
}

// handshake does the server's part of a TLS handshake.
func (x *session) handshake(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, x.Profile.IdleTime())
	defer cancel()
	if err := x.conn.SetDeadline(time.Now().Add(x.Profile.IdleTime())); err != nil {
		return fmt.Errorf("set deadline: %w", err)
	}
	if err := x.conn.Handshake(ctx, x.config()); err != nil {
		return fmt.Errorf("%w: %w", errNoTLS, err)
	}
	x.conn.OnMessage(func(byte) error { return x.renewal(context.WithoutCancel(ctx)) })
	return nil
}

// peekConn lets a server look at bytes before they are read and recorded.
type peekConn struct {
	net.Conn
	ahead []byte
}

// Peek returns the bytes that the next Read will return, at least one.
func (p *peekConn) Peek() ([]byte, error) {
	if len(p.ahead) == 0 {
		chunk := make([]byte, 4<<10)
		n, err := p.Conn.Read(chunk)
		if n == 0 && err != nil {
			return nil, fmt.Errorf("look ahead: %w", err)
		}
		p.ahead = chunk[:n]
	}
	return p.ahead, nil
}

// PeekMore reads on, and returns all that the next Reads will return.
func (p *peekConn) PeekMore() ([]byte, error) {
	chunk := make([]byte, 4<<10)
	n, err := p.Conn.Read(chunk)
	if n == 0 && err != nil {
		return nil, fmt.Errorf("look ahead: %w", err)
	}
	p.ahead = append(p.ahead, chunk[:n]...)
	return p.ahead, nil
}

// Read returns what was looked at first.
func (p *peekConn) Read(b []byte) (int, error) {
	if len(p.ahead) == 0 {
		return p.Conn.Read(b)
	}
	n := copy(b, p.ahead)
	p.ahead = p.ahead[n:]
	return n, nil
}

// SetLinger and CloseWrite reach through to the TCP connection.
func (p *peekConn) SetLinger(sec int) error {
	if c, ok := p.Conn.(*net.TCPConn); ok {
		return c.SetLinger(sec)
	}
	return nil
}

// CloseWrite closes our direction of TCP.
func (p *peekConn) CloseWrite() error {
	if c, ok := p.Conn.(*net.TCPConn); ok {
		return c.CloseWrite()
	}
	return nil
}
