package bench

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"mailtls/fakes"
	"mailtls/fakes/receiver"
	"mailtls/results"
)

// ErrUnsupported is for what cannot be loaded or played under load.
var ErrUnsupported = errors.New("not supported")

// sink takes mail from many clients at once and discards it.
//
// Why it is not fakes/receiver (2026-11): a recorder that keeps every byte of a
// session costs more than the session. What a sink plays of a profile is what all
// sessions share: the TLS parameters, what is listed, and the gates.
type sink struct {
	clock    TimerClock
	config   *tls.Config // shared by all sessions; nil without TLS
	implicit bool
	upgrades bool
	gates    []fakes.Gate
	idle     time.Duration
	// Replies that are the same for all.
	greeting, helo, listClear, listTLS []byte

	delay   results.Delay
	delayAt results.DelayPoint
	seed    uint64
	arrived func(at time.Time, null bool, head []byte)

	recorders []*sinkRecorder
	log       *delayLog
	// connection is what the first session with TLS negotiated.
	connection atomic.Pointer[string]

	guests   sync.Pool
	sessions sync.WaitGroup
	// gone ends delays.
	gone chan struct{}
	most atomic.Int64

	mu   sync.Mutex
	open map[*guest]bool
}

// Playable is nil for profiles that a sink plays: those whose every session is the
// same.
func Playable(p fakes.Profile) error {
	what := ""
	switch {
	case p.Protocol != results.SMTP && p.Protocol != "":
		what = "speaks " + string(p.Protocol)
	case p.Offer == fakes.OfferBroken:
		what = "refuses STARTTLS"
	case len(p.Faults) > 0 || p.Weary > 0:
		what = "misbehaves on the wire"
	case len(p.Keep)+len(p.Lenient)+len(p.LenientTLS)+len(p.Strict)+len(p.Partners) > 0 || p.Omits(fakes.OmitDefaultName):
		what = "parses or remembers in a way of its own"
	case slices.ContainsFunc(p.Gates, func(g fakes.Gate) bool { return g.UntilLogin }):
		what = "wants a login"
	default:
		return nil
	}
	return fmt.Errorf("%w: a sink plays TLS parameters, what is listed and gates, and peer %s %s", ErrUnsupported, p.Name, what)
}

// newSink makes a sink ready.
func newSink(job SinkJob, clock TimerClock) *sink {
	p := job.Profile
	s := &sink{
		clock: clock, implicit: p.Offer == fakes.OfferImplicit, upgrades: p.Offer == fakes.OfferStartTLS, gates: p.Gates, idle: p.IdleTime(),
		delay: job.Plan.Delay, delayAt: job.Plan.DelayAt, seed: job.Plan.Seed, arrived: job.Arrived, gone: make(chan struct{}), open: map[*guest]bool{},
		greeting: []byte("220 " + job.Host + " ESMTP\r\n"), helo: []byte("250 " + job.Host + "\r\n"),
		listClear: listing(job.Host, p.Clear, p.Offer == fakes.OfferStartTLS), listTLS: listing(job.Host, p.TLS, false),
	}
	if p.Offer != fakes.OfferNone {
		s.config = receiver.Config(p, job.Certificate, job.ClientRoots)
	}
	for range max(runtime.GOMAXPROCS(0), 1) {
		s.recorders = append(s.recorders, newSinkRecorder())
	}
	if job.Delays != nil {
		s.log = newDelayLog(job.Delays)
	}
	return s
}

// listing is the reply to EHLO. Logins are left out: a sink knows none.
func listing(host string, words []string, starttls bool) []byte {
	lines := []string{host}
	for _, w := range words {
		if !strings.HasPrefix(w, "AUTH ") {
			lines = append(lines, w)
		}
	}
	if starttls {
		lines = append(lines, "STARTTLS")
	}
	var b strings.Builder
	for i, line := range lines {
		dash := "-"
		if i == len(lines)-1 {
			dash = " "
		}
		b.WriteString("250" + dash + line + "\r\n")
	}
	return []byte(b.String())
}

// serve accepts sessions until the listener is closed, which the context's end
// does, and returns when every session has ended: those under way may go on for
// drainTime. The error is why it could not go on accepting.
func (s *sink) serve(ctx context.Context, ln *net.TCPListener) error {
	stop := context.AfterFunc(ctx, func() { _ = ln.Close() })
	defer stop()
	failed := s.accept(ctx, ln)
	over := make(chan struct{})
	drained := make(chan struct{})
	go func() { // owned: serve waits for drained
		defer close(drained)
		s.drain(over)
	}()
	s.sessions.Wait()
	close(over)
	<-drained
	return failed
}

