package certificate_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"mailtls/harness"
	"mailtls/harness/targets"
	"mailtls/results"
	"mailtls/results/certificate"
	"mailtls/scenarios"
)

// clean is a program that may make certificates.
func clean() certificate.Build {
	return certificate.Build{Name: "mailtls", Version: "v1.0.0", Go: "go1.26", Commit: strings.Repeat("a", 40)}
}

// subjectFor is the example with another role, and a redacted copy beside it.
func subjectFor(role results.Role) []byte {
	return []byte(strings.Replace(redactedSubject("mta.conf.redacted"), "[receiver]", "["+string(role)+"]", 1))
}

// certification is one of the reference's mailboxes: the role with the fewest cases.
func certification(dir string, key certificate.Key) harness.Certification {
	profiles, _ := certificate.FindProfiles([]string{"access-basic-after-tls", "lmtp"})
	return harness.Certification{
		Run:      harness.Options{Target: targets.Reference(), Variant: "access", Out: dir},
		Profiles: profiles, Subject: subjectFor(results.RoleAccessServer), SubjectName: filepath.Join(shared, "subject.yaml"),
		Build: clean(), Key: key, Now: time.Now,
	}
}

// made is a certificate that was made once for all tests, which copy it.
type made struct {
	dir, keyFile string
	document     *certificate.Certificate
	err          error
}

// shared is the folder of once, and of the redacted copy; TestMain removes it.
var shared string

var once = sync.OnceValue(func() made {
	m := made{dir: filepath.Join(shared, "made"), keyFile: filepath.Join(shared, "lab.key")}
	if _, m.err = certificate.NewKey(m.keyFile, ""); m.err != nil {
		return m
	}
	key, err := certificate.ReadKey(m.keyFile, noPassword)
	if err != nil {
		return made{err: err}
	}
	m.document, m.err = harness.Certify(context.Background(), certification(m.dir, key))
	return m
})

func TestMain(m *testing.M) {
	var err error
	if shared, err = os.MkdirTemp("", "certificate"); err != nil {
		panic(err)
	}
	if err := os.WriteFile(filepath.Join(shared, "mta.conf.redacted"), []byte(theRedacted), 0o644); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(shared)
	os.Exit(code)
}

// copied is a folder with the certificate that a test may spoil, and its key.
func copied(t *testing.T) (string, certificate.Key) {
	t.Helper()
	m := once()
	if m.err != nil {
		t.Fatal(m.err)
	}
	dir := filepath.Join(t.TempDir(), "certificate")
	if err := os.CopyFS(dir, os.DirFS(m.dir)); err != nil {
		t.Fatal(err)
	}
	return dir, readKey(t, m.keyFile)
}

// verify returns what is wrong with a folder, a line each.
func verify(t *testing.T, dir string, key certificate.PublicKey) string {
	t.Helper()
	v, err := harness.VerifyCertificate(dir, key)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(v.Faults, "\n")
}

// wrong demands that a folder is found wrong, and for the right reason.
func wrong(t *testing.T, what, dir string, key certificate.PublicKey, want string) {
	t.Helper()
	if got := verify(t, dir, key); !strings.Contains(got, want) {
		t.Errorf("%s: verify says %q, want %q", what, got, want)
	}
}

