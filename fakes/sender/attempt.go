package sender

import (
	"context"
	"fmt"
	"slices"

	"mailtls/fakes"
	"mailtls/results"
)

// attempt tries the hosts of the recipient's domain, the lowest preference first
// (RFC 5321 §5.1), until one takes the message or refuses it for good.
func (m *MTA) attempt(ctx context.Context, e *entry) *trouble {
	end := m.held.turn(ctx, e)
	if end == nil {
		return nil
	}
	defer end()
	select {
	case m.slots <- struct{}{}:
		defer func() { <-m.slots }()
	case <-ctx.Done():
		return nil
	}
	e.attempts++
	hops := slices.Clone(m.Route(e.domain))
	if len(hops) == 0 {
		return &trouble{status: statusNoRoute, text: "no host takes mail for " + e.domain, final: true}
	}
	slices.SortStableFunc(hops, func(a, b fakes.NextHop) int { return int(a.Preference) - int(b.Preference) })
	if e.policy.Has(fakes.FlawOnlyFirstMX) {
		hops = hops[:1]
	}
	var worst *trouble
	for _, hop := range hops {
		t := m.visit(ctx, e, hop)
		if t == nil || ctx.Err() != nil {
			return t
		}
		t.host = hop.Name
		if t.final {
			return t
		}
		if worst == nil || t.tls || !worst.tls {
			worst = t
		}
	}
	return worst
}

// visit tries one host: with TLS where the policy has it, and in clear on a new
// connection where that failed and the reaction is to.
func (m *MTA) visit(ctx context.Context, e *entry, hop fakes.NextHop) *trouble {
	if c := m.held.take(holdKey(e, hop)); c != nil {
		if !c.reset() {
			c.drop()
		} else if t := c.finish(ctx, e); t == nil || t.trigger == "" {
			return t
		} // what was kept has ended before it was used: a new one is made
	}
	if e.lostAtEnd && e.policy.Has(fakes.FlawClearAfterTLSSuccess) {
		return m.converse(ctx, e, hop, true)
	}
	t := m.converse(ctx, e, hop, false)
	if t == nil {
		return nil
	}
	switch e.reaction(t) {
	case results.ReactClearNew:
		again := m.converse(ctx, e, hop, true)
		if again != nil && !again.said {
			return t // which says more
		}
		return again
	case results.ReactBounce:
		return t.asFinal()
	case results.ReactClearSame, results.ReactClearLater, results.ReactDefer:
	}
	return t
}

// reaction is what the policy makes of a trouble with TLS once the connection is
// of no more use: clear-later has become clear-new or, in the first attempt, defer.
func (e *entry) reaction(t *trouble) results.Reaction {
	p := e.policy
	switch {
	case t.tls && p.Has(fakes.FlawFallsBack), t.reply == "421" && t.tls && p.Has(fakes.FlawClearAt421):
		return results.ReactClearNew
	case t.untrusted && p.Has(fakes.FlawBouncesUntrusted), t.trigger == results.TriggerRefused4xx && p.Has(fakes.FlawBounces454):
		return results.ReactBounce
	case t.trigger == "":
		return results.ReactDefer
	}
	r := reactionOf(p.SenderPolicy, t.trigger)
	if r == results.ReactClearLater {
		r = results.ReactDefer
		if e.attempts > 1 {
			r = results.ReactClearNew
		}
	}
	if r == results.ReactClearNew && p.Forbids() {
		r = results.ReactDefer
	}
	return r
}

// reactionOf is what a policy says of a trigger, or what is usual where it is
// silent.
func reactionOf(p results.SenderPolicy, t results.Trigger) results.Reaction {
	if r, said := p.Fallback[t]; said {
		return r
	}
	switch {
	case p.Forbids():
	case t == results.TriggerNotOffered, t == results.TriggerRefused4xx, t == results.TriggerRefused5xx:
		return results.ReactClearSame
	}
	return results.ReactDefer
}

// converse makes a connection and sends the message over it, in clear when that
// is wanted.
func (m *MTA) converse(ctx context.Context, e *entry, hop fakes.NextHop, inClear bool) *trouble {
	c, t := m.dial(ctx, e, hop)
	if t != nil {
		return t
	}
	c.fallback = inClear
	if t = c.open(e); t != nil {
		c.leave(t)
		return t
	}
	if e.policy.Level != results.LevelNone && !inClear && !e.policy.Has(fakes.FlawNeverUpgrades) {
		if t = c.upgrade(ctx, e); t != nil && !c.mayGoOn(e, t) {
			c.leave(t)
			return t
		}
	}
	return c.finish(ctx, e)
}

// mayGoOn tells whether a trouble with TLS leaves a connection on which the
// policy goes on in clear.
func (c *conn) mayGoOn(e *entry, t *trouble) bool {
	switch {
	case c.spoilt:
		return true
	case c.secure || t.trigger == "" || !c.inStep:
		return false
	case t.trigger == results.TriggerRefused4xx && e.policy.Has(fakes.FlawBounces454):
		return false
	case t.trigger == results.TriggerNotOffered, t.trigger == results.TriggerRefused4xx, t.trigger == results.TriggerRefused5xx:
		return reactionOf(e.policy.SenderPolicy, t.trigger) == results.ReactClearSame
	}
	return false
}

// finish sends the message over a connection that is ready for it, and keeps or
// ends the connection.
func (c *conn) finish(ctx context.Context, e *entry) *trouble {
	t := c.transact(e)
	if t != nil {
		if c.atEnd && c.secure {
			e.lostAtEnd = true
		}
		c.leave(t)
		return t
	}
	if !c.keep(ctx, e) {
		c.quit()
	}
	return nil
}

// describe puts an error into the words of a diagnostic.
func describe(what string, err error) string { return fmt.Sprintf("%s: %v", what, err) }
