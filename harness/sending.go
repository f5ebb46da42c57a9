package harness

import (
	"context"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"mailtls/fakes"
	"mailtls/fakes/sender"
	"mailtls/fakes/wire"
	"mailtls/results"
	"mailtls/scenarios"
)

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
		case scenarios.ActTried:
			r.until(watching, u, func() bool { return u.sessions > 0 && u.talking == 0 })
		case scenarios.ActPause:
			_ = wire.Pause(watching, a.For) // an end of the window is seen below
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
