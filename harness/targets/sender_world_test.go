package targets

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mailtls/fakes"
	"mailtls/fakes/dns"
	"mailtls/fakes/pki"
	"mailtls/fakes/receiver"
	"mailtls/results"
)

// Domains of the world that a sender is tested in: the one whose subdomains are
// policies, and that of envelope senders.
const (
	worldDomain  = "mailtls.test"
	worldBounces = "x.sender.mailtls.example"
)

// world is a resolver, a bounce collector, and a peer of its own for each
// message that a sender is to send.
type world struct {
	// net are the first two numbers of its addresses, "127.23.".
	net       string
	authority *pki.Authority
	zone      *dns.Zone
	begun     time.Time
	ctx       context.Context //nolint:containedctx // the world's life is the test's
	serving   sync.WaitGroup
	end       context.CancelFunc

	mu    sync.Mutex
	cells map[string]*cell
	// strange are bounces that are about no cell.
	strange []string
}

// cell is a message under a policy for a peer, and what became of it. Times are
// since the world began.
type cell struct {
	policy, profile, domain, addr string
	// messages that are sent; the fate is that of the first to be taken.
	messages           int
	sent               time.Duration
	taken              []receiver.Message
	takenAt, bouncedAt time.Duration
	bounce             string
	bounces            int
	sessions           []results.Session
}

func newWorld(t *testing.T, net string) *world {
	t.Helper()
	authority, err := pki.New(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	w := &world{net: net, authority: authority, zone: dns.NewZone(), begun: time.Now(), cells: map[string]*cell{}}
	w.ctx, w.end = context.WithCancel(context.WithoutCancel(t.Context()))
	t.Cleanup(w.stop)
	ln, err := dns.Listen(t.Context(), w.net+"0.53:53")
	if err != nil {
		t.Skip(err)
	}
	w.serving.Go(func() { _ = (&dns.Server{Zone: w.zone}).Serve(w.ctx, ln) })
	w.serve(t, "opportunistic", "collector.sender.mailtls.example", worldBounces, w.net+"0.25", w.collect, nil)
	return w
}

// stop ends it, and returns when all sessions are on record.
func (w *world) stop() {
	w.end()
	w.serving.Wait()
}

func (w *world) now() time.Duration { return time.Since(w.begun) }

// serve plays a profile as the one MX host of a domain.
func (w *world) serve(t *testing.T, profile, host, domain, addr string,
	deliver func(context.Context, receiver.Message) error, report func(results.Session),
) {
	t.Helper()
	p := profileOf(t, profile)
	kind, key := p.Cert, pki.ECDSAP256
	if kind == "" {
		kind = fakes.CertValid
	}
	if p.RSA {
		key = pki.RSA2048
	}
	cert, err := w.authority.Issue(kind, key, host, domain)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", addr+":25")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.zone.Add(dns.MX(domain, 10, host), dns.Address(host, netip.MustParseAddr(addr))); err != nil {
		t.Fatal(err)
	}
	s := &receiver.Server{
		Profile: p, Listener: fakes.ListenSMTP, Host: host, Certificate: cert, ClientRoots: w.authority.Roots(),
		Accounts: map[string]string{"tester": "secret word"}, Now: w.now, Clock: time.Now, Deliver: deliver, Report: report,
	}
	w.serving.Go(func() { _ = s.Serve(w.ctx, ln) })
}

// noTLSButLogin is a peer that offers AUTH and no TLS.
const noTLSButLogin = "login-without-tls"

// profileOf finds a profile.
func profileOf(t *testing.T, name string) fakes.Profile {
	t.Helper()
	known := strings.TrimPrefix(name, "pair-")
	if known == noTLSButLogin {
		known = "clear-login"
	}
	p, err := fakes.Receiver(known)
	if err != nil {
		t.Fatal(err)
	}
	if name == noTLSButLogin {
		p.Name, p.Offer, p.Gates = name, fakes.OfferNone, nil
	}
	return p
}

