package harness_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mailtls/harness"
	"mailtls/results"
	"mailtls/results/comparison"
)

// pairedOptions are of short pairs of two addresses or peers.
func pairedOptions(dir string, pairs int, base, now results.Plan) harness.PairedOptions {
	for _, p := range []*results.Plan{&base, &now} {
		p.Duration = results.Span(50 * time.Millisecond)
		p.Sessions = []results.SessionPlan{{}}
	}
	return harness.PairedOptions{
		LoadOptions: harness.LoadOptions{Out: dir, Tool: results.Tool{Name: "mailtls", Version: "test", Go: "test"}}, Pairs: pairs, Base: base, Now: now,
	}
}

func loadFigure(t *testing.T, c *comparison.Comparison, metric string) comparison.Figure {
	t.Helper()
	return measuredPairs{Comparison: *c}.figure(t, metric)
}

// TestPairsFindASlowerPeer: a session there takes some times the CPU time.
func TestPairsFindASlowerPeer(t *testing.T) {
	t.Parallel()
	plain, burning, end := startBurning(t, 5*time.Millisecond)
	defer end()
	c, err := harness.Paired(t.Context(), pairedOptions("", 12, results.Plan{Addr: plain}, results.Plan{Addr: burning}))
	if err != nil {
		t.Fatal(err)
	}
	if f := loadFigure(t, c, "target-cpu"); f.Verdict != comparison.Worse || c.ExitCode() != 1 {
		t.Errorf("%+v, exit code %d", f, c.ExitCode())
	}
	back, err := harness.Paired(t.Context(), pairedOptions("", 12, results.Plan{Addr: burning}, results.Plan{Addr: plain}))
	if err != nil {
		t.Fatal(err)
	}
	if f := loadFigure(t, back, "target-cpu"); f.Verdict != comparison.Better || back.ExitCode() != 0 {
		t.Errorf("the other way round: %+v, exit code %d", f, back.ExitCode())
	}
}

func TestPairsAreTakenUp(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	peer := results.Plan{Peer: "opportunistic"}
	ctx, stop := context.WithCancel(t.Context())
	o := pairedOptions(dir, 4, peer, peer)
	var taken []int
	o.Taken = func(pairs int) {
		if taken = append(taken, pairs); pairs == 2 {
			stop()
		}
	}
	c, err := harness.Paired(ctx, o)
	if !errors.Is(err, context.Canceled) || c == nil || c.Load.Base.Runs != 2 {
		t.Fatalf("stopped after two: %v, %+v", err, c)
	}
	if err := os.Remove(filepath.Join(dir, "pairs", "002-now.json")); err != nil { // as if it had been killed
		t.Fatal(err)
	}
	first := pairFile(t, dir, "001-base.json")
	taken = nil
	if c, err = harness.Paired(t.Context(), o); err != nil || c.Load.Base.Runs != 4 || !slices.Equal(taken, []int{2, 3, 4}) {
		t.Fatalf("taken up: %v, %v", err, taken)
	}
	if pairFile(t, dir, "001-base.json") != first {
		t.Error("the first pair was taken again")
	}
	taken = nil
	if _, err := harness.Paired(t.Context(), o); err != nil || taken != nil {
		t.Errorf("all being there: %v, %v", err, taken)
	}
	for _, file := range []string{harness.ComparisonFile, harness.ComparisonTextFile} {
		if info, err := os.Stat(filepath.Join(dir, file)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// pairFile is what a file of a pair holds.
func pairFile(t *testing.T, dir, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "pairs", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestPairsAreRefused(t *testing.T) {
	t.Parallel()
	peer := results.Plan{Peer: "opportunistic"}
	began := t.TempDir()
	if _, err := harness.Paired(t.Context(), pairedOptions(began, 1, peer, peer)); err != nil {
		t.Fatal(err)
	}
	damaged := t.TempDir()
	if _, err := harness.Paired(t.Context(), pairedOptions(damaged, 1, peer, peer)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(damaged, "pairs", "001-now.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	search := results.Plan{Peer: "opportunistic", FindMax: results.Ramp{From: 1, To: 2}, Thresholds: []results.Threshold{}}
	for want, o := range map[string]harness.PairedOptions{
		"are of another plan":                 pairedOptions(began, 1, peer, results.Plan{Peer: "tls-disabled"}),
		"remove it to have its pair taken":    pairedOptions(damaged, 1, peer, peer),
		"0 pairs: want one or more":           pairedOptions("", 0, peer, peer),
		"find_max is not supported":           pairedOptions("", 1, search, peer),
		"want one of addr, target and peer":   pairedOptions("", 1, peer, results.Plan{}),
		"beyond this machine":                 pairedOptions("", 1, results.Plan{Addr: "192.0.2.1:25"}, peer),
		"none of its":                         pairedOptions("", 1, results.Plan{Addr: "127.0.0.1:1"}, peer),
		`find receiving peer "nobody": there`: pairedOptions("", 1, peer, results.Plan{Peer: "nobody"}),
	} {
		if _, err := harness.Paired(t.Context(), o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q", err, want)
		}
	}
}
