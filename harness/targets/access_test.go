package targets

import (
	"context"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"mailtls/fakes"
	"mailtls/fakes/sender"
	"mailtls/results"
)

// TestAccessModelsServeWhatTheyClaim starts each model that serves mailboxes, and
// plays a client of each kind that its claims promise something to.
func TestAccessModelsServeWhatTheyClaim(t *testing.T) {
	target, played := Reference(), 0
	for _, v := range target.Spec().Variants {
		if !v.Plays(results.RoleAccessServer) {
			continue
		}
		played++
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			if v.Plays(results.RoleReceiver) {
				t.Error("it plays a receiver too, without an smtp listener")
			}
			r, err := target.Start(t.Context(), v, Wiring{Domain: "mailtls.test", Host: "mx.mailtls.test", User: "user", Password: "secret", Log: io.Discard})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = r.Stop(context.WithoutCancel(t.Context())) }()
			for name, want := range map[string]bool{
				"imap-plain": v.Claims.Has(results.FeaturePlainLogin), "pop3-plain": v.Claims.Has(results.FeaturePlainLogin),
				"imap-starttls": v.Claims.Has(results.FeatureIMAPStartTLS), "pop3-stls": v.Claims.Has(results.FeaturePOP3STLS),
				"imaps": v.Claims.Has(results.FeatureIMAPS), "pop3s": v.Claims.Has(results.FeaturePOP3S),
				"lmtp-plain": true, "lmtp-starttls": v.Claims.Has(results.FeatureLMTP),
			} {
				peer, err := fakes.Sender(name)
				if err != nil {
					t.Fatal(err)
				}
				if v.Claims.Has(results.FeatureLegacyOnly) && !peer.Plain {
					peer.Hello = fakes.Hello{Min: 0x0301, Max: 0x0301}
				}
				addr, listens := r.Addrs[peer.To]
				if !listens {
					if want {
						t.Errorf("%s: there is no listener %s", name, peer.To)
					}
					continue
				}
				if s := visit(t, peer, addr); (s.End == results.EndOurs) != want {
					t.Errorf("%s: ended %s, want good is %v: %s", name, s.End, want, s.LastNote())
				}
			}
		})
	}
	if played < 5 {
		t.Errorf("%d variants serve mailboxes", played)
	}
}

// visit plays a peer as the user of the tests.
func visit(t *testing.T, peer fakes.SendingPeer, addr string) results.Session {
	t.Helper()
	start := time.Now()
	return sender.Play(t.Context(), sender.Session{
		Peer: peer.Name, Script: peer.Deliver(), Listener: peer.To, Addr: addr, ServerName: "mx.mailtls.test", Wall: start,
		Now: func() time.Duration { return time.Since(start) },
		Vars: fakes.Vars{
			"helo": "client.example", "from": "a@client.example", "rcpt": "b@mailtls.test",
			"user": "user", "password": "secret", "message": "Subject: x\r\n\r\nbody", "message-size": "18",
		},
	})
}

// TestListenersShareMailboxes: what came by one is there by the other.
func TestListenersShareMailboxes(t *testing.T) {
	target := Reference()
	v, err := target.Spec().Variant("", results.RoleAccessServer)
	if err != nil || v.Name != "access" {
		t.Fatalf("the variant is %q, %v", v.Name, err)
	}
	r, err := target.Start(t.Context(), v, Wiring{Domain: "mailtls.test", Host: "mx.mailtls.test", User: "user", Password: "secret", Log: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Stop(context.WithoutCancel(t.Context())) }()
	for _, name := range []string{"imap-starttls", "imaps", "pop3s"} {
		peer, err := fakes.Sender(name)
		if err != nil {
			t.Fatal(err)
		}
		s := visit(t, peer, r.Addrs[peer.To])
		if name == "pop3s" && !slices.ContainsFunc(s.Events, func(e results.Event) bool { return e.Mark == "stat" && strings.HasPrefix(string(e.Bytes), "+OK 2 36") }) {
			t.Errorf("after two messages by IMAP, POP3 ended %s: %+v", s.End, s.Events)
		}
	}
}
