package receiver

import (
	"crypto"
	"crypto/ecdsa"
	_ "crypto/md5" // a digest that a client may not have offered
	"crypto/rand"
	_ "crypto/sha1" // and another
	"crypto/tls"
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"

	"mailtls/fakes"
)

// scheme is a digest and a kind of key as TLS 1.2 numbers them together.
type scheme struct {
	number uint16
	digest crypto.Hash
}

// usualScheme is one that all clients offer for a key.
func usualScheme(key crypto.Signer) scheme {
	if _, ec := key.Public().(*ecdsa.PublicKey); ec {
		return scheme{uint16(tls.ECDSAWithP256AndSHA256), crypto.SHA256}
	}
	return scheme{uint16(tls.PKCS1WithSHA256), crypto.SHA256}
}

// unofferedScheme is one for an elliptic curve that is not among those offered; a
// client that offers none takes SHA-1 (RFC 5246 §7.4.1.4.1).
func unofferedScheme(offered []uint16) scheme {
	const sha1, sha224, md5 = uint16(tls.ECDSAWithSHA1), 0x0303, 0x0103
	if offered == nil {
		offered = []uint16{sha1}
	}
	for _, s := range []scheme{{sha1, crypto.SHA1}, {sha224, crypto.SHA224}} {
		if !slices.Contains(offered, s.number) {
			return s
		}
	}
	return scheme{md5, crypto.MD5}
}

// addSignature signs what a ServerKeyExchange says, with the algorithm in front
// as TLS 1.2 has it; the versions before get the same without it.
func addSignature(b *cryptobyte.Builder, f fakes.Flight, offered []uint16, signed []byte, cert tls.Certificate) {
	key, ok := cert.PrivateKey.(crypto.Signer)
	if !ok {
		b.SetError(fmt.Errorf("a %T cannot sign", cert.PrivateKey))
		return
	}
	by := usualScheme(key)
	if f.Unoffered {
		by = unofferedScheme(offered)
	}
	digest := by.digest.New()
	digest.Write(signed)
	signature, err := key.Sign(rand.Reader, digest.Sum(nil), by.digest)
	if err != nil {
		b.SetError(err)
		return
	}
	if f.Version == tls.VersionTLS12 {
		b.AddUint16(by.number)
	}
	b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(signature) })
}
