package comparison_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"mailtls/results"
	"mailtls/results/comparison"
)

// first is when the first of the runs began.
var first = time.Date(2026, 11, 2, 3, 0, 0, 0, time.UTC)

// runOf is a run with workers or, with a rate, at a fixed rate; its figures are so
// many times the usual ones.
func runOf(rate results.Rate, times float64) *results.Run {
	r := &results.Run{
		Schema: results.RunSchema, Started: first,
		Plan: results.Plan{Name: "nightly", Target: "postfix", Rate: rate, Duration: results.Span(10 * time.Second)},
		Env: results.Env{
			Tool: results.Tool{Name: "mailtls", Version: "v1", Go: "go1.26.8"}, OS: "linux", Arch: "amd64", Level: "v1", Kernel: "6.1.0", CPU: "Example CPU",
			Procs: 2, Target: "postfix/default 3.7", Connection: "TLS1.3 X25519 TLS_AES_128_GCM_SHA256 ECDSA chain of 2",
		},
		Attempted: 1000, Completed: 1000, Rate: results.RunRate{Completed: 500 / times},
		Generator: results.Generator{Verdict: results.RunOK, CPU: 400}, Target: &results.TargetUse{CPU: 800 * times},
		Phases: map[results.Phase]results.Summary{results.PhaseSession: {P50: 3000 * times, P99: 9000 * times}},
	}
	if rate == 0 {
		r.Plan.Workers = 4
	}
	return r
}

// noisy is a run as runOf, with noise of so much in all that it measures. One run
// in twenty is disturbed.
func noisy(random *rand.Rand, rate results.Rate, times, noise float64) *results.Run {
	level := math.Exp(noise * random.NormFloat64())
	if random.IntN(20) == 0 {
		level *= 1.3
	}
	r := runOf(rate, times*level)
	r.Generator.CPU *= math.Exp(noise * random.NormFloat64())
	return r
}

func runs(random *rand.Rand, n int, rate results.Rate, times, noise float64) []*results.Run {
	var all []*results.Run
	for range n {
		all = append(all, noisy(random, rate, times, noise))
	}
	return all
}

func figure(t *testing.T, l *comparison.Load, metric string) comparison.Figure {
	t.Helper()
	for _, f := range l.Figures {
		if f.Metric == metric {
			return f
		}
	}
	t.Fatalf("there is no %s among %+v", metric, l.Figures)
	return comparison.Figure{}
}

func TestUnpairedFindsARegression(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	l, err := comparison.Unpaired(runs(random, 12, 0, 1, 0.01), runs(random, 12, 0, 1.10, 0.01), comparison.Options{})
	if err != nil {
		t.Fatal(err)
	}
	cpu, rate, errors := figure(t, l, "target-cpu"), figure(t, l, "throughput"), figure(t, l, "error-rate")
	if cpu.Verdict != comparison.Worse || math.Abs(cpu.Effect-0.10) > 0.03 || *cpu.Lo > 0.10 || *cpu.Hi < 0.10 || cpu.Adjusted < cpu.P {
		t.Errorf("target-cpu %+v", cpu)
	}
	if rate.Verdict != comparison.Worse || rate.Effect > 0 || *rate.Detectable > 0 {
		t.Errorf("throughput %+v", rate)
	}
	if errors.Verdict != comparison.Same || errors.Effect != 0 {
		t.Errorf("error-rate %+v", errors)
	}
	if l.Verdict != comparison.Worse || comparison.New(l, nil).ExitCode() != results.ExitNonconforming {
		t.Errorf("verdict %s", l.Verdict)
	}
}

func TestUnpairedFindsAnImprovement(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 9))
	back, err := comparison.Unpaired(runs(random, 12, 0, 1.10, 0.01), runs(random, 12, 0, 1, 0.01), comparison.Options{})
	if err != nil || back.Verdict != comparison.Better || comparison.New(back, nil).ExitCode() != results.ExitConforming {
		t.Errorf("%+v, %v", back, err)
	}
}

