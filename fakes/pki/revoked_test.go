package pki_test

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"mailtls/fakes"
	"mailtls/fakes/pki"
)

// TestRevoked: the list holds what was issued as revoked after it was made, and
// nothing else.
func TestRevoked(t *testing.T) {
	a := newAuthority(t)
	data, err := a.RevocationList()
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	list, err := x509.ParseRevocationList(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if list.ThisUpdate.After(now()) || !list.NextUpdate.After(now()) {
		t.Errorf("the list holds from %s to %s", list.ThisUpdate, list.NextUpdate)
	}
	serials := map[string]bool{}
	for _, kind := range []fakes.Cert{fakes.CertRevoked, fakes.CertRevoked, fakes.CertValid} {
		cert := issue(t, a, kind, "", host)
		above, err := x509.ParseCertificate(cert.Certificate[1])
		if err != nil {
			t.Fatal(err)
		}
		if err := list.CheckSignatureFrom(above); err != nil {
			t.Errorf("the list is not of who signed the certificate: %v", err)
		}
		listed := slices.ContainsFunc(list.RevokedCertificateEntries, func(e x509.RevocationListEntry) bool {
			return e.SerialNumber.Cmp(cert.Leaf.SerialNumber) == 0
		})
		if listed != (kind == fakes.CertRevoked) {
			t.Errorf("%s: listed %v", kind, listed)
		}
		serials[cert.Leaf.SerialNumber.String()] = true
	}
	if len(serials) != 3 {
		t.Error("a serial number was used twice")
	}
}

func TestOpenSSLFindsTheRevoked(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skipf("no openssl to compare with: %v", err)
	}
	a := newAuthority(t)
	dir := t.TempDir()
	list, err := a.RevocationList()
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"roots.pem": a.RootPEM(), "list.pem": list} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for kind, want := range map[fakes.Cert][]string{fakes.CertRevoked: {"23"}, fakes.CertValid: nil} {
		chain, _, err := pki.WritePEM(dir, string(kind), issue(t, a, kind, "", host))
		if err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), openssl, "verify", "-no-CApath", "-no-CAstore", "-CAfile", filepath.Join(dir, "roots.pem"),
			"-untrusted", chain, "-crl_check", "-CRLfile", filepath.Join(dir, "list.pem"),
			"-attime", strconv.FormatInt(now().Unix(), 10), chain).CombinedOutput()
		if got := errorNumbers(out); (err != nil) != (want != nil) || !slices.Equal(got, want) {
			t.Errorf("%s: want errors %q, got %v: %s", kind, want, err, out)
		}
	}
}
