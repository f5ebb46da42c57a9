package certificate_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mailtls/harness"
	"mailtls/results/certificate"
)

// theRedacted is what the tests' product publishes of its configuration.
const theRedacted = "listen = 25\ntls_key_password = (cut)\n"

// redactedSubject is the example with a redacted copy at a path.
func redactedSubject(at string) string {
	return strings.Replace(string(certificate.ExampleSubject()), "#   redacted: mta.conf.redacted\n", "    redacted: "+at+"\n", 1)
}

// copies reads the redacted copies that a subject in a folder names.
func copies(t *testing.T, dir, subject string) ([]certificate.Copy, error) {
	t.Helper()
	name := filepath.Join(dir, "subject.yaml")
	s, err := certificate.ReadSubject(name, []byte(subject))
	if err != nil {
		t.Fatal(err)
	}
	return s.Copies(name)
}

func TestCopiesAreRead(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "below"), 0o755); err != nil {
		t.Fatal(err)
	}
	whole := bytes.Repeat([]byte("x"), certificate.MaxCopy)
	write(t, whole, dir, "below", "mta.conf")
	if err := os.Symlink("below/mta.conf", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	for _, at := range []string{"below/mta.conf", "./below//mta.conf", "link"} {
		got, err := copies(t, dir, redactedSubject(at))
		if err != nil || len(got) != 1 || got[0].Name != "configuration/01-mta.conf" || !bytes.Equal(got[0].Data, whole) {
			t.Errorf("%s: %v; read %d copies", at, err, len(got))
		}
	}
	if got, err := copies(t, dir, string(certificate.ExampleSubject())); err != nil || got != nil {
		t.Errorf("no copy is named: %v; read %d copies", err, len(got))
	}
}

// TestCopiesAreRefused: the error has the line of the subject, the product's file and
// the copy.
func TestCopiesAreRefused(t *testing.T) {
	dir, away := t.TempDir(), t.TempDir()
	write(t, []byte(theRedacted), away, "secret")
	write(t, bytes.Repeat([]byte("x"), certificate.MaxCopy+1), dir, "large")
	write(t, nil, dir, "empty")
	write(t, []byte(theRedacted), dir, "original")
	if err := errors.Join(
		os.Mkdir(filepath.Join(dir, "folder"), 0o755),
		os.Symlink(filepath.Join(away, "secret"), filepath.Join(dir, "link")), os.Symlink(away, filepath.Join(dir, "way")),
	); err != nil {
		t.Fatal(err)
	}
	for at, want := range map[string]string{
		"none": "no such file", "large": "it has more than 1048576 bytes (1 MiB)", "empty": "it is empty", "folder": "it is not a file",
		"link": "path escapes", "way/secret": "path escapes", "original": "it is /etc/acme/users as it was, with nothing cut",
	} {
		text := strings.Replace(redactedSubject(at), "reproduce:", "  - name: /etc/acme/users\n    sha256: "+certificate.Sum([]byte(theRedacted))+"\nreproduce:", 1)
		_, err := copies(t, dir, text)
		place := filepath.Join(dir, "subject.yaml") + ":16:5: file 1 (/etc/acme/mta.conf): redacted copy " + at + ": "
		if err == nil || !strings.HasPrefix(err.Error(), place) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error is %v, want %q", at, err, want)
		}
	}
	if _, err := copies(t, filepath.Join(dir, "no"), redactedSubject("x")); err == nil || !strings.Contains(err.Error(), "read redacted copies") {
		t.Errorf("no folder: %v", err)
	}
}

// TestCopiesLeadNowhere: whatever a product's file is called, its copy goes into the
// folder of the copies.
func TestCopiesLeadNowhere(t *testing.T) {
	for name, want := range map[string]string{
		"/etc/postfix/main.cf":                "configuration/01-main.cf",
		`'C:\Mail\Edge Transport.exe.Config'`: "configuration/01-edge-transport.exe.config",
		"../../..":                            "configuration/01-file",
		"/etc/acme/":                          "configuration/01-file",
		`"a/\u202e\0ü_x"`:                     "configuration/01-x",
		"x" + strings.Repeat("yz", 100):       "configuration/01-x" + strings.Repeat("yz", 39) + "y",
	} {
		s, err := certificate.ReadSubject("subject.yaml", []byte(strings.Replace(redactedSubject("x"), "/etc/acme/mta.conf", name, 1)))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got := s.Configuration[0].Copy; got != want {
			t.Errorf("%s: its copy goes to %s, want %s", name, got, want)
		}
	}
}

// TestCopyIsPublished: the certificate has the copy, and names it beside the hash of
// the original.
func TestCopyIsPublished(t *testing.T) {
	dir, _ := copied(t)
	const name = "configuration/01-mta.conf"
	if got := read(t, dir, name); string(got) != theRedacted {
		t.Errorf("the copy is %q", got)
	}
	c := document(t, dir)
	if f := c.Subject.Configuration[0]; f.Copy != name || f.Name != "/etc/acme/mta.conf" || !strings.HasPrefix(f.SHA256, "e3b0c442") {
		t.Errorf("the document says %+v", f)
	}
	line := "/etc/acme/mta.conf sha256:" + c.Subject.Configuration[0].SHA256 + ", redacted copy: " + name + "\n"
	if text := string(read(t, dir, certificate.TextFile)); !strings.Contains(text, line) {
		t.Errorf("the text does not say %q:\n%s", line, text)
	}
	if !strings.Contains(strings.Join(files(t, dir), " "), name) {
		t.Error("no test spoils the copy")
	}
}

// TestForgedCopies take the copy away or put another in its place, and sign it.
func TestForgedCopies(t *testing.T) {
	t.Parallel()
	dir, key := copied(t)
	const name = "configuration/01-mta.conf"
	resigned(t, dir, key, func(c *certificate.Certificate) { c.Subject.Configuration[0].Copy = harness.TextFile })
	wrong(t, "another file", dir, key.Public(), certificate.DocumentFile+": subject does not follow from")
	wrong(t, "another file", dir, key.Public(), name+": it belongs to no case")
	resigned(t, dir, key, func(c *certificate.Certificate) {
		c.Subject.Configuration[0].SHA256 = certificate.Sum([]byte(theRedacted))
	})
	wrong(t, "the original", dir, key.Public(), name+": it is /etc/acme/mta.conf as it was, with nothing cut")
	write(t, []byte("more"), dir, "configuration", "02-extra")
	resigned(t, dir, key, func(*certificate.Certificate) {})
	wrong(t, "extra", dir, key.Public(), "configuration/02-extra: it belongs to no case")
	if err := os.RemoveAll(filepath.Join(dir, certificate.ConfigurationDir)); err != nil {
		t.Fatal(err)
	}
	resigned(t, dir, key, func(*certificate.Certificate) {})
	wrong(t, "missing", dir, key.Public(), name+": the redacted copy of /etc/acme/mta.conf is no file of the certificate")
}
