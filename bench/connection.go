package bench

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"time"

	"mailtls/results"
)

// wireConn is a connection that counts the bytes that pass, in clear or in TLS.
type wireConn struct {
	*net.TCPConn
	sent, received int64
}

// Read counts what is read.
func (c *wireConn) Read(b []byte) (int, error) {
	n, err := c.TCPConn.Read(b)
	c.received += int64(n)
	return n, err
}

// Write counts what is written.
func (c *wireConn) Write(b []byte) (int, error) {
	n, err := c.TCPConn.Write(b)
	c.sent += int64(n)
	return n, err
}

// cut ends the session under way, and each later one before it connects.
func (c *client) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.aborted {
		return
	}
	c.aborted = true
	close(c.gone)
	if c.open != nil {
		_ = c.open.SetDeadline(time.Unix(1, 0))
	}
}

// connect opens a connection.
func (c *client) connect() results.ErrorClass {
	if c.isCut() {
		return results.FailInterrupted
	}
	begin := c.clock.Now()
	deadline := c.base.Add(begin + time.Duration(c.plan.Timeout))
	raw, err := c.dial.dial(deadline, c.index)
	if err != nil {
		return classify(err)
	}
	c.s.add(atConnect, c.clock.Now()-begin)
	_ = raw.SetDeadline(deadline)
	c.mu.Lock()
	c.open = raw
	if c.aborted {
		_ = raw.SetDeadline(time.Unix(1, 0))
	}
	c.mu.Unlock()
	c.raw, c.wire.TCPConn, c.lists, c.asked = raw, raw, 0, false
	c.conn = &c.wire
	c.in.reset()
	return ""
}

// isCut tells whether the worker was cut.
func (c *client) isCut() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.aborted
}

// hold keeps the connection idle for a while, or until the run is stopped.
func (c *client) hold(ctx context.Context) {
	begin := c.clock.Now()
	c.in, c.out = replyReader{}, nil // they take room, and are soon made again
	timer := time.NewTimer(time.Duration(c.g.Hold))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	case <-c.gone:
	}
	c.s.paused = c.clock.Now() - begin
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.aborted {
		_ = c.raw.SetDeadline(c.base.Add(c.clock.Now() + time.Duration(c.plan.Timeout)))
	}
}

// lastWait is how long a server may take to close after its reply to QUIT, and once
// more after it was shown that the client is done.
//
// Why it is short (2026-11): Exim waits 200 ms for its client to close first, so that
// the port stays with that one. A worker would do nothing but wait, and if it closed
// first, its ports would be used up.
const lastWait = 20 * time.Millisecond

// finish lets the server close first, where the close mode wants it. The connection of
// one that does not is left to be reset.
//
// Why close_notify is not always answered (2026-11): TLS 1.3 asks for no answer
// (RFC 8446 §6.1), and one to a server that has closed already costs as much as a
// command and brings a reset. A server that keeps its side open waits for it, and
// gets it.
func (c *client) finish() {
	if c.plan.Close == results.CloseReset {
		return
	}
	c.wait(lastWait)
	closed := false
	if inside, ok := c.conn.(*tls.Conn); ok {
		_, _ = inside.Read(c.scratch())
		if closed = hasClosed(c.raw, c.scratch()); !closed {
			c.wait(lastWait)
			_ = inside.CloseWrite()
		}
	}
	if !closed {
		n, err := c.raw.Read(c.scratch())
		closed = n == 0 && !errors.Is(err, os.ErrDeadlineExceeded)
	}
	if closed {
		_ = c.raw.Close()
		c.forget()
	}
}

// wait lets reading go on for so long at most.
func (c *client) wait(long time.Duration) { _ = c.raw.SetDeadline(c.base.Add(c.clock.Now() + long)) }

// scratch is where bytes go that nobody wants.
func (c *client) scratch() []byte {
	c.in.reset()
	if len(c.in.buf) == 0 {
		c.in.buf = make([]byte, 1<<10)
	}
	return c.in.buf
}

// drop resets what is left of the connection, so that it holds no port.
func (c *client) drop() {
	if c.raw == nil {
		return
	}
	_ = c.raw.SetLinger(0)
	_ = c.raw.Close()
	c.forget()
}

// forget lets go of the connection.
func (c *client) forget() {
	c.mu.Lock()
	c.open = nil
	c.mu.Unlock()
	c.raw, c.wire.TCPConn, c.conn = nil, nil, nil
}
