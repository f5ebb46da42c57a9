package harness

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"mailtls/fakes"
	"mailtls/fakes/receiver"
	"mailtls/fakes/sender"
	"mailtls/harness/targets"
	"mailtls/results"
	"mailtls/scenarios"
)

// Domain is the parent of the domains that targets take mail for; .test is
// reserved (RFC 2606 §2).
const Domain = "mailtls.test"

// stopTime is how long a target may take to stop.
const stopTime = 30 * time.Second

// world is what the cases of a run share.
type world struct {
	Options
	running   *targets.Running
	claims    results.Claims
	id        results.TargetID
	factor    float64
	domain    string
	user      string
	password  string
	ledger    *ledger
	addresses *addresses
	epoch     time.Time

	// Of a sender's world: peers that stand in for those of the catalogue, by name,
	// the resolver's address, where mail is submitted from, and a place for each
	// message that is being handed over.
	peers               map[string]fakes.Profile
	resolver, submitter netip.Addr
	submitting          chan struct{}
	// trusted, in PEM, is what the certificates of hosts that are not ours lead to.
	trusted []byte

	mu      sync.Mutex
	remarks []string // each once
}

// remark keeps a remark for the report.
func (w *world) remark(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Contains(w.remarks, text) {
		w.remarks = append(w.remarks, text)
	}
}

// Run plays the selected cases against the target, stores the transcripts and
// the report in Out, and returns the report. When the context ends early what
// was seen until then is stored all the same, and the error is the context's.
func Run(ctx context.Context, o Options) (*results.Report, error) {
	variant, roles, err := o.choose()
	if err != nil {
		return nil, err
	}
	cases, err := Select(roles, o.Filter)
	if err != nil {
		return nil, err
	}
	if err := known(append(o.Target.Spec().Waivers, o.Waivers...)); err != nil {
		return nil, err
	}
	if err := o.Target.Available(); err != nil {
		return nil, fmt.Errorf("run target %s: %w", o.Target.Spec().Name, err)
	}
	return o.perform(ctx, variant, roles, cases)
}

// perform plays cases, and stores and returns the report.
func (o Options) perform(ctx context.Context, variant targets.Variant, roles []results.Role, cases []scenarios.Case) (*results.Report, error) {
	st, err := newStore(o.Out)
	if err != nil {
		return nil, err
	}
	w := &world{
		Options: o, claims: variant.Claims, factor: max(1, o.Target.Spec().ClockFactor), domain: Domain,
		user: "u-" + newCanary(), password: "p-" + newCanary(),
		ledger: newLedger(), addresses: newAddresses(), epoch: time.Now(),
	}
	r := w.report(variant, roles)
	entries, err := w.entries(cases)
	if err != nil {
		return nil, err
	}
	play := w.play
	if slices.Contains(roles, results.RoleSender) {
		play = w.post
	}
	notes, err := play(ctx, variant, entries, st)
	if err != nil {
		return nil, err
	}
	r.Notes = append(append(r.Notes, notes...), w.remarks...)
	r.Target = w.id
	r.Elapsed = time.Since(w.epoch).Seconds()
	r.Unattributed = w.ledger.unattributed
	if err := w.conclude(r, entries, st); err != nil {
		return nil, err
	}
	return r, ctx.Err()
}

func (w *world) report(variant targets.Variant, roles []results.Role) *results.Report {
	waivers := append(w.Target.Spec().Waivers, w.Waivers...)
	if w.uncut {
		waivers = nil
	}
	return &results.Report{
		Schema: results.Schema, Tool: w.Tool,
		Target:  results.TargetID{Name: w.Target.Spec().Name, Variant: variant.Name},
		Roles:   roles,
		Claims:  variant.Claims,
		Started: w.epoch.UTC(), ClockFactor: w.factor, Filter: w.Filter,
		Waivers: waiversFor(waivers, variant.Name, roles),
	}
}

// entry is one line of the report to be.
type entry struct {
	scenarios.Case
	// policy it is played under; empty for receivers.
	policy string
	// unit is nil when it is not played, for the reason in verdict.
	unit    *unit
	verdict results.Verdict
}

