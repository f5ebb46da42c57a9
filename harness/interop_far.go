package harness

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"mailtls/fakes"
	"mailtls/fakes/receiver"
	"mailtls/harness/targets"
	"mailtls/results"
	"mailtls/scenarios"
)

// far are the receivers of a turn, with the collectors behind them, and the rooms
// of the senders whose mail they take.
type far struct {
	*encounter
	hosts []*farHost

	mu    sync.Mutex
	rooms []*mailroom
}

// farHost is one receiver.
type farHost struct {
	Party
	running *targets.Running
	// stop ends the collector.
	stop func()

	mu sync.Mutex
	// open are the messages of the collector's sessions that have not ended.
	open map[int][]receiver.Message
}

// interopHosts is where the MX hosts of interop are; TlsDomain of the models asks
// for it.
var interopHosts = strings.TrimPrefix(fakes.PartnerHosts, "*")

// hostOf is the name of the MX host of a receiver for a policy.
func hostOf(receiver Party, policy string) string {
	return scenarios.DNSLabel(dashed(receiver.Name)+"-"+policy) + interopHosts
}

// dashed is a party's name as part of a label; folders have dots and slashes.
func dashed(name string) string {
	return strings.Trim(strings.NewReplacer("/", "-", ".", "").Replace(strings.ToLower(name)), "-")
}

// passing is the case of the messages to a receiver.
func passing(receiver Party) scenarios.Case {
	return scenarios.Case{
		ID: "interop/" + dashed(receiver.Name), Role: results.RoleSender, Protocol: results.SMTP,
		Title: "A message to " + receiver.Name,
	}
}

// names are what the certificate of a receiver is for: the MX hosts that lead to
// it, and the recipients' domains.
func (e *encounter) names(r Party, senders []Party) []string {
	var all []string
	for _, s := range senders {
		for _, p := range e.policies(s) {
			domain, _, _ := recipientsOf(passing(r), p, s.Sender.Claims, "", Domain) // without a placement none is missing
			for _, name := range []string{hostOf(r, p.Name), domain} {
				if !slices.Contains(all, name) {
					all = append(all, name)
				}
			}
		}
	}
	return all
}

// open starts a receiver, and the collector behind it.
func (f *far) open(ctx context.Context, p Party, names []string) (*farHost, error) {
	f.say("%s is started to receive", p.Name)
	h := &farHost{Party: p, open: map[int][]receiver.Message{}}
	addr, err := f.collect(ctx, h)
	if err != nil {
		return nil, err
	}
	h.running, err = p.Target.Start(ctx, *p.Receiver, targets.Wiring{
		Domain: Domain, Collector: addr, Host: scenarios.DNSLabel(dashed(p.Name)) + interopHosts, Names: names,
		User: "u-" + newCanary(), Password: "p-" + newCanary(), Log: f.logTo(),
	})
	if err != nil {
		h.stop()
		return nil, fmt.Errorf("start %s to receive: %w", p.Name, err)
	}
	f.hosts = append(f.hosts, h)
	return h, nil
}

// collect starts the collector behind a receiver.
func (f *far) collect(ctx context.Context, h *farHost) (string, error) {
	listen := "127.0.0.1:0"
	if fixed := h.Target.Spec().Collector; fixed != "" {
		listen = fixed
	}
	ln, err := net.Listen("tcp", listen)
	if err != nil {
		return "", fmt.Errorf("listen for the collector: %w", err)
	}
	server := &receiver.Server{
		Profile: collectorProfile(), Listener: fakes.ListenSMTP, Host: collectorName,
		Now: func() time.Duration { return time.Since(f.epoch) }, Clock: time.Now,
		Deliver: func(_ context.Context, m receiver.Message) error {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.open[m.Session] = append(h.open[m.Session], m)
			return nil
		},
		Report: func(s results.Session) {
			h.mu.Lock()
			messages := h.open[s.ID]
			delete(h.open, s.ID)
			h.mu.Unlock()
			for _, m := range messages {
				f.arrived(h, s, m)
			}
		},
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	running.Go(func() { _ = server.Serve(ctx, ln) })
	h.stop = func() { cancel(); running.Wait() }
	return ln.Addr().String(), nil
}

// arrived gives a message that was read back to the sender's room that it is of.
func (f *far) arrived(h *farHost, s results.Session, m receiver.Message) {
	f.mu.Lock()
	rooms := slices.Clone(f.rooms)
	f.mu.Unlock()
	for _, r := range rooms {
		if r.readBack(h, s, m) {
			return
		}
	}
}

// readBack takes a message that was read back behind a receiver; false when it is
// none of this room's, or has come to the wrong one.
func (r *mailroom) readBack(h *farHost, s results.Session, m receiver.Message) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	about := r.mailTo(m.To)
	if about == nil || about.unit.ID != passing(h.Party).ID {
		return false
	}
	u := about.unit
	defer u.signal()
	part := from(only(s, m.Mark), u.began)
	part.Leg, part.Host = results.LegReadback, collectorName
	length, sum := digestBody(m.Data)
	u.transcript.Messages = append(u.transcript.Messages, results.Message{
		Session: u.add(part), Mark: m.Mark, From: m.From, To: m.To, BodyLength: length, BodySHA256: sum,
	})
	about.taken, about.settled = true, true
	return true
}

// close stops the receivers and their collectors.
func (f *far) close() error {
	var failed []error
	for _, h := range f.hosts {
		ctx, cancel := context.WithTimeout(context.Background(), stopTime)
		if err := h.running.Stop(ctx); err != nil {
			failed = append(failed, fmt.Errorf("stop %s: %w", h.Name, err))
		}
		cancel()
		h.stop()
	}
	return errors.Join(failed...)
}
