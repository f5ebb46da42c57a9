package bench

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"mailtls/results"
)

// Job is a plan and what is known of whom it loads.
type Job struct {
	// Plan to execute. What it leaves out is filled in.
	Plan results.Plan
	// Addr of the target, as "host:port"; the host is looked up once.
	Addr string
	// Roots that its certificates have to lead to; nil are those of this machine.
	Roots *x509.CertPool
	// Shared says that the target is in this process.
	Shared bool
	// TargetCPU tells the CPU time of the target's processes; nil where it cannot
	// be told.
	TargetCPU func() (time.Duration, error)
	// Trips follow the plan's messages through the target; nil follows none.
	Trips *Trips
	// Tool and Target are what the run says of the program and the target.
	Tool   results.Tool
	Target string
	// Progress is called every second, from one goroutine; nil for no calls.
	Progress func(Progress)
}

// Progress is how far a run has come.
type Progress struct {
	// Elapsed since the start, and Length of the whole; 0 where only a count ends
	// it.
	Elapsed, Length time.Duration
	// Attempted and Failed sessions until now, of Count; 0 where none is given.
	Attempted, Failed int64
	Count             int
	// Interval is the last second.
	Interval results.Interval
}

// interval is how long the parts of a run are.
const interval = time.Second

// Drive executes a plan with a fixed arrival of sessions: anything but find-max.
// It returns when every session has ended. A context that ends stops the run,
// which returns what was measured until then. An error means that nothing was.
func Drive(ctx context.Context, job Job) (*results.Run, error) {
	p := job.Plan.Filled()
	if faults := p.Check(); len(faults) > 0 {
		var all []error
		for _, f := range faults {
			all = append(all, f)
		}
		return nil, fmt.Errorf("read plan: %w", errors.Join(all...))
	}
	clock := NewTimerClock()
	sh, err := newShared(ctx, p, job, clock)
	if err != nil {
		return nil, err
	}
	e := newEngine(p, clock, runtime.GOMAXPROCS(0), func() visitor { return newClient(sh) })
	e.pace = func() Clock { return newClock(clock) }
	env := environment(job) // before the run adds to the machine's load
	defer thrifty(p)()
	run := drive(ctx, e, readSystem, job)
	run.Started, run.Env = sh.base, env
	if text := sh.connection.Load(); text != nil {
		run.Env.Connection = *text
	}
	return run, nil
}

// Joined sums up runs of one plan that were driven one after the other as one run,
// and judges the generator over all of it. There is at least one.
func Joined(runs []*results.Run) *results.Run {
	r := results.JoinRuns(runs)
	r.Generator.Verdict, r.Generator.Reasons = judgeGenerator(r, r.Env.Procs)
	r.Conclude()
	return r
}

// thrifty has garbage collected more often while a plan is executed that holds
// sessions: what matters there is the room that each takes, and by default the
// heap grows to twice of what lives. It gives back what undoes it.
func thrifty(p results.Plan) (undo func()) {
	const percent = 40
	holds := slices.ContainsFunc(p.Sessions, func(s results.SessionPlan) bool { return s.Hold > 0 })
	if !holds {
		return func() {}
	}
	before := debug.SetGCPercent(percent)
	if before >= 0 && before < percent {
		debug.SetGCPercent(before)
	}
	return func() { debug.SetGCPercent(before) }
}

// newShared makes ready what the sessions share.
func newShared(ctx context.Context, p results.Plan, job Job, clock TimerClock) (*shared, error) {
	to, err := resolve(ctx, job.Addr)
	if err != nil {
		return nil, err
	}
	d, err := newDialer(p, to)
	if err != nil {
		return nil, err
	}
	w := world{serverName: p.ServerName, domain: orElse(p.Domain, "example.com"), roots: job.Roots, now: time.Now, trips: job.Trips}
	if w.serverName == "" {
		w.serverName, _, _ = net.SplitHostPort(job.Addr)
	}
	sh := &shared{plan: p, dial: d, clock: clock, base: clock.start, trips: job.Trips}
	if job.Trips != nil {
		job.Trips.begin(clock.start, time.Duration(p.Warmup))
	}
	for _, s := range p.Sessions {
		sh.programs = append(sh.programs, newProgram(p, s, w))
	}
	return sh, nil
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// resolve looks an address up, once for the whole run.
func resolve(ctx context.Context, addr string) (netip.AddrPort, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("read address %q: want HOST:PORT: %w", addr, err)
	}
	number, err := net.DefaultResolver.LookupPort(ctx, "tcp", port)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("read address %q: %w", addr, err)
	}
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("look up %s: %w", host, err)
	}
	return netip.AddrPortFrom(ips[0].Unmap(), uint16(number)), nil
}