func read(t *testing.T, path ...string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func write(t *testing.T, data []byte, path ...string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(path...), data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestReferenceIsCertified(t *testing.T) {
	dir, key := copied(t)
	if faults := verify(t, dir, key.Public()); faults != "" {
		t.Fatalf("the honest folder does not hold:\n%s", faults)
	}
	c, err := certificate.Read(read(t, dir, certificate.DocumentFile))
	if err != nil {
		t.Fatal(err)
	}
	if differs := c.Differences(once().document); differs != nil {
		t.Errorf("what was made and what was stored differ in %v", differs)
	}
	sum := certificate.Sum(read(t, dir, harness.ReportFile))
	for _, a := range c.Profiles {
		if want := "TMC-" + scenarios.CatalogueLine + "/" + a.Profile + "/acme-mta-4.2.1/" + sum[:12]; a.Result != certificate.Success || a.ID != want {
			t.Errorf("got %+v, want success and id %s", a, want)
		}
	}
	text := string(read(t, dir, certificate.TextFile))
	for _, want := range []string{"SUCCESS", "Acme MTA 4.2.1", "sha256:e3b0c442", "how to reproduce", c.Tool.Commit, c.Catalogue.SHA256} {
		if !strings.Contains(text, want) {
			t.Errorf("the text does not say %q:\n%s", want, text)
		}
	}
}

// TestEveryFileCounts flips one bit of every file, one after the other, at a place
// that a seeded generator chooses; the file must be named each time.
func TestEveryFileCounts(t *testing.T) {
	t.Parallel()
	dir, key := copied(t)
	random := rand.New(rand.NewPCG(1, 2))
	names := files(t, dir)
	if len(names) < 50 {
		t.Fatalf("%d files are too few for a certificate", len(names))
	}
	for _, name := range names {
		honest := read(t, dir, name)
		bent := bytes.Clone(honest)
		at := random.IntN(len(bent))
		bent[at] ^= 1 << random.IntN(8)
		write(t, bent, dir, name)
		wrong(t, name, dir, key.Public(), name+": ")
		write(t, honest, dir, name)
	}
	if faults := verify(t, dir, key.Public()); faults != "" {
		t.Errorf("the folder was put right again, and verify says %s", faults)
	}
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	digests, err := certificate.Digests(dir)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{certificate.DocumentFile, certificate.SignatureFile}
	for _, f := range digests {
		names = append(names, f.Name)
	}
	return names
}

func TestFilesMissingAndTooMany(t *testing.T) {
	t.Parallel()
	dir, key := copied(t)
	for _, name := range files(t, dir) {
		honest := read(t, dir, name)
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
		wrong(t, name, dir, key.Public(), name+": the file is missing")
		write(t, honest, dir, name)
	}
	for _, name := range []string{"extra.txt", "transcripts/extra.txt", "configuration/extra.txt"} {
		write(t, []byte("more"), dir, name)
		wrong(t, name, dir, key.Public(), name+": the certificate does not name this file")
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	link := filepath.Join(dir, harness.TextFile)
	away := filepath.Join(t.TempDir(), "report.txt")
	if err := errors.Join(os.Rename(link, away), os.Symlink(away, link)); err != nil {
		t.Fatal(err)
	}
	wrong(t, "a link in place of a file", dir, key.Public(), harness.TextFile+": the file was changed")
}

// TestAllThatIsWrongIsSaid: a file that is missing does not hide an edited verdict.
func TestAllThatIsWrongIsSaid(t *testing.T) {
	dir, key := copied(t)
	r := storedReport(t, dir)
	first, last := &r.Cases[0], &r.Cases[len(r.Cases)-1]
	last.Status = results.StatusNonstrict
	if err := os.Remove(filepath.Join(dir, first.Transcript)); err != nil {
		t.Fatal(err)
	}
	written(t, func(w io.Writer) error { return results.WriteReport(w, r) }, dir, harness.ReportFile)
	wrong(t, "the file", dir, key.Public(), first.Transcript+": the file is missing")
	wrong(t, "the report", dir, key.Public(), harness.ReportFile+": the file was changed")
	wrong(t, "the verdict", dir, key.Public(), last.Key()+": the verdict is ")
}

func TestAnotherKey(t *testing.T) {
	dir, _ := copied(t)
	wrong(t, "another key", dir, readKey(t, keyFile(t)).Public(), "signed by another key")
}

func TestWhatCannotBeVerified(t *testing.T) {
	dir, key := copied(t)
	for _, path := range []string{filepath.Join(dir, "none"), filepath.Join(dir, harness.ReportFile)} {
		if _, err := harness.VerifyCertificate(path, key.Public()); err == nil {
			t.Errorf("%s was verified", path)
		}
	}
	wrong(t, "an empty folder", t.TempDir(), key.Public(), certificate.DocumentFile+": the file is missing")
	c, err := certificate.Read(read(t, dir, certificate.DocumentFile))
	if err != nil {
		t.Fatal(err)
	}
	c.Catalogue.Line = "2031.4"
	sealed(t, dir, c, key)
	if _, err := harness.VerifyCertificate(dir, key.Public()); !errors.Is(err, harness.ErrCatalogue) || !strings.Contains(err.Error(), "2031.4") {
		t.Errorf("another catalogue: %v", err)
	}
	write(t, []byte("more"), dir, "extra.txt")
	wrong(t, "another catalogue and an extra file", dir, key.Public(), "extra.txt: ")
}

// TestNoneIsMade: what must not become a certificate does not, and mostly before
// anything was run.
func TestNoneIsMade(t *testing.T) {
	key := readKey(t, keyFile(t))
	for name, tt := range map[string]struct {
		spoil func(*harness.Certification)
		want  string
	}{
		"changed sources": {func(c *harness.Certification) { c.Build.Dirty = true }, "no certificate is made: this build (v1.0.0) is of changed sources"},
		"dirty version":   {func(c *harness.Certification) { c.Build.Version += "+dirty" }, "is of changed sources"},
		"unknown commit":  {func(c *harness.Certification) { c.Build.Commit = "" }, "does not say what commit it is of"},
		"selection":       {func(c *harness.Certification) { c.Run.Filter.Case = "imap/*" }, "not for certificates"},
		"waivers":         {func(c *harness.Certification) { c.Run.Waivers = []results.Waiver{{Case: "imap/login-listed"}} }, "not for certificates"},
		"not intrusive":   {func(c *harness.Certification) { c.Run.NoIntrusive = true }, "not for certificates"},
		"no subject":      {func(c *harness.Certification) { c.Subject = nil }, "subject.yaml:1:1"},
		"no copy": {func(c *harness.Certification) {
			c.Subject = bytes.ReplaceAll(c.Subject, []byte(".redacted"), []byte(".cut"))
		}, "subject.yaml:16:5: file 1"},
		"another role": {func(c *harness.Certification) { c.Subject = certificate.ExampleSubject() }, "access-server was judged"},
		"misfit":       {func(c *harness.Certification) { c.Run.Variant = "access-plain-login" }, "wants the claim basic-after-tls"},
		"no such role": {func(c *harness.Certification) { c.Profiles = append(c.Profiles, profile(t, "sender-mandatory")) }, "reference/access plays [access-server]"},
		"two runs": {func(c *harness.Certification) {
			c.Run.Variant, c.Profiles = "", append(c.Profiles, profile(t, "sender-mandatory"))
		}, "role sender is a run of its own"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "none")
			c := certification(dir, key)
			tt.spoil(&c)
			if _, err := harness.Certify(t.Context(), c); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want %q", err, tt.want)
			}
			if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
				t.Error("a folder was left")
			}
		})
	}
}

