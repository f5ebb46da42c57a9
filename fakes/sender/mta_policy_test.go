package sender_test

import (
	"slices"
	"strings"
	"testing"

	"mailtls/fakes"
	"mailtls/fakes/sender"
)

// TestPolicies holds what becomes of a message under a policy.
func TestPolicies(t *testing.T) {
	t.Parallel()
	rows := slices.Concat(opportunisticCells(), afterGoAheadCells(), mandatoryCells(), verifyingCells())
	atOnce(len(rows), func(i int) {
		row := rows[i]
		t.Run(row.policy+"/"+row.peers, func(t *testing.T) {
			var peers []fakes.Profile
			for _, name := range strings.Fields(row.peers) {
				peers = append(peers, peer(t, name))
			}
			w := newWorld(t, policy(t, row.policy), peers...)
			w.send(t, to)
			w.end()
			got := w.outcome()
			if head, free := strings.CutSuffix(row.want, "(*)"); free && strings.HasPrefix(got, head) {
				row.want = got
			}
			if got != row.want {
				t.Errorf("got %s, want %s\n%s", got, row.want, w.report())
			}
			w.forbidden(t, policy(t, row.policy))
		})
	})
}

// forbidden checks that a policy that demands TLS, and any credentials, leave no
// trace in clear.
func (w *world) forbidden(t *testing.T, p fakes.Policy) {
	t.Helper()
	for _, m := range w.peers {
		open := m.said(false)
		if p.Forbids() && (strings.Contains(open, "MAIL") || strings.Contains(open, "canary")) || strings.Contains(open, "AUTH") {
			t.Errorf("said in clear: %q", open)
		}
	}
}

// report is what was said, and the notifications, for a failure.
func (w *world) report() string {
	var b strings.Builder
	for _, m := range w.peers {
		b.WriteString("clear: " + m.said(false) + "\ninside: " + m.said(true) + "\n")
	}
	for _, msg := range w.back.taken {
		b.Write(msg.Data)
	}
	return b.String()
}

func TestNotificationNamesTLS(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"starttls-454":    "smtp; 454 4.7.0 TLS is not available (in reply to STARTTLS)",
		"tls-disabled":    "x-mailtls; TLS cannot be had: mx." + mxDomain + " does not list STARTTLS",
		"alert-after-220": "x-mailtls; TLS handshake with mx." + mxDomain + ": remote error: tls: handshake failure",
	} {
		w := newWorld(t, policy(t, "encrypt"), peer(t, name))
		w.send(t, to)
		w.end()
		if len(w.back.taken) != 1 {
			t.Fatalf("%s: %d notifications", name, len(w.back.taken))
		}
		msg := w.back.taken[0]
		data := string(msg.Data)
		for f, value := range map[string]string{
			"Diagnostic-Code": want, "Status": "4.4.7", "Action": "failed", "Final-Recipient": "rfc822; " + to,
			"Remote-MTA": "dns; mx." + mxDomain, "Return-Path": "<" + from + ">",
		} {
			if got := field(data, f); got != value {
				t.Errorf("%s: %s is %q, want %q", name, f, got, value)
			}
		}
		if msg.From != "" || len(msg.To) != 1 || msg.To[0] != from || !msg.Secure || !strings.Contains(data, "canary-subject") || strings.Contains(data, "canary-body") {
			t.Errorf("%s: from %q to %q, inside TLS %v:\n%s", name, msg.From, msg.To, msg.Secure, data)
		}
	}
}

func TestNobodyIsToldOfANotification(t *testing.T) {
	t.Parallel()
	w := newWorld(t, policy(t, "encrypt"), peer(t, "tls-disabled"))
	if err := w.Submit(t.Context(), sender.Mail{To: []string{to, "c@nowhere.test"}, Data: []byte(content)}); err != nil {
		t.Fatal(err)
	}
	w.settle(t)
	w.end()
	if got := len(w.back.taken); got != 0 {
		t.Errorf("%d notifications about a notification", got)
	}
}

func TestNoRoute(t *testing.T) {
	t.Parallel()
	w := newWorld(t, policy(t, "may"))
	w.send(t, "b@nowhere.test")
	w.end()
	if got := w.outcome(); got != "dsn 5.4.4 (0)" {
		t.Errorf("got %s", got)
	}
}