func TestErrorsAreComparedByTheirDifference(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 2))
	base, now := runs(random, 12, 200, 1, 0.01), runs(random, 12, 200, 1, 0.01)
	for i, r := range now {
		r.Failed = map[results.ErrorClass]int64{results.FailTimeout: int64(10 + i)}
		r.Completed -= int64(10 + i)
	}
	l, err := comparison.Unpaired(base, now, comparison.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if f := figure(t, l, "error-rate"); f.Verdict != comparison.Worse || f.Effect < 0.01 || f.Effect > 0.022 {
		t.Errorf("error-rate %+v", f)
	}
	if f := figure(t, l, "p99"); f.Verdict != comparison.Same {
		t.Errorf("p99 %+v", f)
	}
}

// A difference that is certain and small is none.
func TestSmallEffectsDoNotCount(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 3))
	base, now := runs(random, 20, 0, 1, 0.001), runs(random, 20, 0, 1.01, 0.001)
	l, err := comparison.Unpaired(base, now, comparison.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if f := figure(t, l, "target-cpu"); f.Adjusted > comparison.Alpha || f.Verdict != comparison.Same || math.Abs(*f.Detectable-0.02) > 0.01 {
		t.Errorf("1 %% with the default: %+v", f)
	}
	l, err = comparison.Unpaired(base, now, comparison.Options{MinEffects: map[string]float64{"target-cpu": 0.005}})
	if err != nil {
		t.Fatal(err)
	}
	if f := figure(t, l, "target-cpu"); f.Verdict != comparison.Worse {
		t.Errorf("1 %% where 0.5 %% counts: %+v", f)
	}
	for _, wrong := range []map[string]float64{{"speed": 0.02}, {"p99": -1}, {"p99": 2}} {
		if _, err := comparison.Unpaired(base, now, comparison.Options{MinEffects: wrong}); err == nil {
			t.Errorf("%v is taken", wrong)
		}
	}
}

func TestTooFewRunsSayNothing(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 4))
	l, err := comparison.Unpaired(runs(random, 3, 0, 1, 0.01), runs(random, 3, 0, 2, 0.01), comparison.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if f := figure(t, l, "target-cpu"); f.Verdict != comparison.Unknown || f.Detectable != nil || f.Lo != nil {
		t.Errorf("%+v", f)
	}
	if c := comparison.New(l, nil); c.Verdict != comparison.Unknown || c.ExitCode() != results.ExitUndecided {
		t.Errorf("verdict %s", c.Verdict)
	}
	if _, err := comparison.Unpaired(nil, runs(random, 3, 0, 2, 0.01), comparison.Options{}); err == nil {
		t.Error("no runs are taken")
	}
	if _, err := comparison.Paired(nil, comparison.Options{}); err == nil {
		t.Error("no pairs are taken")
	}
}

