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
const manyAtOnce = 64

// openFlaw is the flaw that no case may hold against a sender.
const openFlaw = string(fakes.FlawCommonName)

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
		if name == openFlaw {
			continue
		}
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

// untwinned are the cases that no twin fails, and why.
func untwinned() map[string]string {
	return map[string]string{
		"client-hello/extended-master-secret": "the library of our senders always offers it",
		"queue/many":                          "what it looks for in many messages every other case looks for in one",
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
	excused := untwinned()
	for _, c := range scenarios.All() {
		if c.Role != results.RoleSender || c.Pending != "" || c.Strongest() == results.Info {
			continue
		}
		if _, without := excused[c.ID]; without == caught[c.ID] {
			t.Errorf("%s: a twin shows that it can fail: %v; excused: %q", c.ID, caught[c.ID], excused[c.ID])
		}
		delete(excused, c.ID)
	}
	if len(excused) > 0 {
		t.Errorf("no such cases: %v", excused)
	}
}

// TestOpenFlawIsRecorded: whether a common name counts is open (see
// fakes.Cert.TrustedBy), so that the twin is told apart and not failed.
func TestOpenFlawIsRecorded(t *testing.T) {
	t.Parallel()
	for _, m := range fakes.SendingTwins() {
		if name := strings.TrimPrefix(m.Name, "twin/"); name == openFlaw {
			r := send(t, filepath.Join(t.TempDir(), "run"), targets.NewInProcess("twin", m.Doc, m), name, results.Filter{Case: "certificate/cn-only", Policy: "verify"})
			if c := r.Cases[0]; c.Status != results.StatusInfo || !c.Fate.Code.Encrypted() {
				t.Errorf("it is %s, got %q", c.Status, c.Got)
			}
		}
	}
}