func TestContentAndEnvelopeArrive(t *testing.T) {
	t.Parallel()
	w := newWorld(t, policy(t, "encrypt"), peer(t, "opportunistic"))
	w.send(t, to, "c@"+mxDomain)
	w.end()
	taken := w.peers[0].taken
	if len(taken) != 2 {
		t.Fatalf("%d messages arrived", len(taken))
	}
	for _, msg := range taken {
		if msg.From != from || len(msg.To) != 1 || !strings.HasSuffix(string(msg.Data), content) {
			t.Errorf("from %q to %q: %q", msg.From, msg.To, msg.Data)
		}
	}
	if h := w.peers[0].hello(); h == nil || h.SNI != "mx."+mxDomain {
		t.Errorf("the hello is %+v", h)
	}
	if got := w.peers[0].said(false); strings.Count(got, "STARTTLS\r\n") != 2 || !strings.HasPrefix(w.peers[0].said(true), "EHLO out.mailtls.test\r\nMAIL") {
		t.Errorf("in clear %q, inside %q", got, w.peers[0].said(true))
	}
}

func TestReuse(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name     string
		sessions int
		other    string
	}{{"encrypt-reuse", 1, "encrypt-reuse"}, {"encrypt", 2, "encrypt"}, {"may-reuse", 2, "verify"}} {
		w := newWorld(t, policy(t, row.name), peer(t, "opportunistic"))
		w.domain("other.mailtls.test", policy(t, row.other), w.peers[0].hop)
		w.send(t, to)
		w.send(t, "b@other.mailtls.test")
		w.end()
		if got := w.peers[0]; len(got.sessions) != row.sessions || len(got.taken) != 2 {
			t.Errorf("%s, %s: %d messages over %d connections", row.name, row.other, len(got.taken), len(got.sessions))
		}
	}
}

func TestSessionsAreResumedUnderOnePolicy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, policy(t, "may"), peer(t, "self-signed"))
	w.domain("other.mailtls.test", policy(t, "verify"), w.peers[0].hop)
	w.send(t, to)
	w.send(t, to)
	w.send(t, "b@other.mailtls.test")
	w.end()
	resumed := 0
	for _, s := range w.peers[0].sessions {
		for _, f := range s.TLS {
			if f.Resumed {
				resumed++
			}
		}
	}
	if got := w.outcome(); resumed != 1 || !strings.HasPrefix(got, "1.3, 1.3, dsn 4.4.7") {
		t.Errorf("%d resumed, %s", resumed, got)
	}
}

func TestStopsAtOnce(t *testing.T) {
	t.Parallel()
	p := policy(t, "encrypt-reuse")
	p.TimeoutSeconds, p.RetrySeconds, p.LifetimeSeconds = 600, 600, 6000
	for _, name := range []string{"silent-after-220", "tls-disabled", "opportunistic"} {
		w := newWorld(t, p, peer(t, name))
		if err := w.Submit(t.Context(), sender.Mail{From: from, To: []string{to}, Data: []byte(content)}); err != nil {
			t.Fatal(err)
		}
		w.stop() // returns when nothing is under way any more
		if err := w.Submit(t.Context(), sender.Mail{From: from, To: []string{to}, Data: []byte(content)}); err == nil {
			t.Errorf("%s: mail is taken after the end", name)
		}
		if got := w.Waiting(); got != 0 {
			t.Errorf("%s: %d wait after the end", name, got)
		}
	}
}

// cell is a policy, the peers, and what is to become of a message: see
// world.outcome; "(*)" stands for a number of connections that depends on the time.
type cell struct{ policy, peers, want string }

// expired is what becomes of a message that is kept until its lifetime is over.
const expired = "dsn 4.4.7 (*)"

// opportunisticCells are those of policies that take TLS where it is offered.
func opportunisticCells() []cell {
	return []cell{
		{"none", "opportunistic", "clear (1)"},
		{"none", "enforcing", "dsn 5.7.0 (1)"},
		{"may", "opportunistic", "1.3 (1)"},
		{"may", "tls12-only", "1.2 (1)"},
		{"may", "tls11-only", "1.1 (1)"},
		{"may", "tls10-only", "1.0 (1)"},
		{"may", "self-signed", "1.3 (1)"},
		{"may", "tls-disabled", "clear (1)"},
		{"may", "keyword-on-greeting-line", "clear (1)"},
		{"may", "keyword-masked", "clear (1)"},
		{"may", "starttls-lower-case", "1.3 (1)"},
		{"may", "keyword-with-parameter", "1.3 (1)"},
		{"may", "starttls-454", "clear-same (1)"},
		{"may", "starttls-554", "clear-same (1)"},
		{"may", "starttls-530", "clear-same (1)"},
		{"may", "starttls-421", expired},
		{"may", "starttls-354", expired},
		{"may", "starttls-250", expired},
		{"may", "starttls-999", expired},
		{"may", "starttls-fin", expired},
		{"may", "starttls-silent", expired},
		{"may", "ehlo-502", "clear (1)"},
		{"may", "ehlo-220", expired},
		{"may", "ehlo-421", expired},
		{"may", "greeting-554", "dsn 5.3.2 (1)"},
		{"may", "greeting-421", expired},
		{"may", "unsolicited-ehlo-reply", expired},
		{"may", "bare-220", "1.3 (1)"},
		{"may", "multi-line-220", "1.3 (1)"},
	}
}

