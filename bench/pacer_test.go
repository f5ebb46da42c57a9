package bench_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"mailtls/bench"
	"mailtls/results"
)

const ms = time.Millisecond

// span is a duration in a plan.
func span(d time.Duration) results.Span { return results.Span(d) }

// all are the arrivals that a plan gives.
func all(p results.Plan) []bench.Arrival {
	var list []bench.Arrival
	c := bench.NewPacer(p)
	for a, more := c.Next(); more; a, more = c.Next() {
		list = append(list, a)
	}
	return list
}

func TestPacerTables(t *testing.T) {
	for name, tt := range map[string]struct {
		plan results.Plan
		due  []time.Duration
	}{
		"constant": {results.Plan{Rate: 4, Duration: span(time.Second)}, []time.Duration{0, 250 * ms, 500 * ms, 750 * ms}},
		"a rate that does not divide a second": {results.Plan{Rate: 3, Duration: span(time.Second)},
			[]time.Duration{0, 333_333_333, 666_666_667}},
		"a slow rate":      {results.Plan{Rate: 0.5, Duration: span(5 * time.Second)}, []time.Duration{0, 2 * time.Second, 4 * time.Second}},
		"count":            {results.Plan{Rate: 2, Count: 3}, []time.Duration{0, 500 * ms, time.Second}},
		"warm-up":          {results.Plan{Rate: 2, Duration: span(time.Second), Warmup: span(time.Second)}, []time.Duration{0, 500 * ms, 1000 * ms, 1500 * ms}},
		"warm-up, counted": {results.Plan{Rate: 2, Count: 1, Warmup: span(time.Second)}, []time.Duration{0, 500 * ms, 1000 * ms}},
		// The sum of a ramp from 0 to 8 in 1 s is 4t².
		"ramp up": {results.Plan{Ramp: results.Ramp{To: 8}, Duration: span(time.Second)}, []time.Duration{0, 500 * ms, 707_106_781, 866_025_404}},
		// And 8t - 4t² downwards.
		"ramp down":         {results.Plan{Ramp: results.Ramp{From: 8}, Duration: span(time.Second)}, []time.Duration{0, 133_974_596, 292_893_219, 500 * ms}},
		"ramp with warm-up": {results.Plan{Ramp: results.Ramp{From: 2, To: 2}, Duration: span(time.Second), Warmup: span(time.Second)}, []time.Duration{0, 500 * ms, 1000 * ms, 1500 * ms}},
		"steps": {results.Plan{Steps: []results.Step{{Rate: 1, For: span(time.Second)}, {Rate: 0, For: span(time.Second)}, {Rate: 2, For: span(time.Second)}}},
			[]time.Duration{0, 2 * time.Second, 2500 * ms}},
		"steps between arrivals": {results.Plan{Steps: []results.Step{{Rate: 1, For: span(1500 * ms)}, {Rate: 2, For: span(time.Second)}}},
			[]time.Duration{0, time.Second, 1750 * ms, 2250 * ms}},
	} {
		var due []time.Duration
		for i, a := range all(tt.plan) {
			due = append(due, a.Due)
			if a.Index != int64(i) {
				t.Errorf("%s: arrival %d has index %d", name, i, a.Index)
			}
		}
		if !slices.Equal(due, tt.due) {
			t.Errorf("%s: due %v, want %v", name, due, tt.due)
		}
	}
}

func TestPacerLengthAndExpectation(t *testing.T) {
	for name, tt := range map[string]struct {
		plan     results.Plan
		length   time.Duration
		expected float64
	}{
		"constant":        {results.Plan{Rate: 100, Duration: span(10 * time.Second), Warmup: span(2 * time.Second)}, 12 * time.Second, 1000},
		"ramp":            {results.Plan{Ramp: results.Ramp{From: 10, To: 30}, Duration: span(10 * time.Second)}, 10 * time.Second, 200},
		"steps":           {results.Plan{Steps: []results.Step{{Rate: 1, For: span(time.Second)}, {Rate: 5, For: span(time.Second)}}}, 2 * time.Second, 6},
		"count":           {results.Plan{Rate: 2, Count: 8, Warmup: span(time.Second)}, 0, 8},
		"a fourth of all": {results.Plan{Rate: 2, Count: 8, Shard: results.Shard{Index: 1, Of: 4}}, 0, 2},
	} {
		c := bench.NewPacer(tt.plan)
		if length, _ := c.Length(); length != tt.length || math.Abs(c.Expected()-tt.expected) > 1e-9 {
			t.Errorf("%s: length %v and %v expected, want %v and %v", name, length, c.Expected(), tt.length, tt.expected)
		}
	}
}

// TestShardsMakeTheWhole: the union of the shards is the schedule of one machine,
// exactly, and no arrival is in two.
func TestShardsMakeTheWhole(t *testing.T) {
	for name, p := range map[string]results.Plan{
		"constant": {Rate: 777, Duration: span(3 * time.Second), Warmup: span(time.Second)},
		"poisson":  {Rate: 500, Duration: span(3 * time.Second), Poisson: true, Seed: 7},
		"ramp":     {Ramp: results.Ramp{From: 3, To: 900}, Duration: span(4 * time.Second), Poisson: true},
		"steps":    {Steps: []results.Step{{Rate: 100, For: span(time.Second)}, {Rate: 1000, For: span(time.Second)}}},
		"count":    {Rate: 100, Count: 1001, Warmup: span(time.Second)},
	} {
		whole := all(p)
		for _, of := range []int{1, 2, 3, 8} {
			var union []bench.Arrival
			for i := range of {
				p.Shard = results.Shard{Index: i, Of: of}
				union = append(union, all(p)...)
			}
			slices.SortFunc(union, func(a, b bench.Arrival) int { return int(a.Index - b.Index) })
			if len(whole) < 100 || !slices.Equal(union, whole) {
				t.Errorf("%s: %d shards give %d arrivals, one machine %d, or other ones", name, of, len(union), len(whole))
			}
		}
	}
}

