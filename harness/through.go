package harness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"mailtls/bench"
	"mailtls/fakes"
	"mailtls/fakes/dns"
	"mailtls/harness/targets"
	"mailtls/results"
)

// Through says which target sends to a sink, and how it is given its mail.
type Through struct {
	// Target by name, with a variant behind a slash; where none is named it is the
	// first that sends.
	Target string
	// Policy that it sends under; empty is its first that is opportunistic, needs no
	// login and keeps no connections, or its first of all.
	Policy string
	// Wait is how long messages are awaited once the last one was handed over.
	Wait time.Duration
	// Log takes what the target prints; nil drops it.
	Log io.Writer
}

// through is a target that sends to a sink of ours, while it runs.
type through struct {
	Through
	running *targets.Running
	// name of the target with its version, policy that it sends under.
	name   string
	policy results.SenderPolicy
	// addr that mail is submitted at, from the source address where that is valid;
	// domain that it is for.
	addr   string
	source netip.Addr
	domain string

	trips *bench.Trips
	store *sinkStore
	// life is the resolver's; over ends the sink.
	life      context.Context //nolint:containedctx // the resolver and the sink outlive the call that starts them
	end       context.CancelFunc
	over      chan struct{}
	resolving sync.WaitGroup
	attending sync.WaitGroup
	// sink is what it measured, once the world is closed; nil where it never ran.
	sink    *results.SinkRun
	sinkErr error
}

// openThrough starts the sink, what leads to it, and the target.
func openThrough(ctx context.Context, o SinkOptions, t Through) (*through, error) {
	name, variantName := targets.Split(t.Target)
	target, err := targets.Find(name)
	if err != nil {
		return nil, err
	}
	spec := target.Spec()
	variant, err := spec.Variant(variantName, results.RoleSender)
	switch {
	case err != nil:
		return nil, err
	case !variant.Plays(results.RoleSender):
		return nil, fmt.Errorf("%w: target %s/%s takes mail and sends none to hosts that the DNS names: name a variant for the role sender", bench.ErrUnsupported, spec.Name, variant.Name)
	}
	if err := target.Available(); err != nil {
		return nil, fmt.Errorf("load target %s: %w", spec.Name, err)
	}
	w := &through{Through: t, trips: bench.NewTrips(), over: make(chan struct{})}
	if w.policy, err = choosePolicy(variant, t.Policy); err != nil {
		return nil, fmt.Errorf("load target %s/%s: %w", spec.Name, variant.Name, err)
	}
	w.life, w.end = context.WithCancel(context.WithoutCancel(ctx))
	if err := w.start(ctx, o, target, variant); err != nil {
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
		defer cancel()
		return nil, errors.Join(err, w.close(stopping))
	}
	return w, nil
}

// choosePolicy finds the policy to send under.
func choosePolicy(v targets.Variant, name string) (results.SenderPolicy, error) {
	all := v.Claims.Policies
	if len(all) == 0 {
		return results.SenderPolicy{}, errors.New("it claims no policy to send under")
	}
	var names []string
	for _, p := range all {
		if name == p.Name || name == "" && p.Level == results.LevelOpportunistic && !p.Credentials && !p.Reuse {
			return p, nil
		}
		names = append(names, p.Name)
	}
	if name == "" {
		return all[0], nil
	}
	return results.SenderPolicy{}, fmt.Errorf("find policy %q: there are %s", name, strings.Join(names, ", "))
}

