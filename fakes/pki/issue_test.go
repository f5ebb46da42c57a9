package pki_test

import (
	"bytes"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mailtls/fakes/pki"

	"mailtls/fakes"
)

const (
	host = "mail.case.policy.mailtls.test"
	day  = 24 * time.Hour
)

// now is far from the real date, so that a clock read by mistake shows.
func now() time.Time { return time.Date(2041, 2, 3, 4, 5, 6, 0, time.UTC) }

func newAuthority(t *testing.T) *pki.Authority {
	t.Helper()
	a, err := pki.New(now())
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func issue(t *testing.T, a *pki.Authority, kind fakes.Cert, key pki.KeyType, names ...string) tls.Certificate {
	t.Helper()
	cert, err := a.Issue(kind, key, names...)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// expectation is how crypto/x509 judges a kind. A kind that is refused must be accepted once its one defect is mended.
type expectation struct {
	client  bool
	names   []string             // the DNS names in the certificate, host when empty
	refused func(err error) bool // nil when it is accepted
	mend    func(*world, *x509.VerifyOptions)
}

// world is what a mend can take from.
type world struct {
	t         *testing.T
	authority *pki.Authority
	cert      tls.Certificate
}

func expectations() map[fakes.Cert]expectation {
	expired, wrongUse := invalidFor(x509.Expired), invalidFor(x509.IncompatibleUsage)
	unknown, misnamed := isA[x509.UnknownAuthorityError], isA[x509.HostnameError]
	return map[fakes.Cert]expectation{
		fakes.CertValid:               {},
		fakes.CertExpired:             {refused: expired, mend: at(-60 * day)},
		fakes.CertNotYetValid:         {refused: expired, mend: at(60 * day)},
		fakes.CertWrongName:           {names: []string{"wrong-name.invalid"}, refused: misnamed, mend: named("wrong-name.invalid")},
		fakes.CertSelfSigned:          {refused: unknown, mend: trustLeaf},
		fakes.CertUnknownCA:           {refused: unknown, mend: trustUnrelated},
		fakes.CertMissingIntermediate: {refused: unknown, mend: addIntermediate},
		fakes.CertCNOnly:              {names: []string{}, refused: misnamed, mend: named("")},
		fakes.CertWildcard:            {names: []string{"*.case.policy.mailtls.test"}},
		fakes.CertWildcardPartial:     {names: []string{"ma*.case.policy.mailtls.test"}, refused: misnamed, mend: named("")},
		fakes.CertWildcardDeep:        {names: []string{"*.policy.mailtls.test"}, refused: misnamed, mend: named("mail.policy.mailtls.test")},
		fakes.CertRevoked:             {}, // see TestRevoked
		fakes.CertWildcardDouble:      {names: []string{"*.*.policy.mailtls.test"}, refused: misnamed, mend: named("")},
		fakes.CertULabel:              {names: []string{"m\u00fcller.policy.mailtls.test"}},
		fakes.CertNULInName:           {names: []string{host + "\x00.nul.invalid"}, refused: misnamed, mend: named("")},
		fakes.CertNextHop:             {},
		fakes.CertLongChain:           {names: manyNames()},
		fakes.CertLeafAsCA:            {refused: noAuthority, mend: trustLeaf},
		fakes.CertPathLength:          {refused: invalidFor(x509.TooManyIntermediates), mend: trustLeaf},
		fakes.CertNameConstraint:      {refused: invalidFor(x509.CANotAuthorizedForThisName), mend: trustLeaf},
		fakes.CertRSA1024:             {},
		fakes.CertSHA1:                {refused: insecure, mend: trustLeaf},
		fakes.CertClient:              {client: true},
		fakes.CertClientExpired:       {client: true, refused: expired, mend: at(-60 * day)},
		fakes.CertClientUnknownCA:     {client: true, refused: unknown, mend: trustUnrelated},
		fakes.CertClientWrongEKU:      {client: true, refused: wrongUse, mend: usedFor(x509.ExtKeyUsageServerAuth)},
	}
}

// insecure tells of a signature that crypto/x509 does not take.
func insecure(err error) bool {
	return isA[x509.UnknownAuthorityError](err) && strings.Contains(err.Error(), "insecure algorithm ECDSA-SHA1")
}

// noAuthority tells of a signer that may not sign.
func noAuthority(err error) bool {
	return isA[x509.UnknownAuthorityError](err) && strings.Contains(err.Error(), "cannot sign this kind of certificate")
}

func manyNames() []string {
	names := []string{host}
	for i := range 500 {
		names = append(names, fmt.Sprintf("name-%03d.of-many.mailtls.invalid", i))
	}
	return names
}

// hostFor is the host that a kind is tried with.
func hostFor(kind fakes.Cert) string {
	if kind == fakes.CertULabel {
		return "xn--mller-kva.policy.mailtls.test"
	}
	return host
}

func isA[E error](err error) bool {
	var want E
	return errors.As(err, &want)
}

func invalidFor(reason x509.InvalidReason) func(error) bool {
	return func(err error) bool {
		var invalid x509.CertificateInvalidError
		return errors.As(err, &invalid) && invalid.Reason == reason
	}
}

func at(offset time.Duration) func(*world, *x509.VerifyOptions) {
	return func(_ *world, o *x509.VerifyOptions) { o.CurrentTime = now().Add(offset) }
}

func named(name string) func(*world, *x509.VerifyOptions) {
	return func(_ *world, o *x509.VerifyOptions) { o.DNSName = name }
}

func usedFor(usage x509.ExtKeyUsage) func(*world, *x509.VerifyOptions) {
	return func(_ *world, o *x509.VerifyOptions) { o.KeyUsages = []x509.ExtKeyUsage{usage} }
}

func trustLeaf(w *world, o *x509.VerifyOptions) { o.Roots.AddCert(w.cert.Leaf) }

func trustUnrelated(w *world, o *x509.VerifyOptions) {
	dir := w.t.TempDir()
	if err := w.authority.Save(dir); err != nil {
		w.t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "unrelated-root.pem"))
	if err != nil {
		w.t.Fatal(err)
	}
	o.Roots.AppendCertsFromPEM(data)
}

func addIntermediate(w *world, o *x509.VerifyOptions) {
	o.Intermediates = intermediates(w.t, issue(w.t, w.authority, fakes.CertValid, "", host))
}

func intermediates(t *testing.T, cert tls.Certificate) *x509.CertPool {
	t.Helper()
	pool := x509.NewCertPool()
	for _, der := range cert.Certificate[1:] {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		pool.AddCert(c)
	}
	return pool
}

func TestKindsAreJudgedByTheirDefect(t *testing.T) {
	for _, key := range []pki.KeyType{pki.ECDSAP256, pki.RSA2048} {
		a := newAuthority(t)
		for _, kind := range pki.Kinds() {
			if kind == fakes.CertULabel {
				continue // see TestULabelCannotBeRead
			}
			t.Run(string(kind)+"/"+string(key), func(t *testing.T) {
				want, ok := expectations()[kind]
				if !ok {
					t.Fatal("no expectation for this kind")
				}
				checkJudged(t, &world{t: t, authority: a, cert: issue(t, a, kind, key, host)}, want)
			})
		}
	}
}

func checkJudged(t *testing.T, w *world, want expectation) {
	leaf := w.cert.Leaf
	if want.names == nil {
		want.names = []string{host}
	}
	if !slices.Equal(leaf.DNSNames, want.names) {
		t.Errorf("names: want %q, got %q", want.names, leaf.DNSNames)
	}
	usage := x509.ExtKeyUsageServerAuth
	if want.client {
		usage = x509.ExtKeyUsageClientAuth
	}
	options := x509.VerifyOptions{
		DNSName: host, Roots: w.authority.Roots(), Intermediates: intermediates(t, w.cert), CurrentTime: now(),
		KeyUsages: []x509.ExtKeyUsage{usage},
	}
	_, err := leaf.Verify(options)
	if want.refused == nil {
		if err != nil {
			t.Errorf("want accepted, got: %v", err)
		}
		return
	}
	if !want.refused(err) {
		t.Errorf("refused for another reason, or not at all: %v", err)
	}
	want.mend(w, &options)
	if _, err := leaf.Verify(options); err != nil {
		t.Errorf("has another defect besides: %v", err)
	}
}

func TestULabelCannotBeRead(t *testing.T) {
	cert := issue(t, newAuthority(t), fakes.CertULabel, "", hostFor(fakes.CertULabel))
	if cert.Leaf != nil || !bytes.Contains(cert.Certificate[0], []byte("m\u00fcller.policy.mailtls.test")) {
		t.Errorf("the name is not in it: %q", cert.Certificate[0])
	}
	if _, err := x509.ParseCertificate(cert.Certificate[0]); err == nil || !strings.Contains(err.Error(), "SAN dNSName is malformed") {
		t.Errorf("crypto/x509 says %v", err)
	}
}

func TestStrength(t *testing.T) {
	a := newAuthority(t)
	if key, ok := issue(t, a, fakes.CertRSA1024, "", host).Leaf.PublicKey.(*rsa.PublicKey); !ok || key.N.BitLen() != 1024 {
		t.Errorf("rsa-1024 has the key %v", key)
	}
	long := 0
	for _, der := range issue(t, a, fakes.CertLongChain, "", host).Certificate {
		long += len(der)
	}
	if long <= 16<<10 || long > 32<<10 {
		t.Errorf("long-chain has %d bytes", long)
	}
}

// chainLength is how many certificates a kind is sent with.
func chainLength(kind fakes.Cert) int {
	switch kind {
	case fakes.CertSelfSigned, fakes.CertMissingIntermediate:
		return 1
	case fakes.CertLeafAsCA, fakes.CertPathLength:
		return 3
	default:
		return 2
	}
}

func TestShapeOfCertificates(t *testing.T) {
	a := newAuthority(t)
	serials := map[string]bool{}
	for _, kind := range pki.Kinds() {
		cert := issue(t, a, kind, "", hostFor(kind))
		if got := len(cert.Certificate); got != chainLength(kind) {
			t.Errorf("%s: chain of %d", kind, got)
		}
		if kind == fakes.CertULabel {
			continue
		}
		weak := kind == fakes.CertSHA1
		if got := cert.Leaf.SignatureAlgorithm; got != x509.ECDSAWithSHA256 && !weak || got != x509.ECDSAWithSHA1 && weak {
			t.Errorf("%s: signed with %s", kind, got)
		}
		if cert.Leaf.IsCA {
			t.Errorf("%s: leaf is an authority", kind)
		}
		if bits := cert.Leaf.SerialNumber.BitLen(); bits < 100 || bits > 159 {
			t.Errorf("%s: serial number of %d bits", kind, bits)
		}
		serials[cert.Leaf.SerialNumber.String()] = true
		if hasName := cert.Leaf.Subject.CommonName == host; hasName != (kind == fakes.CertCNOnly) {
			t.Errorf("%s: common name %q", kind, cert.Leaf.Subject.CommonName)
		}
	}
	if len(serials) != len(pki.Kinds())-1 {
		t.Error("serial numbers repeat")
	}
	leaf := issue(t, a, fakes.CertValid, "", host).Leaf
	if want := now().Add(-time.Hour); !leaf.NotBefore.Equal(want) {
		t.Errorf("valid begins %s, want %s", leaf.NotBefore, want)
	}
	if want := now().Add(90 * day); !leaf.NotAfter.Equal(want) {
		t.Errorf("valid ends %s, want %s", leaf.NotAfter, want)
	}
}

func TestNames(t *testing.T) {
	a := newAuthority(t)
	leaf := issue(t, a, fakes.CertValid, "", host+".", "other.test", "127.1.2.3", "::1").Leaf
	for _, name := range []string{host, "other.test", "127.1.2.3", "::1"} {
		if err := leaf.VerifyHostname(name); err != nil {
			t.Error(err)
		}
	}
	if got := issue(t, a, fakes.CertWrongName, "", host, "127.1.2.3").Leaf; len(got.DNSNames) != 1 || len(got.IPAddresses) != 0 {
		t.Errorf("wrong-name has %q and %v", got.DNSNames, got.IPAddresses)
	}
	if got := issue(t, a, fakes.CertWildcardPartial, "", "m.example.test").Leaf.DNSNames[0]; got != "m*.example.test" {
		t.Errorf("wildcard-partial of one letter: %s", got)
	}
}

func TestIssueRefuses(t *testing.T) {
	a := newAuthority(t)
	for _, c := range []struct {
		why, want string
		kind      fakes.Cert
		key       pki.KeyType
		names     []string
	}{
		{why: "unknown kind", kind: "stolen", names: []string{host}, want: `look up kind "stolen": not one of ["valid" `},
		{why: "no kind", kind: "", names: []string{host}, want: `look up kind ""`},
		{why: "unknown key type", kind: fakes.CertValid, key: "dsa", names: []string{host}, want: `unknown type "dsa", want "ecdsa-p256"`},
		{why: "no name", kind: fakes.CertValid, want: "none given"},
		{why: "empty name", kind: fakes.CertValid, names: []string{"."}, want: "a name is empty"},
		{why: "not ASCII", kind: fakes.CertValid, names: []string{"bücher.test"}, want: "bücher.test"},
		{why: "long common name", kind: fakes.CertCNOnly, names: []string{strings.Repeat("a.", 32) + "test"}, want: "the limit is 64"},
		{why: "wildcard for an address", kind: fakes.CertWildcard, names: []string{"127.0.0.1"}, want: "want a host name"},
		{why: "wildcard below a TLD", kind: fakes.CertWildcard, names: []string{"mail.test"}, want: "at least 3 labels"},
		{why: "partial below a TLD", kind: fakes.CertWildcardPartial, names: []string{"mail.test"}, want: "at least 3 labels"},
		{why: "double below a TLD", kind: fakes.CertWildcardDouble, names: []string{"mail.example.test"}, want: "at least 4 labels"},
		{why: "no A-label", kind: fakes.CertULabel, names: []string{host}, want: "want a host name with an A-label"},
		{why: "deep below a TLD", kind: fakes.CertWildcardDeep, names: []string{"mail.example.test"}, want: "at least 4 labels"},
	} {
		t.Run(c.why, func(t *testing.T) {
			_, err := a.Issue(c.kind, c.key, c.names...)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("want an error with %q, got: %v", c.want, err)
			}
		})
	}
}

func TestDocs(t *testing.T) {
	seen := map[string]bool{}
	for _, kind := range pki.Kinds() {
		doc := pki.Doc(kind)
		if !strings.HasSuffix(doc, ".") || seen[doc] {
			t.Errorf("%s: doc %q is no sentence, or another's", kind, doc)
		}
		seen[doc] = true
	}
	if got := pki.Doc("stolen"); got != "" {
		t.Errorf("unknown kind has a doc: %q", got)
	}
}

func TestNewRefusesTimeOutOfRange(t *testing.T) {
	if _, err := pki.New(time.Time{}); err == nil {
		t.Error("want an error for the year 1")
	}
}
