package bench

import (
	"context"
	"math"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"mailtls/results"
)

// script does sessions as a test says, on the bubble's clock.
type script struct {
	clock Clock
	play  func(ctx context.Context, a Arrival, s *sample)
	off   atomic.Bool
}

// visit plays a session.
func (v *script) visit(ctx context.Context, a Arrival, s *sample) {
	v.play(ctx, a, s)
	if s.failed == "" {
		s.end = v.clock.Now()
	}
}

func (v *script) cut() { v.off.Store(true) }

// virtual executes a plan on a virtual clock, in a synctest bubble.
func virtual(ctx context.Context, p results.Plan, play func(clock Clock, v *script) func(context.Context, Arrival, *sample)) *results.Run {
	clock := NewTimerClock()
	e := newEngine(p.Filled(), clock, 2, func() visitor {
		v := &script{clock: clock}
		v.play = play(clock, v)
		return v
	})
	return drive(ctx, e, func() reading { return reading{} }, Job{})
}

// takes is a target that takes so long for everything.
func takes(d time.Duration) func(Clock, *script) func(context.Context, Arrival, *sample) {
	return func(Clock, *script) func(context.Context, Arrival, *sample) {
		return func(context.Context, Arrival, *sample) { time.Sleep(d) }
	}
}

// near fails unless a value is within a share of what is wanted.
func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if math.Abs(got-want) > within*math.Abs(want) {
		t.Errorf("%s is %v, want %v within %v %%", what, got, want, 100*within)
	}
}

func TestOpenPlanKeepsItsSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := virtual(t.Context(), results.Plan{Rate: 200, Duration: results.Span(5 * time.Second), Warmup: results.Span(2 * time.Second)}, takes(30*time.Millisecond))
		if r.Attempted != 1000 || r.Completed != 1000 || r.Interrupted {
			t.Errorf("%d attempted, %d completed, want 1000 without the warm-up", r.Attempted, r.Completed)
		}
		near(t, "asked rate", r.Rate.Asked, 200, 1e-9)
		near(t, "achieved rate", r.Rate.Achieved, 200, 0.001)
		near(t, "median", r.Phases[results.PhaseSession].P50, 30_000, 0.001)
		near(t, "sessions in flight at most", float64(r.Generator.MaxInFlight), 6, 0.2)
		if r.Lag.Max > 1 || r.Generator.Verdict != results.RunOK {
			t.Errorf("lag of up to %v µs, verdict %s %v", r.Lag.Max, r.Generator.Verdict, r.Generator.Reasons)
		}
		// Six sessions of the last second are under way at its end, and in the interval after it.
		if len(r.Intervals) != 6 {
			t.Errorf("%d intervals", len(r.Intervals))
		}
		near(t, "first interval", float64(r.Intervals[0].Attempted), 200, 0.01)
		sum := int64(0)
		for _, i := range r.Intervals {
			sum += i.Session.Count
		}
		if sum != r.Completed {
			t.Errorf("the intervals hold %d sessions", sum)
		}
	})
}

// TestFrozenTargetShowsInTheCorrectedFigures: while a target stands still for a
// second of ten, a tenth of the sessions comes due, and waits half a second on
// average. The raw figures know only of those few that could begin.
func TestFrozenTargetShowsInTheCorrectedFigures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const from, to = 4 * time.Second, 5 * time.Second
		p := results.Plan{Rate: 500, Duration: results.Span(10 * time.Second), InFlight: 10}
		r := virtual(t.Context(), p, func(clock Clock, _ *script) func(context.Context, Arrival, *sample) {
			return func(context.Context, Arrival, *sample) {
				if now := clock.Now(); now >= from && now < to {
					time.Sleep(to - now)
				}
				time.Sleep(500 * time.Microsecond)
			}
		})
		s := r.Phases[results.PhaseSession]
		near(t, "p95", micros(s.HDR.Quantile(0.95)), 500_000, 0.05)
		near(t, "p99", s.P99, 900_000, 0.05)
		if r.Raw.P99 > 2_000 || r.Raw.P999 > 2_000*500 {
			t.Errorf("raw p99 is %v µs: it knows of the freeze", r.Raw.P99)
		}
		if r.Completed != 5000 || r.Generator.Blocked < 400 || r.Generator.Verdict != results.RunGeneratorLimited {
			t.Errorf("%d completed, %d blocked, verdict %s", r.Completed, r.Generator.Blocked, r.Generator.Verdict)
		}
	})
}