// accept accepts sessions.
func (s *sink) accept(ctx context.Context, ln *net.TCPListener) error {
	for index := int64(0); ; {
		raw, err := ln.AcceptTCP()
		switch {
		case err == nil:
		case ctx.Err() != nil || errors.Is(err, net.ErrClosed):
			return nil
		case classify(err) == results.FailNoFiles || classify(err) == results.FailReset:
			s.recorders[0].began()
			s.recorders[0].ended(s.clock.Now(), s.clock.Now(), classify(err))
			s.clock.SleepUntil(ctx, s.clock.Now()+refusedPause)
			continue
		default:
			return fmt.Errorf("accept on %s: %w", ln.Addr(), err)
		}
		g := s.guest(raw, index)
		index++
		s.sessions.Go(func() { s.host(g) })
	}
}

// refusedPause is how long a sink without a free descriptor waits for one.
const refusedPause = 10 * time.Millisecond

// guest makes a guest of a connection.
func (s *sink) guest(raw *net.TCPConn, index int64) *guest {
	g, _ := s.guests.Get().(*guest)
	if g == nil {
		g = &guest{sink: s, in: make([]byte, guestBuffer)}
	}
	g.reset(raw, index)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open[g] = true
	s.most.Store(max(s.most.Load(), int64(len(s.open))))
	return g
}

// host holds a session.
func (s *sink) host(g *guest) {
	accepted := s.clock.Now()
	g.rec.began()
	failed := g.whole(accepted)
	if failed != "" && g.isCut() {
		failed = results.FailInterrupted
	}
	g.rec.ended(accepted, s.clock.Now(), failed)
	g.leave(failed)
	if s.log != nil && len(g.waits) > 0 {
		s.log.write(g.index, g.name, g.waits)
	}
	s.mu.Lock()
	delete(s.open, g)
	s.mu.Unlock()
	g.raw, g.conn = nil, nil
	s.guests.Put(g)
}

// load is how many sessions are open.
func (s *sink) load() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return int64(len(s.open))
}

// drain cuts what is still under way after drainTime.
func (s *sink) drain(over <-chan struct{}) {
	timer := time.NewTimer(drainTime)
	defer timer.Stop()
	select {
	case <-over:
		return
	case <-timer.C:
	}
	close(s.gone)
	s.mu.Lock()
	defer s.mu.Unlock()
	for g := range s.open {
		g.cut()
	}
}

// SinkJob is a sink's plan and what it is played with.
type SinkJob struct {
	// Plan of the sink.
	Plan results.SinkPlan
	// Profile that it plays; see Playable. Host is the name it goes by.
	Profile fakes.Profile
	Host    string
	// Certificate that it shows; not needed where the profile offers no TLS.
	Certificate tls.Certificate
	// ClientRoots verify the certificates of clients, where the profile demands
	// one.
	ClientRoots *x509.CertPool
	// Listener that sessions come from. The sink closes it.
	Listener *net.TCPListener
	// Delays takes the log of the delays that were really applied; nil for none.
	Delays interface{ Write(p []byte) (int, error) }
	// Arrived is told of each message when the whole of it is there: when that was,
	// whether it has no sender, and the beginning of its content, which is not to be
	// kept. Nil is told nothing. It is called by many goroutines.
	Arrived func(at time.Time, null bool, head []byte)
	// Over ends the sink when it is closed; nil leaves that to the plan's duration
	// and the context.
	Over <-chan struct{}
	// Tool and Sender are what the run says of the program and of who sends.
	Tool   results.Tool
	Sender string
	// SenderCPU tells the CPU time of the processes of a sender on this machine, which
	// the sink's threads wait for; nil where it cannot be told.
	SenderCPU func() (time.Duration, error)
	// Progress is called every second, from one goroutine; nil for no calls.
	Progress func(SinkProgress)
}

// SinkProgress is how far a sink has come.
type SinkProgress struct {
	// Elapsed since it began to listen, and Length of the whole; 0 where nothing
	// says.
	Elapsed, Length time.Duration
	// Sessions, Messages and Failed sessions until now.
	Sessions, Messages, Failed int64
	// Interval is the last second.
	Interval results.SinkInterval
}
