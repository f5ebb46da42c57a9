package harness

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"mailtls/fakes"
	"mailtls/fakes/pki"
	"mailtls/fakes/wire"
	"mailtls/harness/targets"
	"mailtls/results"
	"mailtls/scenarios"
)

// Times and limits of a sender's run.
const (
	// atOnce is how many messages are handed to the target at once.
	atOnce = 16
	// sanityWindow is how long an ordinary message may take, and sanityRetries how
	// many retries of the target it may need.
	sanityWindow  = 20 * time.Second
	sanityRetries = 2
	// directly is how many units a target in this process is given at once.
	directly = 400
	// linger is how long the world stays once everything has settled: what comes
	// twice comes soon.
	linger = time.Second
	// drainTime is how long mail is awaited once the peer was turned honest.
	drainTime = 5 * time.Minute
)

// honest is the peer that takes a deferred message in the end.
const honest = "opportunistic"

// post plays the cases of a sender: all at once, since most of their time is the
// target's waiting.
func (w *world) post(ctx context.Context, variant targets.Variant, entries []*entry, st *store) ([]string, error) {
	room, err := w.openMailroom(ctx)
	if err != nil {
		return nil, err
	}
	defer room.close()
	if err := w.startSender(ctx, variant, room); err != nil {
		return nil, err
	}
	w.submitting = make(chan struct{}, atOnce)
	err = room.all(ctx, entries, st)
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	var notes []string
	if stopErr := w.running.Stop(stopping); stopErr != nil {
		notes = append(notes, fmt.Sprintf("stop target: %v", stopErr))
	}
	return notes, err
}

// oneByOne tells whether all hosts are one, so that cases wait for each other.
func (w *world) oneByOne() bool { return w.Layout != nil && w.Layout.OneByOne }

// atATime is a group of as many units as can be played at once; alone asks for one.
func (w *world) atATime(alone bool) *errgroup.Group {
	group := &errgroup.Group{}
	switch {
	case alone || w.oneByOne():
		group.SetLimit(1)
	case w.Target.Spec().Direct: // which shares the processors with our peers
		group.SetLimit(directly)
	}
	return group
}

// ordinaryWindow is how long an ordinary message may take: at least so long, or
// sanityWindow where that is 0.
func ordinaryWindow(p results.SenderPolicy, least time.Duration) time.Duration {
	return max(cmp.Or(least, sanityWindow), sanityRetries*time.Duration(p.RetrySeconds*float64(time.Second)))
}

// drainWindow is how long mail is awaited once the peer was turned honest: a few
// retries, which come ever later.
func drainWindow(p results.SenderPolicy) time.Duration {
	return max(drainTime, 4*time.Duration(p.RetrySeconds*float64(time.Second)))
}

// submitFrom is the address that mail is submitted from: the one that the target
// was told to trust, where it was told, and the system's choice else.
func (w *world) submitFrom(addr string) netip.Addr {
	host, _, _ := net.SplitHostPort(addr)
	if w.Layout != nil {
		return netip.Addr{}
	}
	return ownAddress(host, w.submitter)
}

// authority makes the certificates of the hosts: it is the layout's, which the
// target was told to trust, and a new one else.
func (w *world) authority() (*pki.Authority, error) {
	if w.Layout != nil {
		return pki.LoadAuthority(w.Layout.Authority, time.Now())
	}
	a, err := pki.New(time.Now())
	if err != nil {
		return nil, fmt.Errorf("make certificates: %w", err)
	}
	return a, nil
}

// startSender starts the target in the world of the room.
func (w *world) startSender(ctx context.Context, variant targets.Variant, room *mailroom) error {
	w.submitter = w.addresses.take()
	wiring := targets.Wiring{
		Domain: w.domain, Host: "mx." + w.domain, User: w.user, Password: w.password, Log: w.logTo(),
		Submitter: w.submitter.String(), PeerRoots: append(room.authority.RootPEM(), w.trusted...),
	}
	if w.Target.Spec().Direct {
		wiring.Route = room.route
	} else if room.resolver.IsValid() {
		wiring.Resolver = room.resolver.String()
	}
	var err error
	if w.running, err = w.Target.Start(ctx, variant, wiring); err != nil {
		return fmt.Errorf("start target %s/%s: %w", w.Target.Spec().Name, variant.Name, err)
	}
	if w.running.User != "" {
		w.user, w.password = w.running.User, w.running.Password
	}
	w.id = results.TargetID{Name: w.Target.Spec().Name, Variant: variant.Name, Version: w.running.Version}
	return nil
}

