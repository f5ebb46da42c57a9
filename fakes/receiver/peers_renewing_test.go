package receiver_test

import (
	"crypto/tls"
	"slices"
	"strings"
	"testing"

	"mailtls/fakes"
	"mailtls/fakes/sender"
	"mailtls/results"
)

// TestPeersMakeUseOfTLS: what passes besides a plain handshake.
func TestPeersMakeUseOfTLS(t *testing.T) {
	for _, tt := range []struct {
		peer    string
		version uint16
		retry   string
		tickets int
		inside  []string
	}{
		{"opportunistic", tls.VersionTLS13, "", 1, nil},
		{"hello-retry-request", tls.VersionTLS13, "secp384r1", 1, nil},
		{"hello-retry-request", tls.VersionTLS12, "", 1, nil},
		{"four-tickets", tls.VersionTLS13, "", 4, nil},
		{"four-tickets", tls.VersionTLS12, "", 1, nil},
		{"key-update", tls.VersionTLS13, "", 1, []string{"S key_update", "C key_update", "S key_update", "C key_update"}},
		{"key-update", tls.VersionTLS12, "", 1, nil},
		{"hello-request-in-data", tls.VersionTLS12, "", 1, []string{"S hello_request"}},
	} {
		st := serve(t, known(t, tt.peer, nil))
		st.playWith(t, by(only(tt.version)), &sender.Tickets{})
		s := <-st.reported
		f := s.TLS[0]
		if f.Retry != tt.retry || f.Tickets != tt.tickets || f.EarlyData != 0 {
			t.Errorf("%s, %x: retry %q, %d tickets, %d bytes of early data", tt.peer, tt.version, f.Retry, f.Tickets, f.EarlyData)
		}
		if got := renewals(s); !slices.Equal(got, tt.inside) {
			t.Errorf("%s, %x: inside TLS came %q", tt.peer, tt.version, got)
		}
		if tt.peer == "hello-retry-request" && f.Group != "secp384r1" {
			t.Errorf("%s, %x: the group is %s", tt.peer, tt.version, f.Group)
		}
		if got := st.taken(); len(got) != 1 || !strings.HasSuffix(string(got[0].Data), "\r\nbody\r\n") {
			t.Errorf("%s, %x: the content is not whole: %+v", tt.peer, tt.version, got)
		}
	}
}

// TestOnlyOnePeerLeavesCloseNotifyOut of those that close once a message is
// taken.
func TestOnlyOnePeerLeavesCloseNotifyOut(t *testing.T) {
	for peer, want := range map[string]bool{"fin-without-close-notify": false, "fin-at-final-dot": true, "opportunistic": true} {
		st := serve(t, known(t, peer, nil))
		st.play(t, modern())
		s := <-st.reported
		notified := slices.ContainsFunc(s.TLS[0].Alerts, func(a results.Alert) bool { return a.From == results.Server && a.Name == "close_notify" })
		if notified != want {
			t.Errorf("%s: close_notify was sent: %v", peer, notified)
		}
	}
}

// TestSchemesNeedASuite: without one for an elliptic curve there is no handshake
// to spoil.
func TestSchemesNeedASuite(t *testing.T) {
	s := serve(t, known(t, "signature-scheme-not-offered", nil)).play(t, probe(fakes.RawHello{Suites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}}))
	if f := s.TLS[0]; f.Version != "1.2" || f.Group == "" || len(f.Chain) == 0 {
		t.Errorf("answered with %+v", f)
	}
	s = serve(t, known(t, "signature-scheme-not-offered", nil)).play(t, probe(fakes.RawHello{Suites: []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256}}))
	if a := s.TLS[0].Alerts; len(a) == 0 || a[0].Code != 70 {
		t.Errorf("alerts are %+v", a)
	}
}

// TestLateReplyComesLate where what was injected would be read in its place.
func TestLateReplyComesLate(t *testing.T) {
	t.Parallel()
	s := serve(t, known(t, "injection-delayed-reply", nil)).play(t, modern())
	var asked, answered results.Event
	for _, e := range s.Events {
		if e.Mark != "ehlo-tls" || e.Kind != results.EventData {
			continue
		}
		if e.From == results.Client {
			asked = e
		} else {
			answered = e
		}
	}
	if late := answered.At - asked.At; late.Seconds() < 3 || strings.Contains(string(answered.Bytes), "AUTH") {
		t.Errorf("EHLO was answered after %v with %q", late, answered.Bytes)
	}
	if text := said(s, "starttls"); !strings.HasPrefix(text, "220 ") || !strings.HasSuffix(text, "250 AUTH PLAIN LOGIN\r\n") {
		t.Errorf("STARTTLS got %q", text)
	}
}