func TestRunsThatCannotBeCompared(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*results.Run)
		says   []string
		aspect results.Aspect
	}{
		"machine":    {func(r *results.Run) { r.Env.CPU = "Other CPU" }, []string{"Example CPU", "Other CPU"}, results.AspectMachine},
		"processors": {func(r *results.Run) { r.Env.Procs = 8 }, []string{"2 processors", "8 processors"}, results.AspectMachine},
		"go":         {func(r *results.Run) { r.Env.Tool.Go = "go1.27" }, []string{"go1.26.8", "go1.27"}, results.AspectGo},
		"rate":       {func(r *results.Run) { r.Plan.Rate = 300 }, []string{"200/s", "300/s"}, results.AspectPlan},
		"pacing":     {func(r *results.Run) { r.Plan.Rate, r.Plan.Workers = 0, 8 }, []string{"plan's rate is 200/s and none", "plan's workers is none and 8"}, results.AspectPlan},
		"session": {func(r *results.Run) { r.Plan.Sessions = []results.SessionPlan{{Kind: results.KindImplicit}} },
			[]string{"starttls", "implicit"}, results.AspectPlan},
		"target": {func(r *results.Run) { r.Plan.Target, r.Env.Target = "exim", "exim/default 4.96" }, []string{"postfix/default", "exim/default"}, results.AspectPeer},
		"peer":   {func(r *results.Run) { r.Plan.Target, r.Plan.Peer = "", "opportunistic" }, []string{"postfix/default", "peer opportunistic"}, results.AspectPeer},
		"tls":    {func(r *results.Run) { r.Env.Connection = "TLS1.2" }, []string{"TLS1.3 X25519", "TLS1.2"}, results.AspectConnection},
		"noise": {func(r *results.Run) {
			r.Generator.Verdict, r.Generator.Reasons = results.RunNoisyHost, []string{"the hypervisor took 9.0 % of the machine's time, more than 5 %"}
		}, []string{"noisy-host", "9.0 %", "5 %"}, ""},
		"limited": {func(r *results.Run) {
			r.Generator.Verdict, r.Generator.Reasons = results.RunGeneratorLimited, []string{"it began 90.0 %"}
		}, []string{"generator-limited", "90.0 %"}, ""},
		"interrupted": {func(r *results.Run) { r.Interrupted = true }, []string{"interrupted"}, ""},
		"empty":       {func(r *results.Run) { r.Completed = 0 }, []string{"none of its 1000"}, ""},
	} {
		base, now := runOf(200, 1), runOf(200, 1)
		c.change(now)
		_, err := comparison.Unpaired([]*results.Run{base}, []*results.Run{now}, comparison.Options{})
		if err == nil {
			t.Errorf("%s: compared", name)
			continue
		}
		for _, says := range c.says {
			if !strings.Contains(err.Error(), says) {
				t.Errorf("%s: %v: want it to say %q", name, err, says)
			}
		}
		_, err = comparison.Paired([]comparison.Pair{{Base: base, Now: now}}, comparison.Options{Allow: []results.Aspect{c.aspect}})
		if may := c.aspect != "" || name == "noise" || name == "limited"; (err == nil) != may {
			t.Errorf("%s, allowed and in pairs: %v", name, err)
		}
	}
	now := runOf(200, 1)
	now.Env.Target, now.Env.Kernel, now.Plan.Seed, now.Plan.Name = "postfix/default 3.8", "6.2.0", 7, "other"
	l, err := comparison.Unpaired([]*results.Run{runOf(200, 1)}, []*results.Run{now}, comparison.Options{})
	if err != nil || !strings.Contains(strings.Join(l.Notes, "; "), "kernel was 6.1.0 and is 6.2.0") {
		t.Errorf("another version of the target: %+v, %v", l, err)
	}
}

// pairs of runs in alternating order, the second of each a little slower.
func pairs(random *rand.Rand, n int, times, noise float64) []comparison.Pair {
	var all []comparison.Pair
	for i := range n {
		const second = 1.01
		p := comparison.Pair{NowFirst: i%4 == 1 || i%4 == 2}
		if p.NowFirst {
			p.Now, p.Base = noisy(random, 0, times, noise), noisy(random, 0, second, noise)
		} else {
			p.Base, p.Now = noisy(random, 0, 1, noise), noisy(random, 0, times*second, noise)
		}
		all = append(all, p)
	}
	return all
}

func TestPairedToldOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 5))
	l, err := comparison.Paired(pairs(random, 200, 1, 0.01), comparison.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if l.Order == nil || math.Abs(*l.Order-0.01) > 0.005 || l.Verdict != comparison.Same {
		t.Errorf("order %v, verdict %s", l.Order, l.Verdict)
	}
	var oneWay []comparison.Pair
	for _, p := range pairs(random, 20, 1, 0.01) {
		p.NowFirst = false
		oneWay = append(oneWay, p)
	}
	if l, err = comparison.Paired(oneWay, comparison.Options{}); err != nil || l.Order != nil || !strings.Contains(strings.Join(l.Notes, "; "), "not evened out") {
		t.Errorf("pairs in one order: %+v, %v", l, err)
	}
}