// route finds the hosts of a domain.
func (r *mailroom) route(domain string) []fakes.NextHop {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.routes[strings.ToLower(domain)]
}

// all plays the units, an ordinary delivery under each policy before and after:
// all at once, but for those that would disturb others, which come last.
func (r *mailroom) all(ctx context.Context, entries []*entry, st *store) error {
	var units []*unit
	policies := map[string]results.SenderPolicy{}
	for _, e := range entries {
		if e.unit != nil {
			units = append(units, e.unit)
			policies[e.unit.policy.Name] = e.unit.policy
		}
	}
	meter := newMeter(r.Progress, len(units), r.epoch)
	before, err := r.sane(ctx, policies, "before")
	if err != nil {
		return err
	}
	play := func(u *unit) error {
		if err := r.playUnit(ctx, u); err != nil {
			return err
		}
		r.mu.Lock()
		t := u.park()
		r.mu.Unlock()
		meter.ended(u, scenarios.Decide(u.Case, ordinary(t), r.claims))
		return st.keep(u.file, &t)
	}
	for _, turn := range []bool{false, true} {
		group := r.atATime(turn)
		for _, u := range units {
			if u.Alone == turn {
				u.transcript.Sanity.Before = before[u.policy.Name]
				group.Go(func() error { return play(u) })
			}
		}
		if err := group.Wait(); err != nil {
			return fmt.Errorf("play cases: %w", err)
		}
	}
	after, err := r.sane(ctx, policies, "after")
	if err != nil {
		return err
	}
	_ = wire.Pause(ctx, linger) // or until the run is ended: what was seen is stored all the same
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, u := range units {
		if err := u.complete(st, after[u.policy.Name]); err != nil {
			return fmt.Errorf("play cases: %w", err)
		}
	}
	return nil
}

// park gives what was seen of a unit, to be stored, and keeps only what comes after:
// a run has many units, and most end early. The mailroom's lock is held.
func (u *unit) park() results.Transcript {
	t := u.transcript
	u.transcript = results.Transcript{}
	return t
}

// complete adds to what is stored of a unit what came after it was parked. The
// mailroom's lock is held.
func (u *unit) complete(st *store, after string) error {
	t, _, err := st.read(u.file)
	if err != nil {
		return err
	}
	late := u.transcript
	t.Sanity.After = after
	t.Sessions = append(t.Sessions, late.Sessions...)
	t.Messages = append(t.Messages, late.Messages...)
	t.DSNs = append(t.DSNs, late.DSNs...)
	t.Queries = append(t.Queries, late.Queries...)
	u.transcript = *t
	defer func() { u.transcript = results.Transcript{} }()
	return st.transcript(u)
}

// ordinary is a transcript as it stands before the last ordinary delivery, which
// is yet to come.
func ordinary(t results.Transcript) *results.Transcript {
	t.Sanity.After = results.SanityOK
	return &t
}

// sane holds an ordinary delivery under each policy, and says how each went. It is
// to arrive, in whatever way: how is for the cases to judge.
func (r *mailroom) sane(ctx context.Context, policies map[string]results.SenderPolicy, when string) (map[string]string, error) {
	said := map[string]string{}
	units := map[string]*unit{}
	group := r.atATime(false)
	for name, p := range policies {
		c := scenarios.Ordinarily(when)
		c.Window = ordinaryWindow(p, r.sanity)
		u := newSending(c, p)
		u.transcript.Sanity.Before = results.SanityOK
		units[name] = u
		group.Go(func() error { return r.playUnit(ctx, u) })
	}
	if err := group.Wait(); err != nil {
		return nil, fmt.Errorf("hold the ordinary deliveries: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for name, u := range units {
		said[name] = results.SanityOK
		if f := scenarios.Fate(&u.transcript, r.claims); f == nil || f.ProvedBy != results.ProvedByDelivery {
			v := scenarios.Decide(u.Case, ordinary(u.transcript), r.claims)
			said[name] = strings.TrimSpace(v.Reason + " " + v.Got)
		}
	}
	return said, nil
}
