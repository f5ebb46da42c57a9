package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mailtls/harness"
	"mailtls/results"
)

// storeRun leaves a run of a day in a folder; its target needs so many µs of CPU a
// session, with a noise of 1 %.
func storeRun(t *testing.T, dir string, day int, cpu float64, change func(*results.Run)) {
	t.Helper()
	random := rand.New(rand.NewPCG(uint64(day), uint64(cpu)))
	h := results.NewHistogram()
	h.Record(time.Millisecond)
	s := results.Summarized(h)
	r := &results.Run{
		Schema: results.RunSchema, Started: time.Date(2026, 9, 1, 2, 0, 0, 0, time.UTC).AddDate(0, 0, day), Elapsed: 10,
		Plan: results.Plan{Name: "nightly", Target: "postfix", Rate: 100, Duration: results.Span(10 * time.Second)}.Filled(),
		Env: results.Env{
			Tool: results.Tool{Name: "mailtls", Version: "v1", Go: "go1.26.8"}, OS: "linux", Arch: "amd64", CPU: "Example CPU", Procs: 2,
			Target: "postfix/default 3.7", Connection: "TLS1.3",
		},
		Attempted: 1000, Completed: 1000, Rate: results.RunRate{Asked: 100, Achieved: 100, Completed: 100}, Raw: s, Lag: s,
		Phases:    map[results.Phase]results.Summary{results.PhaseSession: s},
		Generator: results.Generator{Verdict: results.RunOK, CPU: 400}, Target: &results.TargetUse{CPU: cpu * (1 + 0.01*random.NormFloat64())},
	}
	if change != nil {
		change(r)
	}
	if err := harness.StoreRun(filepath.Join(dir, fmt.Sprintf("day-%03d", day)), r); err != nil {
		t.Fatal(err)
	}
}

// storeReport leaves a report of a day with the verdict on one case.
func storeReport(t *testing.T, dir string, day int, status results.Status) {
	t.Helper()
	r := &results.Report{
		Schema: results.Schema, Started: time.Date(2026, 9, 1, 3, 0, 0, 0, time.UTC).AddDate(0, 0, day), Roles: []results.Role{results.RoleReceiver},
		Target: results.TargetID{Name: "postfix", Version: "3.7", Variant: "default"},
		Cases:  []results.CaseResult{{ID: "hello/a", Role: results.RoleReceiver, Level: results.Must, Status: status, Got: "MAIL got 250"}},
	}
	r.Summarize()
	var b bytes.Buffer
	if err := results.WriteReport(&b, r); err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(dir, fmt.Sprintf("report-%03d", day))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, harness.ReportFile), b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestCompareOfFolders(t *testing.T) {
	base, same, slow := t.TempDir(), t.TempDir(), t.TempDir()
	for day := range 9 {
		storeRun(t, base, day, 800, nil)
		storeRun(t, same, day+10, 800, nil)
		storeRun(t, slow, day+20, 880, nil)
	}
	storeReport(t, base, 0, results.StatusPass)
	storeReport(t, same, 10, results.StatusPass)
	if code, out, errs := call(t, "compare", base, same); code != exitOK || !strings.Contains(out, "verdict: same") {
		t.Errorf("exit code %d: %s %s", code, out, errs)
	}
	code, out, errs := call(t, "compare", base, slow)
	if code != exitFailed || !strings.Contains(out, "verdict: WORSE") || !strings.Contains(out, "+10.") {
		t.Errorf("exit code %d: %s %s", code, out, errs)
	}
	if code, out, _ := call(t, "compare", slow, base, "--format", "json"); code != exitOK || !json.Valid([]byte(out)) || !strings.Contains(out, `"verdict": "better"`) {
		t.Errorf("exit code %d: %s", code, out)
	}
	if code, out, _ := call(t, "compare", base, slow, "--min-effect", "target-cpu=20%", "--format", "markdown"); code != exitOK || !strings.Contains(out, "### Comparison: same") {
		t.Errorf("exit code %d: %s", code, out)
	}
}

func TestCompareOfVerdicts(t *testing.T) {
	base, slow, broken := t.TempDir(), t.TempDir(), t.TempDir()
	storeReport(t, base, 0, results.StatusPass)
	storeReport(t, broken, 1, results.StatusFail)
	storeRun(t, base, 0, 800, nil)
	storeRun(t, slow, 0, 800, nil)
	if code, out, _ := call(t, "compare", base, broken); code != exitFailed || !strings.Contains(out, "postfix/default hello/a") {
		t.Errorf("exit code %d: %s", code, out)
	}
	if code, _, errs := call(t, "compare", slow, broken); code != exitFault || !strings.Contains(errs, "load runs on the one side and reports on the other") {
		t.Errorf("exit code %d: %s", code, errs)
	}
}

