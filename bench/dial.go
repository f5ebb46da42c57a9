package bench

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"time"

	"mailtls/results"
)

// until is a context that ends at a time and cannot be cancelled. Why it is not
// context.WithDeadline (2026-11): net watches a context that can be cancelled with
// a goroutine for each connection, and its own deadline does here.
type until time.Time

// Deadline is the time.
func (u until) Deadline() (time.Time, bool) { return time.Time(u), true }

// Done is never closed.
func (u until) Done() <-chan struct{} { return nil }

// Err is always nil.
func (u until) Err() error { return nil }

// Value is always nil.
func (u until) Value(any) any { return nil }

var _ context.Context = until{}

// dialer connects to one address from several, in turn.
type dialer struct {
	to   netip.AddrPort
	text string // of to
	from []netip.AddrPort
	net.Dialer
}

// newDialer makes the dialer of a plan.
func newDialer(p results.Plan, to netip.AddrPort) (*dialer, error) {
	d := &dialer{to: to, text: to.String()}
	d.KeepAlive = -1 // sessions are short, and have a timeout
	for _, a := range p.Sources {
		if a.Is4() != to.Addr().Unmap().Is4() {
			return nil, fmt.Errorf("connect from %s to %s: they are of different families", a, to.Addr())
		}
		d.from = append(d.from, netip.AddrPortFrom(a, 0))
	}
	if len(d.from) > 0 {
		d.Control = bindWithoutPort
	}
	return d, nil
}

// dial connects for the session with the index.
func (d *dialer) dial(deadline time.Time, index int64) (*net.TCPConn, error) {
	if n := int64(len(d.from)); n > 0 {
		return d.DialTCP(until(deadline), "tcp", d.from[index%n], d.to)
	}
	// DialTCP would bind even to no address, which takes a port for good.
	c, err := d.DialContext(until(deadline), "tcp", d.text)
	if err != nil {
		return nil, err
	}
	return c.(*net.TCPConn), nil
}
