package harness_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"mailtls/harness"
	"mailtls/harness/targets"
	"mailtls/results"
)

// TestInterruptedRun stops runs at different moments: what was seen until then is
// stored and judged, and nothing goes on behind.
func TestInterruptedRun(t *testing.T) {
	tests := []struct {
		name   string
		target targets.Target
		// after so many cases the run is stopped.
		after int
		// executed cases at the least: a hostile server may be done with undecided.
		executed int
	}{
		{"before the first case", targets.Reference(), 0, 0},
		{"in the middle", targets.Reference(), 3, 3},
		{"while floods are read", hostileTarget{
			hostile: hostile{name: "floods", acts: after(started(), floods("250-x\r\n"))}, between: true,
			claims: []results.Feature{results.FeatureStartTLS, results.FeatureModern},
		}, 1, 0},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			before := runtime.NumGoroutine()
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			var stopped time.Time
			out := filepath.Join(t.TempDir(), "run")
			r, err := harness.Run(ctx, harness.Options{
				Target: tc.target, Out: out, Parallel: 4, Tool: results.Tool{Name: "mailtls"},
				Progress: func(p harness.Progress) {
					if p.Done == tc.after {
						stopped = time.Now()
						stop()
					}
				},
			})
			if !errors.Is(err, context.Canceled) || r == nil {
				t.Fatalf("got %v and %v, want a report and the context's error", r, err)
			}
			if took := time.Since(stopped); took > 5*time.Second {
				t.Errorf("the run went on for %v", took)
			}
			if r.Outcome != results.Undecided && r.Summary[results.StatusFail] == 0 {
				t.Errorf("the outcome is %s", r.Outcome)
			}
			checkInterrupted(t, r, tc.executed)
			if tc.after == 0 && r.Executed > 0 {
				t.Errorf("%d cases were executed after the run was stopped", r.Executed)
			}
			checkFolder(t, out, r)
			settleGoroutines(t, before)
		})
	}
}

// checkInterrupted wants so many cases decided and others left open, for the
// reason that the run was interrupted.
func checkInterrupted(t *testing.T, r *results.Report, executed int) {
	t.Helper()
	interrupted := 0
	for _, c := range r.Cases {
		if c.Status == results.StatusInconclusive && c.Reason == "interrupted" {
			interrupted++
		}
		if c.Status == results.StatusError {
			t.Errorf("%s is an error: %s", c.ID, c.Reason)
		}
	}
	if interrupted == 0 || r.Executed < executed {
		t.Errorf("%d cases were executed and %d interrupted; want %d executed", r.Executed, interrupted, executed)
	}
}

// checkFolder wants the whole of a run's folder, and the same verdicts from it.
func checkFolder(t *testing.T, out string, r *results.Report) {
	t.Helper()
	for _, view := range []string{harness.ReportFile, harness.JUnitFile, harness.TextFile} {
		if _, err := os.Stat(filepath.Join(out, view)); err != nil {
			t.Error(err)
		}
	}
	if err := readable(out); err != nil {
		t.Error(err)
	}
	stored, err := harness.ReadReport(out)
	if err != nil {
		t.Fatal(err)
	}
	if stored.Outcome != r.Outcome || len(stored.Cases) != len(r.Cases) {
		t.Errorf("the stored report says %s of %d cases", stored.Outcome, len(stored.Cases))
	}
	left, err := filepath.Glob(filepath.Join(out, "*", ".new-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
