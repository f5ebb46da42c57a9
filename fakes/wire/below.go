package wire

import (
	"errors"
	"io"
	"net"
	"syscall"
	"time"

	"mailtls/results"
)

// maxSpare bounds in bytes what is kept of clear data that TLS could not use.
const maxSpare = 64 << 10

// How a connection's end is written down in events of kind close. The far end's
// FIN looks the same whether it closed or half-closed.
const (
	closeFIN   = "fin"        // the far end ended its direction
	closeHalf  = "half-close" // our end ended its direction
	closeAll   = "close"      // our end closed
	closeReset = "reset"      // either end reset
)

// WriteBelow writes p on the connection itself, whether TLS is up or not.
func (c *Conn) WriteBelow(p []byte) (int, error) {
	c.writing.Lock()
	defer c.writing.Unlock()
	t := c.rec.ticket()
	n, err := c.raw.Write(p)
	if n > 0 {
		c.rec.mu.Lock()
		c.track.segment(t, c.ours, p[:n])
		c.rec.mu.Unlock()
	}
	if err != nil {
		c.ended(err)
	}
	return n, err
}

// ReadBelow reads from the connection itself, whether TLS is up or not. Clear
// bytes that TLS read but could not use, such as a reply in clear where a
// handshake was expected or what follows a close_notify, are given first; they
// were written down when they came. At most 64 KiB of them are kept, and the
// next handshake drops them.
func (c *Conn) ReadBelow(p []byte) (int, error) {
	c.reading.Lock()
	defer c.reading.Unlock()
	for _, kept := range []*[]byte{&c.held, &c.spare} {
		if len(*kept) > 0 {
			n := copy(p, *kept)
			*kept = (*kept)[n:]
			return n, nil
		}
	}
	n, _, err := c.receive(p)
	return n, err
}

// receive reads one segment and writes it down; plain is what of it is no TLS
// where TLS was expected. The caller holds reading.
func (c *Conn) receive(p []byte) (n int, plain []byte, err error) {
	n, err = c.raw.Read(p)
	if n > 0 {
		c.rec.mu.Lock()
		plain = c.track.segment(c.rec.draw(), far(c.ours), p[:n])
		c.rec.mu.Unlock()
	}
	if err != nil {
		c.ended(err)
	}
	return n, plain, err
}

// ended writes down that the far end closed or reset the connection, each once.
func (c *Conn) ended(err error) {
	text, told := closeReset, &c.farReset
	switch {
	case errors.Is(err, io.EOF):
		text, told = closeFIN, &c.farFIN
	case errors.Is(err, syscall.ECONNRESET):
	case errors.Is(err, syscall.EPIPE) && !c.finSent.Load():
	default:
		return
	}
	if !c.closed.Load() && !told.Swap(true) {
		c.rec.event(far(c.ours), results.EventClose, text)
	}
}

// below is the connection as crypto/tls sees it.
type below struct {
	net.Conn
	c *Conn
}

// Read reads a segment for TLS and puts aside what TLS will choke on.
func (b below) Read(p []byte) (int, error) {
	n, err := b.c.receiveForTLS(p)
	if told := b.c.tellMessages(); told != nil {
		return 0, told
	}
	return n, err
}

func (c *Conn) receiveForTLS(p []byte) (int, error) {
	c.reading.Lock()
	defer c.reading.Unlock()
	if len(c.held) > 0 {
		n := copy(p, c.held[:c.cut.next(c.held[:min(len(p), len(c.held))])])
		c.held = c.held[n:]
		return n, nil
	}
	n, plain, err := c.receive(p)
	if len(plain) == 0 {
		whole := c.cut.next(p[:n])
		c.held = append(c.held, p[whole:n]...)
		n = whole
	}
	if room := maxSpare - len(c.spare); room > 0 {
		c.spare = append(c.spare, plain[:min(room, len(plain))]...)
	}
	return n, err
}

// Write writes what TLS made, sealed anew where our end was taken over, and cut
// up as Cut says.
func (b below) Write(p []byte) (int, error) {
	b.c.sealing.Lock()
	defer b.c.sealing.Unlock()
	if b.c.spoil {
		if err := b.c.writeSpoilt(p); err != nil {
			return 0, err
		}
		return len(p), nil
	}
	out, err := b.c.reseal(p)
	if err != nil {
		return 0, err
	}
	if _, err := b.c.writeCut(out); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Close closes the connection; crypto/tls calls it when a handshake's context
// ends, and at the end of its own Close.
func (b below) Close() error { return b.c.shut(closeAll) }

// SetWriteDeadline takes the deadline that crypto/tls sets around a close_notify:
// five seconds before, and the present after it so that all writes fail. The
// second would forbid what a script writes in clear after it, so our user's
// deadline is put back instead.
func (b below) SetWriteDeadline(t time.Time) error {
	b.c.deadline.Lock()
	defer b.c.deadline.Unlock()
	user := b.c.writeDeadline
	if !t.IsZero() && !t.After(time.Now()) || !user.IsZero() && user.Before(t) {
		t = user
	}
	return b.Conn.SetWriteDeadline(t)
}
