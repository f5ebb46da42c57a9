package sender_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"mailtls/fakes"
	"mailtls/fakes/pki"
	"mailtls/fakes/receiver"
	"mailtls/fakes/sender"
	"mailtls/results"
)

// The names of the MTA's tests: a recipient's domain, and that of the sender.
const (
	mxDomain     = "case.in.mailtls.test"
	senderDomain = "back.mailtls.test"
	from, to     = "a@" + senderDomain, "b@" + mxDomain
)

// content has a line that begins with a dot.
const content = "Subject: canary-subject\r\n\r\n.canary-body\r\n"

// atOnce does many things, some at a time: they wait more than they work.
func atOnce(n int, do func(int)) {
	const most = 12
	slots := make(chan struct{}, most)
	var all sync.WaitGroup
	defer all.Wait()
	for i := range n {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			do(i)
		})
	}
}

// issuer makes the authority that all peers share.
var issuer = sync.OnceValues(func() (*pki.Authority, error) { return pki.New(time.Now()) })

// mx is a receiving peer, and what it has seen.
type mx struct {
	hop  fakes.NextHop
	stop func()

	mu       sync.Mutex
	taken    []receiver.Message
	sessions []results.Session
}

// world is an MTA with its peers.
type world struct {
	*sender.MTA
	// back takes the notifications.
	back  *mx
	peers []*mx
	stop  func()

	mu       sync.Mutex
	policies map[string]fakes.Policy
	routes   map[string][]fakes.NextHop
}

// newWorld starts an MTA that sends by one policy to the peers, in their order.
func newWorld(t *testing.T, p fakes.Policy, peers ...fakes.Profile) *world {
	t.Helper()
	authority, err := issuer()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{policies: map[string]fakes.Policy{mxDomain: p}, routes: map[string][]fakes.NextHop{}}
	w.back = serve(t, peer(t, "opportunistic"))
	w.routes[senderDomain] = []fakes.NextHop{w.back.hop}
	for i, profile := range peers {
		m := serve(t, profile)
		m.hop.Preference = uint16(10 * (i + 1))
		w.peers = append(w.peers, m)
		w.routes[mxDomain] = append([]fakes.NextHop{m.hop}, w.routes[mxDomain]...)
	}
	w.MTA = &sender.MTA{
		Host: "out.mailtls.test", Roots: authority.Roots(), User: "user", Password: "canary-password",
		Policy: func(domain string) fakes.Policy {
			w.mu.Lock()
			defer w.mu.Unlock()
			if p, found := w.policies[domain]; found {
				return p
			}
			return fakes.Opportunistic()
		},
		Route: func(domain string) []fakes.NextHop {
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.routes[domain]
		},
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { w.Run(ctx) })
	w.stop = func() { cancel(); running.Wait() }
	t.Cleanup(w.stop)
	return w
}

// domain adds a domain with a policy and its hosts.
func (w *world) domain(name string, p fakes.Policy, hops ...fakes.NextHop) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.policies[name], w.routes[name] = p, hops
}

// send submits a message and waits until the queue is empty.
func (w *world) send(t *testing.T, to ...string) {
	t.Helper()
	if err := w.Submit(t.Context(), sender.Mail{From: from, To: to, Data: []byte(content)}); err != nil {
		t.Fatal(err)
	}
	w.settle(t)
}

// settle waits until the queue is empty.
func (w *world) settle(t *testing.T) {
	t.Helper()
	eventually(t, "the queue is empty", w.Idle)
}

// eventually waits for something to come true.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.After(30 * time.Second); !is(); {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// end stops the MTA and the peers, so that all sessions are on record.
func (w *world) end() {
	w.stop()
	for _, m := range append(w.peers, w.back) {
		m.stop()
	}
}

