package sender

import (
	"crypto/ecdh"
	"crypto/mlkem"
	"crypto/sha512"
	"crypto/tls"
	"fmt"

	"golang.org/x/crypto/cryptobyte"

	"mailtls/fakes"
	"mailtls/fakes/wire"
)

// helloRandom is the same in every built hello, so that a transcript's stimulus
// can be made again byte by byte.
const helloRandom = "mailtls: this hello is a probe.\n\n"

// Extensions that have a content (RFC 8446 §4.2, RFC 5746 §3.2, RFC 7627 §5.1).
const (
	extServerName           = 0
	extSupportedGroups      = 10
	extPointFormats         = 11
	extSignatures           = 13
	extPadding              = 21
	extExtendedMasterSecret = 23
	extSupportedVersions    = 43
	extKeyShare             = 51
	extRenegotiation        = 0xff01
)

// buildHello makes the bytes of a hello as they go on the wire, records
// included.
func buildHello(h fakes.RawHello, serverName string) ([]byte, error) {
	if h.SSL2 {
		return buildSSL2(h)
	}
	version := h.Version
	if version == 0 {
		version = tls.VersionTLS12
	}
	bare, err := helloMessage(h, version, serverName, 0)
	if err != nil {
		return nil, fmt.Errorf("build hello: %w", err)
	}
	// An empty padding has a header of four bytes.
	if missing := h.Size - len(bare); missing > 0 {
		if bare, err = helloMessage(h, version, serverName, max(4, missing)); err != nil {
			return nil, fmt.Errorf("build hello: %w", err)
		}
	}
	// RFC 8446 §5.1: the record layer of a first hello says TLS 1.0.
	return wire.Records(min(version, tls.VersionTLS10), bare, h.Records), nil
}

// buildSSL2 makes a CLIENT-HELLO of SSL 2.0 (RFC 5246 §E.2).
func buildSSL2(h fakes.RawHello) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddUint8(1)
	b.AddUint16(2)
	b.AddUint16(uint16(3 * len(h.Kinds)))
	b.AddUint16(0)
	b.AddUint16(16)
	for _, k := range h.Kinds {
		b.AddUint24(k)
	}
	b.AddBytes([]byte(helloRandom[:16]))
	message, err := b.Bytes()
	if err != nil {
		return nil, fmt.Errorf("build hello: %w", err)
	}
	return append([]byte{0x80 | byte(len(message)>>8), byte(len(message))}, message...), nil
}

// helloMessage is the handshake message (RFC 5246 §7.4.1.2, RFC 8446 §4.1.2)
// with an extension for padding of so many bytes, its header included; 0 leaves
// it out.
func helloMessage(h fakes.RawHello, version uint16, serverName string, padding int) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddUint8(1)
	b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) {
		b.AddUint16(version)
		b.AddBytes([]byte(helloRandom[:32]))
		b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) {
			if h.Shares != nil { // RFC 8446 §D.4: middleboxes expect a session
				b.AddBytes([]byte(helloRandom[:32]))
			}
		})
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { add16(b, h.Suites) })
		b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) {
			b.AddBytes(append(h.Compression[:len(h.Compression):len(h.Compression)], 0))
		})
		var list cryptobyte.Builder
		addExtensions(&list, h, version, serverName, padding)
		extensions, err := list.Bytes()
		if err != nil {
			b.SetError(err)
		}
		if len(extensions) > 0 {
			b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(extensions) })
		}
	})
	return b.Bytes()
}

func addExtensions(b *cryptobyte.Builder, h fakes.RawHello, version uint16, serverName string, padding int) {
	empty := func(*cryptobyte.Builder) {}
	for _, kind := range h.Extensions {
		extension(b, kind, true, empty)
	}
	extension(b, extServerName, !h.NoSNI && serverName != "" && version > fakes.VersionSSL3, func(b *cryptobyte.Builder) {
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
			b.AddUint8(0)
			b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes([]byte(serverName)) })
		})
	})
	extension(b, extExtendedMasterSecret, h.ExtendedMasterSecret, empty)
	extension(b, extRenegotiation, !h.NoRenegotiation && version > fakes.VersionSSL3, func(b *cryptobyte.Builder) { b.AddUint8(0) })
	extension(b, extSupportedGroups, h.Groups != nil, func(b *cryptobyte.Builder) {
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { add16(b, h.Groups) })
	})
	extension(b, extPointFormats, h.Groups != nil, func(b *cryptobyte.Builder) { b.AddBytes([]byte{1, 0}) })
	extension(b, extSignatures, version >= tls.VersionTLS12, func(b *cryptobyte.Builder) {
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { add16(b, signatures()) })
	})
	extension(b, extSupportedVersions, h.Versions != nil, func(b *cryptobyte.Builder) {
		b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { add16(b, h.Versions) })
	})
	extension(b, extKeyShare, h.Shares != nil, func(b *cryptobyte.Builder) {
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
			for _, group := range h.Shares {
				b.AddUint16(group)
				b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { addShare(b, group) })
			}
		})
	})
	extension(b, extPadding, padding > 0, func(b *cryptobyte.Builder) { b.AddBytes(make([]byte, padding-4)) })
}

// extension adds one, if it is sent at all.
func extension(b *cryptobyte.Builder, kind uint16, sent bool, content func(*cryptobyte.Builder)) {
	if !sent {
		return
	}
	b.AddUint16(kind)
	b.AddUint16LengthPrefixed(content)
}

// addShare adds a public key of the group (RFC 8446 §4.2.8.2).
func addShare(b *cryptobyte.Builder, group uint16) {
	seed := sha512.Sum512([]byte(helloRandom))
	x25519, err := ecdh.X25519().NewPrivateKey(seed[:32])
	if err != nil {
		b.SetError(err)
		return
	}
	switch tls.CurveID(group) {
	case tls.X25519:
		b.AddBytes(x25519.PublicKey().Bytes())
	case tls.X25519MLKEM768:
		kem, err := mlkem.NewDecapsulationKey768(seed[:])
		if err != nil {
			b.SetError(err)
			return
		}
		b.AddBytes(kem.EncapsulationKey().Bytes())
		b.AddBytes(x25519.PublicKey().Bytes())
	default:
		b.AddUint8(0)
	}
}

func add16(b *cryptobyte.Builder, list []uint16) {
	for _, v := range list {
		b.AddUint16(v)
	}
}

// signatures are what every server can make one of.
func signatures() []uint16 {
	return []uint16{0x0403, 0x0503, 0x0603, 0x0807, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0203, 0x0201}
}
