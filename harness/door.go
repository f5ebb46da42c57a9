package harness

import (
	"bytes"
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"mailtls/fakes/receiver"
	"mailtls/results"
)

// door is an address that leads to a host. Where a sender has a single next hop
// one door leads to the hosts of one case after the other.
type door struct {
	addr netip.AddrPort

	mu   sync.Mutex
	host *mx
}

// doorOf opens the door of a placement: at the address that the layout gives it,
// or at one of its own.
func (r *mailroom) doorOf(u *unit, placement int) (*door, error) {
	at := ""
	if l, found := r.Layout.Unit(u.ID, u.policy.Name); found {
		at = l.Hosts[placement].At
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if d := r.doors[at]; d != nil && at != "" {
		return d, nil
	}
	ln, err := r.listenAt(at)
	if err != nil {
		return nil, err
	}
	d := &door{addr: ln.Addr().(*net.TCPAddr).AddrPort()}
	r.doors[at] = d
	stop := context.AfterFunc(r.life, func() { _ = ln.Close() })
	r.running.Go(func() {
		defer stop()
		d.serve(r.life, ln)
	})
	return d, nil
}

// lead has the door lead to a host from now on.
func (d *door) lead(h *mx) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.host = h
}

// serve hands each connection to the peer that stands there when it comes.
func (d *door) serve(ctx context.Context, ln net.Listener) {
	var sessions sync.WaitGroup
	defer sessions.Wait()
	for {
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		d.mu.Lock()
		h := d.host
		d.mu.Unlock()
		if h == nil {
			_ = conn.Close()
			continue
		}
		h.mu.Lock()
		server := h.server
		h.mu.Unlock()
		h.room.talks(h.unit, 1)
		sessions.Go(func() {
			defer h.room.talks(h.unit, -1)
			server.ServeConn(ctx, conn)
		})
	}
}

// owner is the unit that a session on a shared door belongs to: the one whose
// mark its envelope has, and the one that is played where it has none. The lock is
// held.
func (r *mailroom) owner(playing *unit, s results.Session) *unit {
	for _, e := range s.Events {
		if e.From != results.Client || e.Stage != results.StageMail && e.Stage != results.StageRcpt {
			continue
		}
		for canary, m := range r.mails {
			if bytes.Contains(e.Bytes, []byte(canary)) {
				return m.unit
			}
		}
	}
	return playing
}

// notices takes out of a session on a shared door what came back: notifications
// go the same way as mail. It returns what is left; without events nothing is.
// The lock is held.
func (r *mailroom) notices(s results.Session, messages []receiver.Message) (results.Session, []receiver.Message) {
	var left []receiver.Message
	back := s
	back.Leg = results.LegBounce
	returning := map[string]bool{}
	for _, e := range s.Events {
		if e.From == results.Client && e.Stage == results.StageRcpt && bytes.Contains(bytes.ToLower(e.Bytes), []byte("."+senderDomain+">")) {
			returning[e.Mark] = true
		}
	}
	for _, m := range messages {
		if slices.ContainsFunc(m.To, func(to string) bool { return strings.HasSuffix(strings.ToLower(to), "."+senderDomain) }) {
			r.notice(back, m)
			continue
		}
		left = append(left, m)
	}
	if len(returning) == 0 {
		return s, left
	}
	events := slices.DeleteFunc(slices.Clone(s.Events), func(e results.Event) bool { return returning[e.Mark] })
	if len(left) == 0 && !slices.ContainsFunc(events, func(e results.Event) bool { return e.Stage == results.StageRcpt }) {
		events = nil // nothing else was on it
	}
	s.Events = events
	return s, left
}
