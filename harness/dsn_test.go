package harness

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mailtls/results"
)

// TestNotificationsOfRealSenders reads what Postfix and Exim have written.
func TestNotificationsOfRealSenders(t *testing.T) {
	const gone, refused = "mx-none-with-tls.encrypt.mailtls.test", "reply-injection-pipelined-replies.may.mailtls.test"
	for file, want := range map[string]results.DSN{
		"postfix-expired": {Recipient: "52d5w7ytv4lw@" + gone, Action: "failed", Status: "4.7.5", Diagnostic: "X-Postfix; Cannot start TLS: handshake failure"},
		"postfix-bounced": {Recipient: "kakxmeq2jlps@" + refused, Action: "failed", Status: "5.5.0", Diagnostic: "smtp; 250 2.1.5 Ok", Remote: "dns; mx1." + refused},
		"exim-expired":    {Recipient: "63unaco3qrdk@" + gone, Action: "failed", Status: "5.0.0", Remote: "dns; mx2." + gone},
	} {
		content, err := os.ReadFile(filepath.Join("testdata", "dsn", file+".eml"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := readDSN(content)
		if err != nil || len(got) != 1 || got[0] != want {
			t.Errorf("%s: got %+v and %v, want %+v", file, got, err, want)
		}
	}
}

// report is a notification with a status part.
func report(status string) string {
	return "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nwords\r\n" +
		"--b\r\nContent-Type: message/delivery-status\r\n\r\n" + strings.ReplaceAll(status, "\n", "\r\n") + "\r\n--b--\r\n"
}

func TestNotificationsInAllForms(t *testing.T) {
	const about = "Reporting-MTA: dns; a.test\n\n"
	long := strings.Repeat("x", maxField+100)
	for _, tc := range []struct {
		name, content string
		want          []results.DSN
		fails         string
	}{
		{"two recipients", report(about + "Final-Recipient: rfc822; a@x.test\nAction: failed\nStatus: 5.7.1\n\nFinal-Recipient: rfc822; b@x.test\nAction: delayed\nStatus: 4.7.4\n"),
			[]results.DSN{{Recipient: "a@x.test", Action: "failed", Status: "5.7.1"}, {Recipient: "b@x.test", Action: "delayed", Status: "4.7.4"}}, ""},
		{"comments and capitals", report(about + "FINAL-RECIPIENT: RFC822 ; a@x.test\nACTION: Failed (by us)\nSTATUS: 5.0.0 (other)\n"),
			[]results.DSN{{Recipient: "a@x.test", Action: "failed", Status: "5.0.0"}}, ""},
		{"folded diagnostic", report(about + "Final-Recipient: rfc822;a@x.test\nAction: failed\nStatus: 4.4.7\nDiagnostic-Code: smtp; 454 TLS\n is not there\n"),
			[]results.DSN{{Recipient: "a@x.test", Action: "failed", Status: "4.4.7", Diagnostic: "smtp; 454 TLS is not there"}}, ""},
		{"no type before the address", report(about + "Final-Recipient: a@x.test\nAction: failed\nStatus: 4.4.7\n"), []results.DSN{{Recipient: "a@x.test", Action: "failed", Status: "4.4.7"}}, ""},
		{"long diagnostic", report(about + "Final-Recipient: rfc822;a@x.test\nAction: failed\nStatus: 4.4.7\nDiagnostic-Code: " + long + "\n"),
			[]results.DSN{{Recipient: "a@x.test", Action: "failed", Status: "4.4.7", Diagnostic: long[:maxField]}}, ""},
		{"no recipient", report(about), nil, "no recipient"},
		{"no status part", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nwords\r\n--b--\r\n", nil, errNoDSN.Error()},
		{"plain mail", "Subject: hello\r\n\r\nwords\r\n", nil, errNoDSN.Error()},
		{"nothing", "", nil, ""},
	} {
		got, err := readDSN([]byte(tc.content))
		if tc.want == nil {
			if err == nil || !strings.Contains(err.Error(), tc.fails) {
				t.Errorf("%s: got %+v and %v, want an error with %q", tc.name, got, err, tc.fails)
			}
			continue
		}
		if err != nil || len(got) != len(tc.want) {
			t.Errorf("%s: got %+v and %v", tc.name, got, err)
			continue
		}
		for i := range got {
			if got[i] != tc.want[i] {
				t.Errorf("%s: got %+v, want %+v", tc.name, got[i], tc.want[i])
			}
		}
	}
}

func FuzzReadDSN(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("testdata", "dsn", "*.eml"))
	if err != nil || len(files) == 0 {
		f.Fatalf("find notifications: %v, %v", files, err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
	f.Add([]byte(report("Final-Recipient: rfc822;\n\n\nFinal-Recipient: ;;a\n")))
	f.Fuzz(func(t *testing.T, content []byte) {
		all, err := readDSN(content)
		if len(all) == 0 && err == nil {
			t.Error("nothing was read, and no error given")
		}
		for _, n := range all {
			if len(n.Diagnostic) > maxField || len(n.Remote) > maxField || strings.ContainsAny(n.Action+n.Status, " ") {
				t.Errorf("read %+v", n)
			}
		}
	})
}
