package bench

import (
	"context"
	"errors"
	"testing"
	"time"

	"mailtls/results"
)

// oneClient is a worker's client for a plan, with its recorder.
func oneClient(t testing.TB, addr string, session results.SessionPlan) func() results.ErrorClass {
	t.Helper()
	p := results.Plan{Addr: addr, ServerName: peerHost, Workers: 1, Count: 1, Sessions: []results.SessionPlan{session}}.Filled()
	clock := NewTimerClock()
	sh, err := newShared(context.Background(), p, Job{Addr: addr}, clock)
	if err != nil {
		t.Fatal(err)
	}
	c, rec := newClient(sh), newRecorder()
	index := int64(0)
	return func() results.ErrorClass {
		var s sample
		began := clock.Now()
		rec.began(0)
		c.visit(context.Background(), Arrival{Index: index, Due: began}, &s)
		rec.ended(began, began, clock.Now(), &s)
		index++
		return s.failed
	}
}

// TestSessionsAllocateLittle: what the generator adds to the allocations of the
// bare loop.
func TestSessionsAllocateLittle(t *testing.T) {
	const rounds = 200
	implicit, starttls := startHelper(t, "peer implicit").word, startHelper(t, "peer starttls").word
	run := func(f func() results.ErrorClass) float64 {
		return testing.AllocsPerRun(rounds, func() {
			if class := f(); class != "" {
				t.Fatal(class)
			}
		})
	}
	config := bareConfig()
	loop := run(func() results.ErrorClass {
		if err := bare(implicit, config); err != nil {
			return classify(err)
		}
		return ""
	})
	inside := run(oneClient(t, implicit, measuredSession(results.KindImplicit)))
	upgrade := run(oneClient(t, starttls, measuredSession(results.KindStartTLS)))
	t.Logf("allocations: bare loop %v, implicit %v, starttls %v", loop, inside, upgrade)
	if inside > loop+15 {
		t.Errorf("a session allocates %v times, the bare loop %v: at most 15 more are wanted", inside, loop)
	}
	if upgrade > inside+10 {
		t.Errorf("STARTTLS allocates %v times, implicit TLS %v: at most 10 more are wanted", upgrade, inside)
	}
}

// loop measures what one session costs this process, in CPU time; the wall time
// has the peer's part in it.
func loop(b *testing.B, session func() error) {
	b.ReportAllocs()
	begin := readSystem().cpu
	for b.Loop() {
		if err := session(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(readSystem().cpu-begin)/float64(b.N), "cpu-ns/op")
}

// BenchmarkSession measures sessions of the generator beside a bare loop that
// does the same. The peers are in processes of their own.
func BenchmarkSession(b *testing.B) {
	implicit, starttls := startHelper(b, "peer implicit").word, startHelper(b, "peer starttls").word
	config := bareConfig()
	b.Run("bare", func(b *testing.B) { loop(b, func() error { return bare(implicit, config) }) })
	for _, kind := range []results.SessionKind{results.KindImplicit, results.KindStartTLS, results.KindPlain} {
		addr := starttls
		if kind == results.KindImplicit {
			addr = implicit
		}
		plan := measuredSession(kind)
		if kind == results.KindPlain {
			plan = results.SessionPlan{Kind: kind}
		}
		session := oneClient(b, addr, plan)
		b.Run(string(kind), func(b *testing.B) {
			loop(b, func() error {
				if class := session(); class != "" {
					return errors.New(string(class))
				}
				return nil
			})
		})
	}
}

func BenchmarkRecorder(b *testing.B) {
	r := newRecorder()
	s := sample{end: time.Millisecond}
	for i := range s.took {
		s.add(i, time.Millisecond)
	}
	b.ReportAllocs()
	for b.Loop() {
		r.began(time.Microsecond)
		r.ended(0, 0, time.Millisecond, &s)
	}
}

func BenchmarkPacer(b *testing.B) {
	for name, p := range map[string]results.Plan{
		"constant": {Rate: 1000, Count: 1 << 30}, "poisson": {Rate: 1000, Count: 1 << 30, Poisson: true},
		"ramp": {Ramp: results.Ramp{From: 1, To: 1000}, Duration: results.Span(1000 * time.Hour)},
	} {
		b.Run(name, func(b *testing.B) {
			c := NewPacer(p)
			b.ReportAllocs()
			for b.Loop() {
				c.Next()
			}
		})
	}
}