// afterGoAheadCells tell the classes of falling back apart.
func afterGoAheadCells() []cell {
	return []cell{
		{"may", "alert-after-220", "clear (3)"},
		{"may", "reset-after-220", "clear (3)"},
		{"may", "fin-at-rcpt", "clear (3)"},
		{"may", "greeting-inside-tls", expired},
		{"may", "ehlo-refused-after-tls", "1.3 (1)"},
		{"may", "ehlo-421-after-tls", expired},
		{"may-clear-new", "alert-after-220", "clear (2)"},
		{"may-clear-new", "garbage-after-220", "clear (2)"},
		{"may-clear-new", "fin-after-220", "clear (2)"},
		{"may-clear-new", "silent-after-220", "clear (2)"},
		{"may-clear-new", "injection-whole-line", "clear (2)"},
		{"may-clear-new", "enforcing-alert-after-220", "dsn 5.7.0 (2)"},
		{"may-mixed", "reset-after-220", "clear (2)"},
		{"may-mixed", "fin-after-220", expired},
		{"may-never", "alert-after-220", expired},
		{"may-never", "starttls-454", expired},
		{"may-never", "starttls-554", "clear-same (1)"},
		{"may-no-clear", "starttls-454", expired},
		{"may-tls12", "tls10-only", "clear (3)"},
		{"may-creds", "auth-after-tls-only", "1.3 (1)"},
		{"may-creds", "auth-before-tls-only", "1.3 (1)"},
		{"may-creds", "tls-disabled", "clear (1)"},
		{"may-creds", "clear-login-alert-after-220", expired},
	}
}

// mandatoryCells are those of policies that never send in clear.
func mandatoryCells() []cell {
	return []cell{
		{"encrypt", "silent-after-220", expired},
		{"encrypt", "opportunistic", "1.3 (1)"},
		{"encrypt", "tls-disabled", expired},
		{"encrypt", "ehlo-502", expired},
		{"encrypt", "starttls-454", expired},
		{"encrypt", "starttls-554", expired},
		{"encrypt", "alert-after-220", expired},
		{"encrypt", "fin-at-mail", expired},
		{"encrypt", "injection-partial-line", expired},
		{"encrypt", "starttls-underscore", expired},
		{"encrypt", "cleartext-454-after-220", expired},
		{"encrypt", "wrong-finished", expired},
		{"encrypt", "rc4-only", expired},
		{"encrypt", "tls10-only", "1.0 (1)"},
		{"encrypt", "static-rsa-only", expired},
		{"encrypt", "hello-request-in-data", "1.2 (1)"},
		{"encrypt", "rsa-1024", "1.3 (1)"},
		{"encrypt", "tls-disabled opportunistic", "1.3@2 (2)"},
		{"encrypt", "reset-after-220 opportunistic", "1.3@2 (2)"},
		{"encrypt", "starttls-554 opportunistic", "1.3@2 (2)"},
		{"encrypt-bounce", "starttls-554 opportunistic", "dsn 5.7.0 (1)"},
		{"encrypt-tls12", "tls11-only", expired},
		{"encrypt-creds", "clear-login", "1.3 (1)"},
	}
}

// verifyingCells are those of policies that look at the certificate.
func verifyingCells() []cell {
	return []cell{
		{"verify", "opportunistic", "1.3 (1)"},
		{"verify", "wildcard", "1.3 (1)"},
		{"verify", "self-signed", expired},
		{"verify", "rsa-1024", expired},
		{"verify", "expired", expired},
		{"verify", "not-yet-valid", expired},
		{"verify", "wrong-name", expired},
		{"verify", "unknown-ca", expired},
		{"verify", "missing-intermediate", expired},
		{"verify", "cn-only", expired},
		{"verify", "wildcard-deep", expired},
		{"verify", "wildcard-partial", expired},
		{"verify", "client-certificate", expired},
		{"verify-next-hop", "opportunistic", "1.3 (1)"},
		{"verify-next-hop", "wrong-name", expired},
	}
}
