package wire

import (
	"crypto/tls"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"mailtls/results"
)

// Conn is one recorded connection. It is a net.Conn: Read and Write go through
// TLS when it is up, and in clear otherwise. Like with a net.Conn, one reader
// and one writer may use it at the same time, and Close may be called at any
// time.
type Conn struct {
	raw    net.Conn
	ours   results.Side
	rec    *Recorder
	keylog io.Writer
	track  *tracker // guarded by rec.mu

	up        atomic.Pointer[tls.Conn] // nil while TLS is not up
	handshake sync.Mutex               // held during a handshake
	finSent   atomic.Bool              // no byte of ours may follow
	closing   sync.Mutex               // held while the connection is closed
	closed    atomic.Bool
	farFIN    atomic.Bool // the far end's FIN was written down
	farReset  atomic.Bool // and its RST

	reading sync.Mutex // held during a read below TLS
	spare   []byte     // clear bytes that TLS read and could not use
	cut     alertCut   // of what TLS reads
	held    []byte     // what it is to read next
	writing sync.Mutex // held during a write below TLS

	sealing sync.Mutex // held while a record of ours is made and sent; before writing
	taken   *takeover  // nil as long as crypto/tls makes our records
	spoil   bool       // see SpoilFinished

	onMessage func(kind byte) error // see OnMessage

	records, segment int           // see Cut
	pause            time.Duration // see Cut; 0 once it was made

	deadline      sync.Mutex
	writeDeadline time.Time // that our user set
}

var _ net.Conn = (*Conn)(nil)

// New records raw into rec. ours is the side that our end plays; it also decides
// whether Handshake is a client's or a server's. keylog receives the TLS secrets
// in the format of RFC 9850 and may be nil. A recorder serves one connection.
func New(raw net.Conn, ours results.Side, rec *Recorder, keylog io.Writer) *Conn {
	c := &Conn{raw: raw, ours: ours, rec: rec, keylog: keylog}
	rec.mu.Lock()
	defer rec.mu.Unlock()
	c.track = &tracker{log: &rec.log}
	rec.trackers = append(rec.trackers, c.track)
	return c
}

// ExpectTLS has both directions read as TLS records from here on, where they
// look like them. Handshake implies it; a script that writes bytes of its own
// instead of a handshake calls it.
func (c *Conn) ExpectTLS() {
	c.rec.mu.Lock()
	defer c.rec.mu.Unlock()
	c.track.expect()
}

// Read reads through TLS when it is up, else it is ReadBelow.
func (c *Conn) Read(p []byte) (int, error) {
	up := c.up.Load()
	if up == nil {
		return c.ReadBelow(p)
	}
	n, err := up.Read(p)
	if n > 0 {
		c.rec.data(c.rec.ticket(), far(c.ours), p[:n])
	}
	return n, err
}

// Write writes through TLS when it is up, else it is WriteBelow.
func (c *Conn) Write(p []byte) (int, error) {
	up := c.up.Load()
	if up == nil {
		return c.WriteBelow(p)
	}
	t := c.rec.ticket()
	n, err := up.Write(p)
	if n > 0 {
		c.rec.data(t, c.ours, p[:n])
	}
	return n, err
}

// Secure tells whether TLS is up: our end has finished a handshake.
func (c *Conn) Secure() bool { return c.up.Load() != nil }

// ConnectionState is what crypto/tls tells; its zero value while TLS is not up.
func (c *Conn) ConnectionState() tls.ConnectionState {
	up := c.up.Load()
	if up == nil {
		return tls.ConnectionState{}
	}
	return up.ConnectionState()
}

// LocalAddr is the address of our end.
func (c *Conn) LocalAddr() net.Addr { return c.raw.LocalAddr() }

// RemoteAddr is the address of the far end.
func (c *Conn) RemoteAddr() net.Addr { return c.raw.RemoteAddr() }

// SetDeadline sets the read and the write deadline. After a write has timed out
// TLS cannot be written to any more.
func (c *Conn) SetDeadline(t time.Time) error {
	c.keepWriteDeadline(t)
	return c.raw.SetDeadline(t)
}

// SetReadDeadline sets the deadline of reads; zero is none.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.raw.SetReadDeadline(t) }

// SetWriteDeadline sets the deadline of writes; zero is none.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.keepWriteDeadline(t)
	return c.raw.SetWriteDeadline(t)
}

func (c *Conn) keepWriteDeadline(t time.Time) {
	c.deadline.Lock()
	defer c.deadline.Unlock()
	c.writeDeadline = t
}
