package receiver

import (
	"crypto"
	"crypto/tls"
	"fmt"
	"io"

	"mailtls/fakes/wire"
)

// offer waits until the client has begun the handshake, and gives what it offers
// with the length of its first segment; nil when it began something else.
func (x *session) offer() (offered *wire.Offered, first int, err error) {
	chunk, err := x.peekChunk()
	if err != nil {
		return nil, 0, err
	}
	first = len(chunk)
	offered, more := wire.ReadOffer(chunk)
	for more {
		if chunk, err = x.peek.PeekMore(); err != nil {
			return nil, 0, err
		}
		offered, more = wire.ReadOffer(chunk)
	}
	return offered, first, nil
}

// hear waits until the client has begun the handshake, and takes its hello in
// if it is to be consumed.
func (x *session) hear(consume bool) error {
	offered, first, err := x.offer()
	switch {
	case err != nil || !consume:
		return err
	case offered != nil:
		return x.skip(offered.Length)
	}
	return x.skip(first)
}

// skip reads so many bytes below TLS, which thereby are written down.
func (x *session) skip(n int) error {
	for rest := make([]byte, n); len(rest) > 0; {
		n, err := x.conn.ReadBelow(rest)
		if err != nil {
			return fmt.Errorf("read hello: %w", err)
		}
		rest = rest[n:]
	}
	return nil
}

// missigner signs with the right key what was not asked for.
type missigner struct{ crypto.Signer }

// Sign gives a signature of the right form over another digest.
func (m missigner) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	wrong := append([]byte{digest[0] ^ 1}, digest[1:]...)
	return m.Signer.Sign(random, wrong, opts)
}

// missign gives the key of a certificate that signs wrongly. A key that cannot
// sign is left to the handshake to complain of.
func missign(cert tls.Certificate) crypto.PrivateKey {
	key, ok := cert.PrivateKey.(crypto.Signer)
	if !ok {
		return cert.PrivateKey
	}
	return missigner{key}
}
