package receiver

import (
	"crypto/ecdh"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"golang.org/x/crypto/cryptobyte"

	"mailtls/fakes"
	"mailtls/fakes/wire"
)

// flightRandom is the random of every built ServerHello that owns up to nothing.
const flightRandom = "mailtls: this answer was built.\n\n"

// buildFlight makes the bytes of a flight as they go on the wire.
func buildFlight(f fakes.Flight, o *wire.Offered, cert tls.Certificate) ([]byte, error) {
	switch {
	case f.Alert != 0:
		const alert, fatal = 21, 2
		return []byte{alert, 3, 1, 0, 2, fatal, f.Alert}, nil
	case f.Version == fakes.VersionSSL2:
		return buildSSL2(cert)
	}
	var b cryptobyte.Builder
	message(&b, 2, func(b *cryptobyte.Builder) { addServerHello(b, f, o.Session) })
	name := wire.SuiteName(f.Suite)
	if f.Version < tls.VersionTLS13 {
		if !strings.Contains(name, "_anon_") {
			message(&b, 11, func(b *cryptobyte.Builder) { addChain(b, cert.Certificate) })
		}
		if params, err := keyExchange(f, name); err != nil {
			return nil, err
		} else if params != nil {
			message(&b, 12, func(b *cryptobyte.Builder) {
				b.AddBytes(params)
				if !strings.Contains(name, "_anon_") {
					addSignature(b, f, o.Signatures, slices.Concat(o.Random, random(f), params), cert)
				}
			})
		}
		message(&b, 14, func(*cryptobyte.Builder) {})
	}
	flight, err := b.Bytes()
	if err != nil {
		return nil, fmt.Errorf("build flight: %w", err)
	}
	return wire.Records(min(f.Version, tls.VersionTLS12), flight, 0), nil
}

// message adds a handshake message (RFC 5246 §7.4).
func message(b *cryptobyte.Builder, kind uint8, body func(*cryptobyte.Builder)) {
	b.AddUint8(kind)
	b.AddUint24LengthPrefixed(body)
}

// addServerHello adds RFC 5246 §7.4.1.3, or RFC 8446 §4.1.3.
func addServerHello(b *cryptobyte.Builder, f fakes.Flight, session []byte) {
	const renegotiation, supportedVersions, keyShare = 0xff01, 43, 51
	b.AddUint16(min(f.Version, tls.VersionTLS12))
	b.AddBytes(random(f))
	b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) {
		if f.Version >= tls.VersionTLS13 {
			b.AddBytes(session)
		}
	})
	b.AddUint16(f.Suite)
	b.AddUint8(f.Compression)
	var list cryptobyte.Builder
	for _, kind := range f.Extensions {
		list.AddUint16(kind)
		list.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
			if kind == renegotiation {
				b.AddUint8(0)
			}
		})
	}
	if f.Version >= tls.VersionTLS13 {
		list.AddUint16(supportedVersions)
		list.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddUint16(f.Version) })
		list.AddUint16(keyShare)
		list.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
			b.AddUint16(group(f))
			b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(point(b)) })
		})
	}
	extensions, err := list.Bytes()
	if err != nil {
		b.SetError(err)
	}
	if len(extensions) > 0 {
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(extensions) })
	}
}

// random is the random of the ServerHello.
func random(f fakes.Flight) []byte {
	if f.Downgraded {
		return []byte(flightRandom[:24] + "DOWNGRD\x01")
	}
	return []byte(flightRandom[:32])
}

func group(f fakes.Flight) uint16 {
	if f.Group == 0 {
		return uint16(tls.X25519)
	}
	return f.Group
}

// point is a public key for X25519, whatever the group is called.
func point(b *cryptobyte.Builder) []byte {
	key, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		b.SetError(err)
		return nil
	}
	return key.PublicKey().Bytes()
}

// modp2048 is the prime of group 14 in RFC 3526 §3. A prime of that size takes
// seconds to make.
const modp2048 = "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD" +
	"EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED" +
	"EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F" +
	"83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B" +
	"E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510" +
	"15728E5A8AACAA68FFFFFFFFFFFFFFFF"

// primeOf is a prime of so many bits, 0 being 2048.
func primeOf(bits int) (*big.Int, error) {
	if bits == 0 {
		prime, _ := new(big.Int).SetString(modp2048, 16)
		return prime, nil
	}
	prime, err := rand.Prime(rand.Reader, bits)
	if err != nil {
		return nil, fmt.Errorf("make a prime of %d bits: %w", bits, err)
	}
	return prime, nil
}

func addChain(b *cryptobyte.Builder, chain [][]byte) {
	b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) {
		for _, der := range chain {
			b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(der) })
		}
	})
}

// keyExchange is what the ServerKeyExchange of a suite says (RFC 5246 §7.4.3, RFC
// 8422 §5.4); nil when the suite has none.
func keyExchange(f fakes.Flight, suite string) ([]byte, error) {
	var b cryptobyte.Builder
	switch {
	case strings.Contains(suite, "_ECDHE_"), strings.Contains(suite, "_ECDH_anon_"):
		const namedCurve = 3
		b.AddUint8(namedCurve)
		b.AddUint16(group(f))
		b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(point(b)) })
	case strings.Contains(suite, "_DHE_"), strings.Contains(suite, "_DH_anon_"):
		prime, err := primeOf(f.DHBits)
		if err != nil {
			return nil, err
		}
		for _, number := range [][]byte{prime.Bytes(), {2}, {4}} { // the server's secret is 2
			b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(number) })
		}
	default:
		return nil, nil
	}
	return b.Bytes()
}

// buildSSL2 makes a SERVER-HELLO of SSL 2.0: a certificate and one cipher kind,
// RC4 with MD5.
func buildSSL2(cert tls.Certificate) ([]byte, error) {
	if len(cert.Certificate) == 0 {
		return nil, errors.New("build flight: SSL 2.0 needs a certificate")
	}
	leaf := cert.Certificate[0]
	var b cryptobyte.Builder
	b.AddBytes([]byte{4, 0, 1}) // SERVER-HELLO, no session, X.509
	b.AddUint16(fakes.VersionSSL2)
	b.AddUint16(uint16(len(leaf)))
	b.AddUint16(3)
	b.AddUint16(16)
	b.AddBytes(leaf)
	b.AddUint24(0x010080)
	b.AddBytes([]byte(flightRandom[:16]))
	m, err := b.Bytes()
	if err != nil {
		return nil, fmt.Errorf("build flight: %w", err)
	}
	return append([]byte{0x80 | byte(len(m)>>8), byte(len(m))}, m...), nil
}
