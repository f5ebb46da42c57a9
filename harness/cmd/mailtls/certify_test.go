package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mailtls/harness"
	"mailtls/harness/targets"
	"mailtls/results/certificate"
)

// TestCertificateCommands goes the way of a lab, but for the run itself: a test's
// program is of no commit, and so makes no certificate by command.
func TestCertificateCommands(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	subject, key, folder := filepath.Join(dir, "subject.yaml"), filepath.Join(dir, "lab.key"), filepath.Join(dir, "certificate")
	code, out, errs := call(t, "certify", "--example-subject")
	if code != exitOK {
		t.Fatalf("exit %d: %s", code, errs)
	}
	text := strings.Replace(out, "[receiver]", "[access-server]", 1)
	if err := os.WriteFile(subject, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	code, out, errs = call(t, "certify", "--new-key", key)
	if code != exitOK {
		t.Fatalf("exit %d: %s", code, errs)
	}
	public := strings.Fields(out)[len(strings.Fields(out))-1]
	certified(t, folder, []byte(text), key)
	for _, tt := range []struct {
		name string
		code int
		want string
		args []string
	}{
		{"unknown commit", exitFault, "no certificate is made: this build", []string{"certify", "--target", "reference/access", "--profile", "lmtp", "--subject", subject, "--key", key, "--out", filepath.Join(dir, "no")}},
		{"no subject", exitFault, "--subject is missing", []string{"certify", "--target", "reference", "--profile", "lmtp", "--key", key, "--out", dir}},
		{"unknown profile", exitFault, `find profile "best"`, []string{"certify", "--target", "reference", "--profile", "best", "--subject", subject, "--key", key, "--out", dir}},
		{"a key in its place", exitFault, "make key", []string{"certify", "--new-key", key}},
		{"key file", exitOK, "success  lmtp", []string{"verify-certificate", folder, "--pubkey", key + ".pub"}},
		{"key in a word", exitOK, "judged again with the same verdicts", []string{"verify-certificate", folder, "--pubkey", public}},
		{"profile", exitOK, "success  lmtp", []string{"verify-certificate", folder, "--pubkey", public, "--profile", "lmtp"}},
		{"another profile", exitFault, "the certificate is not about it", []string{"verify-certificate", folder, "--pubkey", public, "--profile", "receiver-core"}},
		{"no folder", exitFault, "no such file", []string{"verify-certificate", folder + "s", "--pubkey", public}},
		{"no key", exitFault, "read public key", []string{"verify-certificate", folder, "--pubkey", key + ".none"}},
		{"no public key", exitFault, "read public key", []string{"verify-certificate", folder, "--pubkey", key}},
	} {
		if code, out, errs := call(t, tt.args...); code != tt.code || !strings.Contains(out+errs, tt.want) {
			t.Errorf("%s: exit %d, want %d and %q:\n%s%s", tt.name, code, tt.code, tt.want, out, errs)
		}
	}
	report := filepath.Join(folder, harness.TextFile)
	data, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(report, append(data, ' '), 0o644); err != nil {
		t.Fatal(err)
	}
	if code, out, _ := call(t, "verify-certificate", folder, "--pubkey", public); code != exitFailed || !strings.Contains(out, "WRONG  report.txt: the file was changed") {
		t.Errorf("a changed file: exit %d\n%s", code, out)
	}
}

// certified makes a certificate of the reference's mailboxes.
func certified(t *testing.T, folder string, subject []byte, keyFile string) {
	t.Helper()
	key, err := certificate.ReadKey(keyFile, password)
	if err != nil {
		t.Fatal(err)
	}
	profiles, err := certificate.FindProfiles([]string{"lmtp"})
	if err != nil {
		t.Fatal(err)
	}
	b := build()
	b.Version, b.Commit, b.Dirty = "v1.0.0", strings.Repeat("a", 40), false
	c, err := harness.Certify(t.Context(), harness.Certification{
		Run:      harness.Options{Target: targets.Reference(), Variant: "access", Out: folder},
		Profiles: profiles, Subject: subject, SubjectName: "subject.yaml", Build: b, Key: key, Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	if code := certificateCode(c); code != exitOK {
		t.Errorf("the reference's certificate asks for exit code %d", code)
	}
}

// TestCertificateCodes: a failed profile outweighs one that could not be told.
func TestCertificateCodes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		results []certificate.Result
		want    int
	}{
		{[]certificate.Result{certificate.Success, certificate.Success}, exitOK},
		{[]certificate.Result{certificate.Success, certificate.Partial}, exitFault},
		{[]certificate.Result{certificate.Failed, certificate.Partial}, exitFailed},
		{[]certificate.Result{certificate.Partial, certificate.Failed, certificate.Success}, exitFailed},
	} {
		c := &certificate.Certificate{}
		for _, r := range tt.results {
			c.Profiles = append(c.Profiles, certificate.Achieved{Result: r})
		}
		if got := certificateCode(c); got != tt.want {
			t.Errorf("%v: exit code %d, want %d", tt.results, got, tt.want)
		}
	}
}

func TestListProfiles(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"text", "json"} {
		code, out, errs := call(t, "list", "profiles", "--format", format)
		if code != exitOK {
			t.Fatalf("exit %d: %s", code, errs)
		}
		for _, want := range []string{"receiver-core", "sender-verified", "require-tls", "hello/weak-suite-accepted/rc4"} {
			if !strings.Contains(out, want) {
				t.Errorf("%s has no %s:\n%s", format, want, out)
			}
		}
	}
}