// start starts everything.
func (w *through) start(ctx context.Context, o SinkOptions, target targets.Target, variant targets.Variant) error {
	w.domain = "bench." + w.policy.Name + "." + Domain
	host := "mx." + w.domain
	job, authority, err := o.job(w.domain, host)
	if err != nil {
		return err
	}
	if w.store, err = openSinkStore(o, authority); err != nil {
		return err
	}
	addresses := newAddresses()
	direct := target.Spec().Direct
	at := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 0)
	if !direct {
		at = netip.AddrPortFrom(addresses.take(), smtpPort)
	}
	ln, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(at))
	if err != nil {
		return fmt.Errorf("listen for mail: %w", err)
	}
	at = ln.Addr().(*net.TCPAddr).AddrPort()
	submitter := addresses.take()
	wiring := targets.Wiring{
		Domain: Domain, Host: "mx." + Domain, User: "u-" + newCanary(), Password: "p-" + newCanary(), Log: w.Log,
		Submitter: submitter.String(), PeerRoots: authority.RootPEM(),
	}
	if wiring.Log == nil {
		wiring.Log = io.Discard
	}
	if direct {
		wiring.Route = func(string) []fakes.NextHop { return []fakes.NextHop{{Name: host, Addr: at.String()}} }
	} else if wiring.Resolver, err = w.resolve(addresses.take(), host, at.Addr()); err != nil {
		return errors.Join(err, ln.Close())
	}
	if w.running, err = target.Start(ctx, variant, wiring); err != nil {
		return errors.Join(fmt.Errorf("start target %s/%s: %w", target.Spec().Name, variant.Name, err), ln.Close())
	}
	w.name = strings.TrimSpace(target.Spec().Name + "/" + variant.Name + " " + w.running.Version)
	w.attend(job, ln)
	if w.addr = w.running.Addrs[fakes.ListenSMTP]; w.addr == "" {
		return fmt.Errorf("load target %s: it has no %s listener", w.name, fakes.ListenSMTP)
	}
	door, _, _ := net.SplitHostPort(w.addr)
	w.source = ownAddress(door, submitter)
	return nil
}

// resolve answers for the domain of the recipients and that of the sender, which
// notifications go to: both lead to the sink.
func (w *through) resolve(at netip.Addr, host string, sink netip.Addr) (string, error) {
	zone := dns.NewZone()
	if err := zone.Add(dns.MX(w.domain, 10, host), dns.MX(bench.SenderDomain, 10, host), dns.Address(host, sink)); err != nil {
		return "", err
	}
	ln, err := dns.Listen(w.life, netip.AddrPortFrom(at, 53).String())
	if err != nil {
		return "", fmt.Errorf("start the resolver: %w", err)
	}
	began := time.Now()
	server := &dns.Server{Zone: zone, Now: func() time.Duration { return time.Since(began) }}
	w.resolving.Go(func() { _ = server.Serve(w.life, ln) })
	return at.String(), nil
}

// attend plays the sink until the world is closed.
func (w *through) attend(job bench.SinkJob, ln *net.TCPListener) {
	job.Listener, job.Over, job.Sender, job.Delays, job.Arrived = ln, w.over, w.name, w.store.delays(), w.trips.Arrived
	job.Plan.Listen = ln.Addr().String()
	if w.running.PID != 0 {
		var last time.Duration
		job.SenderCPU = func() (time.Duration, error) {
			if used, err := w.cpu(); err == nil {
				last = used // the target ends before its sink does
			}
			return last, nil
		}
	}
	w.attending.Go(func() { w.sink, w.sinkErr = bench.Attend(w.life, job) })
}

// drive hands the plan's messages to the target, and waits for them.
func (w *through) drive(ctx context.Context, job bench.Job, peer string) (*results.Run, error) {
	job.Addr, job.Roots, job.Target, job.Trips, job.Shared = w.addr, w.running.Roots, w.name, w.trips, true
	p := &job.Plan
	p.Domain = w.domain
	if p.ServerName == "" {
		p.ServerName = w.running.ServerName
	}
	if p.Sources == nil && w.source.IsValid() {
		p.Sources = []netip.Addr{w.source}
	}
	if w.running.PID != 0 {
		job.TargetCPU = w.cpu
	}
	run, err := bench.Drive(ctx, job)
	if err != nil {
		return nil, err
	}
	w.trips.Wait(ctx, w.Wait)
	w.trips.Conclude(run, results.Relay{To: peer, Policy: w.policy.Name, Wait: results.Span(w.Wait)})
	return run, nil
}

// cpu is the CPU time of the target.
func (w *through) cpu() (time.Duration, error) { return bench.TreeCPU(w.running.PID) }

// close stops the target and then the sink, and returns when all has ended. It may
// be called when only a part was started.
func (w *through) close(ctx context.Context) error {
	var err error
	if w.running != nil {
		if stopErr := w.running.Stop(ctx); stopErr != nil {
			err = fmt.Errorf("stop target: %w", stopErr)
		}
	}
	close(w.over)
	w.attending.Wait()
	w.end()
	w.resolving.Wait()
	if w.store != nil {
		err = errors.Join(err, w.store.close())
	}
	return errors.Join(err, w.sinkErr)
}

// SendOptions say how a target is given the mail that it sends to a sink.
type SendOptions struct {
	Through
	// Messages to be handed over by so many Workers, of so many bytes each.
	Messages, Workers, Size int
}