// drive runs an engine, cuts its run into intervals, and sums it up.
func drive(ctx context.Context, e *engine, system func() reading, job Job) *results.Run {
	s := newSampler(gauge{clock: e.clock, system: system, target: job.TargetCPU}, e)
	if e.warm == 0 { // what is used is counted from the very first session on
		s.begin()
	}
	over := make(chan struct{})
	sampled := make(chan struct{})
	go func() { // owned: drive waits for sampled
		defer close(sampled)
		e.sample(s, job.Progress, over)
	}()
	out := e.run(ctx)
	close(over)
	<-sampled
	return e.conclude(s, out, job)
}

// sample cuts intervals until the run is over, the first when the warm-up is.
func (e *engine) sample(s *sampler, progress func(Progress), over <-chan struct{}) {
	length := time.Duration(0)
	if e.plan.Open() {
		length, _ = NewPacer(e.plan).Length()
	} else if e.plan.Duration > 0 {
		length = e.warm + time.Duration(e.plan.Duration)
	}
	at := Progress{Length: length, Count: e.plan.Count}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stop := make(chan struct{})
	defer func() { <-stop }()
	go func() { // owned: sample waits for stop
		defer close(stop)
		<-over
		cancel()
	}()
	if e.warm > 0 {
		e.clock.SleepUntil(ctx, e.warm)
		s.begin()
	}
	for next := e.warm + interval; ; next += interval {
		e.clock.SleepUntil(ctx, next)
		done := ctx.Err() != nil
		i := s.cut()
		at.Elapsed, at.Interval = e.clock.Now(), i
		at.Attempted, at.Failed = s.total.attempted, s.total.failures()
		if progress != nil {
			progress(at)
		}
		if done {
			return
		}
	}
}

// conclude sums a run up.
func (e *engine) conclude(s *sampler, out outcome, job Job) *results.Run {
	t := s.total
	r := &results.Run{
		Schema: results.RunSchema, Plan: e.plan, Attempted: t.attempted, Completed: t.completed, Resumed: t.resumed, Failed: t.failed,
		Interrupted: out.interrupted, Phases: map[results.Phase]results.Summary{}, Raw: results.Summarized(t.histogram(atRaw)),
		Lag: results.Summarized(t.histogram(atLag)), Generator: s.generator(), Target: s.use(), Intervals: s.intervals,
	}
	for i, p := range results.Phases()[:atSession+1] {
		if h := t.histograms[i]; h != nil && h.Count() > 0 {
			r.Phases[p] = results.Summarized(h)
		}
	}
	began := max((out.until - e.warm).Seconds(), 0)
	r.Elapsed = max(began, (t.ended - e.warm).Seconds())
	if began > 0 {
		r.Rate.Achieved = float64(t.attempted) / began
		r.Rate.Completed = float64(t.completed) / r.Elapsed
	}
	r.Rate.Asked = e.asked(out, began)
	if t.completed > 0 {
		r.Wire = results.Wire{Sent: float64(t.sent) / float64(t.completed), Received: float64(t.received) / float64(t.completed)}
	}
	r.Generator.Shared = job.Shared
	r.Generator.Dropped = out.dropped
	r.Generator.Verdict, r.Generator.Reasons = judgeGenerator(r, s.procs)
	r.Conclude()
	return r
}

// asked is the mean rate that the plan wanted sessions to begin at; 0 for workers.
func (e *engine) asked(out outcome, began float64) float64 {
	length, known := time.Duration(0), false
	if e.plan.Open() {
		length, known = NewPacer(e.plan).Length()
	}
	switch {
	case e.plan.Count > 0:
		return float64(e.plan.Rate) / float64(e.plan.Shard.Whole().Of)
	case known && !out.interrupted:
		return float64(out.planned) / (length - e.warm).Seconds()
	case began > 0:
		return float64(out.planned) / began
	}
	return 0
}

// environment says where a run was made.
func environment(job Job) results.Env {
	env := results.Env{
		Tool: job.Tool, OS: runtime.GOOS, Arch: runtime.GOARCH, Kernel: kernel(), CPU: modelName(procFS()), Procs: runtime.GOMAXPROCS(0),
		Load: loadAverage(procFS()), Target: job.Target,
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "GOAMD64" || s.Key == "GOARM64" {
				env.Level = s.Value
			}
		}
	}
	return env
}