// serve plays a profile until the test ends.
func serve(t *testing.T, p fakes.Profile) *mx {
	t.Helper()
	authority, err := issuer()
	if err != nil {
		t.Fatal(err)
	}
	kind, key := p.Cert, pki.ECDSAP256
	if kind == "" {
		kind = fakes.CertValid
	}
	if p.RSA {
		key = pki.RSA2048
	}
	name := "mx." + mxDomain
	cert, err := authority.Issue(kind, key, name)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := &mx{hop: fakes.NextHop{Name: name, Preference: 10, Addr: ln.Addr().String()}}
	start := time.Now()
	s := &receiver.Server{
		Profile: p, Listener: fakes.ListenSMTP, Host: name, Certificate: cert, ClientRoots: authority.Roots(),
		Accounts: map[string]string{"user": "canary-password"},
		Now:      func() time.Duration { return time.Since(start) }, Clock: time.Now,
		Deliver: func(_ context.Context, msg receiver.Message) error {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.taken = append(m.taken, msg)
			return nil
		},
		Report: func(r results.Session) {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.sessions = append(m.sessions, r)
		},
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := s.Serve(ctx, ln); err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	m.stop = func() { cancel(); running.Wait() }
	t.Cleanup(m.stop)
	return m
}

// peer finds a receiving peer.
func peer(t *testing.T, name string) fakes.Profile {
	t.Helper()
	p, err := fakes.Receiver(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// policy finds a policy of the reference, with times for tests and flaws.
func policy(t *testing.T, name string, flaws ...fakes.Flaw) fakes.Policy {
	t.Helper()
	for _, m := range fakes.Models() {
		for _, p := range m.Sends {
			if p.Name == name {
				p.RetrySeconds, p.LifetimeSeconds, p.TimeoutSeconds, p.Flaws = 0.3, 1.5, 2, flaws
				if p.LaterSeconds > 0 {
					p.LaterSeconds = 0.3
				}
				return p
			}
		}
	}
	t.Fatalf("there is no policy %q", name)
	return fakes.Policy{}
}

// said joins what clients said to a peer, in clear or inside TLS.
func (m *mx) said(inside bool) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var b strings.Builder
	for _, s := range m.sessions {
		for _, e := range s.Events {
			if e.From == results.Client && e.Kind == results.EventData && e.Secure == inside {
				b.Write(e.Bytes)
			}
		}
	}
	return b.String()
}

// hello is the first hello that came; nil when none did.
func (m *mx) hello() *results.ClientHello {
	for _, s := range m.sessions {
		for _, f := range s.TLS {
			if f.Hello != nil {
				return f.Hello
			}
		}
	}
	return nil
}

// outcome says what became of a message, once all has ended: how it was
// delivered, by which peer unless it was the first, after how many connections,
// and the status of a notification.
func (w *world) outcome() string {
	var how []string
	connections := 0
	for i, m := range w.peers {
		connections += len(m.sessions)
		for _, msg := range m.taken {
			code := "clear"
			for _, s := range m.sessions {
				if s.ID == msg.Session && msg.Secure {
					code = s.TLS[0].Version
				} else if s.ID == msg.Session && strings.Contains(m.said(false), "STARTTLS") && bytes.Contains(clientBytes(s), []byte("STARTTLS")) {
					code = "clear-same"
				}
			}
			if i > 0 {
				code = fmt.Sprintf("%s@%d", code, i+1)
			}
			how = append(how, code)
		}
	}
	for _, msg := range w.back.taken {
		how = append(how, "dsn "+field(string(msg.Data), "Status"))
	}
	return fmt.Sprintf("%s (%d)", strings.Join(how, ", "), connections)
}

// clientBytes are what a client said in clear in a session.
func clientBytes(s results.Session) []byte {
	var all []byte
	for _, e := range s.Events {
		if e.From == results.Client && e.Kind == results.EventData && !e.Secure {
			all = append(all, e.Bytes...)
		}
	}
	return all
}

// field is a field of a notification.
func field(data, name string) string {
	_, rest, _ := strings.Cut(data, "\r\n"+name+": ")
	value, _, _ := strings.Cut(rest, "\r\n")
	return value
}
