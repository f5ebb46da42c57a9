package pki_test

import (
	"crypto/x509"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"mailtls/fakes/pki"

	"mailtls/fakes"
)

func TestCertificateSurvivesFiles(t *testing.T) {
	a := newAuthority(t)
	for _, key := range []pki.KeyType{pki.ECDSAP256, pki.RSA2048} {
		t.Run(string(key), func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "made", "on", "demand")
			want := issue(t, a, fakes.CertValid, key, host)
			certFile, keyFile, err := pki.WritePEM(dir, "server", want)
			if err != nil {
				t.Fatal(err)
			}
			got, err := pki.Load(certFile, keyFile)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got.Certificate, want.Certificate) || !got.Leaf.Equal(want.Leaf) {
				t.Error("chain changed")
			}
			if same, ok := want.PrivateKey.(interface{ Equal(x any) bool }); ok && !same.Equal(got.PrivateKey) {
				t.Error("key changed")
			}
		})
	}
}

func TestKeyFileIsPrivateEvenOverAnOlderOne(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "server.key"), []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, keyFile, err := pki.WritePEM(dir, "server", issue(t, newAuthority(t), fakes.CertValid, "", host))
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(keyFile)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("key file has mode %o", got)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 2 {
		t.Errorf("want two files, got %q", left)
	}
}

func TestWritePEMRefusesPaths(t *testing.T) {
	cert := issue(t, newAuthority(t), fakes.CertValid, "", host)
	for _, name := range []string{"", ".", "..", "a/b", "../a", "/a"} {
		if _, _, err := pki.WritePEM(t.TempDir(), name, cert); err == nil {
			t.Errorf("want an error for the name %q", name)
		}
	}
}

func TestWritePEMNamesTheFileItCannotWrite(t *testing.T) {
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, _, err := pki.WritePEM(blocked, "server", issue(t, newAuthority(t), fakes.CertValid, "", host))
	if err == nil || !strings.Contains(err.Error(), filepath.Join(blocked, "server.pem")) {
		t.Errorf("want an error with the file's name, got: %v", err)
	}
}

func TestLoadSaysWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	a := newAuthority(t)
	certFile, _, err := pki.WritePEM(dir, "one", issue(t, a, fakes.CertValid, "", host))
	if err != nil {
		t.Fatal(err)
	}
	_, otherKey, err := pki.WritePEM(dir, "two", issue(t, a, fakes.CertValid, "", host))
	if err != nil {
		t.Fatal(err)
	}
	_, err = pki.Load(certFile, otherKey)
	if err == nil || !strings.Contains(err.Error(), "one.pem") || !strings.Contains(err.Error(), "two.key") {
		t.Errorf("want an error with both files, got: %v", err)
	}
	if _, err := pki.Load(certFile, filepath.Join(dir, "none.key")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("want fs.ErrNotExist, got: %v", err)
	}
}

func saved(t *testing.T, a *pki.Authority) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := a.Save(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestAuthoritySurvivesFiles(t *testing.T) {
	first := newAuthority(t)
	later := now().Add(400 * day)
	second, err := pki.LoadAuthority(saved(t, first), later)
	if err != nil {
		t.Fatal(err)
	}
	if string(second.RootPEM()) != string(first.RootPEM()) {
		t.Error("root changed")
	}
	cert := issue(t, second, fakes.CertValid, pki.RSA2048, host)
	_, err = cert.Leaf.Verify(x509.VerifyOptions{
		DNSName: host, Roots: first.Roots(), Intermediates: intermediates(t, cert), CurrentTime: later,
	})
	if err != nil {
		t.Errorf("what the loaded authority issues is not trusted by the first's roots: %v", err)
	}
	stranger := issue(t, second, fakes.CertUnknownCA, "", host)
	_, err = stranger.Leaf.Verify(x509.VerifyOptions{
		DNSName: host, Roots: first.Roots(), Intermediates: intermediates(t, stranger), CurrentTime: later,
	})
	if !isA[x509.UnknownAuthorityError](err) {
		t.Errorf("unknown-ca of the loaded authority: %v", err)
	}
}

func TestLoadAuthoritySaysWhatIsWrong(t *testing.T) {
	other := saved(t, newAuthority(t))
	for _, c := range []struct {
		why, want string
		now       time.Time
		spoil     func(dir string) error
	}{
		{why: "missing", want: "intermediate.key", spoil: func(dir string) error {
			return os.Remove(filepath.Join(dir, "unrelated-intermediate.key"))
		}},
		{why: "one missing", want: "constrained.pem", spoil: func(dir string) error {
			return os.Remove(filepath.Join(dir, "constrained.pem"))
		}},
		{why: "garbage", want: "root.pem: no PEM block", spoil: func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "root.pem"), []byte("garbage"), 0o600)
		}},
		{why: "broken", want: "root.pem: x509", spoil: func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "root.pem"), []byte("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"), 0o600)
		}},
		{why: "mixed", want: "intermediate.pem against", spoil: func(dir string) error {
			return os.Rename(filepath.Join(other, "root.pem"), filepath.Join(dir, "root.pem"))
		}},
		{why: "too old", want: "2051-12-01 is not well inside 2036-02-05 to 2051-02-01", now: time.Date(2051, 12, 1, 0, 0, 0, 0, time.UTC)},
		{why: "too new", want: "2030-01-01 is not well inside", now: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		t.Run(c.why, func(t *testing.T) {
			dir := saved(t, newAuthority(t))
			if c.now.IsZero() {
				c.now = now()
			}
			if c.spoil != nil {
				if err := c.spoil(dir); err != nil {
					t.Fatal(err)
				}
			}
			_, err := pki.LoadAuthority(dir, c.now)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasSuffix(err.Error(), "save a new authority in "+dir) {
				t.Errorf("want an error with %q and what to do, got: %v", c.want, err)
			}
		})
	}
	if _, err := pki.LoadAuthority(t.TempDir(), now()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("want fs.ErrNotExist for an empty folder, got: %v", err)
	}
}

func TestAuthorityIsSafeForConcurrentUse(t *testing.T) {
	a := newAuthority(t)
	var wait sync.WaitGroup
	for range 4 {
		for _, kind := range pki.Kinds() {
			wait.Go(func() {
				for _, key := range []pki.KeyType{pki.ECDSAP256, pki.RSA2048} {
					if _, err := a.Issue(kind, key, hostFor(kind)); err != nil {
						t.Error(err)
					}
				}
				a.Roots()
			})
		}
	}
	wait.Wait()
}
