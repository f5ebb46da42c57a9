package certificate_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mailtls/results/certificate"
)

// keyFile makes a key for a test.
func keyFile(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "lab.key")
	if _, err := certificate.NewKey(file, ""); err != nil {
		t.Fatal(err)
	}
	return file
}

func noPassword() (string, error) { return "", errors.New("nobody asked for one") }

func readKey(t *testing.T, file string) certificate.Key {
	t.Helper()
	k, err := certificate.ReadKey(file, noPassword)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestKeyFiles(t *testing.T) {
	file := keyFile(t)
	k := readKey(t, file)
	for _, name := range []string{file + ".pub", k.Public().String()} {
		if p, err := certificate.ReadPublicKey(name); err != nil || p.ID() != k.Public().ID() {
			t.Errorf("public key %s: %v", name, err)
		}
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the secret key is %v, %v; want 0600", info.Mode(), err)
	}
	if _, err := certificate.NewKey(file, ""); !errors.Is(err, os.ErrExist) {
		t.Errorf("a key in place of another: %v", err)
	}
	for _, bad := range []string{file, filepath.Join(t.TempDir(), "none")} {
		if _, err := certificate.ReadPublicKey(bad); err == nil {
			t.Errorf("%s was taken for a public key", bad)
		}
	}
	if _, err := certificate.ReadKey(file+".pub", noPassword); err == nil {
		t.Error("a public key was taken for a secret one")
	}
}

// TestEncryptedKeys reads a key whose password is derived with less work than usual:
// a whole GiB a time is too much for a test.
func TestEncryptedKeys(t *testing.T) {
	file := filepath.Join("testdata", "encrypted.key")
	k, err := certificate.ReadKey(file, func() (string, error) { return "secret", nil })
	if err != nil || k.Public().ID() != "7876C3DC729DF9FB" {
		t.Errorf("key %s, %v", k.Public().ID(), err)
	}
	if _, err := certificate.ReadKey(file, func() (string, error) { return "other", nil }); err == nil || !strings.Contains(err.Error(), "password does not fit") {
		t.Errorf("another password: %v", err)
	}
	if _, err := certificate.ReadKey(file, noPassword); err == nil || !strings.Contains(err.Error(), "nobody asked") {
		t.Errorf("no password: %v", err)
	}
}

// TestSignatures flips every bit of a document's signature: not one may be another,
// and the message says which of the two files was touched.
func TestSignatures(t *testing.T) {
	k, other := readKey(t, keyFile(t)), readKey(t, keyFile(t))
	document := []byte("{\"schema\": \"of a document\"}\n")
	signature := k.Sign(document)
	if err := k.Public().Verify(document, signature); err != nil {
		t.Fatal(err)
	}
	for i := range len(signature) * 8 {
		bent := bytes.Clone(signature)
		bent[i/8] ^= 1 << (i % 8)
		if err := k.Public().Verify(document, bent); err == nil || !strings.HasPrefix(err.Error(), certificate.SignatureFile+": ") {
			t.Fatalf("bit %d of the signature: %v", i, err)
		}
	}
	for i := range document {
		bent := bytes.Clone(document)
		bent[i] ^= 1
		if err := k.Public().Verify(bent, signature); err == nil || !strings.HasPrefix(err.Error(), certificate.DocumentFile+": ") {
			t.Fatalf("byte %d of the document: %v", i, err)
		}
	}
	for name, bent := range map[string][]byte{
		"more behind": append(bytes.Clone(signature), '\n'), "other line ends": bytes.ReplaceAll(signature, []byte("\n"), []byte("\r\n")), "nothing": nil,
	} {
		if err := k.Public().Verify(document, bent); err == nil {
			t.Errorf("%s: it holds", name)
		}
	}
	if err := k.Public().Verify(document, other.Sign(document)); err == nil || !strings.Contains(err.Error(), "signed by another key: "+other.Public().ID()) {
		t.Errorf("another key: %v", err)
	}
}
