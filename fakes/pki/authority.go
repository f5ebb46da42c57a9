package pki

import (
	"cmp"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"sync"
	"sync/atomic"
	"time"

	"mailtls/fakes"
)

const day = 24 * time.Hour

const (
	lifetime  = 90 * day // of a leaf
	margin    = time.Hour
	distance  = 30 * day            // between the authority's time and a leaf that is not good at it
	caBefore  = 5 * 365 * day       // how long an authority has been good when it is made
	caAfter   = 10 * 365 * day      // how long it stays good
	leafReach = distance + lifetime // no leaf begins or ends farther from the authority's time
)

// Authority issues certificates, all dated from one time. It has a root to be trusted, a root that nobody trusts, and an
// intermediate below each. It is safe for concurrent use. The zero value is not usable: see New and LoadAuthority.
type Authority struct {
	now       time.Time
	trusted   hierarchy
	unrelated hierarchy
	rsaKey    func() (*rsa.PrivateKey, error)
	revoked   []*big.Int    // serial numbers that are revoked, whether used or not
	used      atomic.Uint64 // how many certificates were issued with one of them
}

// hierarchy is a root, the intermediate that signs the leaves, and another that is only good for certain names; the
// intermediates have their keys, the root has none.
type hierarchy struct {
	root         *x509.Certificate
	intermediate tls.Certificate
	constrained  tls.Certificate
}

// New makes an authority with fresh keys and names, good from 5 years before now to 10 years after.
func New(now time.Time) (*Authority, error) {
	id := rand.Text()[:8] // two authorities with the same names would confuse whoever caches issuers
	trusted, err := newHierarchy(now, "mailtls", id)
	if err != nil {
		return nil, fmt.Errorf("make authority: %w", err)
	}
	unrelated, err := newHierarchy(now, "mailtls unrelated", id)
	if err != nil {
		return nil, fmt.Errorf("make unrelated authority: %w", err)
	}
	return newAuthority(now, trusted, unrelated), nil
}

func newAuthority(now time.Time, trusted, unrelated hierarchy) *Authority {
	return &Authority{now: now, trusted: trusted, unrelated: unrelated, rsaKey: sync.OnceValues(generateRSA), revoked: drawSerials()}
}

// newHierarchy makes a root and an intermediate, with owner and id in their common names. The root's key is forgotten.
func newHierarchy(now time.Time, owner, id string) (hierarchy, error) {
	rootKey, err := generateECDSA()
	if err != nil {
		return hierarchy{}, fmt.Errorf("make root key: %w", err)
	}
	template := caTemplate(now, owner+" root "+id)
	root, err := sign(template, template, rootKey, rootKey)
	if err != nil {
		return hierarchy{}, fmt.Errorf("make root: %w", err)
	}
	intermediate, err := newIntermediate(now, owner+" intermediate "+id, root)
	if err != nil {
		return hierarchy{}, err
	}
	constrained, err := newIntermediate(now, owner+" constrained "+id, root, permitted)
	if err != nil {
		return hierarchy{}, err
	}
	return hierarchy{root: root.Leaf, intermediate: intermediate, constrained: constrained}, nil
}

// newIntermediate makes an authority below another; it signs leaves only, under the domains that are permitted if there are
// any.
func newIntermediate(now time.Time, commonName string, above tls.Certificate, permitted ...string) (tls.Certificate, error) {
	key, err := generateECDSA()
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("make intermediate key: %w", err)
	}
	template := caTemplate(now, commonName)
	template.MaxPathLenZero = true
	template.PermittedDNSDomains, template.PermittedDNSDomainsCritical = permitted, len(permitted) > 0
	intermediate, err := sign(template, above.Leaf, key, above.PrivateKey)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("make intermediate: %w", err)
	}
	return intermediate, nil
}

func caTemplate(now time.Time, commonName string) *x509.Certificate {
	return &x509.Certificate{
		Subject:               pkix.Name{CommonName: commonName},
		NotBefore:             now.Add(-caBefore),
		NotAfter:              now.Add(caAfter),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
}

// sign makes the certificate for key. The serial number is random and the digest is SHA-256, if the template names no other:
// crypto/x509 chooses both so.
func sign(template, parent *x509.Certificate, key crypto.Signer, parentKey crypto.PrivateKey) (tls.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), parentKey)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("sign certificate: %w", err)
	}
	signed := tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	if len(template.ExtraExtensions) > 0 {
		return signed, nil
	}
	if signed.Leaf, err = x509.ParseCertificate(der); err != nil {
		return tls.Certificate{}, fmt.Errorf("read back certificate: %w", err)
	}
	return signed, nil
}

// Roots returns what a client, or a server that asks for client certificates, should trust.
func (a *Authority) Roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.trusted.root)
	return pool
}