// TestNothingExecuted: a target that is not there tells nothing, and gets no
// certificate, not even of failure.
func TestNothingExecuted(t *testing.T) {
	r := storedReport(t, once().dir)
	for i := range r.Cases {
		r.Cases[i].Status = results.StatusInconclusive
	}
	r.Summarize()
	c := certification("", readKey(t, keyFile(t)))
	subject, err := certificate.ReadSubject("subject.yaml", c.Subject)
	if err != nil {
		t.Fatal(err)
	}
	_, err = certificate.New(certificate.Making{Issued: time.Now(), Tool: c.Build, Subject: *subject, Report: r, Profiles: c.Profiles}, "")
	if !errors.Is(err, certificate.ErrNone) || !strings.Contains(err.Error(), "not one case was executed") {
		t.Errorf("error is %v", err)
	}
}

func storedReport(t *testing.T, dir string) *results.Report {
	t.Helper()
	r, err := storedRun(dir)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// storedRun reads the report of a folder that was copied from the shared one, or is it.
func storedRun(dir string) (*results.Report, error) {
	if err := once().err; err != nil {
		return nil, err
	}
	data, err := os.ReadFile(filepath.Join(dir, harness.ReportFile))
	if err != nil {
		return nil, err
	}
	return results.ReadReport(bytes.NewReader(data))
}
