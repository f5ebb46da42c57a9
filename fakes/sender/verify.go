package sender

import (
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"mailtls/fakes"
	"mailtls/results"
)

// untrustedError says why a certificate does not hold.
type untrustedError struct{ err error }

func (u *untrustedError) Error() string {
	return fmt.Sprintf("the certificate does not hold: %v", u.err)
}
func (u *untrustedError) Unwrap() error { return u.err }

// version is a version of TLS by its number in words; 0 when there is none.
func version(words string) uint16 {
	switch words {
	case "1.0":
		return tls.VersionTLS10
	case "1.1":
		return tls.VersionTLS11
	case "1.2":
		return tls.VersionTLS12
	case "1.3":
		return tls.VersionTLS13
	}
	return 0
}

// config is the TLS configuration of a policy for a host. The library's own check
// of the certificate is replaced, because it leaves out sessions that are resumed
// and knows no policy that looks at the chain alone.
func (m *MTA) config(e *entry, hop fakes.NextHop) *tls.Config {
	p := e.policy
	c := &tls.Config{
		ServerName: hop.Name, InsecureSkipVerify: true, //nolint:gosec // VerifyConnection does it
		MinVersion: tls.VersionTLS12, MaxVersion: version(p.Ceiling),
		ClientSessionCache: m.tickets.of(p),
	}
	if floor := version(p.Floor); floor != 0 {
		c.MinVersion = floor
	}
	switch {
	case p.Has(fakes.FlawTLS12Missing):
		c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	case p.Has(fakes.FlawIgnoresFloor):
		c.MinVersion = tls.VersionTLS10
	}
	if c.MinVersion < tls.VersionTLS12 {
		weak := fakes.TripleDESSuites()
		if p.Forbids() { // else they are better than clear text (RFC 9325 §5.2)
			weak = append(weak, fakes.StaticRSASuites()...)
		}
		c.CipherSuites = slices.DeleteFunc(fakes.LegacySuites(), func(s uint16) bool { return slices.Contains(weak, s) })
	}
	if p.Suites != nil {
		c.CipherSuites = p.Suites
	}
	if p.Has(fakes.FlawOffersRC4) {
		c.CipherSuites = slices.Concat(fakes.LegacySuites(), fakes.RC4Suites(), fakes.TripleDESSuites())
	}
	if p.Has(fakes.FlawSNIAddress) {
		c.ServerName, _, _ = net.SplitHostPort(hop.Addr)
		c.ServerName += "." // without it the library leaves an address out
	}
	if p.Verify != results.VerifyNone {
		c.VerifyConnection = func(s tls.ConnectionState) error {
			if s.DidResume && p.Has(fakes.FlawResumeUnverified) {
				return nil
			}
			if err := m.check(e, hop, s.PeerCertificates); err != nil {
				return &untrustedError{err}
			}
			return nil
		}
	}
	return c
}

// minRSA is how many bits an RSA key has at least (RFC 9325 §4.5).
const minRSA = 2048

// check verifies the certificates that a host showed as the policy asks (RFC 5280
// §6, RFC 9525 §6.3).
func (m *MTA) check(e *entry, hop fakes.NextHop, chain []*x509.Certificate) error {
	if len(chain) == 0 {
		return errors.New("none was shown")
	}
	p, leaf := e.policy, chain[0]
	o := x509.VerifyOptions{
		Roots: m.Roots, Intermediates: x509.NewCertPool(), CurrentTime: time.Now(),
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if o.Roots == nil {
		o.Roots = x509.NewCertPool()
	}
	for _, c := range chain[1:] {
		o.Intermediates.AddCert(c)
	}
	if p.Has(fakes.FlawAnyIssuer) {
		o.Roots = x509.NewCertPool()
		o.Roots.AddCert(chain[len(chain)-1])
	}
	if p.Has(fakes.FlawAnyDate) {
		o.CurrentTime = leaf.NotBefore.Add(time.Second)
	}
	if p.Has(fakes.FlawAnyUsage) {
		o.KeyUsages = []x509.ExtKeyUsage{x509.ExtKeyUsageAny}
	}
	if _, err := leaf.Verify(o); err != nil {
		return err
	}
	if key, is := leaf.PublicKey.(*rsa.PublicKey); is && key.N.BitLen() < minRSA {
		return fmt.Errorf("its RSA key has %d bits", key.N.BitLen())
	}
	switch p.Verify {
	case results.VerifyMXName:
		return checkName(p, leaf, hop.Name)
	case results.VerifyNextHop:
		return checkNextHop(p, leaf, e.domain, hop.Name)
	case results.VerifyNone, results.VerifyChain:
	}
	return nil
}

// checkNextHop tells whether a certificate is for the recipient's domain or a host
// of its own, or for the name that the policy has in its place.
func checkNextHop(p fakes.Policy, leaf *x509.Certificate, domain, host string) error {
	switch {
	case p.TLSDomain == "":
		err := checkName(p, leaf, domain)
		if err != nil && strings.HasSuffix(strings.ToLower(host), "."+domain) {
			return checkName(p, leaf, host)
		}
		return err
	case !strings.HasPrefix(p.TLSDomain, "*."):
		return checkName(p, leaf, p.TLSDomain)
	case slices.ContainsFunc(leaf.DNSNames, func(name string) bool { return fakes.Below(p.TLSDomain, name) }):
		return nil
	}
	return fmt.Errorf("it is for %s, and for nothing that fits %s", strings.Join(leaf.DNSNames, ", "), p.TLSDomain)
}

// checkName tells whether a certificate is for a name.
func checkName(p fakes.Policy, leaf *x509.Certificate, name string) error {
	err := leaf.VerifyHostname(name)
	if err == nil || p.Has(fakes.FlawAnyName) {
		return nil
	}
	if p.Has(fakes.FlawCommonName) && len(leaf.DNSNames) == 0 && strings.EqualFold(leaf.Subject.CommonName, name) {
		return nil
	}
	for _, pattern := range leaf.DNSNames {
		parent, all := strings.CutPrefix(pattern, "*.")
		if all && p.Has(fakes.FlawWildcardDeep) && strings.HasSuffix(name, "."+parent) {
			return nil
		}
		// In a path a star stops at a slash as a wildcard does at a dot.
		slashed := func(s string) string { return strings.ReplaceAll(s, ".", "/") }
		if fits, _ := path.Match(slashed(pattern), slashed(name)); fits && p.Has(fakes.FlawWildcardPartial) {
			return nil
		}
	}
	return err
}

// ticketShelf keeps the sessions that can be resumed, by policy: a session under
// a policy that does not verify is worth nothing under one that does.
type ticketShelf struct {
	mu       sync.Mutex
	byPolicy map[string]tls.ClientSessionCache
}

// of is the cache of a policy.
func (s *ticketShelf) of(p fakes.Policy) tls.ClientSessionCache {
	const most = 64
	name := p.Name
	if p.Has(fakes.FlawResumeUnverified) {
		name = ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byPolicy[name] == nil {
		s.byPolicy[name] = tls.NewLRUClientSessionCache(most)
	}
	return s.byPolicy[name]
}
