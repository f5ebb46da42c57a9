package main

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mailtls/bench"
	"mailtls/harness"
	"mailtls/results"
)

// benchRun calls bench and reads what it stored.
func benchRun(t *testing.T, args ...string) (out string, r *results.Run) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	code, out, errs := call(t, append([]string{"bench", "--out", dir}, args...)...)
	f, err := os.Open(filepath.Join(dir, harness.RunFile))
	if err != nil {
		t.Fatalf("exit code %d: %s %s", code, out, errs)
	}
	defer func() { _ = f.Close() }()
	if r, err = results.ReadRun(f); err != nil {
		t.Fatal(err)
	}
	if want := results.RunExitCode(r); code != want {
		t.Errorf("exit code %d, the run asks for %d", code, want)
	}
	for _, file := range []string{harness.RunLogFile, harness.RunBenchFile, harness.RunMetricsFile, harness.RunTableFile} {
		if info, err := os.Stat(filepath.Join(dir, file)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", file, err)
		}
	}
	return out, r
}

func TestBenchLoadsAPeer(t *testing.T) {
	out, r := benchRun(t, "--peer", "opportunistic", "--workers", "2", "--count", "8", "--size", "500", "--verify", "chain", "--threshold", "errors<1,p99<1us")
	if r.Completed != 8 || r.Phases[results.PhaseHandshake].Count != 8 || r.Phases[results.PhaseMessage].Count != 8 || !strings.Contains(out, "peer opportunistic") {
		t.Errorf("%d completed, failed %v: %s", r.Completed, r.Failed, out)
	}
	switch r.Generator.Verdict {
	case results.RunOK:
		if !strings.Contains(out, "errors<1 kept: 0") || !strings.Contains(out, "p99<1µs MISSED") || r.Kept() {
			t.Errorf("thresholds %+v: %s", r.Thresholds, out)
		}
	default: // others use this machine
		if !strings.Contains(out, "not judged") || len(r.Thresholds) > 0 {
			t.Errorf("thresholds %+v: %s", r.Thresholds, out)
		}
	}
}

func TestBenchLoadsATarget(t *testing.T) {
	out, r := benchRun(t, "--target", "reference", "--rate", "20/s", "--count", "5", "--size", "500", "--verify", "every")
	if r.Completed != 5 || !strings.Contains(r.Env.Target, "reference/default") || !r.Generator.Shared {
		t.Errorf("%d completed, failed %v: %s", r.Completed, r.Failed, out)
	}
}

func TestBenchPlaysAPlanThatShips(t *testing.T) {
	out, r := benchRun(t, "--peer", "tls10-only", "--plan", "tls10-legacy", "--workers", "1", "--count", "4")
	if r.Completed != 4 || r.Plan.Name != "tls10-legacy" || !strings.HasPrefix(r.Env.Connection, "TLS1.0 ") {
		t.Errorf("%d completed, failed %v, connection %q: %s", r.Completed, r.Failed, r.Env.Connection, out)
	}
}

func TestBenchSearches(t *testing.T) {
	out, r := benchRun(t, "--peer", "tls-disabled", "--kind", "plain", "--find-max", "10/s..40/s", "--duration", "300ms", "--threshold", "errors<1")
	if r.Search == nil || len(r.Search.Tries) == 0 || r.Search.Tries[0].Rate != 10 || r.Plan.FindMax.To != 40 || !strings.Contains(out, "highest rate") {
		t.Errorf("search %+v: %s", r.Search, out)
	}
}

func TestBenchSaysThatNobodyListens(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	_ = ln.Close()
	out, r := benchRun(t, "--addr", addr, "--workers", "1", "--count", "3")
	if r.Failed[results.FailRefused] != 3 || !strings.Contains(out, "3 failed (3 refused)") {
		t.Errorf("failed %v: %s", r.Failed, out)
	}
}

