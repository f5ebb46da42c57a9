package bench

import (
	"runtime"
	"runtime/metrics"
	"time"

	"mailtls/results"
)

// reading is what the generator and the machine had used at a moment. What the
// system does not tell stays 0.
type reading struct {
	at time.Duration
	// cpu is the CPU time of this process, waited that of its threads in the run
	// queue.
	cpu, waited time.Duration
	// stolen and total are the machine's time in ticks over all CPUs.
	stolen, total uint64
	// gc and runtime are the estimates of Go's runtime of the CPU time that went
	// into garbage collection, and of all.
	gc, runtime float64
	// allocs are the objects that were ever put on the heap.
	allocs uint64
	// overflows of listen queues on this machine.
	overflows uint64
	// files that are open in this process.
	files int64
	// target is the CPU time of the target's processes.
	target time.Duration
}

// gauge takes readings.
type gauge struct {
	clock Clock
	// system reads what the system says of this process and the machine.
	system func() reading
	// target tells the CPU time of the target's processes; nil where it cannot be
	// told.
	target func() (time.Duration, error)
}

// read takes a reading.
func (g gauge) read() reading {
	allocs := heapAllocs() // before this puts something on the heap
	r := g.system()
	r.at, r.allocs = g.clock.Now(), allocs
	samples := []metrics.Sample{{Name: "/cpu/classes/gc/total:cpu-seconds"}, {Name: "/cpu/classes/total:cpu-seconds"}, {Name: "/cpu/classes/idle:cpu-seconds"}}
	metrics.Read(samples)
	if samples[0].Value.Kind() == metrics.KindFloat64 && samples[1].Value.Kind() == metrics.KindFloat64 && samples[2].Value.Kind() == metrics.KindFloat64 {
		r.gc, r.runtime = samples[0].Value.Float64(), samples[1].Value.Float64()-samples[2].Value.Float64()
	}
	if g.target != nil {
		r.target, _ = g.target() // a target that has gone leaves the sessions to tell of it
	}
	return r
}

// heapAllocs are the objects that were ever put on the heap.
func heapAllocs() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:objects"}}
	if metrics.Read(sample); sample[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return sample[0].Value.Uint64()
}

// used is what was used between two readings, as shares.
type used struct{ cpu, waited, steal, gc float64 }

// between compares two readings on so many CPUs.
func between(a, b reading, procs int) used {
	var u used
	if span := (b.at - a.at) * time.Duration(procs); span > 0 {
		u.cpu = max(float64(b.cpu-a.cpu)/float64(span), 0)
		u.waited = max(float64(b.waited-a.waited)/float64(span), 0)
	}
	if b.total > a.total && b.stolen > a.stolen {
		u.steal = float64(b.stolen-a.stolen) / float64(b.total-a.total)
	}
	if b.runtime > a.runtime && b.gc > a.gc {
		u.gc = (b.gc - a.gc) / (b.runtime - a.runtime)
	}
	return u
}

// sampler cuts a run into intervals and sums them up.
type sampler struct {
	gauge gauge
	procs int
	take  func(into *count)
	load  func() (busy, most, blocked int64)

	first, last reading
	total       *count
	current     *count
	intervals   []results.Interval
	files       int64
}

func newSampler(g gauge, e *engine) *sampler {
	return &sampler{gauge: g, procs: runtime.GOMAXPROCS(0), take: e.take, load: e.queue.load, total: newCount(), current: newCount()}
}

// begin starts the first interval.
func (s *sampler) begin() {
	s.first = s.gauge.read()
	s.first.allocs = heapAllocs() // reading is none of what is measured
	s.last = s.first
}

// cut ends an interval and begins the next.
func (s *sampler) cut() results.Interval {
	now := s.gauge.read()
	s.files = max(s.files, now.files)
	s.current.reset()
	s.take(s.current)
	s.total.merge(s.current)
	kept := results.NewHistogram()
	kept.Merge(s.current.histogram(atSession))
	u := between(s.last, now, s.procs)
	busy, _, _ := s.load()
	i := results.Interval{
		At: (s.last.at - s.first.at).Seconds(), Length: (now.at - s.last.at).Seconds(),
		Attempted: s.current.attempted, Completed: s.current.completed, Failed: s.current.failures(), InFlight: busy,
		Session: results.Summarized(kept), LagP99: micros(s.current.histogram(atLag).Quantile(0.99)),
		CPUShare: u.cpu, RunQueue: u.waited, Steal: u.steal, GC: u.gc,
	}
	kept.Pack() // a long run has many
	s.intervals = append(s.intervals, i)
	s.last = now
	return i
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// generator sums up what the generator used.
func (s *sampler) generator() results.Generator {
	u := between(s.first, s.last, s.procs)
	_, most, blocked := s.load()
	g := results.Generator{
		CPUShare: u.cpu, RunQueue: u.waited, Steal: u.steal, GC: u.gc, Blocked: blocked, MaxInFlight: most, Files: s.files,
	}
	if s.last.overflows > s.first.overflows {
		g.ListenOverflows = int64(s.last.overflows - s.first.overflows)
	}
	if n := s.total.attempted; n > 0 {
		g.CPU = micros(s.last.cpu-s.first.cpu) / float64(n)
		g.Allocs = float64(s.last.allocs-s.first.allocs) / float64(n)
	}
	long := 0
	for _, i := range s.intervals {
		if i.Length < 0.1 {
			continue // too short for the kernel's clock to say much
		}
		long++
		if i.CPUShare > busyCPU {
			g.Busy++
		}
	}
	if long > 0 {
		g.Busy /= float64(long)
	}
	return g
}

// use sums up what the target used; nil where that cannot be told.
func (s *sampler) use() *results.TargetUse {
	spent, span := s.last.target-s.first.target, s.last.at-s.first.at
	if s.gauge.target == nil || spent <= 0 || span <= 0 {
		return nil
	}
	u := &results.TargetUse{CPUShare: float64(spent) / float64(span)}
	if n := s.total.attempted; n > 0 {
		u.CPU = micros(spent) / float64(n)
	}
	return u
}
