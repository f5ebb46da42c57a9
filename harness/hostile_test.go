package harness_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"mailtls/harness"
	"mailtls/results"
	"mailtls/scenarios"
)

const (
	// patience with hostile servers: short, for many are silent, and long enough
	// for the ordinary conversations around them.
	patience = 5 * time.Second
	// slack is what a case may take beyond its window: the ordinary conversation
	// after it, on a busy machine.
	slack = 10 * time.Second
	// most bytes of a stored transcript, and of the heap.
	mostStored = 4 << 20
	mostHeap   = 512 << 20
)

// TestHostileServers has many at once play with few cases. Whatever they do, the
// run ends in time with a verdict on each case, and none of what could not be
// told reads as a pass or a failure.
func TestHostileServers(t *testing.T) {
	before := runtime.NumGoroutine()
	watch := watchHeap()
	t.Cleanup(func() {
		if heap := watch(); heap > mostHeap {
			t.Errorf("the heap grew to %d MiB", heap>>20)
		}
		settleGoroutines(t, before)
	})
	for name, between := range map[string]bool{"throughout": false, "between ordinary conversations": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			var group errgroup.Group
			group.SetLimit(16)
			for _, h := range hostiles() {
				group.Go(func() error {
					if err := meet(t, h, between, filepath.Join(dir, h.name)); err != nil {
						t.Errorf("%s: %v", h.name, err)
					}
					return nil
				})
			}
			_ = group.Wait()
		})
	}
}

// errBusy means that a case which should be decided was left open. On a machine
// that has no time for us an ordinary conversation fails as well; then it is
// played again.
var errBusy = errors.New("left open")

// meet plays with a hostile server.
func meet(t *testing.T, h hostile, between bool, out string) error {
	const most = 3
	for n := 1; ; n++ {
		err := meetOnce(t, h, between, fmt.Sprintf("%s-%d", out, n))
		if !errors.Is(err, errBusy) || n == most {
			return err
		}
		t.Logf("%s is met again: %v", h.name, err)
	}
}

// meetOnce runs the cases of a hostile server, and checks the report and what was
// stored.
func meetOnce(t *testing.T, h hostile, between bool, out string) error {
	claims := []results.Feature{results.FeatureStartTLS, results.FeaturePublicMX, results.FeatureModern}
	switch {
	case h.clear:
		claims = []results.Feature{results.FeatureTLSOff, results.FeaturePublicMX}
	case !between:
		claims = append(claims, results.FeatureReadback) // which comes to nothing
	}
	o := harness.Options{
		Target: hostileTarget{hostile: h, between: between, claims: claims},
		Filter: results.Filter{Label: h.cases}, Out: out, Patience: patience, Tool: results.Tool{Name: "mailtls"},
	}
	if h.cases == "" {
		o.Filter.Label = fewCases
	}
	if h.lasts > 0 {
		o.Parallel = 1 // or which connection is the last would be left to chance
	}
	r, err := harness.Run(t.Context(), o)
	if err != nil {
		return err
	}
	var faults []error
	for _, c := range r.Cases {
		if c.Status != results.StatusNA {
			faults = append(faults, concluded(c, h, between), stored(out, c))
		}
	}
	if !between && !h.clear && r.Outcome != results.Undecided {
		faults = append(faults, fmt.Errorf("the outcome is %s", r.Outcome))
	}
	return errors.Join(append(faults, readable(out))...)
}

// concluded checks the verdict on a case, and that it came in time.
func concluded(c results.CaseResult, h hostile, between bool) error {
	want := "inconclusive"
	if seen, known := h.sees[c.ID]; known && (between || h.clear || h.lasts > 0) {
		want = seen
	}
	status, got, _ := strings.Cut(want, " ")
	if c.Status == results.StatusInconclusive && status != "inconclusive" {
		return fmt.Errorf("%s is %w: %s; want %s", c.ID, errBusy, c.Reason, want)
	}
	if string(c.Status) != status || !strings.Contains(c.Got, got) || status == "inconclusive" && c.Reason == "" {
		return fmt.Errorf("%s is %s, %q, %q; want %s", c.ID, c.Status, c.Reason, c.Got, want)
	}
	played, err := scenarios.Find(c.ID)
	if err != nil {
		return err
	}
	if took := time.Duration(c.Duration) * time.Millisecond; took > played.WatchTime()+slack {
		return fmt.Errorf("%s took %v", c.ID, took)
	}
	return nil
}

// stored checks that a transcript is there, and no larger than it should be.
func stored(out string, c results.CaseResult) error {
	info, err := os.Stat(filepath.Join(out, c.Transcript))
	if err != nil {
		return err
	}
	if info.Size() > mostStored {
		return fmt.Errorf("the transcript of %s has %d bytes", c.ID, info.Size())
	}
	return nil
}

// readable checks that a run's folder can be judged again with the same verdicts,
// and that other tools can read its views, whatever a server has said.
func readable(out string) error {
	_, changed, err := harness.Judge(out)
	if err != nil {
		return err
	}
	if len(changed) > 0 {
		return fmt.Errorf("judged again, other verdicts come out for %v", changed)
	}
	f, err := os.Open(filepath.Join(out, harness.JUnitFile))
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	for d := xml.NewDecoder(f); err == nil; {
		_, err = d.Token()
	}
	if !errors.Is(err, io.EOF) {
		return fmt.Errorf("read %s: %w", f.Name(), err)
	}
	return nil
}

// watchHeap follows the size of the heap until the function that it returns is
// called, which tells how large it was at the most.
func watchHeap() (stop func() uint64) {
	done := make(chan struct{})
	var most uint64
	var watching sync.WaitGroup
	watching.Go(func() {
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
			select {
			case <-done:
				return
			case <-tick.C:
			}
		}
	})
	return func() uint64 { close(done); watching.Wait(); return most }
}

// settleGoroutines waits until there are no more goroutines than there were, and
// fails when that does not come about.
func settleGoroutines(t *testing.T, before int) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.NewTimer(10 * time.Second)
	defer deadline.Stop()
	for runtime.NumGoroutine() > before {
		select {
		case <-tick.C:
		case <-deadline.C:
			stacks := make([]byte, 1<<20)
			t.Errorf("%d goroutines were left behind:\n%s", runtime.NumGoroutine()-before, stacks[:runtime.Stack(stacks, true)])
			return
		}
	}
}
