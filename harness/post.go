package harness

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"mailtls/fakes"
	"mailtls/fakes/pki"
	"mailtls/fakes/sender"
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
	sleep(ctx, linger)
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

// newSending makes the unit of a sender case under a policy.
func newSending(c scenarios.Case, p results.SenderPolicy) *unit {
	u := &unit{Case: c, policy: p, canary: newCanary(), domain: scenarios.DNSLabel(c.ID), policies: map[string]results.SenderPolicy{}, changed: make(chan struct{})}
	u.file = "transcripts/" + scenarios.DNSLabel(results.Key(c.ID, p.Name)) + ".txt"
	return u
}

// playUnit plays one case under one policy.
func (r *mailroom) playUnit(ctx context.Context, u *unit) error {
	u.start = time.Now()
	u.began = u.start.Sub(r.epoch)
	defer func() { u.took = time.Since(u.start) }()
	sanity := u.transcript.Sanity
	u.transcript = results.Transcript{
		Case: u.ID, Policy: u.policy.Name, Target: r.id.String(), Version: r.id.Version, Sanity: sanity,
		Started: u.start.UTC(), Window: u.SenderWindow(u.policy), ClockFactor: r.factor,
	}
	if r.oneByOne() {
		u.transcript.Window = oneByOneWindow(u.Case, u.policy)
	}
	if sanity.Before != results.SanityOK {
		r.end(ctx, u, results.EndWindow)
		return nil
	}
	if err := r.place(u); err != nil {
		return err
	}
	why, err := r.act(ctx, u)
	if err != nil {
		return err
	}
	closing, cancel := context.WithTimeout(ctx, linger)
	defer cancel()
	r.until(closing, u, func() bool { return u.talking == 0 }) // what was tried before may still be open
	r.end(ctx, u, why)
	if why == results.EndWindow && (u.policy.LifetimeSeconds == 0 || r.oneByOne()) {
		return r.drain(ctx, u)
	}
	return nil
}

// end notes why watching ended.
func (r *mailroom) end(ctx context.Context, u *unit, why results.EndReason) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if ctx.Err() != nil {
		why = results.EndInterrupted
	}
	u.transcript.Ended = results.Ended{Why: why, At: time.Since(u.start)}
}

// act does the acts of a case, in order.
func (r *mailroom) act(ctx context.Context, u *unit) (results.EndReason, error) {
	watching, opened := ctx, false
	why := results.EndSettled
	for _, a := range u.Steps() {
		switch a.Do {
		case scenarios.ActSubmit:
			r.submit(ctx, u, a)
			if !opened { // the window opens with the first message
				var cancel context.CancelFunc
				watching, cancel = context.WithTimeout(ctx, u.transcript.Window)
				defer cancel()
				opened = true
			}
		case scenarios.ActAwait:
			if !r.await(watching, u, func(m *mail) bool { return m.settled }) {
				why = results.EndWindow
			}
		case scenarios.ActTaken:
			domain := r.recipients(u, a.Domain)
			r.await(watching, u, func(m *mail) bool { return m.taken || m.settled || m.domain != domain })
		case scenarios.ActPause:
			sleep(watching, a.For)
		case scenarios.ActSwitch:
			if err := u.swap(a); err != nil {
				return why, err
			}
		}
		if watching.Err() != nil {
			break
		}
	}
	return why, nil
}

// swap puts another peer in a host's place.
func (u *unit) swap(a scenarios.Act) error {
	for _, h := range u.hosts {
		if h.name != a.Host && !strings.HasPrefix(h.name, a.Host+".") {
			continue
		}
		if !a.Tickets {
			h.renew()
		}
		if err := h.stand(a.Peer, results.LegDeliver); err != nil {
			return err
		}
	}
	return nil
}

// await waits until everything that was submitted has come so far; false when the
// window closes first.
func (r *mailroom) await(ctx context.Context, u *unit, far func(*mail) bool) bool {
	return r.until(ctx, u, func() bool { return !slices.ContainsFunc(u.mails, func(m *mail) bool { return !far(m) }) })
}

// until waits until something is so, which is asked whenever something arrives for
// the unit; false when the context ends first.
func (r *mailroom) until(ctx context.Context, u *unit, so func() bool) bool {
	for {
		r.mu.Lock()
		done, changed := so(), u.changed
		r.mu.Unlock()
		if done {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-changed:
		}
	}
}

// sleep waits, or until the context ends.
func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// drain turns the peers honest, and waits for what the target has kept.
func (r *mailroom) drain(ctx context.Context, u *unit) error {
	for _, h := range u.hosts {
		if err := h.stand(honest, results.LegDrain); err != nil {
			return err
		}
	}
	waiting, cancel := context.WithTimeout(ctx, drainWindow(u.policy))
	defer cancel()
	r.await(waiting, u, func(m *mail) bool { return m.settled })
	return nil
}

// submit hands messages to the target.
func (r *mailroom) submit(ctx context.Context, u *unit, a scenarios.Act) {
	var group errgroup.Group
	for _, domain := range r.addressed(u, a) {
		group.Go(func() error {
			select {
			case r.submitting <- struct{}{}:
				defer func() { <-r.submitting }()
				r.hand(ctx, u, domain)
			case <-ctx.Done():
			}
			return nil
		})
	}
	_ = group.Wait() // none fails
}

// addressed are the domains of the messages to be submitted, one each.
func (r *mailroom) addressed(u *unit, a scenarios.Act) []string {
	labels := []string{a.Domain}
	if a.Every {
		labels = nil
		for _, p := range u.Placements {
			if !slices.Contains(labels, p.Domain) {
				labels = append(labels, p.Domain)
			}
		}
	}
	var all []string
	for _, label := range labels {
		all = append(all, slices.Repeat([]string{r.recipients(u, label)}, max(1, a.Messages))...)
	}
	return all
}

// recipients is the domain that the messages for a placement are addressed to.
func (r *mailroom) recipients(u *unit, label string) string {
	d, _ := r.domainOf(u, label) // it was found when the hosts were placed
	return d
}

// hand hands one message over.
func (r *mailroom) hand(ctx context.Context, u *unit, domain string) {
	canary := newCanary()
	m := &mail{unit: u, domain: domain}
	r.mu.Lock()
	r.mails[canary] = m
	u.mails = append(u.mails, m)
	r.mu.Unlock()
	vars := fakes.Vars{
		"helo": "c-" + canary + "." + senderDomain,
		"from": canary + "@" + u.domain + "." + u.policy.Name + "." + senderDomain,
		"rcpt": canary + "@" + domain,
	}
	vars["message"] = head(vars, canary, time.Now()) + scenarios.SubmittedBody(canary)
	_, addr := r.listener(fakes.ListenSMTP)
	s := sender.Play(ctx, sender.Session{
		Peer: "submitter", Script: scenarios.Submission(), Listener: fakes.ListenSMTP, Addr: addr, From: r.submitFrom(addr),
		Vars: vars, Canary: canary, Patience: r.Patience, KeyLog: r.KeyLog, Wall: u.start,
		Now: func() time.Duration { return time.Since(u.start) },
	})
	s.Leg = results.LegSubmit
	reply := fenceReply(s)
	r.mu.Lock()
	defer r.mu.Unlock()
	sub := results.Submission{Canary: canary, Recipient: vars["rcpt"], At: arrivedAt(s), Reply: reply}
	if p := u.policies[domain]; p.Name != u.policy.Name {
		sub.Policy = p.Name
	}
	u.transcript.Submissions = append(u.transcript.Submissions, sub)
	if !strings.HasPrefix(reply, "2") {
		u.add(s)
		m.settled = true
	}
}
