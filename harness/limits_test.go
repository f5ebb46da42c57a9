package harness_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"mailtls/fakes"
	"mailtls/harness"
	"mailtls/harness/targets"
	"mailtls/results"
	"mailtls/scenarios"
)

// limits are servers in good order that put a client off in its second session,
// the first of a case: the ordinary conversations around it go well.
func limits() map[string][]fakes.Fault {
	refuse := func(at results.Stage, phase fakes.Phase, text string) []fakes.Fault {
		return []fakes.Fault{{At: at, Phase: phase, Session: 2, Do: fakes.ActionReply, Text: text}}
	}
	leave := func(at results.Stage, phase fakes.Phase) []fakes.Fault {
		return append(refuse(at, phase, "421 4.3.2 Too busy, closing\r\n"),
			fakes.Fault{At: at, Phase: phase, Session: 2, When: fakes.After, Do: fakes.ActionFin})
	}
	const grey, later = "450 4.7.1 Greylisted\r\n", "451 4.3.0 Try later\r\n"
	return map[string][]fakes.Fault{
		"450 at MAIL":           refuse(results.StageMail, fakes.PhaseAny, grey),
		"450 at RCPT":           refuse(results.StageRcpt, fakes.PhaseAny, grey),
		"451 at DATA":           refuse(results.StageData, fakes.PhaseAny, later),
		"454 at STARTTLS":       refuse(results.StageStartTLS, fakes.PhaseClear, "454 4.7.0 TLS not available for now\r\n"),
		"421 at the greeting":   leave(results.StageGreeting, fakes.PhaseAny),
		"421 at EHLO":           leave(results.StageHello, fakes.PhaseClear),
		"421 at STARTTLS":       leave(results.StageStartTLS, fakes.PhaseClear),
		"421 at MAIL":           leave(results.StageMail, fakes.PhaseAny),
		"421 at RCPT":           leave(results.StageRcpt, fakes.PhaseAny),
		"421 at DATA":           leave(results.StageData, fakes.PhaseAny),
		"421 at EHLO in TLS":    leave(results.StageHello, fakes.PhaseTLS),
		"421 at NOOP":           leave(results.StageNoop, fakes.PhaseAny),
		"421 at unknown words":  leave(results.StageUnknown, fakes.PhaseAny),
		"421 at AUTH":           leave(results.StageAuth, fakes.PhaseAny),
		"421 where TLS is over": leave(results.StageStartTLS, fakes.PhaseTLS),
	}
}

// limited is a model of ours with faults on each of its listeners.
func limited(m fakes.Model, faults []fakes.Fault) fakes.Model {
	add := func(p fakes.Profile) fakes.Profile {
		p.Faults = append(slices.Clone(p.Faults), faults...)
		return p
	}
	m.Receives = add(m.Receives)
	for _, p := range []**fakes.Profile{&m.Submission, &m.SMTPS} {
		if *p != nil {
			changed := add(**p)
			*p = &changed
		}
	}
	return m
}

// TestLimitsFailNobody plays all cases with servers that conform and put clients
// off now and then: nothing of it may read as a failure.
func TestLimitsFailNobody(t *testing.T) {
	for name, faults := range limits() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cases := map[string]string{ // what each variant adds to the cases of the first
				"reference/submission": "", "reference/tls-off": "needs:tls-off", "reference/tls12-required": "needs:require-tls",
			}
			for _, m := range fakes.Models() {
				if filter, chosen := cases[m.Name]; chosen {
					unharmed(t, targets.NewInProcess("limits", name, limited(m, faults)), filter)
				}
			}
		})
	}
}

// TestDyingServersFailNobody plays all cases with servers that conform, and are
// gone for ever after some sessions.
func TestDyingServersFailNobody(t *testing.T) {
	for _, lasts := range []int{10, 25, 60} {
		t.Run(fmt.Sprint(lasts), func(t *testing.T) {
			t.Parallel()
			unharmed(t, hostileTarget{hostile: hostile{name: "dies-half-way", lasts: lasts}, claims: []results.Feature{
				results.FeatureStartTLS, results.FeaturePublicMX, results.FeatureModern,
			}}, "")
		})
	}
}

// unharmed runs the cases that a filter selects, but for the intrusive ones, and
// checks that none fails and that each ends in time.
func unharmed(t *testing.T, target targets.Target, filter string) {
	t.Helper()
	r, err := harness.Run(t.Context(), harness.Options{
		Target: target, Variant: target.Spec().Variants[0].Name, Filter: results.Filter{Label: filter},
		Out: filepath.Join(t.TempDir(), "run"), NoIntrusive: true,
		Tool: results.Tool{Name: "mailtls", Version: "test", Go: "test"}, Log: t.Output(),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range r.Cases {
		switch c.Status {
		case results.StatusFail, results.StatusError, results.StatusWaived:
			t.Errorf("%s is %s: %s got %q", c.ID, c.Status, c.Reason, c.Got)
		default:
		}
		known, err := scenarios.Find(c.ID)
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Duration(c.Duration) * time.Millisecond; took > known.WatchTime()+slack {
			t.Errorf("%s took %v", c.ID, took)
		}
	}
}
