package fakes

// Cert says what is right or wrong with a certificate that a peer shows. The
// certificates themselves are made by fakes/pki.
type Cert string

// The kinds of certificate; pki.Doc says what each one is. The zero value
// stands for CertValid where a profile leaves it out.
const (
	CertValid               Cert = "valid"
	CertExpired             Cert = "expired"
	CertNotYetValid         Cert = "not-yet-valid"
	CertWrongName           Cert = "wrong-name"
	CertSelfSigned          Cert = "self-signed"
	CertUnknownCA           Cert = "unknown-ca"
	CertMissingIntermediate Cert = "missing-intermediate"
	CertCNOnly              Cert = "cn-only"
	CertWildcard            Cert = "wildcard"
	CertWildcardPartial     Cert = "wildcard-partial"
	CertWildcardDeep        Cert = "wildcard-deep"
	CertRevoked             Cert = "revoked"
	CertWildcardDouble      Cert = "wildcard-double"
	CertULabel              Cert = "u-label"
	CertNULInName           Cert = "nul-in-name"
	CertNextHop             Cert = "next-hop-name"
	CertLongChain           Cert = "long-chain"
	CertLeafAsCA            Cert = "leaf-as-ca"
	CertPathLength          Cert = "path-length"
	CertNameConstraint      Cert = "name-constraint"
	CertRSA1024             Cert = "rsa-1024"
	CertSHA1                Cert = "sha1-signature"
	CertClient              Cert = "client"
	CertClientExpired       Cert = "client-expired"
	CertClientUnknownCA     Cert = "client-unknown-ca"
	CertClientWrongEKU      Cert = "client-wrong-eku"
)

// Name is what a certificate of the kind is to be issued for, for an MX host that
// takes mail for a domain: the host's name, or the domain for CertNextHop.
func (c Cert) Name(host, domain string) string {
	if c == CertNextHop {
		return domain
	}
	return host
}

// HostUnder is a name for the peer's host under a domain of two labels or more,
// for which a certificate of any kind can be issued: the peer's name, or for
// CertULabel one with an A-label.
func (p Profile) HostUnder(domain string) string {
	label := p.Name
	if p.Cert == CertULabel {
		label = "xn--mller-kva"
	}
	return label + ".mx." + domain
}

// CertNone is no kind of certificate: a hello that names it shows none, whatever
// is usual for the target.
const CertNone Cert = "none"

// Names that targets with rules for certain clients are set up for.
const (
	// ClientName is the name in client certificates.
	ClientName = "client.sender.mailtls.example"
	// PartnerDomain is the sender domain that partner connectors bind to the
	// client certificate for ClientName.
	PartnerDomain = "partner.sender.mailtls.example"
)
