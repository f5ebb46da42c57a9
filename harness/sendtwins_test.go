package harness_test

import (
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"mailtls/fakes"
	"mailtls/harness"
	"mailtls/harness/targets"
	"mailtls/results"
	"mailtls/scenarios"
)

// sendingCapture is the case that must catch a twin that sends, the policy under
// which, and what it must have seen.
type sendingCapture struct{ id, policy, got string }

// manyAtOnce is how many twins send at a time: they wait more than they work.
const manyAtOnce = 24

// send plays the selected cases against an in-process target that sends.
func send(t *testing.T, out string, target targets.Target, variant string, f results.Filter) *results.Report {
	t.Helper()
	r, err := harness.Run(t.Context(), harness.Options{
		Target: target, Variant: variant, Roles: []results.Role{results.RoleSender}, Filter: f, Out: out,
		Tool: results.Tool{Name: "mailtls", Version: "test", Go: "test"}, Log: t.Output(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSendingTwinsAreCaught(t *testing.T) {
	t.Parallel()
	all := sendingCaptures()
	slots := make(chan struct{}, manyAtOnce)
	var playing sync.WaitGroup
	defer playing.Wait()
	for _, m := range fakes.SendingTwins() {
		name := strings.TrimPrefix(m.Name, "twin/")
		want, known := all[name]
		if !known {
			t.Errorf("twin %q: no case is named that must catch it", name)
			continue
		}
		delete(all, name)
		for _, w := range want {
			slots <- struct{}{}
			playing.Go(func() {
				defer func() { <-slots }()
				t.Run(name+"/"+results.Key(w.id, w.policy), func(t *testing.T) { caught(t, m, w) })
			})
		}
	}
	for name := range all {
		t.Errorf("twin %q is not in the catalogue", name)
	}
}

// caught demands that a twin fails a case for the right reason.
func caught(t *testing.T, m fakes.Model, w sendingCapture) {
	t.Helper()
	target := targets.NewInProcess("twin", m.Doc, m)
	r := send(t, filepath.Join(t.TempDir(), "run"), target, strings.TrimPrefix(m.Name, "twin/"), results.Filter{Case: w.id, Policy: w.policy})
	c := r.Cases[0]
	if c.Status != results.StatusFail || !strings.Contains(c.Got, w.got) {
		t.Errorf("it is %s, %s got %q; want fail, got ...%q...", c.Status, c.Reason, c.Got, w.got)
	}
	if c.Level == results.Info {
		t.Error("it is INFO: it catches nothing")
	}
}

// TestEverySenderCaseHasATwin names the cases that nothing shows to be able to fail.
func TestEverySenderCaseHasATwin(t *testing.T) {
	caught := map[string]bool{}
	for _, list := range sendingCaptures() {
		for _, c := range list {
			caught[c.id] = true
		}
	}
	for _, c := range scenarios.All() {
		if c.Role == results.RoleSender && c.Pending == "" && c.Strongest() != results.Info && !caught[c.ID] {
			t.Errorf("%s: no twin shows that it can fail", c.ID)
		}
	}
}

// TestReferenceSends plays every case under every policy of the honest sender.
func TestReferenceSends(t *testing.T) {
	t.Parallel()
	for _, v := range targets.Reference().Spec().Variants {
		if v.Plays(results.RoleSender) {
			conforms(t, send(t, filepath.Join(t.TempDir(), "run"), targets.Reference(), v.Name, results.Filter{}))
		}
	}
}
