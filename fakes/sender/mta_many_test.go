package sender_test

import (
	"fmt"
	"strings"
	"testing"

	"mailtls/fakes/sender"
)

// TestManyAtOnce sends 160 messages to peers of all kinds: each is delivered once
// or given back, not both, and none in clear where that is forbidden.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	kinds := strings.Fields(`opportunistic tls-disabled tls10-only starttls-454 starttls-554 fin-after-220 reset-after-220 garbage-after-220
		silent-after-220 alert-after-220 self-signed expired wrong-name fin-at-mail injection-whole-line enforcing greeting-421 ehlo-502
		tls12-required ehlo-421-after-tls`)
	names := strings.Fields("may may-clear-new encrypt verify")
	w := newWorld(t, policy(t, "may"))
	hosts := map[string]*mx{}
	var all []string
	for _, kind := range kinds {
		hosts[kind] = serve(t, peer(t, kind))
		w.peers = append(w.peers, hosts[kind])
		for _, name := range names {
			domain := kind + "." + name + ".mailtls.test"
			p := policy(t, name)
			p.TimeoutSeconds, p.LifetimeSeconds = 4, 6
			w.domain(domain, p, hosts[kind].hop)
			for i := range 2 {
				all = append(all, fmt.Sprintf("b%d@%s", i, domain))
			}
		}
	}
	if err := w.Submit(t.Context(), sender.Mail{From: from, To: all, Data: []byte(content)}); err != nil {
		t.Fatal(err)
	}
	w.settle(t)
	w.end()
	ended := map[string]int{}
	for kind, m := range hosts {
		for _, msg := range m.taken {
			to := msg.To[0]
			ended[to]++
			if forbids := strings.Contains(to, ".encrypt.") || strings.Contains(to, ".verify."); forbids && !msg.Secure {
				t.Errorf("%s got %s in clear", kind, to)
			}
		}
	}
	for _, msg := range w.back.taken {
		ended[strings.TrimPrefix(field(string(msg.Data), "Final-Recipient"), "rfc822; ")]++
	}
	for _, to := range all {
		if ended[to] != 1 {
			t.Errorf("%s ended %d times", to, ended[to])
		}
		delete(ended, to)
	}
	if len(ended) > 0 {
		t.Errorf("nobody asked for %v", ended)
	}
}

// TestLostAtTheEnd: what became of a message whose last reply was lost cannot be
// known, and it is sent again, inside TLS.
func TestLostAtTheEnd(t *testing.T) {
	t.Parallel()
	p := peer(t, "fin-at-final-dot")
	w := newWorld(t, policy(t, "may"), p)
	w.send(t, to)
	w.end()
	for _, msg := range w.peers[0].taken {
		if !msg.Secure {
			t.Errorf("got in clear: %s", w.outcome())
		}
	}
	if got := w.outcome(); !strings.Contains(got, "1.3, ") || !strings.HasSuffix(strings.Split(got, " (")[0], "dsn 4.4.7") {
		t.Errorf("got %s", got)
	}
}
