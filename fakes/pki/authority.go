package pki

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"sync"
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
}

// hierarchy is a root and the intermediate that signs the leaves; the intermediate has its key, the root has none.
type hierarchy struct {
	root         *x509.Certificate
	intermediate tls.Certificate
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
	return &Authority{now: now, trusted: trusted, unrelated: unrelated, rsaKey: sync.OnceValues(generateRSA)}
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
	key, err := generateECDSA()
	if err != nil {
		return hierarchy{}, fmt.Errorf("make intermediate key: %w", err)
	}
	template = caTemplate(now, owner+" intermediate "+id)
	template.MaxPathLenZero = true // it signs leaves only
	intermediate, err := sign(template, root.Leaf, key, rootKey)
	if err != nil {
		return hierarchy{}, fmt.Errorf("make intermediate: %w", err)
	}
	return hierarchy{root: root.Leaf, intermediate: intermediate}, nil
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

// sign makes the certificate for key. The serial number is random and the digest is SHA-256: crypto/x509 chooses both so.
func sign(template, parent *x509.Certificate, key crypto.Signer, parentKey crypto.PrivateKey) (tls.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), parentKey)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("sign certificate: %w", err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("read back certificate: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, nil
}

// Roots returns what a client, or a server that asks for client certificates, should trust.
func (a *Authority) Roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.trusted.root)
	return pool
}

// RootPEM returns the one certificate in Roots, in PEM.
func (a *Authority) RootPEM() []byte { return encodeCertificates(a.trusted.root.Raw) }

// Issue makes a certificate of the kind for names, which are host names (a final dot is dropped) or IP addresses; at least
// one. Kinds with a wildcard take host names of at least 3 labels (4 for wildcard-deep) and no address; cn-only takes the
// first name and ignores the others. What is returned has Leaf set, and its chain is the leaf and the intermediate, or the
// leaf alone for self-signed and missing-intermediate.
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
	by := a.trusted.intermediate
	if r.signer == unrelated {
		by = a.unrelated.intermediate
	}
	cert, err := sign(template, by.Leaf, key, by.PrivateKey)
	if err == nil && !r.bare {
		cert.Certificate = append(cert.Certificate, by.Leaf.Raw)
	}
	return cert, err
}

func leafTemplate(r recipe, now time.Time) *x509.Certificate {
	usage := x509.ExtKeyUsageServerAuth
	if r.client {
		usage = x509.ExtKeyUsageClientAuth
	}
	from, until := r.window.around(now)
	return &x509.Certificate{
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
