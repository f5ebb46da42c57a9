package fakes_test

import (
	"crypto/tls"
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"mailtls/fakes"
	"mailtls/fakes/pki"
	"mailtls/results"
)

// The names that TestTrustIsWhatVerifiersSay issues for.
const (
	trustHost   = "mx.in.mailtls.test"
	trustDomain = "other.example.test" // not above the host, so that no name is below it
)

// TestTrustIsWhatVerifiersSay holds what is known of each kind against
// crypto/x509.
func TestTrustIsWhatVerifiersSay(t *testing.T) {
	authority, err := pki.New(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	open := map[fakes.Cert]int{fakes.CertCNOnly: 1, fakes.CertRSA1024: 2, fakes.CertSHA1: 2, fakes.CertRevoked: 2} // of chain and MX name
	for _, kind := range pki.Kinds() {
		name := kind.Name(trustHost, trustDomain)
		if kind == fakes.CertULabel {
			name = "xn--mller-kva.mailtls.test"
		}
		cert, err := authority.Issue(kind, "", name)
		if err != nil {
			t.Fatal(err)
		}
		if unknown := checkTrust(t, authority, kind, cert); unknown != open[kind] {
			t.Errorf("%s: %d answers are open, want %d", kind, unknown, open[kind])
		}
	}
}

// checkTrust holds what is known against crypto/x509, and gives how much is open
// of what asks for a chain and for the name of the host.
func checkTrust(t *testing.T, authority *pki.Authority, kind fakes.Cert, cert tls.Certificate) (unknown int) {
	t.Helper()
	for v, host := range map[results.Verify]string{results.VerifyChain: "", results.VerifyMXName: trustHost, results.VerifyNextHop: trustDomain} {
		trusted, known := kind.TrustedBy(v)
		switch {
		case !known && trusted:
			t.Errorf("%s under %s: trusted, and not known", kind, v)
		case !known && v != results.VerifyNextHop:
			unknown++
		case known && kind != fakes.CertULabel && trusted != verifies(t, authority, cert, host):
			t.Errorf("%s under %s: trusted %v, and crypto/x509 says otherwise", kind, v, trusted)
		}
	}
	if trusted, known := kind.TrustedBy(results.VerifyNone); !trusted || !known {
		t.Errorf("%s: not trusted without a demand", kind)
	}
	return unknown
}

// TestEveryPeerHasAHost for which its certificate can be issued, and no two the
// same.
func TestEveryPeerHasAHost(t *testing.T) {
	authority, err := pki.New(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, p := range fakes.Receivers() {
		host := p.HostUnder("example.test")
		if seen[host] || !strings.HasSuffix(host, ".mx.example.test") {
			t.Errorf("%s: its host is %s", p.Name, host)
		}
		seen[host] = true
		if p.Cert == "" {
			continue
		}
		if _, err := authority.Issue(p.Cert, "", p.Cert.Name(host, "example.test")); err != nil {
			t.Error(err)
		}
	}
}

func TestTrustOfNames(t *testing.T) {
	for _, tt := range []struct {
		kind           fakes.Cert
		v              results.Verify
		trusted, known bool
	}{
		{"", results.VerifyMXName, true, true},
		{fakes.CertValid, results.VerifyNextHop, false, false},
		{fakes.CertNextHop, results.VerifyNextHop, true, true},
		{fakes.CertNextHop, results.VerifyMXName, false, true},
		{fakes.CertULabel, results.VerifyChain, true, true},
		{fakes.CertULabel, results.VerifyMXName, false, true},
		{fakes.CertWrongName, results.VerifyNextHop, false, true},
		{fakes.CertExpired, results.VerifyNextHop, false, true},
		{"nothing", results.VerifyChain, false, false},
		{fakes.CertValid, "nothing", false, false},
	} {
		if trusted, known := tt.kind.TrustedBy(tt.v); trusted != tt.trusted || known != tt.known {
			t.Errorf("%q under %q: trusted %v, known %v", tt.kind, tt.v, trusted, known)
		}
	}
}

// verifies asks crypto/x509; an empty host is no demand on the name.
func verifies(t *testing.T, authority *pki.Authority, cert tls.Certificate, host string) bool {
	t.Helper()
	above := x509.NewCertPool()
	for _, der := range cert.Certificate[1:] {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		above.AddCert(c)
	}
	_, err := cert.Leaf.Verify(x509.VerifyOptions{DNSName: host, Roots: authority.Roots(), Intermediates: above})
	return err == nil
}
