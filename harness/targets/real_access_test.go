package targets

import (
	"context"
	"strings"
	"testing"

	"mailtls/fakes"
)

// TestRealAccess starts every variant of Dovecot, and sees by a client of each kind
// whether what it claims is true.
func TestRealAccess(t *testing.T) {
	t.Parallel()
	p, err := targetFor("dovecot")
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Available(); err != nil {
		t.Skip(err)
	}
	if testing.Short() {
		t.Skip("starts a mail server many times; run without -short")
	}
	if version, err := p.Version(t.Context()); err != nil || !strings.HasPrefix(version, "2.3.") {
		t.Errorf("version is %q, %v", version, err)
	}
	awaitRoot(t, p)
	for _, v := range p.Spec().Variants {
		t.Run(v.Name, func(t *testing.T) {
			log := &syncBuffer{}
			w := testWiring(log)
			w.User, w.Password = "user", "secret"
			r := startFree(t, p, v, w)
			servesMailboxes(t, v, r)
			if err := r.Stop(context.WithoutCancel(t.Context())); err != nil {
				t.Error(err)
			}
			gone(t, r.Addrs[fakes.ListenIMAP])
			if t.Failed() {
				t.Log(log)
			}
		})
	}
}
