package harness

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"mailtls/fakes"
	"mailtls/fakes/dns"
	"mailtls/fakes/pki"
	"mailtls/fakes/receiver"
	"mailtls/results"
)

// mailroom is the world that a sender under test finds: a resolver, the hosts of
// every case, and the collector to which notifications go.
type mailroom struct {
	*world
	zone      *dns.Zone
	authority *pki.Authority
	// addr is the collector's address.
	collector netip.AddrPort
	// running are the servers; they end with the room's life.
	running sync.WaitGroup
	life    context.Context //nolint:containedctx // the servers outlive the calls that start them
	stop    context.CancelFunc

	mu sync.Mutex
	// mails that were submitted, by canary.
	mails map[string]*mail
	// domains are the units by the domains that are theirs.
	domains map[string]*unit
	// doors are where hosts are reached that a layout gives an address, by it.
	doors map[string]*door
	// routes are the hosts of each domain.
	routes map[string][]fakes.NextHop
	// open are the notifications of sessions that have not ended, by session.
	open map[int][]receiver.Message
}

// mail is one submitted message.
type mail struct {
	unit *unit
	// domain of its recipient.
	domain string
	// taken once a peer had the whole of it, whatever it then answered.
	taken bool
	// settled once it was taken over or given back.
	settled bool
}

// smtpPort is where the hosts of a resolver's world listen.
const smtpPort = 25

// collectorName is the host that notifications go to.
const collectorName = "collector." + senderDomain

// openMailroom starts the collector, and the resolver for a target that asks one.
func (w *world) openMailroom(ctx context.Context) (*mailroom, error) {
	authority, err := w.authority()
	if err != nil {
		return nil, err
	}
	r := &mailroom{
		world: w, zone: dns.NewZone(), authority: authority, mails: map[string]*mail{}, domains: map[string]*unit{},
		doors: map[string]*door{}, routes: map[string][]fakes.NextHop{}, open: map[int][]receiver.Message{},
	}
	r.life, r.stop = context.WithCancel(context.WithoutCancel(ctx))
	if w.Layout == nil || w.Layout.Collector != "" {
		if err := r.collect(); err != nil {
			r.close()
			return nil, err
		}
	}
	if !w.Target.Spec().Direct && (w.Layout == nil || w.Layout.Resolver != "") {
		if err := r.resolve(); err != nil {
			r.close()
			return nil, err
		}
	}
	return r, nil
}

// close stops everything that listens, and returns when it has ended.
func (r *mailroom) close() {
	r.stop()
	r.running.Wait()
}

// listenAt takes an address, or where none is given one of its own: port 25 of it
// where a resolver leads there, and any port else.
func (r *mailroom) listenAt(at string) (net.Listener, error) {
	if at != "" {
		ln, err := net.Listen("tcp", at)
		if err != nil {
			return nil, fmt.Errorf("listen for mail: %w", err)
		}
		return ln, nil
	}
	port := smtpPort
	if r.Target.Spec().Direct {
		port = 0
	}
	var failed error
	for range 5 { // another run may have taken one
		ln, err := net.Listen("tcp", netip.AddrPortFrom(r.addresses.take(), uint16(port)).String())
		if err == nil {
			return ln, nil
		}
		failed = err
	}
	return nil, fmt.Errorf("listen for mail: %w", failed)
}

// resolve starts the resolver.
func (r *mailroom) resolve() error {
	at := netip.AddrPortFrom(r.addresses.take(), 53)
	if r.Layout != nil {
		at = netip.MustParseAddrPort(r.Layout.Resolver) // it was read when the layout was
	}
	r.resolver = at.Addr()
	ln, err := dns.Listen(r.life, at.String())
	if err != nil {
		return fmt.Errorf("start the resolver: %w", err)
	}
	server := &dns.Server{Zone: r.zone, Now: func() time.Duration { return time.Since(r.epoch) }, Report: r.query}
	r.running.Go(func() { _ = server.Serve(r.life, ln) })
	return nil
}

// maxQueries is how many questions are kept of a case: some senders ask again and
// again.
const maxQueries = 500

// query shares a question out by the domain that it is about.
func (r *mailroom) query(q results.Query) {
	r.mu.Lock()
	defer r.mu.Unlock()
	name := strings.TrimSuffix(q.Name, ".")
	for {
		if u := r.domains[name]; u != nil {
			if q.At -= u.began; len(u.transcript.Queries) < maxQueries {
				u.transcript.Queries = append(u.transcript.Queries, q)
			}
			return
		}
		_, rest, found := strings.Cut(name, ".")
		if !found {
			return
		}
		name = rest
	}
}

