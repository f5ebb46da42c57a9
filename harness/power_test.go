package harness_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"mailtls/harness"
	"mailtls/results"
	"mailtls/results/comparison"
)

// What the gate can find is measured: comparisons of a peer with itself, which must
// find nothing, and with itself at an address where a session takes a known slice of
// CPU time more. The peer is a process of its own, a new one for each comparison.
//
// Why one process has both addresses (2026-11): two processes of one program differed
// by 1 to 2 % in CPU time a session all their life, which is no false alarm but a true
// difference.

// powerFolder of the environment says where comparisons are kept: those that are
// there are not measured again.
const powerFolder = "MAILTLS_POWER"

// slower is a kind of comparison: by how much the second peer is the slower one, how
// many are measured, and how many of them have to find it.
type slower struct {
	name        string
	share       float64
	comparisons int
	found       int
}

// kinds of comparison, the one with the most first; the slices are shares
// of what the first comparison measured.
var kinds = []slower{{"A/A", 0, 40, 0}, {"10 %", 0.10, 20, 19}, {"5 %", 0.05, 20, 18}}

// Resampled comparisons are of pairs drawn from those of all A/A comparisons.
const (
	resampled      = 1000
	maxFalseAlarms = 10
)

func TestPowerOfPairs(t *testing.T) {
	dir := os.Getenv(powerFolder)
	if dir == "" {
		t.Skip("takes more than an hour and a quiet machine: make gate-power runs it")
	}
	rows := make([]row, len(kinds))
	for i := range kinds[0].comparisons { // in turn, so that each kind meets the machine at all times
		for k, kind := range kinds {
			if i >= kind.comparisons {
				continue
			}
			folder := filepath.Join(dir, fmt.Sprintf("%02.0f-percent-%02d", 100*kind.share, i+1))
			c := compared(t, folder, sliceOf(t, dir, kind.share))
			rows[k].add(c, kind.finds(t, c))
			t.Logf("%s %2d: %s", kind.name, i+1, c.line(t))
		}
	}
	t.Logf("what     comparisons  found  median effect  longest")
	for k, kind := range kinds {
		r := rows[k]
		t.Logf("%-7s  %11d  %5d  %+11.1f %%  %5.0f s", kind.name, kind.comparisons, r.found, 100*medianOf(r.effects), r.longest.Seconds())
		if kind.share == 0 && r.found > 0 || r.found < kind.found {
			t.Errorf("%s: %d of %d found", kind.name, r.found, kind.comparisons)
		}
	}
	alarms := falseAlarms(t, rows[0].pairs)
	t.Logf("%-7s  %11d  %5d  drawn from %d pairs", "drawn", resampled, alarms, len(rows[0].pairs))
	if alarms > maxFalseAlarms {
		t.Errorf("%d of %d resampled comparisons of a peer with itself found something", alarms, resampled)
	}
}

// row sums up the comparisons of a kind.
type row struct {
	found   int
	longest time.Duration
	effects []float64
	pairs   []comparison.Pair
}

func (r *row) add(c measuredPairs, found bool) {
	if found {
		r.found++
	}
	r.longest = max(r.longest, c.Took)
	r.effects = append(r.effects, c.effect)
	r.pairs = append(r.pairs, c.pairs...)
}

// finds tells whether a comparison found what there is to find; of a peer with itself
// whether it found anything.
func (s slower) finds(t *testing.T, c measuredPairs) bool {
	t.Helper()
	if s.share == 0 {
		return c.Load.Verdict == comparison.Worse || c.Load.Verdict == comparison.Better
	}
	return c.figure(t, "target-cpu").Verdict == comparison.Worse
}

// measuredPairs is a comparison with what it is of.
type measuredPairs struct {
	comparison.Comparison
	// Took is how long it was measured.
	Took   time.Duration `json:"took"`
	pairs  []comparison.Pair
	effect float64 // on the target's CPU time
}

// line says what was found of the target's CPU time.
func (c measuredPairs) line(t *testing.T) string {
	t.Helper()
	f := c.figure(t, "target-cpu")
	return fmt.Sprintf("target-cpu %+.1f %% [%+.1f, %+.1f], p %.2g, found from %.1f %%: %s, on all %s; %.0f s",
		100*f.Effect, 100*value(f.Lo), 100*value(f.Hi), f.Adjusted, 100*value(f.Detectable), f.Verdict, c.Load.Verdict, c.Took.Seconds())
}

