package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"mailtls/results"
)

// keep adds a folder of runs to a history.
func keep(t *testing.T, history string, paths ...string) {
	t.Helper()
	if code, out, errs := call(t, append([]string{"history", "add", "--history", history}, paths...)...); code != exitOK {
		t.Fatalf("exit code %d: %s %s", code, out, errs)
	}
}

// worsened is a history in which the target became slower on 5 October, and a case
// failed in the last night.
func worsened(t *testing.T) (history, stored string, nights int) {
	t.Helper()
	dir := t.TempDir()
	history, stored = filepath.Join(dir, "history"), filepath.Join(dir, "stored")
	const worse = 34
	nights = 40
	for day := range nights {
		cpu := 800.0
		if day >= worse {
			cpu = 870
		}
		storeRun(t, stored, day, cpu, nil)
	}
	storeReport(t, stored, nights-2, results.StatusPass)
	storeReport(t, stored, nights-1, results.StatusFail)
	keep(t, history, stored)
	return history, stored, nights
}

func TestHistoryTrendAndGate(t *testing.T) {
	history, stored, nights := worsened(t)
	if _, out, _ := call(t, "history", "add", "--history", history, filepath.Join(stored, "day-003")); !strings.Contains(out, "there already: nightly on postfix/default 20260904T020000Z-run-") {
		t.Error(out)
	}
	if _, out, _ := call(t, "history", "list", "--history", history); strings.Count(out, "\n") != 1+nights+2 || !strings.Contains(out, "nonconforming") {
		t.Error(out)
	}
	code, out, errs := call(t, "history", "trend", "--history", history, "--metric", "target-cpu")
	if code != exitOK || !strings.Contains(out, "WORSE: 2026-10-05: +") || strings.Contains(out, "generator-cpu") {
		t.Errorf("exit code %d: %s %s", code, out, errs)
	}
	code, out, errs = call(t, "gate", "--history", history)
	if code != exitFailed || !strings.Contains(out, "since the night of 2026-10-05") || !strings.Contains(out, "hello/a") || !strings.Contains(out, "2026-10-09") {
		t.Errorf("exit code %d: %s %s", code, out, errs)
	}
	if code, out, _ := call(t, "gate", "--history", history, "--format", "json", "--fresh", "3"); code != exitFailed || !json.Valid([]byte(out)) || strings.Contains(out, `"since"`) {
		t.Errorf("exit code %d: %s", code, out)
	}
}

func TestGateOfAQuietNightAndOfANoisyOne(t *testing.T) {
	dir := t.TempDir()
	history, stored := filepath.Join(dir, "history"), filepath.Join(dir, "stored")
	for day := range 12 {
		storeRun(t, stored, day, 800, nil)
	}
	keep(t, history, stored)
	if code, out, errs := call(t, "gate", "--history", history); code != exitOK || !strings.Contains(out, "verdict: ok") {
		t.Errorf("exit code %d: %s %s", code, out, errs)
	}
	if code, out, _ := call(t, "gate", "--history", history, "--stretch", "30"); code != exitFault || !strings.Contains(out, "verdict: UNKNOWN") {
		t.Errorf("exit code %d: %s", code, out)
	}
	noisy := filepath.Join(dir, "noisy")
	storeRun(t, noisy, 12, 1600, func(r *results.Run) {
		r.Generator.Verdict, r.Generator.Reasons = results.RunNoisyHost, []string{"the hypervisor took 9.0 %"}
	})
	if _, _, errs := call(t, "history", "add", "--history", history, noisy); !strings.Contains(errs, "is kept, and not used") {
		t.Error(errs)
	}
	if code, out, _ := call(t, "gate", "--history", history); code != results.ExitTooNoisy || !strings.Contains(out, "9.0 %") {
		t.Errorf("exit code %d: %s", code, out)
	}
}

func TestHistoryWithDamage(t *testing.T) {
	dir := t.TempDir()
	history, stored := filepath.Join(dir, "history"), filepath.Join(dir, "stored")
	for day := range 9 {
		storeRun(t, stored, day, 800, nil)
	}
	storeReport(t, stored, 7, results.StatusPass)
	storeReport(t, stored, 8, results.StatusPass)
	keep(t, history, stored)
	reports, err := filepath.Glob(filepath.Join(history, "documents", "*-report-*"))
	if err != nil || len(reports) != 2 {
		t.Fatal(reports, err)
	}
	if err := os.Truncate(reports[0], 100); err != nil {
		t.Fatal(err)
	}
	code, out, errs := call(t, "gate", "--history", history)
	if code != exitOK || !strings.Contains(errs, filepath.Base(reports[0])+" is damaged: it has 100 bytes of") {
		t.Errorf("exit code %d: %s %s", code, out, errs)
	}
}

func TestHistoryBadInput(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"nothing to add": {[]string{"history", "add", "--history", dir}, "give files or folders, or --canary"},
		"no history":     {[]string{"history", "list", "--history", dir}, "there is nothing in"},
		"no gate":        {[]string{"gate", "--history", dir}, "there is nothing in"},
		"metric":         {[]string{"history", "trend", "--history", dir, "--metric", "speed"}, "target-cpu"},
		"stretch":        {[]string{"gate", "--history", dir, "--stretch", "1"}, "--stretch is 3 or more"},
		"nothing there":  {[]string{"history", "add", "--history", dir, dir}, "there is no run.json"},
	} {
		if code, _, errs := call(t, c.args...); code != exitFault || !strings.Contains(errs, c.want) {
			t.Errorf("%s: exit code %d: %s; want %q", name, code, errs, c.want)
		}
	}
}

func TestHistoryAddsACanary(t *testing.T) {
	if testing.Short() || runtime.GOOS != "linux" {
		t.Skip("it measures for some seconds, on Linux")
	}
	history := filepath.Join(t.TempDir(), "history")
	if code, out, errs := call(t, "history", "add", "--history", history, "--canary"); code != exitOK || !strings.Contains(out, "added: canary") {
		t.Errorf("exit code %d: %s %s", code, out, errs)
	}
}
