package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mailtls/results/comparison"
)

func TestBenchMeasuresInPairs(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pairs")
	plan := filepath.Join(t.TempDir(), "one.yaml")
	if err := os.WriteFile(plan, []byte("peer: opportunistic\nworkers: 1\nduration: 60ms\nsessions: [{kind: starttls}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"bench", "--paired", "opportunistic", plan, "--pairs", "2", "--workers", "1", "--duration", "60ms", "--format", "json", "--out", dir}
	code, out, errs := call(t, args...)
	var c comparison.Comparison
	if err := json.Unmarshal([]byte(out), &c); err != nil {
		t.Fatalf("exit code %d, %v: %s %s", code, err, out, errs)
	}
	if c.Load == nil || c.Load.Design != comparison.DesignPaired || c.Load.Base.Runs != 2 || code != c.ExitCode() || !strings.Contains(errs, dir) {
		t.Errorf("exit code %d, %+v: %s", code, c.Load, errs)
	}
	if again, _, errs := call(t, append(args, "--tls", "1.2")...); again != exitFault || !strings.Contains(errs, "are of another plan") {
		t.Errorf("with other options: exit code %d, %s", again, errs)
	}
}

func TestBenchRefusesPairs(t *testing.T) {
	for want, args := range map[string][]string{
		"there are 1 arguments: want the two":   {"--paired", "opportunistic"},
		"--peer: with --paired the two that":    {"--paired", "opportunistic", "tls-disabled", "--peer", "opportunistic"},
		"--pairs: it needs --paired":            {"--peer", "opportunistic", "--pairs", "3"},
		"--format: it needs --paired":           {"--peer", "opportunistic", "--format", "json"},
		`"nobody" is none of HOST:PORT`:         {"--paired", "opportunistic", "nobody"},
		`find variant "x" of target refer`:      {"--paired", "opportunistic", "reference/x"},
		"read plan: open /nonexistent.yaml":     {"--paired", "opportunistic", "/nonexistent.yaml"},
		`read --min-effect "x": want METRIC`:    {"--paired", "opportunistic", "opportunistic", "--min-effect", "x"},
		`read --format "x": text, `:             {"--paired", "opportunistic", "opportunistic", "--format", "x"},
		`there is no metric "x"; `:              {"--paired", "opportunistic", "opportunistic", "--min-effect", "x=1%"},
		"0 pairs: want one or more":             {"--paired", "opportunistic", "opportunistic", "--pairs", "0"},
		`unknown command "opportunistic" for "`: {"opportunistic"},
	} {
		args = append([]string{"bench", "--out", filepath.Join(t.TempDir(), "pairs")}, args...)
		if code, _, errs := call(t, args...); code != exitFault || !strings.Contains(errs, want) {
			t.Errorf("%v: exit code %d, %q; want %q", args, code, errs, want)
		}
	}
}
