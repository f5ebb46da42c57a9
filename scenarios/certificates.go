package scenarios

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"strings"
	"time"

	"mailtls/fakes"
	"mailtls/results"
)

// certificates holds the cases about the chain that a server shows.
func certificates() []Case {
	return []Case{
		{
			ID: "certificate/chain-broken", Row: "R-056",
			Title:  "The chain leads to a known root, is in date, and uses sound keys and digests",
			Source: Source{"RFC 8461 §4.2; RFC 9325 §4.5", "The certificate is valid and chains to a trusted root; RSA keys have 2048 bits or more, digests are better than SHA-1."},
			Needs:  []results.Feature{results.FeatureStartTLS}, Levels: []LevelRule{must(results.FeatureSTS), should()},
			Dialogues: one(inside(), fakes.Quit()),
			Judge:     judgeChain,
		},
		{
			ID: "certificate/name-differs", Row: "R-057",
			Title:  "The certificate names the host that was asked for",
			Source: Source{"RFC 8461 §4.2", "Under an MTA-STS policy the certificate's alternative names hold the name of the MX."},
			Needs:  []results.Feature{results.FeatureStartTLS}, Levels: []LevelRule{must(results.FeatureSTS), info()},
			Dialogues: one(inside(), fakes.Quit()),
			Judge:     judgeName,
		},
	}
}

func judgeName(t *results.Transcript, _ results.Claims) results.Verdict {
	s, v, ok := secured(t, "")
	if !ok {
		return v
	}
	f, refs := facts(s), handshakeRefs(s)
	if f.Hello == nil || f.Hello.SNI == "" {
		return inconclusive("no name was asked for")
	}
	want := "a certificate for " + f.Hello.SNI
	if len(f.Chain) == 0 {
		return fail(want, "no certificate was shown", refs...)
	}
	leaf, err := x509.ParseCertificate(f.Chain[0])
	if err != nil {
		return fail(want, "the certificate cannot be read: "+err.Error(), refs...)
	}
	if err := leaf.VerifyHostname(f.Hello.SNI); err != nil {
		return fail(want, "the certificate is for "+subject(f.Chain[0]), refs...)
	}
	return pass(want, "the certificate is for "+subject(f.Chain[0]), refs...)
}

func judgeChain(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "a chain to a known root, in date, SHA-2, RSA of 2048 bits or more or an elliptic curve"
	s, v, ok := secured(t, "")
	if !ok {
		return v
	}
	refs := handshakeRefs(s)
	f := facts(s)
	if len(f.Chain) == 0 {
		return fail(want, "no certificate was shown", refs...)
	}
	var faults []string
	for i, der := range f.Chain {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			faults = append(faults, fmt.Sprintf("certificate %d: %v", i+1, err))
			continue
		}
		if f.Verify == "ok" && i > 0 && selfSigned(c) {
			continue // the chain holds without it, and nobody looks at a root's dates and digest
		}
		faults = append(faults, weaknesses(c, t.Started.Add(s.EndAt))...)
	}
	switch {
	case f.Verify == "":
		return inconclusive("the chain was not verified: no roots are known")
	case f.Verify != "ok":
		faults = append(faults, f.Verify)
	}
	if len(faults) > 0 {
		return fail(want, strings.Join(faults, "; "), refs...)
	}
	return pass(want, fmt.Sprintf("%d certificates, leaf %s", len(f.Chain), subject(f.Chain[0])), refs...)
}

// selfSigned tells whether a certificate names itself as its issuer, as a root
// does. The signature is not checked: some digests cannot be any more.
func selfSigned(c *x509.Certificate) bool {
	return bytes.Equal(c.RawIssuer, c.RawSubject) &&
		(len(c.AuthorityKeyId) == 0 || bytes.Equal(c.AuthorityKeyId, c.SubjectKeyId))
}

// weaknesses lists what is wrong with one certificate, whoever issued it.
func weaknesses(c *x509.Certificate, at time.Time) []string {
	var found []string
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		if bits := key.N.BitLen(); bits < 2048 {
			found = append(found, fmt.Sprintf("%s has an RSA key of %d bits", c.Subject, bits))
		}
	case *ecdsa.PublicKey, ed25519.PublicKey:
	default:
		found = append(found, fmt.Sprintf("%s has a %s key", c.Subject, c.PublicKeyAlgorithm))
	}
	switch c.SignatureAlgorithm {
	case x509.SHA1WithRSA, x509.ECDSAWithSHA1, x509.DSAWithSHA1, x509.MD5WithRSA, x509.MD2WithRSA:
		found = append(found, fmt.Sprintf("%s is signed with %s", c.Subject, c.SignatureAlgorithm))
	default:
	}
	if at.Before(c.NotBefore) || at.After(c.NotAfter) {
		found = append(found, fmt.Sprintf("%s is good from %s to %s", c.Subject,
			c.NotBefore.Format(time.DateOnly), c.NotAfter.Format(time.DateOnly)))
	}
	return found
}

func subject(der []byte) string {
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return "unreadable"
	}
	if len(c.DNSNames) > 0 {
		return strings.Join(c.DNSNames, ", ")
	}
	return c.Subject.String()
}