// The rate of false alarms and of found effects with 36 pairs and noise of 0.04 in
// the ratio of a pair, disturbed runs besides.
func TestPairedPower(t *testing.T) {
	const n, noise = 36, 0.04 / math.Sqrt2
	for _, c := range []struct {
		times       float64
		tries       int
		least, most int // worse verdicts
	}{{1, 200, 0, 2}, {1.10, 40, 38, 40}, {1.05, 40, 35, 40}} {
		random := rand.New(rand.NewPCG(6, uint64(1000*c.times)))
		worse, better := 0, 0
		for range c.tries {
			l, err := comparison.Paired(pairs(random, n, c.times, noise), comparison.Options{})
			if err != nil {
				t.Fatal(err)
			}
			switch l.Verdict {
			case comparison.Worse:
				worse++
			case comparison.Better:
				better++
			case comparison.Same, comparison.Unknown:
			}
		}
		t.Logf("an effect of %.0f %%: worse in %d of %d, better in %d", 100*(c.times-1), worse, c.tries, better)
		if worse < c.least || worse > c.most || better > 3 || c.times > 1 && better > 0 {
			t.Errorf("want between %d and %d worse", c.least, c.most)
		}
	}
}

// pairsOf are pairs whose second half takes so many times the CPU time of the first.
func pairsOf(n int, times float64) []comparison.Pair {
	random := rand.New(rand.NewPCG(3, 3))
	var pairs []comparison.Pair
	for i := range n {
		pairs = append(pairs, comparison.Pair{Base: noisy(random, 0, 1, 0.03), Now: noisy(random, 0, times, 0.03), NowFirst: i%2 == 1})
	}
	return pairs
}

func TestPairsOnANoisyHostTellCPUAndNoPace(t *testing.T) {
	for _, c := range []struct {
		noisy int
		pace  bool
	}{{0, true}, {7, true}, {8, false}, {72, false}} {
		pairs := pairsOf(36, 1.10)
		for i := range c.noisy {
			r := pairs[i%36].Base
			if i >= 36 {
				r = pairs[i%36].Now
			}
			r.Generator.Verdict = results.RunNoisyHost
		}
		l, err := comparison.Paired(pairs, comparison.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if f := figure(t, l, "target-cpu"); f.Verdict != comparison.Worse {
			t.Errorf("%d noisy: %+v", c.noisy, f)
		}
		pace := slices.ContainsFunc(l.Figures, func(f comparison.Figure) bool { return f.Metric == "throughput" })
		noted := slices.ContainsFunc(l.Notes, func(n string) bool { return strings.Contains(n, "of 72 runs the generator did not keep up") })
		if pace != c.pace || noted == c.pace {
			t.Errorf("%d noisy: throughput compared: %v, notes %q", c.noisy, pace, l.Notes)
		}
	}
}

func TestPairsOfNothingAreRefused(t *testing.T) {
	pairs := pairsOf(3, 1)
	pairs[1].Now.Interrupted = true
	if _, err := comparison.Paired(pairs, comparison.Options{}); err == nil || !strings.Contains(err.Error(), "it was interrupted") {
		t.Errorf("interrupted: %v", err)
	}
	pairs[1].Now.Interrupted, pairs[1].Now.Completed = false, 0
	if _, err := comparison.Paired(pairs, comparison.Options{}); err == nil || !strings.Contains(err.Error(), "none of its") {
		t.Errorf("nothing completed: %v", err)
	}
}

func TestExactFiguresTellSmallChanges(t *testing.T) {
	pairs := pairsOf(12, 1)
	for i := range pairs {
		pairs[i].Base.Generator.Allocs, pairs[i].Now.Generator.Allocs = 320+float64(i%3)/10, 330+float64(i%2)/10
		pairs[i].Base.Wire, pairs[i].Now.Wire = results.Wire{Sent: 700, Received: 1800}, results.Wire{Sent: 700, Received: 1790}
	}
	l, err := comparison.Paired(pairs, comparison.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if f := figure(t, l, "allocations"); f.Verdict != comparison.Worse {
		t.Errorf("3 %% more allocations: %+v", f)
	}
	if f := figure(t, l, "wire-bytes"); f.Verdict != comparison.Same || f.Effect >= 0 {
		t.Errorf("0.4 %% fewer bytes: %+v", f)
	}
}
