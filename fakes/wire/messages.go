package wire

import (
	"crypto/rand"
	"fmt"

	"golang.org/x/crypto/cryptobyte"

	"mailtls/results"
)

// Extensions that are written or read in messages after the handshake (RFC 5746
// §3.2, RFC 7627 §5.1, RFC 8446 §4.2).
const (
	extPointFormats  = 11
	extSignatures    = 13
	extExtendedMS    = 23
	extEarlyData     = 42
	extRenegotiation = 0xff01
)

// Renegotiate sends a ClientHello inside TLS 1.2, and nothing else: it asks for a
// handshake that is never finished. When bound is true it names the handshake
// before it (RFC 5746 §3.5); otherwise it carries no sign of RFC 5746, as an
// attacker's would that is spliced in.
func (c *Conn) Renegotiate(bound bool) error {
	state := c.ConnectionState()
	if bound && len(state.TLSUnique) == 0 {
		return fmt.Errorf("%w: the Finished of the handshake is not known", ErrTakeover)
	}
	offer := hello12{suite: state.CipherSuite, name: c.offeredName()}
	if bound {
		offer.finished = state.TLSUnique
	}
	return c.writeHandshake(version12, offer.client())
}

// SendServerHello sends a ServerHello inside TLS 1.2, as a server does that goes
// along with a renegotiation.
func (c *Conn) SendServerHello() error {
	return c.writeHandshake(version12, hello12{suite: c.ConnectionState().CipherSuite}.server())
}

// SendHelloRequest asks for a renegotiation inside TLS 1.2 (RFC 5246 §7.4.1.1).
func (c *Conn) SendHelloRequest() error {
	return c.writeHandshake(version12, handshakeMessage(msgHelloRequest, func(*cryptobyte.Builder) {}))
}

// SendTicket sends a NewSessionTicket inside TLS 1.3 (RFC 8446 §4.6.1) that can
// resume nothing, and permits so many bytes of early data; 0 permits none.
func (c *Conn) SendTicket(earlyData uint32) error {
	return c.writeHandshake(version13, ticket13(earlyData))
}

// writeHandshake sends a handshake message in a record of its own.
func (c *Conn) writeHandshake(version uint16, message []byte) error {
	c.sealing.Lock()
	defer c.sealing.Unlock()
	if err := c.takeOver(version); err != nil {
		return err
	}
	_, err := c.WriteBelow(c.taken.ours.seal(typeHandshake, message))
	return err
}

// offeredName is the server name of the handshake that is over.
func (c *Conn) offeredName() string {
	c.rec.mu.Lock()
	defer c.rec.mu.Unlock()
	if a := c.track.current; a != nil && a.facts.Hello != nil {
		return a.facts.Hello.SNI
	}
	return ""
}

// hello12 is a hello of TLS 1.2.
type hello12 struct {
	suite    uint16
	name     string
	finished []byte // of the handshake before; nil leaves RFC 5746 out
}

func (h hello12) client() []byte {
	return handshakeMessage(msgClientHello, func(b *cryptobyte.Builder) {
		h.opening(b)
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddUint16(h.suite) })
		b.AddBytes([]byte{1, 0}) // no compression
		b.AddUint16LengthPrefixed(h.extensions)
	})
}

func (h hello12) server() []byte {
	return handshakeMessage(msgServerHello, func(b *cryptobyte.Builder) {
		h.opening(b)
		b.AddUint16(h.suite)
		b.AddUint8(0) // no compression
	})
}

// opening is what both hellos begin with: version, random, no session.
func (h hello12) opening(b *cryptobyte.Builder) {
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails
	b.AddUint16(version12)
	b.AddBytes(random)
	b.AddUint8(0)
}

func (h hello12) extensions(b *cryptobyte.Builder) {
	if h.name != "" {
		extension(b, extServerName, func(b *cryptobyte.Builder) {
			b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
				b.AddUint8(0)
				b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes([]byte(h.name)) })
			})
		})
	}
	extension(b, extSupportedGroups, list16(0x001d, 0x0017, 0x0018))
	extension(b, extPointFormats, func(b *cryptobyte.Builder) { b.AddBytes([]byte{1, 0}) })
	extension(b, extSignatures, list16(0x0403, 0x0804, 0x0401, 0x0503, 0x0501))
	extension(b, extExtendedMS, func(*cryptobyte.Builder) {})
	if h.finished != nil {
		extension(b, extRenegotiation, func(b *cryptobyte.Builder) {
			b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(h.finished) })
		})
	}
}

// ticket13 is a NewSessionTicket of TLS 1.3.
func ticket13(earlyData uint32) []byte {
	label := make([]byte, 128)
	_, _ = rand.Read(label) // never fails
	return handshakeMessage(msgNewSessionTicket, func(b *cryptobyte.Builder) {
		b.AddUint32(7200) // lifetime in seconds
		b.AddUint32(0x5eed)
		b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddUint8(0xed) })
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(label) })
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
			if earlyData > 0 {
				extension(b, extEarlyData, func(b *cryptobyte.Builder) { b.AddUint32(earlyData) })
			}
		})
	})
}

func handshakeMessage(kind byte, body cryptobyte.BuilderContinuation) []byte {
	var b cryptobyte.Builder
	b.AddUint8(kind)
	b.AddUint24LengthPrefixed(body)
	return b.BytesOrPanic()
}

func extension(b *cryptobyte.Builder, kind uint16, body cryptobyte.BuilderContinuation) {
	b.AddUint16(kind)
	b.AddUint16LengthPrefixed(body)
}

// list16 is a list of numbers behind its length.
func list16(values ...uint16) cryptobyte.BuilderContinuation {
	return func(b *cryptobyte.Builder) {
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
			for _, v := range values {
				b.AddUint16(v)
			}
		})
	}
}

// ticket reads a NewSessionTicket for the facts: RFC 8446 §4.6.1 for TLS 1.3;
// before it a ticket says nothing of interest.
func (a *attempt) ticket(from results.Side, m message) {
	if from != results.Server {
		return
	}
	a.facts.Tickets++
	if a.version == version13 {
		a.facts.EarlyData = max(a.facts.EarlyData, readEarlyData(m.body))
	}
}

// readEarlyData gives how many bytes of early data a ticket of TLS 1.3 permits.
func readEarlyData(body []byte) (most uint32) {
	s := cryptobyte.String(body)
	var skip cryptobyte.String
	if !s.Skip(8) || !s.ReadUint8LengthPrefixed(&skip) || !s.ReadUint16LengthPrefixed(&skip) {
		return 0
	}
	eachExtension(s, func(kind uint16, data cryptobyte.String) {
		if kind == extEarlyData {
			data.ReadUint32(&most)
		}
	})
	return most
}