func TestBenchRefuses(t *testing.T) {
	plan := filepath.Join(t.TempDir(), "plan.yaml")
	if err := os.WriteFile(plan, []byte("workers: 2\ncount: 5\nsessions: [{kind: plain}, {kind: starttls}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, harness.RunFile), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"beyond this machine":                     {"--addr", "192.0.2.1:25", "--workers", "1", "--count", "1"},
		"want one of addr, target and peer":       {"--workers", "1", "--count", "1"},
		"want one of rate, workers":               {"--peer", "opportunistic", "--count", "1"},
		"want one of duration and count":          {"--peer", "opportunistic", "--workers", "1"},
		`read --rate: "x" is no rate`:             {"--peer", "opportunistic", "--rate", "x"},
		`read --kind: "ssl" is none of`:           {"--peer", "opportunistic", "--kind", "ssl"},
		`find receiving peer "x"`:                 {"--peer", "x", "--workers", "1", "--count", "1"},
		`find target "x"`:                         {"--target", "x", "--workers", "1", "--count", "1"},
		"it has no smtps listener":                {"--target", "reference", "--kind", "implicit", "--workers", "1", "--count", "1"},
		"read plan: open":                         {"--plan", "/nonexistent"},
		`find plan "nightly": there are capacity`: {"--plan", "nightly", "--peer", "opportunistic"},
		"the plan has 2 kinds of session":         {"--plan", plan, "--peer", "opportunistic", "--kind", "plain"},
		"holds a run already":                     {"--peer", "opportunistic", "--workers", "1", "--count", "1", "--out", full},
		"no certificate in PEM":                   {"--peer", "opportunistic", "--workers", "1", "--count", "1", "--roots", plan},
		"want HOST:PORT":                          {"--addr", "127.0.0.1", "--workers", "1", "--count", "1"},
		"plain sessions have no TLS":              {"--peer", "opportunistic", "--kind", "plain", "--tls", "1.3", "--workers", "1", "--count", "1"},
		`read --threshold: "p99" is no thresho`:   {"--peer", "opportunistic", "--workers", "1", "--count", "1", "--threshold", "p99"},
	} {
		if !slices.Contains(args, "--out") {
			args = append(args, "--out", filepath.Join(t.TempDir(), "run"))
		}
		if code, _, errs := call(t, append([]string{"bench"}, args...)...); code != exitFault || !strings.Contains(errs, want) {
			t.Errorf("%v: exit code %d, %q; want %q", args, code, errs, want)
		}
	}
}

func TestBenchFlagsReplaceThePlan(t *testing.T) {
	file := filepath.Join(t.TempDir(), "plan.yaml")
	if err := os.WriteFile(file, []byte("addr: x:1\nrate: 5/s\nduration: 1h\nseed: 9\nsessions: [{kind: starttls, size: 10}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := newBench()
	if err := cmd.ParseFlags([]string{"--peer", "opportunistic", "--workers", "3", "--count", "7", "--pipelining", "--tls", "1.2"}); err != nil {
		t.Fatal(err)
	}
	p, err := benchFlags{plan: file}.readPlan(cmd.Flags())
	if err != nil {
		t.Fatal(err)
	}
	s := p.Sessions[0]
	if p.Addr != "" || p.Peer != "opportunistic" || p.Rate != 0 || p.Workers != 3 || p.Duration != 0 || p.Count != 7 || p.Seed != 9 ||
		s.Kind != results.KindStartTLS || s.Size != 10 || !s.Pipelining || s.TLS != 0x0303 {
		t.Errorf("plan %+v", p)
	}
}

// TestEveryKeyOfAPlanIsAFlag: none is forgotten, none is too many. Only the weight
// makes no sense for one kind of session.
func TestEveryKeyOfAPlanIsAFlag(t *testing.T) {
	keys := func(flags []planFlag) []string {
		var list []string
		for _, f := range flags {
			list = append(list, f.key)
		}
		return slices.Sorted(slices.Values(list))
	}
	if got, want := keys(planFlags()), slices.Sorted(slices.Values(results.PlanKeys())); !slices.Equal(got, want) {
		t.Errorf("flags for %v, keys are %v", got, want)
	}
	if got, want := keys(sessionFlags()), slices.Sorted(slices.Values(results.SessionKeys())); !slices.Equal(append(got, "weight"), want) {
		t.Errorf("session flags for %v, keys are %v", got, want)
	}
}

func TestInterruptedBenchKeepsWhatItMeasured(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	time.AfterFunc(700*time.Millisecond, cancel)
	code := execute(ctx, []string{"bench", "--peer", "opportunistic", "--rate", "20/s", "--duration", "1h", "--out", dir}, io.Discard, io.Discard)
	if code != exitInterrupted {
		t.Errorf("exit code %d, want 130", code)
	}
	f, err := os.Open(filepath.Join(dir, harness.RunFile))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if r, err := results.ReadRun(f); err != nil || !r.Interrupted || r.Completed == 0 {
		t.Errorf("run %+v, %v", r, err)
	}
}

func TestInTime(t *testing.T) {
	for us, want := range map[float64]string{0: "0s", 0.999: "999ns", 1.2345: "1.23µs", 59.96: "60µs", 12_345: "12.3ms", 999_999: "1s", 1_234_567: "1.23s", 65_000_000: "1m5s"} {
		if got := inTime(us); got != want {
			t.Errorf("%v µs is %s, want %s", us, got, want)
		}
	}
}

func TestLoadMeterSaysHowTheLastSecondWent(t *testing.T) {
	var b strings.Builder
	m := newLoadMeter(&b, results.Plan{Rate: 50})
	at := bench.Progress{Attempted: 120, Failed: 3, Interval: results.Interval{
		Length: 2, Attempted: 99, InFlight: 4, LagP99: 80, Session: results.Summary{P50: 2345, P99: 12_345},
	}}
	for range 20 {
		at.Elapsed += time.Second
		m.show(at)
	}
	want := "bench: 10s: 50/s of 50/s, 4 in flight, p50 2.35ms, p99 12.3ms, lag p99 80µs, 3 of 120 failed\n"
	if got := b.String(); got != want+strings.Replace(want, "10s", "20s", 1) {
		t.Errorf("said %q, want %q twice", got, want)
	}
}

func TestResultsMerge(t *testing.T) {
	dir := t.TempDir()
	addr := filepath.Join(dir, "merged")
	args := []string{"results", "merge", "--out", addr}
	ln, err := net.Listen("tcp", "127.0.0.1:0") // nobody answers: how the sessions fail is told as well
	if err != nil {
		t.Fatal(err)
	}
	_ = ln.Close()
	for _, shard := range []string{"0/2", "1/2"} {
		out := filepath.Join(dir, shard[:1])
		call(t, "bench", "--addr", ln.Addr().String(), "--rate", "50/s", "--count", "9", "--shard", shard, "--out", out)
		args = append(args, out)
	}
	code, out, errs := call(t, args...)
	r, err := harness.ReadRun(addr)
	if err != nil {
		t.Fatalf("exit code %d: %v: %s", code, err, errs)
	}
	if r.Attempted != 9 || r.Failed[results.FailRefused] != 9 || code != results.RunExitCode(r) || !strings.Contains(out, "9 refused") {
		t.Errorf("exit code %d, failed %v: %s", code, r.Failed, out)
	}
	if code, _, errs := call(t, args...); code != exitFault || !strings.Contains(errs, "holds a run already") {
		t.Errorf("once more: exit code %d, %q", code, errs)
	}
	if code, _, errs := call(t, "results", "merge", filepath.Join(dir, "0"), "--out", filepath.Join(dir, "x")); code != exitFault || !strings.Contains(errs, "shard 1/2 is missing") {
		t.Errorf("half of it: exit code %d, %q", code, errs)
	}
}
