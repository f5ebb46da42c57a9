package harness_test

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"

	"mailtls/fakes"
	"mailtls/harness/targets"
	"mailtls/results"
)

// TestRemoteIsJudgedAndReadBack judges a server that somebody else started, and
// that hands mail for one domain back to a fixed address.
func TestRemoteIsJudgedAndReadBack(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	collector := ln.Addr().String()
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	reference := targets.Reference()
	variant, err := reference.Spec().Variant("submission")
	if err != nil {
		t.Fatal(err)
	}
	running, err := reference.Start(t.Context(), variant, targets.Wiring{
		Domain: "example.test", Host: "mx.example.test", Collector: collector, User: "user", Password: "secret", Log: io.Discard,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := running.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	claims := filepath.Join(t.TempDir(), "mine.yaml")
	text := "name: acme-mta\nversion: \"4.2\"\nroles: [receiver]\nserver_name: mx.example.test\nclaims:\n" +
		"  features: [starttls, public-mx, modern, tls13, smtps, readback]\n  stall_seconds: 10\n"
	if err := os.WriteFile(claims, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	remote, err := targets.NewRemote(targets.RemoteConfig{
		Addrs: map[fakes.Listener]string{
			fakes.ListenSMTP: running.Addrs[fakes.ListenSMTP], fakes.ListenSMTPS: running.Addrs[fakes.ListenSMTPS],
		},
		ClaimsFile: claims, Collector: collector, Domain: "example.test",
	})
	if err != nil {
		t.Fatal(err)
	}
	r := run(t, remote, "", results.Filter{Label: "area:state || area:policy || area:implicit"})
	if r.Outcome != results.Conforming || r.Executed < 6 || r.Target.Version != "4.2" {
		t.Errorf("outcome is %s with %d executed, target %+v", r.Outcome, r.Executed, r.Target)
	}
	for _, c := range r.Cases {
		if c.ID == "state/helo-in-trace" && c.Status != results.StatusPass {
			t.Errorf("%s is %s: %s", c.ID, c.Status, c.Reason)
		}
	}
}