// TestRampKeepsItsIntegral: each second of a ramp has the arrivals that the rate
// adds up to in it, to within one.
func TestRampKeepsItsIntegral(t *testing.T) {
	p := results.Plan{Ramp: results.Ramp{From: 10, To: 2000}, Duration: span(20 * time.Second)}
	list := all(p)
	if want := 20 * (10 + 2000) / 2.0; math.Abs(float64(len(list))-want) > 1 {
		t.Errorf("%d arrivals, want %v", len(list), want)
	}
	perSecond := make([]float64, 20)
	for _, a := range list {
		perSecond[int(a.Due/time.Second)]++
	}
	for s, got := range perSecond {
		if want := 10 + (2000.0-10)/20*(float64(s)+0.5); math.Abs(got-want) > 1.01 {
			t.Errorf("second %d has %v arrivals, want %v", s, got, want)
		}
	}
}

// TestPoissonGapsAreExponential: a Kolmogorov-Smirnov test for each of 20 seeds.
// At 1.95/√n it would refuse a true exponential once in a thousand; the seeds are
// fixed, so it does so always or never.
func TestPoissonGapsAreExponential(t *testing.T) {
	const rate = 1000
	for seed := range uint64(20) {
		list := all(results.Plan{Rate: rate, Count: 10_000, Poisson: true, Seed: seed})
		gaps := make([]float64, len(list))
		last := 0.0
		for i, a := range list {
			gaps[i] = a.Due.Seconds() - last
			last = a.Due.Seconds()
		}
		slices.Sort(gaps)
		worst := 0.0
		for i, g := range gaps {
			f := 1 - math.Exp(-rate*g)
			worst = max(worst, math.Abs(f-float64(i)/float64(len(gaps))), math.Abs(f-float64(i+1)/float64(len(gaps))))
		}
		if limit := 1.95 / math.Sqrt(float64(len(gaps))); worst > limit {
			t.Errorf("seed %d: the gaps are %v off an exponential, at most %v", seed, worst, limit)
		}
	}
}

func TestPoissonDependsOnTheSeedAlone(t *testing.T) {
	p := results.Plan{Rate: 100, Duration: span(time.Second), Poisson: true, Seed: 1}
	first := all(p)
	if !slices.Equal(first, all(p)) {
		t.Error("the same seed gives another schedule")
	}
	p.Seed = 2
	if slices.Equal(first, all(p)) {
		t.Error("another seed gives the same schedule")
	}
}

// system is a target that keeps thresholds up to a rate.
func system(limit, generator results.Rate, tried *[]results.Rate) func(context.Context, results.Rate) (*results.Run, error) {
	return func(_ context.Context, rate results.Rate) (*results.Run, error) {
		*tried = append(*tried, rate)
		r := &results.Run{Completed: 1, Generator: results.Generator{Verdict: results.RunOK}}
		if rate > generator {
			r.Generator.Verdict = results.RunGeneratorLimited
		} else {
			r.Thresholds = []results.ThresholdResult{{Kept: rate <= limit}}
		}
		return r, nil
	}
}

func TestFindMax(t *testing.T) {
	bounds := results.Ramp{From: 10, To: 2000}
	for name, tt := range map[string]struct {
		limit, generator results.Rate
		best             results.Rate // at least, and up to 5 % below the limit
		tries            int          // at most
	}{
		"in between":      {777, 5000, 738, 14},
		"at the bottom":   {10, 5000, 10, 14},
		"at the top":      {2000, 5000, 2000, 10},
		"beyond the top":  {9000, 9000, 2000, 10},
		"none":            {5, 5000, 0, 1},
		"small":           {12.4, 5000, 11.8, 14},
		"limited by us":   {2000, 300, 285, 14},
		"just doubled to": {80, 5000, 76, 14},
	} {
		var tried []results.Rate
		r, err := bench.FindMax(t.Context(), bounds, system(tt.limit, tt.generator, &tried))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		s := r.Search
		if s.Best < tt.best || s.Best > min(tt.limit, tt.generator) || len(tried) > tt.tries || len(tried) != len(s.Tries) {
			t.Errorf("%s: found %v below %v with tries %v, want at least %v", name, s.Best, s.Limit, tried, tt.best)
		}
		if s.Best > 0 && !r.Kept() {
			t.Errorf("%s: the run returned is not that of a rate that was kept", name)
		}
	}
}

func TestFindMaxEnds(t *testing.T) {
	bounds := results.Ramp{From: 10, To: 2000}
	var tried []results.Rate
	good := system(3000, 3000, &tried)
	broken := errors.New("no such host")
	if _, err := bench.FindMax(t.Context(), bounds, func(context.Context, results.Rate) (*results.Run, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Errorf("error %v, want that of the try", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	r, err := bench.FindMax(ctx, bounds, func(ctx context.Context, rate results.Rate) (*results.Run, error) {
		r, err := good(ctx, rate)
		if rate > 30 {
			cancel()
			r.Interrupted = true
		}
		return r, err
	})
	if err != nil || !r.Interrupted || r.Search.Best != 20 || r.Search.Limit != 0 || len(tried) != 3 {
		t.Errorf("interrupted: %v, search %+v after %v", err, r.Search, tried)
	}
}
