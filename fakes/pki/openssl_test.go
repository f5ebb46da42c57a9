package pki_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"mailtls/fakes/pki"

	"mailtls/fakes"
)

// opensslErrors are the numbers of the errors that openssl verify may give for a kind, none when it accepts it. It reads
// the common name where there is no subjectAltName, and takes wildcards inside a label. That a leaf is no authority it says in
// four ways.
func opensslErrors() map[fakes.Cert]string {
	return map[fakes.Cert]string{
		fakes.CertExpired:             "10",
		fakes.CertNotYetValid:         "9",
		fakes.CertWrongName:           "62",
		fakes.CertSelfSigned:          "18",
		fakes.CertUnknownCA:           "20",
		fakes.CertMissingIntermediate: "20",
		fakes.CertWildcardDeep:        "62",
		fakes.CertWildcardDouble:      "62",
		fakes.CertULabel:              "62",
		fakes.CertNULInName:           "62",
		fakes.CertLeafAsCA:            "25 26 32 79",
		fakes.CertPathLength:          "25",
		fakes.CertNameConstraint:      "47",
		fakes.CertRSA1024:             "66",
		fakes.CertSHA1:                "68",
		fakes.CertClientExpired:       "10",
		fakes.CertClientUnknownCA:     "20",
		fakes.CertClientWrongEKU:      "26",
	}
}

func TestOpenSSLAgrees(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skipf("no openssl to compare with: %v", err)
	}
	version, err := exec.CommandContext(t.Context(), openssl, "version").Output()
	if err != nil || !strings.HasPrefix(string(version), "OpenSSL 3.") {
		t.Skipf("compared with OpenSSL 3 only, this is %q (%v)", version, err)
	}
	a := newAuthority(t)
	for _, key := range []pki.KeyType{pki.ECDSAP256, pki.RSA2048} {
		for _, kind := range pki.Kinds() {
			t.Run(string(kind)+"/"+string(key), func(t *testing.T) {
				t.Parallel()
				out, err := opensslVerify(t, openssl, a, kind, key)
				want := opensslErrors()[kind]
				if want == "" {
					if err != nil {
						t.Errorf("want accepted, got: %v\n%s", err, out)
					}
					return
				}
				if got := errorNumbers(out); err == nil || !slices.Equal(got, strings.Fields(want)) {
					t.Errorf("want error %s alone, got %v:\n%s", want, err, out)
				}
			})
		}
	}
}

func opensslVerify(t *testing.T, openssl string, a *pki.Authority, kind fakes.Cert, key pki.KeyType) ([]byte, error) {
	t.Helper()
	dir := t.TempDir()
	chain, _, err := pki.WritePEM(dir, "chain", issue(t, a, kind, key, hostFor(kind)))
	if err != nil {
		t.Fatal(err)
	}
	roots := filepath.Join(dir, "roots.pem")
	if err := os.WriteFile(roots, a.RootPEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	purpose := "sslserver"
	if expectations()[kind].client {
		purpose = "sslclient"
	}
	return exec.CommandContext(t.Context(), openssl, "verify", "-no-CApath", "-no-CAstore", "-CAfile", roots,
		"-untrusted", chain, "-purpose", purpose, "-verify_hostname", hostFor(kind), "-x509_strict", "-auth_level", "2",
		"-attime", strconv.FormatInt(now().Unix(), 10), chain).CombinedOutput()
}

// errorNumbers lists the distinct numbers in lines such as "error 10 at 0 depth lookup: certificate has expired".
func errorNumbers(out []byte) []string {
	var numbers []string
	for _, m := range regexp.MustCompile(`(?m)^error (\d+) at`).FindAllSubmatch(out, -1) {
		numbers = append(numbers, string(m[1]))
	}
	slices.Sort(numbers)
	return slices.Compact(numbers)
}
