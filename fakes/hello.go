package fakes

import "time"

// The versions before TLS, as numbers like those of crypto/tls.
const (
	VersionSSL2 uint16 = 0x0002
	VersionSSL3 uint16 = 0x0300
)

// RawHello is a ClientHello byte by byte, for what crypto/tls does not send. No
// handshake comes of it: what is answered is all there is to see.
type RawHello struct {
	// SSL2 sends the CLIENT-HELLO of SSL 2.0 (RFC 5246 §E.2), of which there is
	// nothing but a version and Kinds.
	SSL2 bool
	// Kinds are the three-byte cipher kinds of SSL 2.0.
	Kinds []uint32
	// Version is the newest that is offered up to TLS 1.2; 0 means TLS 1.2.
	Version uint16
	// Versions of the supported_versions extension; nil leaves it out.
	Versions []uint16
	// Suites, signalling values included.
	Suites []uint16
	// Compression methods besides none, which stands last.
	Compression []uint8
	// Groups of the supported_groups extension; nil leaves it out, and
	// ec_point_formats with it.
	Groups []uint16
	// Shares are the groups that a key share is sent for: X25519 and
	// X25519MLKEM768 get one that holds, others a share of one byte.
	Shares []uint16
	// NoSNI leaves the server name out, NoRenegotiation the sign of RFC 5746 §3.4,
	// which servers may insist on.
	NoSNI, NoRenegotiation bool
	// ExtendedMasterSecret is offered (RFC 7627 §5.1).
	ExtendedMasterSecret bool
	// Extensions are sent with no content, before the others.
	Extensions []uint16
	// Size in bytes that the message is padded to (RFC 7685 §4); 0 pads nothing.
	Size int
	// Records cuts the message into records of at most so many bytes, Segment
	// the whole into TCP segments of at most so many; 0 leaves them whole.
	Records, Segment int
	// Gap is the pause after the first segment, so that the server is sure to
	// see it alone.
	Gap time.Duration
}

// Grease is a reserved number that servers must ignore (RFC 8701 §2): one of
// sixteen.
func Grease(i int) uint16 {
	b := uint16(i&0xf)<<4 | 0xa
	return b<<8 | b
}

// IsGrease tells whether a number is one of them.
func IsGrease(v uint16) bool { return v&0x0f0f == 0x0a0a && v>>8 == v&0xff }

// Flight is an answer to a ClientHello that is built rather than negotiated, for
// what crypto/tls does not answer. No handshake comes of it: the session ends
// when the client has reacted.
type Flight struct {
	// To says which hellos get it; the others are served honestly.
	To HelloMatch
	// Alert is a fatal alert in place of all else; 0 sends none.
	Alert uint8
	// Version and Suite of the ServerHello; the version of SSL 2.0 gives a
	// SERVER-HELLO of its own kind, and one above TLS 1.3 is written like TLS 1.3.
	Version, Suite uint16
	// Compression method chosen; 0 is none.
	Compression uint8
	// Group and key share of a ServerHello in TLS 1.3, or of a ServerKeyExchange
	// with ECDHE; 0 means X25519.
	Group uint16
	// DHBits is the size of the prime in a ServerKeyExchange with DHE; 0 means
	// 2048.
	DHBits int
	// Extensions are sent with no content, but for renegotiation_info, which has
	// its own.
	Extensions []uint16
	// Unoffered has a ServerKeyExchange of TLS 1.2 signed with an elliptic curve
	// and a digest that the client did not offer together. The signature holds.
	Unoffered bool
	// Downgraded ends the server's random with the sign that TLS 1.3 was to be
	// had (RFC 8446 §4.1.3).
	Downgraded bool
	// Close ends our direction behind it; what the client says is still read.
	Close bool
}

// HelloMatch picks out ClientHellos; what is zero asks for nothing.
type HelloMatch struct {
	// Newest is the newest version that is offered.
	Newest uint16
	// Suite is one that is offered.
	Suite uint16
	// Compression is true for a hello that offers any.
	Compression bool
	// Records is how many records the message came in at least.
	Records int
	// Trickle is true for a hello whose first segment did not hold all of it.
	Trickle bool
}