func TestCompareRefuses(t *testing.T) {
	dir := t.TempDir()
	put := func(name string, change func(*results.Run)) string {
		storeRun(t, filepath.Join(dir, name), 1, 800, change)
		return filepath.Join(dir, name)
	}
	base := put("base", nil)
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"one run on each side": {[]string{base, base}, ""},
		"other Go":             {[]string{base, put("go", func(r *results.Run) { r.Env.Tool.Go = "go1.27" })}, "Go is go1.26.8 and go1.27"},
		"noisy":                {[]string{base, put("noisy", func(r *results.Run) { r.Generator.Verdict = results.RunNoisyHost })}, "noisy-host"},
		"nothing there":        {[]string{base, t.TempDir()}, "there is no run.json and no report.json"},
		"nowhere":              {[]string{base, filepath.Join(dir, "nowhere")}, "nowhere"},
		"format":               {[]string{base, base, "--format", "html"}, "text, markdown or json"},
		"effect":               {[]string{base, base, "--min-effect", "target-cpu=3"}, "want METRIC=PERCENT"},
		"metric":               {[]string{base, base, "--min-effect", "speed=3%"}, `no metric "speed"`},
		"aspect":               {[]string{base, base, "--allow", "weather"}, "machine, go, peer"},
	} {
		if code, out, errs := call(t, append([]string{"compare"}, c.args...)...); code != exitFault || !strings.Contains(errs, c.want) {
			t.Errorf("%s: exit code %d: %s %s; want %q", name, code, out, errs, c.want)
		}
	}
}

// storeMarks leaves benchmarks as go test -bench prints them.
func storeMarks(t *testing.T, ns float64, allocs int) string {
	t.Helper()
	random := rand.New(rand.NewPCG(uint64(ns), uint64(allocs)))
	text := "goos: linux\ngoarch: amd64\npkg: example.test/server\ncpu: Example CPU\n"
	for range 10 {
		text += fmt.Sprintf("BenchmarkDeliver-2\t1000\t%.1f ns/op\t%d allocs/op\n", ns*(1+0.01*random.NormFloat64()), allocs)
	}
	file := filepath.Join(t.TempDir(), "bench.txt")
	if err := os.WriteFile(file, []byte(text+"PASS\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestCompareOfBenchmarks(t *testing.T) {
	base, slow := storeMarks(t, 50000, 12), storeMarks(t, 60000, 12)
	code, out, errs := call(t, "compare", base, slow)
	if code != exitFailed || !strings.Contains(out, "Deliver-2") || !strings.Contains(out, "verdict: WORSE") {
		t.Errorf("exit code %d: %s %s", code, out, errs)
	}
	if code, out, errs := call(t, "compare", base, slow, "--min-effect", "sec/op=30%", "--format", "json"); code != exitOK || !json.Valid([]byte(out)) {
		t.Errorf("exit code %d: %s %s", code, out, errs)
	}
	if code, out, _ := call(t, "compare", base, storeMarks(t, 50001, 13)); code != exitFailed || !strings.Contains(out, "+8.3 %") {
		t.Errorf("exit code %d: %s", code, out)
	}
	dir := t.TempDir()
	storeRun(t, dir, 1, 800, nil)
	for name, c := range map[string]struct{ now, want string }{
		"a folder": {dir, "give two of a kind"},
		"a run":    {filepath.Join(dir, "day-001", harness.RunFile), "give two of a kind"},
		"no marks": {filepath.Join(dir, "day-001", harness.RunTableFile), "there is no result in"},
		"nowhere":  {filepath.Join(dir, "nowhere"), "nowhere"},
	} {
		if code, out, errs := call(t, "compare", base, c.now); code != exitFault || !strings.Contains(errs, c.want) {
			t.Errorf("%s: exit code %d: %s %s", name, code, out, errs)
		}
	}
}

// A run's own run.bench is one of them.
func TestCompareOfRunBench(t *testing.T) {
	all := func(cpu float64) string {
		dir := t.TempDir()
		var text []byte
		for day := range 10 {
			storeRun(t, dir, day, cpu, nil)
			one, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("day-%03d", day), harness.RunBenchFile))
			if err != nil {
				t.Fatal(err)
			}
			text = append(text, one...)
		}
		file := filepath.Join(dir, "all.bench")
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
		return file
	}
	if code, out, errs := call(t, "compare", all(800), all(900)); code != exitFailed || !strings.Contains(out, "target-cpu-sec/op") || strings.Contains(out, "left out") {
		t.Errorf("exit code %d: %s %s", code, out, errs)
	}
}
