package bench

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mailtls/fakes"
	"mailtls/fakes/pki"
	"mailtls/fakes/receiver"
	"mailtls/results"
)

// peer is a receiving peer of the catalogue on a free port.
type peer struct {
	addr     string
	roots    *x509.CertPool
	messages atomic.Int64
	mu       sync.Mutex
	last     receiver.Message
	sessions []results.Session
}

const peerHost = "mx.bench.test"

// authority makes the certificates of all peers.
var authority = sync.OnceValues(func() (*pki.Authority, error) { return pki.New(time.Now()) })

// startPeer plays a profile until the test ends.
func startPeer(t *testing.T, profile fakes.Profile) *peer {
	t.Helper()
	a, err := authority()
	if err != nil {
		t.Fatal(err)
	}
	kind := profile.Cert
	if kind == "" {
		kind = fakes.CertValid
	}
	cert, err := a.Issue(kind, pki.ECDSAP256, peerHost)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	p := &peer{roots: a.Roots()}
	s := &receiver.Server{
		Profile: profile, Listener: fakes.ListenSMTP, Host: peerHost, Certificate: cert, ClientRoots: a.Roots(),
		Now: func() time.Duration { return time.Since(start) }, Clock: time.Now,
		Deliver: func(_ context.Context, m receiver.Message) error {
			p.messages.Add(1)
			p.mu.Lock()
			defer p.mu.Unlock()
			p.last = m
			return nil
		},
		Report: func(x results.Session) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.sessions = append(p.sessions, x)
		},
	}
	p.addr = serveUntilEnd(t, func(ctx context.Context, ln net.Listener) { _ = s.Serve(ctx, ln) })
	return p
}

// serveUntilEnd listens on a free port and serves until the test ends.
func serveUntilEnd(t *testing.T, serve func(context.Context, net.Listener)) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() { serve(ctx, ln) })
	t.Cleanup(func() {
		cancel()
		_ = ln.Close()
		serving.Wait()
	})
	return ln.Addr().String()
}

