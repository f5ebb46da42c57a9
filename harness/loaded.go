package harness

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"mailtls/bench"
	"mailtls/fakes"
	"mailtls/fakes/pki"
	"mailtls/fakes/receiver"
	"mailtls/harness/targets"
	"mailtls/results"
)

// loaded is what a plan loads, while it runs.
type loaded struct {
	// addr that sessions connect to, name of what is there.
	addr, name string
	// serverName and domain where the plan names none.
	serverName, domain string
	roots              *x509.CertPool
	// shared says that it, or where its mail ends up, is in this process; pid is the process that it hangs
	// below elsewhere, 0 when that is not known.
	shared bool
	pid    int
	stop   func(context.Context) error
}

// fill gives the plan what it leaves to its target.
func (l *loaded) fill(p results.Plan) results.Plan {
	if p.ServerName == "" {
		p.ServerName = l.serverName
	}
	if p.Domain == "" {
		p.Domain = l.domain
	}
	return p
}

// start makes what the plan loads ready.
func (o LoadOptions) start(ctx context.Context, p results.Plan) (*loaded, error) {
	switch {
	case p.Peer != "":
		return startPeer(ctx, p)
	case p.Target != "":
		return o.startTarget(ctx, p)
	}
	if !o.Authorized {
		if err := local(ctx, p.Addr); err != nil {
			return nil, err
		}
	}
	return atAddress(p.Addr, o.Roots), nil
}

// atAddress is what somebody else started. Where that is on this machine its
// process is looked up, for its CPU time.
func atAddress(addr string, roots *x509.CertPool) *loaded {
	l := &loaded{addr: addr, name: addr, roots: roots, stop: func(context.Context) error { return nil }}
	if to, err := net.ResolveTCPAddr("tcp", addr); err == nil && to.IP.IsLoopback() {
		l.pid = bench.ListenerOf(to.AddrPort())
	}
	if l.pid == os.Getpid() {
		l.shared, l.pid = true, 0
	}
	return l
}

// startPeer plays a receiving peer in this process.
func startPeer(ctx context.Context, p results.Plan) (*loaded, error) {
	profile, err := fakes.Receiver(p.Peer)
	if err != nil {
		return nil, err
	}
	for _, s := range p.Sessions {
		if spoken := cmp.Or(profile.Protocol, results.SMTP); s.Protocol != spoken {
			return nil, fmt.Errorf("%w: %s sessions with peer %s, which speaks %s", bench.ErrUnsupported, s.Protocol, profile.Name, spoken)
		}
	}
	authority, err := pki.New(time.Now())
	if err != nil {
		return nil, fmt.Errorf("make certificates: %w", err)
	}
	host := profile.HostUnder(Domain)
	cert, err := authority.ForPeer(profile, host, Domain)
	if err != nil {
		return nil, err
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for peer %s: %w", profile.Name, err)
	}
	s := discarding(profile, host)
	s.Certificate, s.ClientRoots = cert, authority.Roots()
	return &loaded{
		addr: ln.Addr().String(), name: "peer " + profile.Name, serverName: host, domain: Domain, roots: authority.Roots(), shared: true,
		stop: serving(ctx, s, ln),
	}, nil
}

// discarding plays a profile and forgets the mail that it accepts.
func discarding(p fakes.Profile, host string) *receiver.Server {
	start := time.Now()
	return &receiver.Server{
		Profile: p, Listener: p.Listener(), Host: host, Now: func() time.Duration { return time.Since(start) }, Clock: time.Now,
	}
}

// serving runs a server until what it returns is called.
func serving(ctx context.Context, s *receiver.Server, ln net.Listener) func(context.Context) error {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	running.Go(func() { _ = s.Serve(ctx, ln) }) // sessions that it cannot accept are counted where they began
	return func(context.Context) error {
		cancel()
		running.Wait()
		return nil
	}
}

// startTarget starts a target, with a collector for the mail that it accepts.
func (o LoadOptions) startTarget(ctx context.Context, p results.Plan) (*loaded, error) {
	name, variantName := targets.Split(p.Target)
	target, err := targets.Find(name)
	if err != nil {
		return nil, err
	}
	spec := target.Spec()
	role := results.RoleReceiver
	if slices.ContainsFunc(p.Sessions, reads) {
		role = results.RoleAccessServer
	}
	variant, err := spec.Variant(variantName, role)
	if err != nil {
		return nil, err
	}
	if err := target.Available(); err != nil {
		return nil, fmt.Errorf("load target %s: %w", spec.Name, err)
	}
	listen := "127.0.0.1:0"
	if spec.Collector != "" {
		listen = spec.Collector
	}
	ln, err := net.Listen("tcp", listen)
	if err != nil {
		return nil, fmt.Errorf("listen for the collector: %w", err)
	}
	collector := serving(ctx, discarding(collectorProfile(), "collector."+senderDomain), ln)
	log := o.Log
	if log == nil {
		log = io.Discard
	}
	running, err := target.Start(ctx, variant, targets.Wiring{
		Domain: Domain, Collector: ln.Addr().String(), Host: "mx." + Domain, User: "u-" + newCanary(), Password: "p-" + newCanary(), Log: log,
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start target %s/%s: %w", spec.Name, variant.Name, err), collector(ctx))
	}
	l := loadedTarget(running, spec, variant)
	for _, session := range p.Sessions {
		l.shared = l.shared || session.Size > 0 // the collector is in this process
	}
	l.stop = func(ctx context.Context) error { return errors.Join(running.Stop(ctx), collector(ctx)) }
	if l.addr, err = doorOf(running, p); err != nil {
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
		defer cancel()
		return nil, errors.Join(fmt.Errorf("load target %s/%s: %w", spec.Name, variant.Name, err), l.stop(stopping))
	}
	return l, nil
}

// loadedTarget is a running target.
func loadedTarget(r *targets.Running, spec targets.Spec, variant targets.Variant) *loaded {
	l := &loaded{
		name: spec.Name + "/" + variant.Name + " " + r.Version, serverName: r.ServerName, domain: r.Domain, roots: r.Roots, pid: r.PID,
		shared: r.PID == 0,
	}
	if l.serverName == "" {
		l.serverName = "mx." + Domain
	}
	if l.domain == "" {
		l.domain = "bench." + Domain
	}
	return l
}

// reads tells whether a session is one of reading mail.
func reads(s results.SessionPlan) bool {
	return s.Protocol == results.IMAP || s.Protocol == results.POP3
}

// listenerOf is the kind of listener that a session goes to.
func listenerOf(s results.SessionPlan) fakes.Listener {
	p := fakes.Profile{Protocol: s.Protocol}
	if s.Kind == results.KindImplicit {
		p.Offer = fakes.OfferImplicit
	}
	return p.Listener()
}

// doorOf finds the one listener that all sessions of the plan go to.
func doorOf(r *targets.Running, p results.Plan) (string, error) {
	var door fakes.Listener
	for _, s := range p.Sessions {
		own := listenerOf(s)
		if door != "" && door != own {
			return "", fmt.Errorf("its sessions go to %s and %s: load one listener at a time", door, own)
		}
		door = own
	}
	if r.Addrs[door] == "" {
		return "", fmt.Errorf("it has no %s listener", door)
	}
	return r.Addrs[door], nil
}