// peer gives a policy a peer of its own, and a message for it; two where the
// profile has "pair-" before its name.
func (w *world) peer(t *testing.T, policy, profile string) *cell {
	t.Helper()
	n := len(w.cells) + 1
	c := &cell{policy: policy, profile: profile, domain: profile + "." + policy + "." + worldDomain, messages: 1}
	if strings.HasPrefix(profile, "pair-") {
		c.messages = 2
	}
	c.addr = fmt.Sprintf("%s%d.%d", w.net, 1+n/200, 1+n%200)
	w.cells[c.domain] = c
	deliver := func(_ context.Context, m receiver.Message) error {
		w.mu.Lock()
		defer w.mu.Unlock()
		if c.taken = append(c.taken, m); len(c.taken) == 1 {
			c.takenAt = w.now()
		}
		return nil
	}
	w.serve(t, profile, "mx."+c.domain, c.domain, c.addr, deliver, func(s results.Session) {
		w.mu.Lock()
		defer w.mu.Unlock()
		c.sessions = append(c.sessions, s)
	})
	return c
}

// collect takes a bounce.
func (w *world) collect(_ context.Context, m receiver.Message) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	field := func(name string) string {
		found := regexp.MustCompile(`(?mi)^` + name + `:[ \t]*((?:.*\r?\n[ \t]+)*.*?)\r?$`).FindSubmatch(m.Data)
		if found == nil {
			return ""
		}
		return strings.Join(strings.Fields(string(found[1])), " ")
	}
	_, domain, _ := strings.Cut(field("Final-Recipient"), "@")
	c := w.cells[domain]
	if c == nil || m.From != "" || field("Action") != "failed" {
		w.strange = append(w.strange, string(m.Data))
		return nil
	}
	c.bounces++
	c.bouncedAt, c.bounce = w.now(), field("Status")+" "+field("Diagnostic-Code")
	return nil
}

// submit hands in a message for each cell, several at once.
func (w *world) submit(t *testing.T, addr string, cells []*cell) {
	t.Helper()
	var all sync.WaitGroup
	slots := make(chan struct{}, 8)
	var messages []*cell
	for _, c := range cells {
		messages = append(messages, slices.Repeat([]*cell{c}, c.messages)...)
	}
	for _, c := range messages {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			w.mu.Lock()
			if c.sent == 0 {
				c.sent = w.now()
			}
			w.mu.Unlock()
			if err := (call{from: w.net + "0.9"}).hand(addr, "a@"+worldBounces, "b@"+c.domain); err != nil {
				t.Errorf("submit to %s: %v", c.domain, err)
			}
		})
	}
	all.Wait()
}

// waiting is how many cells have messages without an end.
func (w *world) waiting() (left int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.cells {
		if len(c.taken)+c.bounces < c.messages {
			left++
		}
	}
	return left
}

// fate is what became of the message of a cell, once the world has stopped. A
// message that was neither taken nor given back is deferred.
func (c *cell) fate() results.Fate {
	slices.SortFunc(c.sessions, func(a, b results.Session) int { return a.ID - b.ID })
	f := results.Fate{Code: results.FateDeferred, Connections: len(c.sessions)}
	if len(c.taken) == 0 {
		if c.bounces > 0 {
			f.Seconds, f.DSN = (c.bouncedAt - c.sent).Seconds(), c.bounce
			if f.Seconds < 55 {
				f.Code = results.FateBounced
			}
		}
		return f
	}
	m := c.taken[0]
	f.Seconds, f.Connections = (c.takenAt - c.sent).Seconds(), m.Session
	s := c.sessions[m.Session-1]
	if m.Secure {
		f.TLS = s.TLS[0].Version
		f.Code = results.FateCode("T" + strings.ReplaceAll(f.TLS, ".", ""))
		return f
	}
	f.Code = c.plain(s)
	return f
}

// plain is the code of a message that went in clear in a session: two attempts
// are further apart than two connections of one.
func (c *cell) plain(s results.Session) results.FateCode {
	const apart = 1500 * time.Millisecond
	for i := 1; i < s.ID; i++ {
		if c.sessions[i].Events[0].At-c.sessions[i-1].EndAt > apart {
			return results.FatePlainLater
		}
	}
	asked := func(e results.Event) bool {
		return e.From == results.Client && strings.EqualFold(string(e.Bytes), "STARTTLS\r\n")
	}
	switch {
	case s.ID > 1:
		return results.FatePlainNew
	case slices.ContainsFunc(s.Events, asked):
		return results.FatePlainSame
	}
	return results.FatePlain
}