// SinkFrom plays a sink for a target of ours, which it starts and gives messages
// to send, and stores what it measured in Out. When the context ends early the run
// says so and is stored all the same; the error is nil then.
func SinkFrom(ctx context.Context, o SinkOptions, s SendOptions) (*results.SinkRun, error) {
	w, err := openThrough(ctx, o, s.Through)
	if err != nil {
		return nil, err
	}
	if o.Ready != nil {
		o.Ready(w.name)
	}
	before, began := w.used(), time.Now()
	submitted, err := w.drive(ctx, bench.Job{Tool: o.Tool, Plan: results.Plan{
		Target: s.Target, Workers: s.Workers, Count: s.Messages, Timeout: results.Span(submitTime),
		Sessions: []results.SessionPlan{{Kind: results.KindPlain, Size: s.Size}},
	}}, o.Plan.Peer)
	spent, took := w.used()-before, time.Since(began)
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	err = errors.Join(err, w.close(closing))
	if w.sink == nil || submitted == nil {
		return nil, err
	}
	sent := &results.SinkSent{
		Target: w.name, Policy: w.policy.Name, Messages: submitted.Relay.Accepted, Failed: submitted.Failed, Lost: submitted.Relay.Losses(),
	}
	if sent.Messages > 0 && spent > 0 {
		sent.CPU = float64(spent.Microseconds()) / float64(sent.Messages)
		sent.CPUShare = float64(spent) / float64(took)
	}
	w.sink.Sent, w.sink.Interrupted = sent, ctx.Err() != nil
	return w.sink, errors.Join(err, w.store.keep(w.sink))
}

// submitTime is how long the handing over of a message may take.
const submitTime = 30 * time.Second

// used is the CPU time of the target; 0 where it is not known.
func (w *through) used() time.Duration {
	if w.running.PID == 0 {
		return 0
	}
	spent, _ := w.cpu() // a target that has gone leaves the messages to tell of it
	return spent
}

// RelayOptions say what is sent through which target, to which peer behind it.
type RelayOptions struct {
	LoadOptions
	Through
	// Sink behind the target; of its fields, Plan and Progress are used.
	Sink SinkOptions
}

// Relay starts a target that sends, and a sink behind it, executes the plan on the
// target, and follows every message to the sink: the run has the phase relay, and
// what became of the messages. Run and sink are stored in Out. When the context ends early the run says so
// and is stored all the same; the error is nil then.
func Relay(ctx context.Context, o RelayOptions) (*results.Run, error) {
	o.Plan.Target = o.Through.Target
	plan := o.Plan.Filled()
	if faults := plan.Check(); len(faults) > 0 {
		return nil, fmt.Errorf("read plan: %w", faults[0])
	}
	if err := relayable(plan); err != nil {
		return nil, err
	}
	sink := o.Sink
	sink.Out, sink.Tool = o.Out, o.Tool
	w, err := openThrough(ctx, sink, o.Through)
	if err != nil {
		return nil, err
	}
	run, err := w.drive(ctx, bench.Job{Plan: plan, Tool: o.Tool, Progress: o.Progress}, sink.Plan.Peer)
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	err = errors.Join(err, w.close(closing))
	if run == nil {
		return nil, err
	}
	run.Interrupted = run.Interrupted || ctx.Err() != nil
	err = errors.Join(err, w.store.keep(w.sink))
	if o.Out != "" {
		err = errors.Join(err, StoreRun(o.Out, run))
	}
	return run, err
}

// relayable says what of a plan cannot go through a relay.
func relayable(p results.Plan) error {
	if p.FindMax != (results.Ramp{}) {
		return fmt.Errorf("%w: a search for the highest rate through a relay", bench.ErrUnsupported)
	}
	for i, s := range p.Sessions {
		switch {
		case s.Size == 0:
			return fmt.Errorf("read plan: sessions[%d].size: what goes through a relay is messages: give their size", i)
		case s.Protocol != results.SMTP:
			return fmt.Errorf("%w: %s through a relay", bench.ErrUnsupported, s.Protocol)
		case s.Recipients > 1:
			return fmt.Errorf("%w: messages with several recipients through a relay, which may split them", bench.ErrUnsupported)
		case s.Kind == results.KindImplicit:
			return fmt.Errorf("%w: implicit TLS to a relay", bench.ErrUnsupported)
		}
	}
	return nil
}
