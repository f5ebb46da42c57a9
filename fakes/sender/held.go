package sender

import (
	"context"
	"sync"
	"time"

	"mailtls/fakes"
	"mailtls/results"
)

// holdTime is how long a connection is kept for another message.
const holdTime = 3 * time.Second

// poolKey is what a message and a connection must have in common.
type poolKey struct{ policy, domain, host, addr string }

// holdKey is the key of a message to a host: the policy, and where the
// certificate is for the domain, the domain.
func holdKey(e *entry, hop fakes.NextHop) poolKey {
	k := poolKey{policy: e.policy.Name, host: hop.Name, addr: hop.Addr}
	if e.policy.Verify == results.VerifyNextHop {
		k.domain = e.domain
	}
	if e.policy.Has(fakes.FlawReuseAcross) {
		k.policy, k.domain = "", ""
	}
	return k
}

// pool is the connections that are kept, at most one for a key.
type pool struct {
	mu   sync.Mutex
	idle map[poolKey]*held
	// turns hold a place each for a policy and a domain.
	turns map[poolKey]chan struct{}
}

// turn waits until no other message of a policy that shares connections is under
// way to the domain: at once they would each make one of their own. It returns
// what ends the turn; nil when the context ended first.
func (p *pool) turn(ctx context.Context, e *entry) (end func()) {
	if !e.policy.Reuse {
		return func() {}
	}
	k := poolKey{policy: e.policy.Name, domain: e.domain}
	p.mu.Lock()
	place := p.turns[k]
	if place == nil {
		place = make(chan struct{}, 1)
		p.turns[k] = place
	}
	p.mu.Unlock()
	select {
	case place <- struct{}{}:
		return func() { <-place }
	case <-ctx.Done():
		return nil
	}
}

// held is a connection that is kept; taken is closed when somebody has it.
type held struct {
	conn  *conn
	taken chan struct{}
}

// take takes a connection out; nil when there is none.
func (p *pool) take(k poolKey) *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	h := p.idle[k]
	if h == nil {
		return nil
	}
	delete(p.idle, k)
	close(h.taken)
	return h.conn
}

// put keeps a connection; it is nil where one is kept already.
func (p *pool) put(c *conn) *held {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.idle[c.key] != nil {
		return nil
	}
	h := &held{conn: c, taken: make(chan struct{})}
	p.idle[c.key] = h
	return h
}

// remove takes a connection out if it is still there.
func (p *pool) remove(h *held) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.idle[h.conn.key] != h {
		return false
	}
	delete(p.idle, h.conn.key)
	return true
}

// keep holds the connection for a while if the policy has that. One in clear to
// which a message fell back is not kept: another message must try TLS first.
func (c *conn) keep(ctx context.Context, e *entry) bool {
	if !e.policy.Reuse || !c.inStep || c.mute || len(c.buf) > 0 || ctx.Err() != nil {
		return false
	}
	if c.fallback && !e.policy.Has(fakes.FlawReuseAcross) {
		return false
	}
	h := c.mta.held.put(c)
	if h == nil {
		return false
	}
	c.mta.busy.Go(func() {
		t := time.NewTimer(holdTime)
		defer t.Stop()
		select {
		case <-h.taken:
			return
		case <-t.C:
		case <-ctx.Done():
		}
		if c.mta.held.remove(h) {
			c.quit()
		}
	})
	return true
}

// reset begins another transaction on a connection that was kept; false when it
// is of no more use.
func (c *conn) reset() bool {
	_, t := c.want("RSET", "250")
	return t == nil
}
