package harness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"golang.org/x/sync/errgroup"

	"mailtls/fakes"
	"mailtls/fakes/dns"
	"mailtls/fakes/path"
	"mailtls/harness/targets"
	"mailtls/results"
	"mailtls/scenarios"
)

// send starts a sender in a world of its own, in which every MX host is a box
// before one of the receivers, and has it send.
func (f *far) send(ctx context.Context, p Party, trusted []byte) (handed []Handed, err error) {
	f.say("%s is started to send", p.Name)
	w := &world{
		Options: Options{Target: p.Target, KeyLog: f.KeyLog, Log: f.Log}, claims: p.Sender.Claims,
		factor: max(1, p.Target.Spec().ClockFactor), domain: Domain, user: "u-" + newCanary(), password: "p-" + newCanary(),
		ledger: newLedger(), addresses: f.addresses, epoch: f.epoch, submitting: make(chan struct{}, atOnce), trusted: trusted,
	}
	room, err := w.openMailroom(ctx)
	if err != nil {
		return nil, err
	}
	defer room.close()
	if err := w.startSender(ctx, *p.Sender, room); err != nil {
		return nil, err
	}
	defer func() {
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
		defer cancel()
		err = errors.Join(err, w.running.Stop(stopping))
	}()
	f.mu.Lock()
	f.rooms = append(f.rooms, room)
	f.mu.Unlock()
	policies := f.policies(p)
	handed = make([]Handed, len(policies)*len(f.hosts))
	var group errgroup.Group
	for i, policy := range policies {
		for j, h := range f.hosts {
			group.Go(func() error {
				t, err := room.pass(ctx, h, policy)
				if err != nil {
					return err
				}
				handed[i*len(f.hosts)+j] = outcome(p.Name, h.Name, t, room.claims)
				return nil
			})
		}
	}
	if err := group.Wait(); err != nil {
		return nil, fmt.Errorf("have %s send: %w", p.Name, err)
	}
	f.say("%s has sent", p.Name)
	return handed, nil
}

// outcome reads off a transcript what became of the message.
func outcome(sender, receiver string, t *results.Transcript, claims results.Claims) Handed {
	h := Handed{InteropPair: key(sender, receiver, t.Policy), Transcript: t}
	h.Code = results.FateUnknown
	if f := scenarios.Handed(t, claims); f != nil {
		h.Code, h.TLS = f.Code, f.TLS
	}
	if h.Code != results.FateUnknown {
		return h
	}
	h.Note = "neither read back nor given back while it was watched"
	if len(t.Submissions) > 0 && len(t.Submissions[0].Reply) > 0 && t.Submissions[0].Reply[0] != '2' {
		h.Note = "the sender did not take it: " + t.Submissions[0].Reply
	}
	return h
}

// pass has one message go to a receiver, and returns what was seen of it as it
// would be stored.
func (r *mailroom) pass(ctx context.Context, h *farHost, policy results.SenderPolicy) (*results.Transcript, error) {
	u := newSending(passing(h.Party), policy)
	u.start = time.Now()
	u.began = u.start.Sub(r.epoch)
	u.transcript = results.Transcript{
		Case: u.ID, Policy: policy.Name, Target: r.id.String(), Version: r.id.Version, Started: u.start.UTC(),
		Sanity: results.Sanity{Before: results.SanityOK, After: results.SanityOK},
		Window: u.SenderWindow(policy), ClockFactor: r.factor,
	}
	if err := r.place(u); err != nil {
		return nil, err
	}
	if err := r.stand(u, h); err != nil {
		return nil, err
	}
	why, err := r.act(ctx, u)
	if err != nil {
		return nil, err
	}
	closing, cancel := context.WithTimeout(ctx, linger)
	defer cancel()
	r.until(closing, u, func() bool { return u.talking == 0 })
	r.end(ctx, u, why)
	r.mu.Lock()
	defer r.mu.Unlock()
	var stored bytes.Buffer
	if err := results.WriteTranscript(&stored, &u.transcript); err != nil {
		return nil, err
	}
	return results.ReadTranscript(&stored)
}

// stand puts a box before a receiver, and makes it the MX host of a unit's domain.
func (r *mailroom) stand(u *unit, h *farHost) error {
	domain, err := r.domainOf(u, "")
	if err != nil {
		return err
	}
	ln, err := r.listenAt("")
	if err != nil {
		return err
	}
	addr, name := ln.Addr().(*net.TCPAddr).AddrPort(), hostOf(h.Party, u.policy.Name)
	box := &path.Box{
		Path: fakes.Paths()[0], Server: smtpAddr(h.running), Now: func() time.Duration { return time.Since(r.epoch) },
		Opened: func() { r.talks(u, 1) },
		Report: func(s results.Session) {
			s.Leg, s.Host = results.LegDeliver, name
			r.delivered(u, s, nil)
			r.talks(u, -1)
		},
	}
	r.running.Go(func() { _ = box.Serve(r.life, ln) })
	r.mu.Lock()
	r.routes[domain] = []fakes.NextHop{{Name: name, Addr: addr.String()}}
	r.mu.Unlock()
	return r.zone.Add(dns.Address(name, addr.Addr()), dns.MX(domain, 10, name))
}

// smtpAddr is where a target takes mail.
func smtpAddr(r *targets.Running) string { return r.Addrs[fakes.ListenSMTP] }