// named is a peer of the catalogue.
func named(t *testing.T, name string) fakes.Profile {
	t.Helper()
	p, err := fakes.Receiver(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// load does a few sessions of a kind with two workers.
func load(t *testing.T, p *peer, n int, session results.SessionPlan, change ...func(*results.Plan)) *results.Run {
	t.Helper()
	plan := results.Plan{Addr: p.addr, ServerName: peerHost, Workers: 2, Count: n, Timeout: results.Span(5 * time.Second), Sessions: []results.SessionPlan{session}}
	for _, c := range change {
		c(&plan)
	}
	r, err := Drive(t.Context(), Job{Plan: plan, Addr: p.addr, Roots: p.roots, Shared: true})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestKindsOfSession(t *testing.T) {
	withMessage := func(s results.SessionPlan) results.SessionPlan {
		s.Size = 2000
		return s
	}
	starttls := startPeer(t, named(t, "opportunistic"))
	implicit := startPeer(t, fakes.Profile{Name: "implicit", Offer: fakes.OfferImplicit})
	legacy := startPeer(t, named(t, "tls10-only"))
	for name, tt := range map[string]struct {
		peer   *peer
		plan   results.SessionPlan
		phases []results.Phase
	}{
		"plain":    {starttls, results.SessionPlan{Kind: results.KindPlain}, []results.Phase{"connect", "greeting", "ehlo", "session"}},
		"starttls": {starttls, results.SessionPlan{Kind: results.KindStartTLS}, []results.Phase{"connect", "greeting", "ehlo", "starttls", "handshake", "ehlo-tls", "session"}},
		"message":  {starttls, withMessage(results.SessionPlan{}), []results.Phase{"connect", "greeting", "ehlo", "starttls", "handshake", "ehlo-tls", "message", "session"}},
		"pipelined": {starttls, withMessage(results.SessionPlan{Kind: results.KindPlain, Pipelining: true, Recipients: 3}),
			[]results.Phase{"connect", "greeting", "ehlo", "message", "session"}},
		"implicit": {implicit, withMessage(results.SessionPlan{Kind: results.KindImplicit}), []results.Phase{"connect", "handshake", "greeting", "ehlo", "message", "session"}},
		"verified": {starttls, results.SessionPlan{Verify: results.CheckChain}, []results.Phase{"connect", "greeting", "ehlo", "starttls", "handshake", "ehlo-tls", "session"}},
		"TLS 1.2": {starttls, results.SessionPlan{TLS: 0x0303, Group: 23, Suite: 0xc02b, Verify: results.CheckEvery},
			[]results.Phase{"connect", "greeting", "ehlo", "starttls", "handshake", "ehlo-tls", "session"}},
		"TLS 1.0":  {legacy, results.SessionPlan{TLS: 0x0301}, []results.Phase{"connect", "greeting", "ehlo", "starttls", "handshake", "ehlo-tls", "session"}},
		"fallback": {legacy, withMessage(results.SessionPlan{Kind: results.KindFallback, TLS: 0x0304}), []results.Phase{"connect", "greeting", "ehlo", "starttls", "message", "session"}},
	} {
		for _, mode := range results.CloseModes() {
			t.Run(name+" "+string(mode), func(t *testing.T) {
				before := tt.peer.messages.Load()
				r := load(t, tt.peer, 6, tt.plan, func(p *results.Plan) { p.Close = mode })
				if r.Completed != 6 {
					t.Fatalf("%d completed, failed %v", r.Completed, r.Failed)
				}
				for _, p := range results.Phases() {
					met := false
					for _, want := range tt.phases {
						met = met || p == want
					}
					if got := r.Phases[p].Count; met && got != 6 || !met && got != 0 {
						t.Errorf("phase %s was met %d times", p, got)
					}
				}
				sent := tt.peer.messages.Load() - before
				if want := int64(0); tt.plan.Size > 0 {
					want = 6
					if sent != want {
						t.Errorf("%d messages arrived, want %d", sent, want)
					}
				} else if sent != want {
					t.Errorf("%d messages arrived", sent)
				}
			})
		}
	}
}

func TestWhatIsNegotiatedIsOnRecord(t *testing.T) {
	p := startPeer(t, named(t, "opportunistic"))
	r := load(t, p, 2, results.SessionPlan{TLS: 0x0303, Group: 23, Suite: 0xc02b})
	if want := "TLS1.2 P-256 TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 ECDSA chain of 2"; strings.ReplaceAll(r.Env.Connection, "CurveP256", "P-256") != want {
		t.Errorf("connection %q, want %q", r.Env.Connection, want)
	}
}

func TestMessageHasItsSizeAndRecipients(t *testing.T) {
	p := startPeer(t, named(t, "opportunistic"))
	for _, size := range []int{1, 150, 178, 179, 1000, 5000, 100_000} {
		load(t, p, 1, results.SessionPlan{Kind: results.KindPlain, Size: size, Recipients: 2}, func(p *results.Plan) { p.Workers, p.Domain = 1, "bench.test" })
		_, content, found := strings.Cut(string(p.last.Data), "From: <bench@")
		got := len("From: <bench@") + len(content)
		if header := len(contentHeader("bench.test")); !found || got != max(size, header) && got != size-1 {
			t.Errorf("size %d: content of %d bytes: %.200q", size, got, p.last.Data)
		}
		if len(p.last.To) != 2 || p.last.To[1] != "bench1@bench.test" {
			t.Errorf("recipients %v", p.last.To)
		}
	}
}

// contentHeader is what every message has.
func contentHeader(domain string) []byte { return content(0, domain, "") }

func TestResumedSessionsAreCountedByWhatTLSSays(t *testing.T) {
	for name, version := range map[string]results.TLSVersion{"1.3": tls.VersionTLS13, "1.2": tls.VersionTLS12} {
		p := startPeer(t, named(t, "opportunistic"))
		r := load(t, p, 20, results.SessionPlan{Kind: results.KindStartTLSResumed, TLS: version, Verify: results.CheckChain})
		// Each worker does at most one full handshake before there are tickets.
		if r.Completed != 20 || r.Resumed < 18 || r.Resumed > 19 {
			t.Errorf("TLS %s: %d completed, %d resumed, failed %v", name, r.Completed, r.Resumed, r.Failed)
		}
	}
	p := startPeer(t, named(t, "opportunistic"))
	if r := load(t, p, 5, results.SessionPlan{}); r.Completed != 5 || r.Resumed != 0 {
		t.Errorf("full handshakes: %d completed, %d resumed", r.Completed, r.Resumed)
	}
}

func TestLMTPHasAReplyForEachRecipient(t *testing.T) {
	addr := serveUntilEnd(t, func(_ context.Context, ln net.Listener) {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			lines := bufio.NewReader(c)
			_, _ = io.WriteString(c, "220 lmtp\r\n")
			for inside := false; ; {
				line, err := lines.ReadString('\n')
				if err != nil {
					break
				}
				switch {
				case inside && line == ".\r\n":
					inside = false
					_, _ = io.WriteString(c, "250 first\r\n250 second\r\n")
				case inside:
				case line == "DATA\r\n":
					inside = true
					_, _ = io.WriteString(c, "354 go\r\n")
				case strings.HasPrefix(line, "LHLO b0.bench."):
					_, _ = io.WriteString(c, "250-lmtp\r\n250 PIPELINING\r\n")
				case line == "QUIT\r\n":
					_, _ = io.WriteString(c, "221 bye\r\n")
					_ = c.Close()
				case strings.HasPrefix(line, "MAIL"), strings.HasPrefix(line, "RCPT"):
					_, _ = io.WriteString(c, "250 ok\r\n")
				default:
					_, _ = io.WriteString(c, "500 what?\r\n")
				}
			}
			_ = c.Close()
		}
	})
	r := load(t, &peer{addr: addr}, 1, results.SessionPlan{Kind: results.KindPlain, Protocol: results.LMTP, Size: 500, Recipients: 2, Pipelining: true})
	if r.Completed != 1 {
		t.Errorf("failed %v", r.Failed)
	}
}

func TestSourcesTakeTurns(t *testing.T) {
	p := startPeer(t, named(t, "opportunistic"))
	r := load(t, p, 6, results.SessionPlan{Kind: results.KindPlain}, func(p *results.Plan) {
		p.Sources = []netip.Addr{netip.MustParseAddr("127.0.0.2"), netip.MustParseAddr("127.0.0.3")}
	})
	if r.Completed != 6 {
		t.Fatalf("failed %v", r.Failed)
	}
	from := map[string]int{}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, x := range p.sessions {
		host, _, _ := net.SplitHostPort(x.Client)
		from[host]++
	}
	if from["127.0.0.2"] < 2 || from["127.0.0.3"] < 2 || len(from) != 2 {
		t.Errorf("sessions came from %v", from)
	}
}

func TestHeldSessionsEndWhenTheRunIsStopped(t *testing.T) {
	p := startPeer(t, named(t, "opportunistic"))
	ctx, cancel := context.WithCancel(t.Context())
	plan := results.Plan{
		Addr: p.addr, Workers: 3, Duration: results.Span(time.Hour), Sessions: []results.SessionPlan{{Hold: results.Span(time.Hour)}},
	}
	r, err := Drive(ctx, Job{Plan: plan, Addr: p.addr, Progress: func(at Progress) {
		if at.Interval.InFlight == 3 {
			cancel()
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if !r.Interrupted || r.Completed != 3 || r.Phases[results.PhaseSession].Max > 5e6 {
		t.Errorf("interrupted %t, %d completed, failed %v, the longest %v µs", r.Interrupted, r.Completed, r.Failed, r.Phases[results.PhaseSession].Max)
	}
}

func TestStuckSessionsAreCutWhenTheRunIsStopped(t *testing.T) {
	p := says(t, "220 x\r\n", "")
	ctx, cancel := context.WithCancel(t.Context())
	plan := results.Plan{Addr: p.addr, Rate: 50, Duration: results.Span(time.Hour), Timeout: results.Span(10 * time.Minute)}
	r, err := Drive(ctx, Job{Plan: plan, Addr: p.addr, Progress: func(Progress) { cancel() }})
	if err != nil {
		t.Fatal(err)
	}
	if n := r.Failed[results.FailInterrupted]; !r.Interrupted || n < 10 || n != r.Attempted {
		t.Errorf("interrupted %t, %d attempted, failed %v", r.Interrupted, r.Attempted, r.Failed)
	}
}

func TestDriveRefuses(t *testing.T) {
	for name, tt := range map[string]struct{ plan, addr, want string }{
		"no port":     {"workers", "127.0.0.1", "want HOST:PORT"},
		"a bad port":  {"workers", "127.0.0.1:x", "read address"},
		"no plan":     {"nothing", "127.0.0.1:1", "want one of rate"},
		"IPv6 from 4": {"sources", "[::1]:25", "different families"},
	} {
		p := results.Plan{Addr: tt.addr, Workers: 1, Count: 1}
		switch tt.plan {
		case "nothing":
			p.Workers = 0
		case "sources":
			p.Sources = []netip.Addr{netip.MustParseAddr("127.0.0.2")}
		}
		if _, err := Drive(t.Context(), Job{Plan: p, Addr: tt.addr}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", name, err, tt.want)
		}
	}
}
