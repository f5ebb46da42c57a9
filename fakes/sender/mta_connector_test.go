package sender_test

import (
	"crypto/tls"
	"strings"
	"testing"

	"mailtls/fakes"
)

// TestConnectors holds what the settings of connectors come to.
func TestConnectors(t *testing.T) {
	t.Parallel()
	named := func(domain string) func(*fakes.Policy) {
		return func(p *fakes.Policy) { p.TLSDomain = domain }
	}
	suites := func(list ...uint16) func(*fakes.Policy) {
		return func(p *fakes.Policy) { p.Suites = list }
	}
	rows := []struct {
		policy, peer string
		change       func(*fakes.Policy)
		want         string
	}{
		{"verify-next-hop", "opportunistic", named("mx." + mxDomain), "1.3 (1)"},
		{"verify-next-hop", "opportunistic", named("other." + mxDomain), expired},
		{"verify-next-hop", "opportunistic", named("*." + mxDomain), "1.3 (1)"},
		{"verify-next-hop", "opportunistic", named("*.mailtls.test"), "1.3 (1)"},
		{"verify-next-hop", "opportunistic", named("*.MX." + mxDomain), expired},
		{"verify-next-hop", "wrong-name", named("*.mailtls.test"), expired},
		{"verify-next-hop", "self-signed", named("*.mailtls.test"), expired},
		{"encrypt", "tls12-only", suites(tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384), "1.2 (1)"},
		{"encrypt", "tls12-only", suites(tls.TLS_RSA_WITH_RC4_128_SHA), expired},
	}
	atOnce(len(rows), func(i int) {
		row := rows[i]
		t.Run(row.policy+"/"+row.peer, func(t *testing.T) {
			p := policy(t, row.policy)
			if row.change != nil {
				row.change(&p)
			}
			w := newWorld(t, p, peer(t, row.peer))
			w.send(t, to)
			w.end()
			if got := w.outcome(); !strings.HasPrefix(got, strings.TrimSuffix(row.want, "(*)")) {
				t.Errorf("got %s, want %s\n%s", got, row.want, w.report())
			}
		})
	})
}

func TestNotificationNamesTheStatusOfThePolicy(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"self-signed":  "x-mailtls; 450 4.7.320 TLS handshake with mx." + mxDomain + ": the certificate does not hold: ",
		"tls-disabled": "x-mailtls; TLS cannot be had: ",
	} {
		p := policy(t, "verify")
		p.Untrusted = "4.7.320"
		w := newWorld(t, p, peer(t, name))
		w.send(t, to)
		w.end()
		if len(w.back.taken) != 1 {
			t.Fatalf("%s: %d notifications", name, len(w.back.taken))
		}
		if got := field(string(w.back.taken[0].Data), "Diagnostic-Code"); !strings.HasPrefix(got, want) {
			t.Errorf("%s: the diagnostic is %q, want %q", name, got, want)
		}
	}
}
