package dns_test

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	miekg "github.com/miekg/dns"

	"mailtls/fakes/dns"
	"mailtls/results"
)

// world is a zone that is served, and what was asked of it.
type world struct {
	*dns.Zone
	at string

	mu    sync.Mutex
	asked []results.Query
}

// serve serves a zone with one ordinary domain until the test ends.
func serve(t *testing.T) *world {
	t.Helper()
	w := &world{Zone: dns.NewZone()}
	w.add(t,
		dns.MX("a.test", 10, "mx1.a.test"), dns.MX("a.test", 20, "mx2.a.test"),
		dns.Address("mx1.a.test", netip.MustParseAddr("127.1.0.1")),
		dns.Address("mx2.a.test", netip.MustParseAddr("127.1.0.2")), dns.Address("mx2.a.test", netip.MustParseAddr("::1")),
		dns.Text("_mta-sts.a.test", `v=STSv1; id="1\2";`),
		dns.TLSA(dns.TLSAName("mx1.a.test", 25), 3, 1, 1, make([]byte, 32)),
	)
	ctx, cancel := context.WithCancel(t.Context())
	ln, err := dns.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.at = ln.Addr().String()
	start := time.Now()
	server := &dns.Server{Zone: w.Zone, Now: func() time.Duration { return time.Since(start) }, Report: w.report}
	done := make(chan error, 1)
	go func() { done <- server.Serve(ctx, ln) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return w
}

func (w *world) add(t *testing.T, records ...dns.Record) {
	t.Helper()
	if err := w.Add(records...); err != nil {
		t.Fatal(err)
	}
}

func (w *world) fault(t *testing.T, name string, faults ...dns.Fault) {
	t.Helper()
	if err := w.Fault(name, faults...); err != nil {
		t.Fatal(err)
	}
}

func (w *world) report(q results.Query) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked = append(w.asked, q)
}

// log is what was asked so far.
func (w *world) log() []results.Query {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.asked)
}

// last checks the account of the last question.
func (w *world) last(t *testing.T, want string) {
	t.Helper()
	log := w.log()
	if len(log) == 0 {
		t.Fatal("nothing was asked")
	}
	q := log[len(log)-1]
	if got := q.Name + " " + q.Type + ": " + q.Answer; got != want || q.Kind != "dns" {
		t.Errorf("reported as %s %q, want dns %q", q.Kind, got, want)
	}
}

// ask asks one question; do sets the DO bit.
func (w *world) ask(t *testing.T, network, name string, kind uint16, do bool) *miekg.Msg {
	t.Helper()
	m := new(miekg.Msg).SetQuestion(miekg.Fqdn(name), kind)
	if do {
		m.SetEdns0(4096, true)
	}
	return w.exchange(t, network, m)
}

func (w *world) exchange(t *testing.T, network string, m *miekg.Msg) *miekg.Msg {
	t.Helper()
	client := miekg.Client{Net: network, Timeout: 5 * time.Second}
	r, _, err := client.ExchangeContext(t.Context(), m, w.at)
	if err != nil {
		t.Fatalf("%s: %v", network, err)
	}
	return r
}

// resolver is the one of Go, which asks this world.
func (w *world) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, w.at)
	}}
}

func TestServeEndsPromptly(t *testing.T) {
	zone := dns.NewZone()
	if err := zone.Fault("a.test", dns.Fault{Delay: time.Hour}); err != nil {
		t.Fatal(err)
	}
	ln, err := dns.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	asked := make(chan results.Query, 2)
	server := &dns.Server{Zone: zone, Report: func(q results.Query) { asked <- q }}
	done := make(chan error, 1)
	go func() { done <- server.Serve(t.Context(), ln) }()
	for _, network := range []string{"udp", "tcp"} { // an answer that waits on each
		conn, err := miekg.Dial(network, ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		if err := conn.WriteMsg(new(miekg.Msg).SetQuestion("a.test.", miekg.TypeMX)); err != nil {
			t.Fatal(err)
		}
		<-asked
	}
	if err := ln.Close(); err != nil {
		t.Error(err)
	}
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("still serving")
	}
}

func TestListenOnATakenPort(t *testing.T) {
	ln, err := dns.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	if second, err := dns.Listen(t.Context(), ln.Addr().String()); err == nil {
		t.Error("a port was taken twice")
		_ = second.Close()
	}
}

func TestEditWhileServing(t *testing.T) {
	w := serve(t)
	old, fresh := dns.MX("b.test", 10, "old.test"), dns.MX("b.test", 10, "new.test")
	w.add(t, old)
	var asking sync.WaitGroup
	for range 4 {
		asking.Go(func() {
			for range 25 {
				r := w.ask(t, "udp", "b.test", miekg.TypeMX, true)
				if len(r.Answer) > 1 {
					t.Errorf("half an edit was seen: %v", r.Answer)
				}
			}
		})
	}
	for range 25 {
		for _, r := range []dns.Record{fresh, old} {
			if err := w.Set(r); err != nil {
				t.Error(err)
			}
		}
		w.Secure("b.test")
		w.Remove("b.test", "MX")
		w.Insecure("b.test")
	}
	asking.Wait()
	w.add(t, fresh)
	w.ask(t, "udp", "b.test", miekg.TypeMX, true)
	w.last(t, "b.test. MX: NOERROR 10 new.test.")
}