// TestLatencyIsWhatTheTargetDelayed: the quantiles of a session are those of the
// delays that were applied, at any load.
func TestLatencyIsWhatTheTargetDelayed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		want := results.NewHistogram()
		p := results.Plan{Rate: 1000, Count: 20_000, Poisson: true, Seed: 3, InFlight: 5000}
		delay := func(i int64) time.Duration { // Pareto, the worst of those to come
			u := (float64(mixed(uint64(i))>>11) + 0.5) / (1 << 53)
			return time.Duration(float64(time.Millisecond) * math.Pow(u, -1/1.5))
		}
		for i := range int64(p.Count) {
			want.Record(min(delay(i), 2*time.Second))
		}
		r := virtual(t.Context(), p, func(Clock, *script) func(context.Context, Arrival, *sample) {
			return func(_ context.Context, a Arrival, _ *sample) { time.Sleep(min(delay(a.Index), 2*time.Second)) }
		})
		if got := r.Phases[results.PhaseSession].HDR; !got.Equal(want) {
			t.Errorf("p50 %v p99.9 %v, applied were %v and %v", got.Quantile(0.5), got.Quantile(0.999), want.Quantile(0.5), want.Quantile(0.999))
		}
		if r.Phases[results.PhaseSession].HDR.Equal(r.Lag.HDR) {
			t.Error("the lag is the latency")
		}
	})
}

func TestSlowTargetOfTooFewInFlightIsToldFromALateGenerator(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := results.Plan{Rate: 100, Duration: results.Span(3 * time.Second), InFlight: 5, Timeout: results.Span(time.Second)}
		r := virtual(t.Context(), p, takes(200*time.Millisecond)) // 25/s at most
		g := r.Generator
		if g.Verdict != results.RunGeneratorLimited || g.Dropped == 0 || g.Blocked == 0 || g.MaxInFlight != 5 {
			t.Errorf("generator %+v", g)
		}
		if r.Attempted+g.Dropped != 300 || r.Thresholds != nil {
			t.Errorf("%d attempted and %d dropped of 300", r.Attempted, g.Dropped)
		}
	})
}

func TestWorkersGoRoundAndRound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := results.Plan{Workers: 4, Duration: results.Span(2 * time.Second), Warmup: results.Span(time.Second), Sessions: []results.SessionPlan{{Think: results.Span(60 * time.Millisecond)}}}
		r := virtual(t.Context(), p, takes(40*time.Millisecond))
		if r.Completed != 80 || r.Generator.MaxInFlight != 4 || r.Rate.Asked != 0 || r.Generator.Verdict != results.RunOK {
			t.Errorf("%d completed, generator %+v, rate %+v", r.Completed, r.Generator, r.Rate)
		}
		near(t, "completed rate", r.Rate.Completed, 40, 0.05)
		near(t, "median", r.Phases[results.PhaseSession].P50, 40_000, 0.001)
		p = results.Plan{Workers: 3, Count: 10, Warmup: results.Span(time.Second), Shard: results.Shard{Index: 1, Of: 2}}
		if r = virtual(t.Context(), p, takes(40*time.Millisecond)); r.Attempted != 5 || r.Generator.MaxInFlight != 1 {
			t.Errorf("the second of two shards: %d attempted by %d workers, want 5 by 1", r.Attempted, r.Generator.MaxInFlight)
		}
	})
}

func TestInterruptedRunDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(1495*time.Millisecond, cancel)
		p := results.Plan{Rate: 100, Duration: results.Span(time.Hour)}
		r := virtual(ctx, p, func(_ Clock, v *script) func(context.Context, Arrival, *sample) {
			return func(_ context.Context, a Arrival, s *sample) {
				if a.Index%50 != 0 {
					time.Sleep(100 * time.Millisecond) // those under way may end
					return
				}
				for !v.off.Load() { // and those that hang are cut
					time.Sleep(10 * time.Millisecond)
				}
				s.failed = results.FailInterrupted
			}
		})
		if !r.Interrupted || r.Failed[results.FailInterrupted] != 3 || r.Attempted != r.Completed+3 || r.Attempted != 150 {
			t.Errorf("interrupted %t, %d attempted, %d completed, failed %v", r.Interrupted, r.Attempted, r.Completed, r.Failed)
		}
		if r.Elapsed < 4 || r.Elapsed > 5 {
			t.Errorf("it took %v s, want 1.5 s and 3 s to drain", r.Elapsed)
		}
		if code := results.RunExitCode(r); code != results.ExitInterrupted {
			t.Errorf("exit code %d", code)
		}
	})
}

func TestFailuresAreCountedByClassAndNotTimed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := results.Plan{Rate: 100, Count: 100}
		r := virtual(t.Context(), p, func(Clock, *script) func(context.Context, Arrival, *sample) {
			return func(_ context.Context, a Arrival, s *sample) {
				s.add(atConnect, time.Millisecond)
				if a.Index%10 == 0 {
					s.failed = results.AlertClass(40)
				}
			}
		})
		if r.Failed["alert-40"] != 10 || r.Completed != 90 || r.Phases[results.PhaseConnect].Count != 90 {
			t.Errorf("failed %v, %d completed, %d connects", r.Failed, r.Completed, r.Phases[results.PhaseConnect].Count)
		}
		if _, met := r.Phases[results.PhaseMessage]; met {
			t.Error("a phase that was not met is listed")
		}
	})
}

func TestMixIsDrawnByWeightAndIndex(t *testing.T) {
	p := results.Plan{Seed: 1, Sessions: []results.SessionPlan{{Weight: 1}, {Weight: 3}, {Weight: 6}}}
	drawn := make([]float64, 3)
	for i := range int64(100_000) {
		drawn[kindOf(p, i)]++
	}
	for i, want := range []float64{10_000, 30_000, 60_000} {
		near(t, "drawn", drawn[i], want, 0.03)
	}
}

// TestMergedShardsAreOneMachine: the runs of the shards, merged, measured what
// one machine measures, session for session.
func TestMergedShardsAreOneMachine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		play := func(Clock, *script) func(context.Context, Arrival, *sample) {
			return func(_ context.Context, a Arrival, s *sample) {
				time.Sleep(time.Duration(mixed(uint64(a.Index)) % 50_000_000))
				if a.Index%13 == 0 {
					s.failed = results.FailReset
				}
			}
		}
		p := results.Plan{Ramp: results.Ramp{From: 20, To: 300}, Duration: results.Span(3 * time.Second), Warmup: results.Span(time.Second), Poisson: true, Seed: 11}
		whole := virtual(t.Context(), p, play)
		var shards []*results.Run
		for i := range 3 {
			p.Shard = results.Shard{Index: i, Of: 3}
			shards = append(shards, virtual(t.Context(), p, play))
		}
		merged, err := results.MergeRuns(shards)
		if err != nil {
			t.Fatal(err)
		}
		if whole.Attempted < 400 || merged.Attempted != whole.Attempted || merged.Failed[results.FailReset] != whole.Failed[results.FailReset] {
			t.Errorf("%d attempted by the shards, %d by one machine", merged.Attempted, whole.Attempted)
		}
		if !merged.Phases[results.PhaseSession].HDR.Equal(whole.Phases[results.PhaseSession].HDR) || !merged.Raw.HDR.Equal(whole.Raw.HDR) {
			t.Error("the histograms differ")
		}
		near(t, "asked rate", merged.Rate.Asked, whole.Rate.Asked, 1e-9)
	})
}