func (c measuredPairs) figure(t *testing.T, metric string) comparison.Figure {
	t.Helper()
	for _, f := range c.Load.Figures {
		if f.Metric == metric {
			return f
		}
	}
	t.Fatalf("there is no figure of %s", metric)
	return comparison.Figure{}
}

func value(p *float64) float64 {
	if p == nil {
		return math.NaN()
	}
	return *p
}

// compared measures a comparison, or reads the one that is kept.
func compared(t *testing.T, dir string, slice time.Duration) measuredPairs {
	t.Helper()
	var c measuredPairs
	kept := filepath.Join(dir, "measured.json")
	if _, err := os.Stat(kept); err != nil {
		if err := os.RemoveAll(dir); err != nil { // half a comparison is of processes that are gone
			t.Fatal(err)
		}
		began := time.Now()
		c.Comparison = *measurePairs(t, dir, slice)
		c.Took = time.Since(began)
		writeJSON(t, kept, c)
	}
	readJSON(t, kept, &c)
	for n := range c.Load.Base.Runs {
		var p comparison.Pair
		p.Base, p.Now, p.NowFirst = readHalf(t, dir, n, "base"), readHalf(t, dir, n, "now"), n%2 == 1
		c.pairs = append(c.pairs, p)
	}
	c.effect = c.figure(t, "target-cpu").Effect
	return c
}

// measurePairs measures a peer against one that burns a slice of CPU time more in
// each session.
func measurePairs(t *testing.T, dir string, slice time.Duration) *comparison.Comparison {
	t.Helper()
	base, now, end := startBurning(t, slice)
	defer end()
	if slice == 0 {
		now = base
	}
	o := harness.PairedOptions{
		LoadOptions: harness.LoadOptions{Out: dir, Tool: results.Tool{Name: "mailtls", Version: "test", Go: runtime.Version()}}, Pairs: harness.DefaultPairs,
		Base: results.Plan{Addr: base, Sessions: []results.SessionPlan{{}}}, Now: results.Plan{Addr: now, Sessions: []results.SessionPlan{{}}},
	}
	c, err := harness.Paired(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// sliceOf is a share of the CPU time that the first A/A comparison found a session to
// take.
func sliceOf(t *testing.T, dir string, share float64) time.Duration {
	t.Helper()
	if share == 0 {
		return 0
	}
	base := compared(t, filepath.Join(dir, "00-percent-01"), 0).figure(t, "target-cpu").Base
	return time.Duration(share * base * float64(time.Microsecond))
}

// falseAlarms compares pairs drawn from those of a peer with itself, again and again,
// and counts what is found.
func falseAlarms(t *testing.T, from []comparison.Pair) (alarms int) {
	t.Helper()
	draw := rand.New(rand.NewPCG(1, 2))
	for range resampled {
		drawn := make([]comparison.Pair, harness.DefaultPairs)
		for i := range drawn {
			drawn[i] = from[draw.IntN(len(from))]
		}
		l, err := comparison.Paired(drawn, comparison.Options{Allow: []results.Aspect{results.AspectPeer, results.AspectConnection, results.AspectPlan}})
		if err != nil {
			t.Fatal(err)
		}
		if l.Verdict == comparison.Worse || l.Verdict == comparison.Better {
			alarms++
		}
	}
	return alarms
}

func medianOf(values []float64) float64 {
	return slices.Sorted(slices.Values(values))[len(values)/2]
}

func readHalf(t *testing.T, dir string, n int, side string) *results.Run {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "pairs", fmt.Sprintf("%03d-%s.json", n+1, side)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	r, err := results.ReadRun(f)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func writeJSON(t *testing.T, path string, v any) {
	t.Helper()
	data, err := json.MarshalIndent(v, "", "  ")
	if err == nil {
		err = os.WriteFile(path, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func readJSON(t *testing.T, path string, v any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(data, v)
	}
	if err != nil {
		t.Fatal(err)
	}
}