// RootPEM returns the one certificate in Roots, in PEM.
func (a *Authority) RootPEM() []byte { return encodeCertificates(a.trusted.root.Raw) }

// ForPeer makes the certificate that a receiving peer shows as a host that takes mail
// for a domain, for more names too where some are given. Its errors are those of
// Issue, and name the peer.
func (a *Authority) ForPeer(p fakes.Profile, host, domain string, more ...string) (tls.Certificate, error) {
	kind, key := cmp.Or(p.Cert, fakes.CertValid), ECDSAP256
	if p.RSA {
		key = RSA2048
	}
	cert, err := a.Issue(kind, key, append([]string{kind.Name(host, domain)}, more...)...)
	if err != nil {
		return cert, fmt.Errorf("make certificate for peer %s: %w", p.Name, err)
	}
	return cert, nil
}

// Issue makes a certificate of the kind for names, which are host names (a final dot is dropped) or IP addresses; at least
// one. Kinds with a wildcard take host names of at least 3 labels (4 for wildcard-deep and wildcard-double) and no address; cn-only takes the
// first name and ignores the others; u-label takes host names with an A-label. What is returned has Leaf set, but for
// u-label, which crypto/x509 cannot read, and its chain is the leaf and all that lies between it and the root, or the leaf
// alone for self-signed and missing-intermediate.
func (a *Authority) Issue(kind fakes.Cert, key KeyType, names ...string) (tls.Certificate, error) {
	cert, err := a.issue(kind, key, names)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("issue %s certificate: %w", kind, err)
	}
	return cert, nil
}

func (a *Authority) issue(kind fakes.Cert, keyType KeyType, names []string) (tls.Certificate, error) {
	r, err := recipeFor(kind)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := leafTemplate(r, a.now)
	if err := setNames(template, r, names); err != nil {
		return tls.Certificate{}, err
	}
	if r.revoked {
		template.SerialNumber = a.revoked[int(a.used.Add(1)-1)%len(a.revoked)]
	}
	if r.key != "" {
		keyType = r.key
	}
	key, err := a.newKey(keyType)
	if err != nil {
		return tls.Certificate{}, err
	}
	if _, ok := key.(*rsa.PrivateKey); ok {
		template.KeyUsage |= x509.KeyUsageKeyEncipherment // for suites with static RSA
	}
	if r.signer == itself {
		return sign(template, template, key, key)
	}
	by, err := a.above(r.signer)
	if err != nil {
		return tls.Certificate{}, err
	}
	cert, err := sign(template, by.Leaf, key, by.PrivateKey)
	if err == nil && !r.bare {
		cert.Certificate = append(cert.Certificate, by.Certificate...)
	}
	return cert, err
}

// above gives who signs a leaf, with the chain from there to below the root.
func (a *Authority) above(s signer) (tls.Certificate, error) {
	switch s {
	case unrelated:
		return a.unrelated.intermediate, nil
	case constrained:
		return a.trusted.constrained, nil
	case leaf:
		return a.leafWithID()
	case subordinate:
		by, err := newIntermediate(a.now, "mailtls subordinate "+rand.Text()[:8], a.trusted.intermediate)
		by.Certificate = append(by.Certificate, a.trusted.intermediate.Leaf.Raw)
		return by, err
	default:
		return a.trusted.intermediate, nil
	}
}

// leafWithID makes a leaf that lacks nothing to sign another but the right to.
func (a *Authority) leafWithID() (tls.Certificate, error) {
	key, err := generateECDSA()
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("make key: %w", err)
	}
	template := leafTemplate(recipe{}, a.now)
	template.Subject.CommonName = "mailtls no authority " + rand.Text()[:8]
	template.DNSNames = []string{"no-authority.invalid"}
	template.SubjectKeyId = []byte(template.Subject.CommonName)
	by := a.trusted.intermediate
	cert, err := sign(template, by.Leaf, key, by.PrivateKey)
	cert.Certificate = append(cert.Certificate, by.Leaf.Raw)
	return cert, err
}

func leafTemplate(r recipe, now time.Time) *x509.Certificate {
	usage := x509.ExtKeyUsageServerAuth
	if r.client {
		usage = x509.ExtKeyUsageClientAuth
	}
	from, until := r.window.around(now)
	return &x509.Certificate{
		SignatureAlgorithm:    r.digest,
		NotBefore:             from,
		NotAfter:              until,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{usage},
		BasicConstraintsValid: true,
	}
}

func (w window) around(now time.Time) (from, until time.Time) {
	switch w {
	case past:
		return now.Add(-leafReach), now.Add(-distance)
	case future:
		return now.Add(distance), now.Add(leafReach)
	default:
		return now.Add(-margin), now.Add(lifetime)
	}
}
