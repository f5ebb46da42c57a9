package sender

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"mailtls/fakes"
	"mailtls/fakes/wire"
)

// MTA is a mail transfer agent that sends by policy: with a queue, retries, what
// it does when TLS cannot be had, and notifications when it gives up. It is
// honest but for the flaws of its policies. It records nothing: its peers do. Its
// fields are set before Run and not changed afterwards.
type MTA struct {
	// Host is the name it goes by.
	Host string
	// Policy of a recipient's domain; needed.
	Policy func(domain string) fakes.Policy
	// Route finds the hosts of a domain; without any its mail is given back. Needed.
	Route func(domain string) []fakes.NextHop
	// Roots that certificates must lead to where a policy asks for it.
	Roots *x509.CertPool
	// User and Password log in at the next hop where the policy has credentials.
	User, Password string
	// From is the address it connects from; the zero value leaves that to the
	// system.
	From netip.Addr

	prepared sync.Once
	incoming chan *entry
	slots    chan struct{}
	finished chan struct{}
	waiting  atomic.Int64
	busy     sync.WaitGroup
	held     pool
	tickets  ticketShelf
}

// Mail is a message to be sent.
type Mail struct {
	// From and To are its envelope; From is empty for a notification.
	From string
	To   []string
	// Data is its content, lines ended by CRLF, without the final dot.
	Data []byte
}

// What a policy means that leaves a time out.
const (
	defaultRetry    = 2 * time.Second
	defaultLifetime = time.Minute
	defaultTimeout  = 10 * time.Second
)

// maxAttempts are under way at a time: more of them would only wait for each other
// and run into their time-outs.
const maxAttempts = 100

// entry is a message to one recipient in the queue.
type entry struct {
	from, to, domain string
	data             []byte
	policy           fakes.Policy
	since            time.Time
	// attempts that have begun.
	attempts int
	// lostAtEnd says that a connection inside TLS ended after the content.
	lostAtEnd bool
}

// age of the message in the queue.
func (e *entry) age() time.Duration { return time.Since(e.since) }

// seconds is a time of a policy.
func seconds(s float64, otherwise time.Duration) time.Duration {
	return cmp.Or(time.Duration(s*float64(time.Second)), otherwise)
}

// prepare makes the channels, once.
func (m *MTA) prepare() {
	m.prepared.Do(func() {
		m.incoming, m.finished = make(chan *entry), make(chan struct{})
		m.slots = make(chan struct{}, maxAttempts)
		m.tickets.byPolicy = map[string]tls.ClientSessionCache{}
		m.held.idle, m.held.turns = map[poolKey]*held{}, map[poolKey]chan struct{}{}
	})
}

// Run sends what is submitted until the context ends, and returns when nothing is
// under way any more. What is still queued then is lost. It is called once.
func (m *MTA) Run(ctx context.Context) {
	m.prepare()
	for {
		select {
		case <-ctx.Done():
			close(m.finished)
			m.busy.Wait()
			return
		case e := <-m.incoming:
			m.busy.Go(func() {
				defer m.waiting.Add(-1)
				m.live(ctx, e)
			})
		}
	}
}

// Submit queues a message, once for each recipient. The error is that of the
// context, or says that Run has ended; the recipients before it are queued.
func (m *MTA) Submit(ctx context.Context, mail Mail) error {
	m.prepare()
	for _, to := range mail.To {
		_, domain, _ := strings.Cut(to, "@")
		domain = strings.ToLower(domain)
		e := &entry{from: mail.From, to: to, domain: domain, data: mail.Data, policy: m.Policy(domain), since: time.Now()}
		m.waiting.Add(1)
		select {
		case m.incoming <- e:
			continue
		case <-ctx.Done():
		case <-m.finished:
		}
		m.waiting.Add(-1)
		return cmp.Or(context.Cause(ctx), context.Canceled)
	}
	return nil
}

// Waiting is the number of recipients for which a message is queued,
// notifications included.
func (m *MTA) Waiting() int { return int(m.waiting.Load()) }

// Idle tells whether the queue is empty.
func (m *MTA) Idle() bool { return m.Waiting() == 0 }

// maxBackoff is how many times the first wait the later ones grow to.
const maxBackoff = 4

// live sends a message, attempt by attempt, until it is settled. The waits between
// attempts double (RFC 5321 §4.5.4.1 leaves the strategy open).
func (m *MTA) live(ctx context.Context, e *entry) {
	retry := seconds(e.policy.RetrySeconds, defaultRetry)
	if e.policy.Has(fakes.FlawRetriesLate) {
		retry *= 4
	}
	lifetime := seconds(e.policy.LifetimeSeconds, defaultLifetime)
	longest := maxBackoff * retry
	for ctx.Err() == nil {
		last := m.attempt(ctx, e)
		switch {
		case ctx.Err() != nil:
			return
		case last == nil:
			if e.policy.Has(fakes.FlawTwice) {
				m.attempt(ctx, e)
			}
			return
		case last.final || e.policy.Has(fakes.FlawNeverRetries):
			m.giveUp(ctx, e, last.asFinal())
			return
		case e.policy.Has(fakes.FlawLoses):
			return
		}
		wait := retry
		if !e.policy.Has(fakes.FlawRetriesForever) {
			wait = min(retry, lifetime-e.age())
		}
		retry = min(2*retry, longest)
		if !pause(ctx, wait) {
			return
		}
		if e.age() >= lifetime && !e.policy.Has(fakes.FlawRetriesForever) {
			m.giveUp(ctx, e, last.expired())
			return
		}
	}
}

// pause waits, and is false when the context ends first.
func pause(ctx context.Context, d time.Duration) bool { return wire.Pause(ctx, d) == nil }