// entries are the lines of the report: a case each, or for a sender a case and a
// policy.
func (w *world) entries(cases []scenarios.Case) ([]*entry, error) {
	var all []*entry
	for _, c := range cases {
		if c.Role != results.RoleSender {
			all = append(all, w.entry(c, results.SenderPolicy{}))
			continue
		}
		for _, p := range c.Units(w.claims, w.Filter) {
			e := w.entry(c, p)
			if e.unit != nil && w.Layout != nil {
				if err := laidOut(w.Layout, c, p, w.claims); err != nil {
					return nil, err
				}
			}
			all = append(all, e)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("select cases by %s: %w; see mailtls list cases", w.Filter, ErrEmpty)
	}
	return all, nil
}

func (w *world) entry(c scenarios.Case, p results.SenderPolicy) *entry {
	e := &entry{Case: c, policy: p.Name}
	var done bool
	if e.verdict, done = w.notPlayed(c, p.Name); done {
		return e
	}
	if c.Role == results.RoleSender {
		e.unit = newSending(c.Laid(w.claims), p)
	} else {
		e.unit = w.newUnit(c)
	}
	return e
}

// logTo is where the target's output goes.
func (w *world) logTo() io.Writer {
	if w.Log == nil {
		return io.Discard
	}
	return w.Log
}

// play starts collector and target, plays the cases, and stops both.
func (w *world) play(ctx context.Context, variant targets.Variant, entries []*entry, st *store) ([]string, error) {
	collector, addr, err := w.collect(ctx)
	if err != nil {
		return nil, err
	}
	defer collector()
	w.running, err = w.Target.Start(ctx, variant, targets.Wiring{
		Domain: w.domain, Collector: addr, Host: "mx." + w.domain, User: w.user, Password: w.password, Log: w.logTo(),
	})
	if err != nil {
		return nil, fmt.Errorf("start target %s/%s: %w", w.Target.Spec().Name, variant.Name, err)
	}
	if w.running.User != "" {
		w.user, w.password = w.running.User, w.running.Password
	}
	w.id = results.TargetID{Name: w.Target.Spec().Name, Variant: variant.Name, Version: w.running.Version}
	err = w.all(ctx, entries, st)
	var notes []string
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	if stopErr := w.running.Stop(stopping); stopErr != nil {
		notes = append(notes, fmt.Sprintf("stop target: %v", stopErr))
	}
	return notes, err
}

// collect starts the collector: a peer of ours that takes all accepted mail. It
// returns what stops it, and its address.
func (w *world) collect(ctx context.Context) (stop func(), addr string, err error) {
	listen := "127.0.0.1:0"
	if fixed := w.Target.Spec().Collector; fixed != "" {
		listen = fixed
	}
	ln, err := net.Listen("tcp", listen)
	if err != nil {
		return nil, "", fmt.Errorf("listen for the collector: %w", err)
	}
	server := &receiver.Server{
		Profile: collectorProfile(), Listener: fakes.ListenSMTP, Host: "collector." + senderDomain,
		Now:   func() time.Duration { return time.Since(w.epoch) },
		Clock: time.Now,
		Deliver: func(_ context.Context, m receiver.Message) error {
			w.ledger.message(m)
			return nil
		},
		Report: w.ledger.session,
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	running.Go(func() { _ = server.Serve(ctx, ln) })
	return func() { cancel(); running.Wait() }, ln.Addr().String(), nil
}

// collectorIdle is how long the collector waits for a target that keeps its
// connection: a message counts as read back when its session has ended, and that
// must come well within a case's window.
const collectorIdle = 5 * time.Second

// collectorProfile never refuses anything.
func collectorProfile() fakes.Profile {
	return fakes.Profile{
		Name: "collector", Doc: "Takes all mail that a target hands on.", Offer: fakes.OfferNone,
		Clear: []string{"PIPELINING", "SIZE 52428800", "8BITMIME", "ENHANCEDSTATUSCODES"}, Idle: collectorIdle,
	}
}

// all plays the cases concurrently: most of their time is waiting. Those that
// burden the target come last and one by one, so that they disturb no other.
func (w *world) all(ctx context.Context, entries []*entry, st *store) error {
	var units []*unit
	for _, e := range entries {
		if e.unit != nil {
			units = append(units, e.unit)
		}
	}
	meter := newMeter(w.Progress, len(units), w.epoch)
	limit := w.Parallel
	if limit == 0 {
		limit = DefaultParallel
	}
	play := func(u *unit) error {
		w.playCase(ctx, u)
		if err := st.transcript(u); err != nil {
			return err
		}
		meter.ended(u, scenarios.Decide(u.Case, &u.transcript, w.claims))
		return nil
	}
	for _, turn := range []struct {
		alone bool
		limit int
	}{{false, limit}, {true, 1}} {
		var group errgroup.Group
		group.SetLimit(turn.limit)
		for _, u := range units {
			if u.Alone == turn.alone {
				group.Go(func() error { return play(u) })
			}
		}
		if err := group.Wait(); err != nil {
			return fmt.Errorf("play cases: %w", err)
		}
	}
	return nil
}

// notPlayed adds to the case's own reasons what the user left out.
func (w *world) notPlayed(c scenarios.Case, policy string) (results.Verdict, bool) {
	if v, done := scenarios.NotPlayed(c, w.claims, policy); done {
		return v, true
	}
	if c.Intrusive && w.NoIntrusive {
		return results.Verdict{Level: c.Level(w.claims, policy), Status: results.StatusSkip, Reason: "intrusive: give --intrusive to play it"}, true
	}
	if _, found := w.Layout.Unit(c.ID, policy); w.Layout != nil && !found {
		return results.Verdict{
			Level: c.Level(w.claims, policy), Status: results.StatusSkip, Reason: cmp.Or(unfit(w.Layout, c.Laid(w.claims)), "the wiring has no host for it"),
		}, true
	}
	return results.Verdict{}, false
}

func (w *world) newUnit(c scenarios.Case) *unit {
	u := &unit{Case: c, canary: newCanary(), domain: scenarios.DNSLabel(c.ID), from: w.addresses.take(), tickets: map[string]*sender.Tickets{}}
	u.file = "transcripts/" + u.domain + ".txt"
	w.ledger.enter(u)
	return u
}
