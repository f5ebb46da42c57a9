package targets

import (
	"context"
	"crypto/tls"
	"io"
	"net/netip"
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
			servesMailboxes(t, v, r)
			if peer := "lmtp-plain"; !served(t, peer, v, r) {
				t.Errorf("%s is not served", peer)
			}
		})
	}
	if played < 5 {
		t.Errorf("%d variants serve mailboxes", played)
	}
}

// servesMailboxes plays a client of each kind, and wants those served that the
// variant promises something to.
func servesMailboxes(t *testing.T, v Variant, r *Running) {
	t.Helper()
	for name, want := range map[string]bool{
		"imap-plain": v.Claims.Has(results.FeaturePlainLogin), "pop3-plain": v.Claims.Has(results.FeaturePlainLogin),
		"imap-starttls": v.Claims.Has(results.FeatureIMAPStartTLS), "pop3-stls": v.Claims.Has(results.FeaturePOP3STLS),
		"imaps": v.Claims.Has(results.FeatureIMAPS), "pop3s": v.Claims.Has(results.FeaturePOP3S),
	} {
		if got := served(t, name, v, r); got != want {
			t.Errorf("%s is served: %v", name, got)
		}
	}
	if v.Claims.Has(results.FeatureLMTP) && !served(t, "lmtp-starttls", v, r) {
		t.Error("lmtp-starttls is not served")
	}
}

// served plays a peer, and tells whether it came to its end.
func served(t *testing.T, name string, v Variant, r *Running) bool {
	t.Helper()
	peer, err := fakes.Sender(name)
	if err != nil {
		t.Fatal(err)
	}
	if v.Claims.Has(results.FeatureLegacyOnly) && !peer.Plain {
		peer.Hello = fakes.Hello{Min: tls.VersionTLS10, Max: tls.VersionTLS10}
	}
	addr, listens := r.Addrs[peer.To]
	if !listens {
		return false
	}
	s := visit(t, peer, addr)
	if s.End != results.EndOurs {
		t.Logf("%s ended %s: %s", name, s.End, s.LastNote())
	}
	return s.End == results.EndOurs
}

// visit plays a peer as the user of the tests.
func visit(t *testing.T, peer fakes.SendingPeer, addr string) results.Session {
	t.Helper()
	start := time.Now()
	return sender.Play(t.Context(), sender.Session{
		Peer: peer.Name, Script: peer.Deliver(), Listener: peer.To, Addr: addr, ServerName: "mx.mailtls.test", Wall: start, From: netip.MustParseAddr("127.0.0.77"),
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

// TestLocalMailIsDelivered: what a server of mailboxes takes for its user by LMTP is
// in the mailbox, once for each time that the user was named; mail for others is
// taken, and nowhere to be seen.
func TestLocalMailIsDelivered(t *testing.T) {
	target := Reference()
	v, err := target.Spec().Variant("access")
	if err != nil {
		t.Fatal(err)
	}
	r, err := target.Start(t.Context(), v, Wiring{Domain: "mailtls.test", Host: "mx.mailtls.test", User: "user", Password: "secret", Log: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Stop(context.WithoutCancel(t.Context())) }()
	start := time.Now()
	say := func(l fakes.Listener, script fakes.Script) results.Session {
		s := sender.Play(t.Context(), sender.Session{
			Script: script, Listener: l, Addr: r.Addrs[l], ServerName: "mx.mailtls.test", Wall: start,
			Now:  func() time.Duration { return time.Since(start) },
			Vars: fakes.Vars{"helo": "client.example", "from": "a@client.example", "user": "user", "password": "secret", "message": "Subject: x\r\n\r\nbody"},
		})
		if s.End != results.EndOurs {
			t.Fatalf("%s ended %s: %s", l, s.End, s.LastNote())
		}
		return s
	}
	to := []string{"user@mailtls.test", "other@mailtls.test", "user@mailtls.test"}
	say(fakes.ListenLMTP, fakes.Join(fakes.Opening(fakes.ListenLMTP, true, fakes.Hello{}), fakes.LocalTransaction(to...), fakes.Quit()))
	s := say(fakes.ListenPOP3S, fakes.Join(fakes.Opening(fakes.ListenPOP3S, true, fakes.Hello{}), fakes.Pop3Login("user", "login", "+OK"), fakes.Pop3("stat", "+OK", "STAT"), fakes.Pop3Quit()))
	if !slices.ContainsFunc(s.Events, func(e results.Event) bool { return e.Mark == "stat" && strings.HasPrefix(string(e.Bytes), "+OK 2 ") }) {
		t.Errorf("the mailbox does not hold 2 messages: %+v", s.Events)
	}
}
