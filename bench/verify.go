package bench

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"sync"
	"time"
)

// verifier checks the certificates that a target shows, as crypto/tls would: the
// chain up to the roots, the name, the dates.
//
// Why it is not left to crypto/tls (2026-11): walking the same chain in every
// session costs a fifth of the client's CPU time and says nothing new. A chain
// that was good for the name is good until the first of its certificates ends;
// that the server has the key is shown anew in each handshake.
type verifier struct {
	roots *x509.CertPool
	now   func() time.Time
	// cached says that chains are remembered.
	cached bool

	mu   sync.RWMutex
	good map[[sha256.Size]byte]time.Time // until when
}

// check is for tls.Config.VerifyConnection, which is called in resumed sessions
// too.
func (v *verifier) check(cs tls.ConnectionState) error {
	if len(cs.PeerCertificates) == 0 {
		return errors.New("verify certificate: none was shown")
	}
	now := v.now()
	if !v.cached {
		_, err := v.walk(cs, now)
		return err
	}
	key := chainKey(cs)
	v.mu.RLock()
	until, known := v.good[key]
	v.mu.RUnlock()
	if known && now.Before(until) {
		return nil
	}
	until, err := v.walk(cs, now)
	if err != nil {
		return err
	}
	v.mu.Lock()
	if v.good == nil {
		v.good = map[[sha256.Size]byte]time.Time{}
	}
	v.good[key] = until
	v.mu.Unlock()
	return nil
}

// chainKey stands for all that was shown and the name it was shown for.
func chainKey(cs tls.ConnectionState) (key [sha256.Size]byte) {
	h := sha256.New()
	for _, c := range cs.PeerCertificates {
		n := len(c.Raw)
		h.Write([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}) // so that no two lists run together alike
		h.Write(c.Raw)
	}
	h.Write([]byte(cs.ServerName))
	h.Sum(key[:0])
	return key
}

// walk verifies the chain, and tells until when it is good.
func (v *verifier) walk(cs tls.ConnectionState, now time.Time) (until time.Time, err error) {
	between := x509.NewCertPool()
	for _, c := range cs.PeerCertificates[1:] {
		between.AddCert(c)
	}
	chains, err := cs.PeerCertificates[0].Verify(x509.VerifyOptions{
		Roots: v.roots, Intermediates: between, DNSName: cs.ServerName, CurrentTime: now,
	})
	if err != nil {
		return time.Time{}, err
	}
	for _, c := range chains[0] {
		if until.IsZero() || c.NotAfter.Before(until) {
			until = c.NotAfter
		}
	}
	return until, nil
}
