package certificate_test

import (
	"strings"
	"testing"

	"mailtls/results"
	"mailtls/results/certificate"
)

// sendingSubject is the example with what a sender declares.
func sendingSubject() string {
	text := strings.ReplaceAll(string(certificate.ExampleSubject()), "[receiver] ", "[sender] ")
	head, sending, _ := strings.Cut(text, "# sender:\n")
	return head + "sender:\n" + strings.ReplaceAll(sending, "#   ", "  ")
}

func TestExampleSubjectIsRead(t *testing.T) {
	s, err := certificate.ReadSubject("subject.yaml", certificate.ExampleSubject())
	if err != nil {
		t.Fatal(err)
	}
	if s.Version != "4.2.1" || len(s.Configuration) != 1 || s.Sender != nil || !strings.Contains(s.Reproduce, "Install acme-mta") {
		t.Errorf("read %+v", s)
	}
	s, err = certificate.ReadSubject("subject.yaml", []byte(sendingSubject()))
	if err != nil {
		t.Fatal(err)
	}
	if s.Sender == nil || s.Sender.Class != certificate.ClearLater || len(s.Sender.RetrySeconds) != 3 || s.Sender.LifetimeSeconds != 432000 {
		t.Errorf("read %+v", s.Sender)
	}
}

// TestSubjectsAreRefused spoils the example line by line; each error has the place.
func TestSubjectsAreRefused(t *testing.T) {
	for _, tt := range []struct{ name, from, to, want string }{
		{"unknown field", "os: Debian", "osx: Debian", `subject.yaml:7:1: unknown field "osx"`},
		{"nothing to reproduce by", "reproduce: |\n  Install", "contacts: |\n  Install", "unknown field"},
		{"empty text", "contact: tls@acme.example", `contact: "  "`, "subject.yaml:12:1: contact is missing"},
		{"branch", `version: "4.2.1"`, `version: main-4`, `subject.yaml:5:1: "main-4" is no release`},
		{"number for a text", `"4.2.1"`, "4.10", "subject.yaml:5:10: version is a text here: put quotes around it"},
		{"nothing for a text", "os: Debian 12.8", "os:", "os is a text here"},
		{"no number", `version: "4.2.1"`, `version: stable`, "is no release"},
		{"no role", "roles: [receiver]", "roles: []", "subject.yaml:10:1: roles is missing"},
		{"unknown role", "roles: [receiver]", "roles: [server]", `subject.yaml:10:1: unknown role "server"`},
		{"short hash", "52b855", "52b8", "subject.yaml:15:5: file 1 (/etc/acme/mta.conf): want a name, and a sha256"},
		{"no file name", "- name: /etc/acme/mta.conf", `- name: " "`, "subject.yaml:15:5: file 1 ( ): want a name"},
		{"no hash", "sha256: e3b0", "redacted: e3b0", "subject.yaml:14:5: file 1 (/etc/acme/mta.conf): want a name, and a sha256"},
		{"number for a file", "name: /etc/acme/mta.conf", "name: 4.10", "subject.yaml:14:11: name is a text here"},
		{"copy elsewhere", "#   redacted: ", "    redacted: ../", "subject.yaml:16:5: file 1 (/etc/acme/mta.conf): redacted copy ../mta.conf.redacted: want a path below"},
		{"copy anywhere", "#   redacted: ", "    redacted: /tmp/", "redacted copy /tmp/mta.conf.redacted: want a path below"},
		{"copy of nothing", "#   redacted: mta.conf.redacted", "    redacted:", "subject.yaml:16:14: redacted is a text here"},
		{"declares nothing", "roles: [receiver]", "roles: [sender]", "subject.yaml:10:1: sender is missing"},
		{"syntax", "os: Debian", "os: [Debian", "mend the syntax"},
		{"list", "organisation", "- organisation", "subject.yaml"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := strings.Replace(string(certificate.ExampleSubject()), tt.from, tt.to, 1)
			refused(t, text, tt.want)
		})
	}
	for _, tt := range []struct{ name, from, to, want string }{
		{"class", "clear-later ", "sometimes ", `opportunistic_class is "sometimes"`},
		{"delay", "clear_delay_seconds: 300", "clear_delay_seconds: 0", "clear_delay_seconds goes with class clear-later"},
		{"reaction", "after_starttls_5xx: clear-same", "after_starttls_5xx: no", "after_starttls_5xx is"},
		{"schedule", "[300, 900, 3600]", "[300, 0]", "retry_seconds wants one time or more"},
		{"lifetime", "lifetime_seconds: 432000", "lifetime_seconds: -1", "queue_lifetime_seconds is to be above 0"},
		{"timeout", "timeout_seconds: 300", "timeout_seconds: 0", "starttls_timeout_seconds is to be above 0"},
		{"receiver", "[sender] ", "[receiver] ", "sender goes with the role sender"},
	} {
		t.Run("sender "+tt.name, func(t *testing.T) {
			refused(t, strings.Replace(sendingSubject(), tt.from, tt.to, 1), tt.want)
		})
	}
	refused(t, "", "want one document")
	refused(t, "organisation: a\n---\nproduct: b\n", "want one document")
}

func refused(t *testing.T, text, want string) {
	t.Helper()
	_, err := certificate.ReadSubject("subject.yaml", []byte(text))
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error is %v, want %q", err, want)
	}
}

func TestSubjectGoesWithTheRun(t *testing.T) {
	s, err := certificate.ReadSubject("subject.yaml", []byte(sendingSubject()))
	if err != nil {
		t.Fatal(err)
	}
	claims := func(r results.Reaction) results.Claims {
		return results.Claims{Policies: []results.SenderPolicy{{
			Name: "may", Level: results.LevelOpportunistic, Fallback: map[results.Trigger]results.Reaction{results.TriggerFailed: r},
		}}}
	}
	sender := []results.Role{results.RoleSender}
	if err := s.Fits(sender, claims(results.ReactClearLater)); err != nil {
		t.Error(err)
	}
	if err := s.Fits(sender, claims(results.ReactDefer)); err == nil || !strings.Contains(err.Error(), "of class never") {
		t.Errorf("another class: %v", err)
	}
	if err := s.Fits([]results.Role{results.RoleReceiver}, results.Claims{}); err == nil || !strings.Contains(err.Error(), "receiver was judged") {
		t.Errorf("another role: %v", err)
	}
}
