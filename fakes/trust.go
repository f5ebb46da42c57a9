package fakes

import "mailtls/results"

// TrustedBy tells whether a sender that verifies as v says may trust a certificate
// of the kind, issued by the trusted authority for an MX host (see Cert.Name) and
// shown by it. Not known is what senders are right to differ on:
//   - a common name without subjectAltName (RFC 9525 §6.3 forbids it, RFC 6125
//     §6.4.4 did not), a signature with SHA-1, and an RSA key of 1024 bits;
//   - one that is revoked, which few look up (RFC 8461 §4.2 leaves it to them);
//   - for a sender that wants the recipient's domain, any name of the host's: some
//     take names below the domain for the domain's.
//
// Without a demand every certificate will do (RFC 7435 §4).
func (c Cert) TrustedBy(v results.Verify) (trusted, known bool) {
	chain, name := c.chain(), c.name()
	switch v {
	case results.VerifyNone:
		return true, true
	case results.VerifyChain:
		return chain.trusted()
	case results.VerifyMXName:
		return min(chain, name.host).trusted()
	case results.VerifyNextHop:
		return min(chain, name.domain).trusted()
	}
	return false, false
}

// judgement is no, open or yes; the least of several is what they come to.
type judgement int

const (
	no judgement = iota
	open
	yes
)

func (j judgement) trusted() (trusted, known bool) { return j == yes, j != open }

// chain judges the way to a trusted root, with dates, usage and strength.
func (c Cert) chain() judgement {
	switch c {
	case "", CertValid, CertWrongName, CertCNOnly, CertWildcard, CertWildcardPartial, CertWildcardDeep, CertWildcardDouble,
		CertULabel, CertNULInName, CertNextHop, CertLongChain, CertClientWrongEKU:
		return yes
	case CertRSA1024, CertSHA1, CertRevoked, CertNone:
		return open
	case CertExpired, CertNotYetValid, CertSelfSigned, CertUnknownCA, CertMissingIntermediate, CertLeafAsCA, CertPathLength,
		CertNameConstraint, CertClient, CertClientExpired, CertClientUnknownCA:
		return no
	}
	return open
}

// named judges a name as that of the MX host, and as that of the recipient's
// domain.
type named struct{ host, domain judgement }

func (c Cert) name() named {
	switch c {
	case CertNextHop:
		return named{host: no, domain: yes}
	case CertWrongName, CertNULInName:
		return named{host: no, domain: no}
	case CertWildcardPartial, CertWildcardDeep, CertWildcardDouble, CertULabel:
		return named{host: no, domain: open}
	case CertCNOnly:
		return named{host: open, domain: open}
	default:
		return named{host: yes, domain: open}
	}
}