// collect starts the collector.
func (r *mailroom) collect() error {
	ln, err := r.listenAt("")
	if r.Layout != nil {
		ln, err = r.listenAt(r.Layout.Collector)
	}
	if err != nil {
		return err
	}
	r.collector = ln.Addr().(*net.TCPAddr).AddrPort()
	cert, err := r.authority.Issue(fakes.CertValid, pki.ECDSAP256, collectorName)
	if err != nil {
		_ = ln.Close()
		return fmt.Errorf("make the collector's certificate: %w", err)
	}
	p := collectorProfile()
	p.Offer, p.TLS = fakes.OfferStartTLS, p.Clear
	server := &receiver.Server{
		Profile: p, Listener: fakes.ListenSMTP, Host: collectorName, Certificate: cert,
		Now: func() time.Duration { return time.Since(r.epoch) }, Clock: time.Now, KeyLog: r.KeyLog,
		Deliver: func(_ context.Context, m receiver.Message) error {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.open[m.Session] = append(r.open[m.Session], m)
			return nil
		},
		Report: r.returned,
	}
	r.running.Go(func() { _ = server.Serve(r.life, ln) })
	return r.zone.Add(dns.Address(collectorName, r.collector.Addr()))
}

// returned takes the record of a session of the collector, and shares it out by
// the recipients of the notifications.
func (r *mailroom) returned(s results.Session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	messages := r.open[s.ID]
	delete(r.open, s.ID)
	s.Leg, s.Host = results.LegBounce, collectorName
	for _, m := range messages {
		r.notice(s, m)
	}
}

// notice takes a message that came back on a session; the lock is held.
func (r *mailroom) notice(s results.Session, m receiver.Message) {
	about := r.mailTo(m.To)
	if about == nil {
		r.ledger.unattributed++
		return
	}
	defer about.unit.signal()
	part := only(s, m.Mark)
	at := arrivedAt(part)
	id := about.unit.add(from(part, about.unit.began))
	notes, err := readDSN(m.Data)
	if err != nil {
		r.remark(fmt.Sprintf("a message to %s is no delivery status notification: %v", strings.Join(m.To, ", "), err))
	}
	for _, n := range notes {
		n.At, n.Session = at-about.unit.began, id
		about.unit.transcript.DSNs = append(about.unit.transcript.DSNs, n)
		if failed := r.mailTo([]string{n.Recipient}); failed != nil && strings.EqualFold(n.Action, "failed") {
			failed.settled = true
		}
	}
}

// mailTo is the mail whose canary begins one of the addresses; nil when none does.
// The lock is held.
func (r *mailroom) mailTo(addresses []string) *mail {
	for _, a := range addresses {
		local, _, _ := strings.Cut(a[strings.LastIndexByte(a, ';')+1:], "@")
		if m := r.mails[strings.ToLower(strings.TrimSpace(local))]; m != nil {
			return m
		}
	}
	return nil
}

// signal wakes whoever waits for something of the unit; the mailroom's lock is held.
func (u *unit) signal() {
	close(u.changed)
	u.changed = make(chan struct{})
}

// only keeps of a session what belongs to one of its messages, and to none.
func only(s results.Session, mark string) results.Session {
	kept := s
	kept.Events = nil
	for _, e := range s.Events {
		if e.Mark == mark || e.Mark == "" {
			kept.Events = append(kept.Events, e)
		}
	}
	return kept
}

// from tells a session's times from a later moment on.
func from(s results.Session, began time.Duration) results.Session {
	s.EndAt -= began
	events := make([]results.Event, len(s.Events))
	for i, e := range s.Events {
		e.At -= began
		events[i] = e
	}
	s.Events = events
	return s
}

// arrivedAt is when the message on a session was taken over.
func arrivedAt(s results.Session) time.Duration {
	for _, e := range s.Events {
		if taking(e) {
			return e.At
		}
	}
	return s.EndAt
}

// taking tells whether an event is the reply by which our peer takes a message
// over.
func taking(e results.Event) bool {
	return e.From == results.Server && e.Kind == results.EventData && bytes.HasPrefix(e.Bytes, []byte("2")) &&
		(e.Stage == results.StageBody || e.Stage == results.StageBdat)
}
