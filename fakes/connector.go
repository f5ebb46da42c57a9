package fakes

import (
	"fmt"
	"slices"
	"strings"

	"mailtls/results"
)

// Connector is a send connector as Exchange keeps it: for some domains it says
// whether mail goes inside TLS, and what is asked of the certificate. The names of
// the fields are those of the product's parameters.
type Connector struct {
	// Name of the connector; the policy that comes of it has it too.
	Name string
	// Domains that it is for: "example.com", "*.example.com" for all below it, or
	// "*" for all there are.
	Domains []string
	// RequireTLS sends inside TLS or not at all.
	RequireTLS bool
	// TLSAuthLevel is what TLS has to come up to where it is required; the zero
	// value asks for encryption alone, as EncryptionOnly does.
	TLSAuthLevel TLSAuthLevel
	// TLSDomain is the name that the certificate must be for with DomainValidation:
	// "mail.example.com", or "*.example.com" for any below it. Empty is the
	// recipient's domain.
	TLSDomain string
	// IgnoreSTARTTLS never tries TLS.
	IgnoreSTARTTLS bool
}

// TLSAuthLevel is what a send connector asks of TLS.
type TLSAuthLevel string

// The levels; each asks for what the one before it does, and more.
const (
	AuthEncryptionOnly        TLSAuthLevel = "EncryptionOnly"
	AuthCertificateValidation TLSAuthLevel = "CertificateValidation" // the chain leads to a trusted root
	AuthDomainValidation      TLSAuthLevel = "DomainValidation"      // and the certificate is for the right name
)

// TLSAuthLevels lists the levels, the weakest first.
func TLSAuthLevels() []TLSAuthLevel {
	return []TLSAuthLevel{AuthEncryptionOnly, AuthCertificateValidation, AuthDomainValidation}
}

// Check says what does not go together in the connector; nil when all does.
func (c Connector) Check() error {
	switch {
	case c.Name == "" || len(c.Domains) == 0:
		return fmt.Errorf("send connector %q: a name and domains are needed", c.Name)
	case c.RequireTLS && c.IgnoreSTARTTLS:
		return fmt.Errorf("send connector %s: RequireTLS and IgnoreSTARTTLS exclude each other", c.Name)
	case c.TLSAuthLevel != "" && !slices.Contains(TLSAuthLevels(), c.TLSAuthLevel):
		return fmt.Errorf("send connector %s: unknown TlsAuthLevel %q; there are %v", c.Name, c.TLSAuthLevel, TLSAuthLevels())
	case c.TLSAuthLevel != "" && !c.RequireTLS:
		return fmt.Errorf("send connector %s: TlsAuthLevel %s needs RequireTLS", c.Name, c.TLSAuthLevel)
	case c.TLSDomain != "" && c.TLSAuthLevel != AuthDomainValidation:
		return fmt.Errorf("send connector %s: TlsDomain needs TlsAuthLevel %s", c.Name, AuthDomainValidation)
	case strings.Contains(strings.TrimPrefix(c.TLSDomain, "*."), "*"):
		return fmt.Errorf("send connector %s: TlsDomain %q has a star elsewhere than before the first dot", c.Name, c.TLSDomain)
	}
	return nil
}

// Policy is how mail goes by the connector: as the base policy says where the
// connector says nothing, with its versions and times. The error is that of Check.
func (c Connector) Policy(base Policy) (Policy, error) {
	if err := c.Check(); err != nil {
		return Policy{}, err
	}
	p := base
	p.Name = c.Name
	switch {
	case c.IgnoreSTARTTLS:
		p.Level, p.Fallback, p.Floor, p.Ceiling = results.LevelNone, nil, "", ""
	case c.RequireTLS:
		p.Level, p.Fallback = results.LevelMandatory, always(results.ReactDefer)
	}
	switch c.TLSAuthLevel {
	case AuthCertificateValidation:
		p.Verify = results.VerifyChain
	case AuthDomainValidation:
		p.Verify, p.TLSDomain = results.VerifyNextHop, c.TLSDomain
	case AuthEncryptionOnly:
	}
	return p, nil
}

// covers is how closely the connector is for a domain: 0 when it is not, and more
// the longer the pattern that fits.
func (c Connector) covers(domain string) int {
	closest := 0
	for _, pattern := range c.Domains {
		pattern = strings.ToLower(pattern)
		if pattern == "*" || pattern == domain || Below(pattern, domain) {
			closest = max(closest, len(pattern))
		}
	}
	return closest
}

// Below tells whether a name lies below the domain of a pattern such as
// "*.example.com", at any depth.
func Below(pattern, name string) bool {
	domain, wild := strings.CutPrefix(strings.ToLower(pattern), "*")
	return wild && strings.HasPrefix(domain, ".") && len(name) > len(domain) && strings.HasSuffix(strings.ToLower(name), domain)
}
