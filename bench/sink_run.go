package bench

import (
	"context"
	"runtime"
	"time"

	"mailtls/results"
)

// Attend plays a sink until its plan's time is over, the job's Over is closed, or
// the context ends, which counts as an interruption. Sessions under way then may
// go on for three seconds. It returns what was measured; the error says what could
// not be logged, or why no more sessions could be accepted.
func Attend(ctx context.Context, job SinkJob) (*results.SinkRun, error) {
	clock := NewTimerClock()
	s := newSink(job, clock)
	env := environment(Job{Tool: job.Tool, Target: job.Sender})
	serving, stop := context.WithCancel(ctx)
	defer stop()
	var ended <-chan time.Time
	if job.Plan.Duration > 0 {
		timer := time.NewTimer(time.Duration(job.Plan.Duration))
		defer timer.Stop()
		ended = timer.C
	}
	waited := make(chan struct{})
	go func() { // owned: Attend waits for waited
		defer close(waited)
		select {
		case <-serving.Done():
		case <-ended:
		case <-job.Over:
		}
		stop()
	}()
	m := newSinkSampler(s, gauge{clock: clock, system: readSystem, target: job.SenderCPU})
	over := make(chan struct{})
	sampled := make(chan struct{})
	go func() { // owned: Attend waits for sampled
		defer close(sampled)
		m.sample(job, over)
	}()
	err := s.serve(serving, job.Listener)
	close(over)
	stop()
	<-sampled
	<-waited
	if s.log != nil && err == nil {
		err = s.log.flush()
	}
	run := m.conclude(job)
	run.Started, run.Env = clock.start, env
	run.Interrupted = ctx.Err() != nil
	if text := s.connection.Load(); text != nil {
		run.Env.Connection = *text
	}
	return run, err
}

// sinkSampler cuts a sink's run into intervals and sums them up.
type sinkSampler struct {
	sink           *sink
	gauge          gauge
	procs          int
	first, last    reading
	total, current *sinkCount
	intervals      []results.SinkInterval
	busy, long     int
	files          int64
}

func newSinkSampler(s *sink, g gauge) *sinkSampler {
	return &sinkSampler{sink: s, gauge: g, procs: runtime.GOMAXPROCS(0), total: newSinkCount(), current: newSinkCount()}
}

// sample cuts intervals until the run is over.
func (m *sinkSampler) sample(job SinkJob, over <-chan struct{}) {
	m.first = m.gauge.read()
	m.last = m.first
	ticks := time.NewTicker(interval)
	defer ticks.Stop()
	for done := false; !done; {
		select {
		case <-ticks.C:
		case <-over:
			done = true
		}
		i := m.cut()
		if job.Progress != nil {
			job.Progress(SinkProgress{
				Elapsed: m.last.at, Length: time.Duration(job.Plan.Duration), Sessions: m.total.accepted, Messages: m.total.messages,
				Failed: m.total.failures(), Interval: i,
			})
		}
	}
}

// cut ends an interval and begins the next.
func (m *sinkSampler) cut() results.SinkInterval {
	now := m.gauge.read()
	m.files = max(m.files, now.files)
	c := m.current
	c.reset()
	for _, r := range m.sink.recorders {
		r.take(c)
	}
	m.total.merge(c)
	u := between(m.last, now, m.procs)
	if now.at-m.last.at > interval/10 { // a shorter one says little of the CPU
		m.long++
		if u.cpu > busyCPU {
			m.busy++
		}
	}
	i := results.SinkInterval{
		At: (m.last.at - m.first.at).Seconds(), Length: (now.at - m.last.at).Seconds(), Sessions: c.completed + c.failures(), Failed: c.failures(),
		Messages: c.messages, Handshakes: c.handshakes, Open: m.sink.load(), HandshakeP99: micros(c.histograms[sinkHandshake].Quantile(0.99)),
		MessageP99: micros(c.histograms[sinkMessage].Quantile(0.99)), CPUShare: u.cpu,
	}
	m.intervals = append(m.intervals, i)
	m.last = now
	return i
}

// conclude sums a run up.
func (m *sinkSampler) conclude(job SinkJob) *results.SinkRun {
	t := m.total
	r := &results.SinkRun{
		Schema: results.SinkSchema, Plan: job.Plan, Sessions: t.accepted, Completed: t.completed, Failed: t.failed, Messages: t.messages,
		Recipients: t.recipients, Bytes: t.bytes, Handshakes: t.handshakes, Resumed: t.resumed, Phases: map[results.Phase]results.Summary{},
		Delay: results.Summarized(t.histograms[sinkDelay]), Sink: m.use(), Intervals: m.intervals,
	}
	for i, p := range results.SinkPhases() {
		if h := t.histograms[i]; h.Count() > 0 {
			r.Phases[p] = results.Summarized(h)
		}
	}
	if t.first >= 0 {
		r.Elapsed = (t.last - t.first).Seconds()
	}
	if r.Elapsed > 0 {
		r.Rate = results.SinkRate{
			Sessions: float64(t.accepted) / r.Elapsed, Messages: float64(t.messages) / r.Elapsed, Handshakes: float64(t.handshakes) / r.Elapsed,
		}
	}
	return r
}

// use sums up what this process used, and judges it as a generator of the closed
// loop is judged: what is due is not known to a sink.
func (m *sinkSampler) use() results.Generator {
	u := between(m.first, m.last, m.procs)
	g := results.Generator{CPUShare: u.cpu, RunQueue: u.waited, Steal: u.steal, GC: u.gc, MaxInFlight: m.sink.most.Load(), Files: m.files, Reasons: []string{}}
	if m.last.overflows > m.first.overflows {
		g.ListenOverflows = int64(m.last.overflows - m.first.overflows)
	}
	if n := m.total.accepted; n > 0 {
		g.CPU = micros(m.last.cpu-m.first.cpu) / float64(n)
		g.Allocs = float64(m.last.allocs-m.first.allocs) / float64(n)
	}
	if m.long > 0 {
		g.Busy = float64(m.busy) / float64(m.long)
	}
	as := &results.Run{Generator: g, Plan: results.Plan{Workers: 1}}
	if spent, span := m.last.target-m.first.target, m.last.at-m.first.at; spent > 0 && span > 0 {
		as.Target = &results.TargetUse{CPUShare: float64(spent) / float64(span)}
	}
	g.Verdict, g.Reasons = judgeGenerator(as, m.procs)
	return g
}
