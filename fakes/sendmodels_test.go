package fakes_test

import (
	"reflect"
	"testing"

	"mailtls/fakes"
	"mailtls/results"
)

// TestSendingModelsHoldTogether: what a model claims is what it does, and each
// policy says what it does whenever TLS cannot be had.
func TestSendingModelsHoldTogether(t *testing.T) {
	senders := 0
	for _, m := range fakes.Models() {
		if m.Sends == nil {
			continue
		}
		senders++
		for i, p := range m.Sends {
			if err := p.Check(); err != nil {
				t.Errorf("%s: %v", m.Name, err)
			}
			if claimed, found := m.Claims.Policy(p.Name); !found || !reflect.DeepEqual(claimed, p.SenderPolicy) || len(m.Claims.Policies) != len(m.Sends) {
				t.Errorf("%s claims %+v, and plays %d %+v", m.Name, claimed, i, p.SenderPolicy)
			}
			if p.Level != results.LevelNone && len(p.Fallback) != len(results.Triggers()) {
				t.Errorf("%s/%s says what it does for %d triggers", m.Name, p.Name, len(p.Fallback))
			}
			if !kebab.MatchString(p.Name) || !sentence.MatchString(p.Doc) || len(p.Flaws) > 0 {
				t.Errorf("%s/%s: %q with the flaws %v", m.Name, p.Name, p.Doc, p.Flaws)
			}
		}
	}
	if senders == 0 {
		t.Error("no model sends")
	}
}

// TestEveryFlawHasATwin: a twin has its flaw under each policy, and claims to be
// honest.
func TestEveryFlawHasATwin(t *testing.T) {
	twins := map[string]bool{}
	for _, m := range fakes.SendingTwins() {
		twins[m.Name] = true
		if !sentence.MatchString(m.Doc) || len(m.Sends) == 0 || len(m.Sends) != len(m.Claims.Policies) {
			t.Errorf("%s: %q, with %d policies and %d claims", m.Name, m.Doc, len(m.Sends), len(m.Claims.Policies))
		}
		for i, p := range m.Sends {
			if err := p.Check(); err != nil {
				t.Errorf("%s: %v", m.Name, err)
			}
			if len(p.Flaws) != 1 || m.Name != "twin/"+string(p.Flaws[0]) || !reflect.DeepEqual(p.SenderPolicy, m.Claims.Policies[i]) {
				t.Errorf("%s plays %+v", m.Name, p)
			}
		}
	}
	for _, f := range fakes.Flaws() {
		if !twins["twin/"+string(f)] {
			t.Errorf("no twin has the flaw %s", f)
		}
	}
	if len(twins) != len(fakes.Flaws()) {
		t.Errorf("%d twins for %d flaws", len(twins), len(fakes.Flaws()))
	}
}

func TestFlawsAreNamedOnce(t *testing.T) {
	seen := map[fakes.Flaw]bool{}
	for _, f := range fakes.Flaws() {
		if seen[f] || !kebab.MatchString(string(f)) {
			t.Errorf("%q is there twice, or is not in kebab-case", f)
		}
		seen[f] = true
	}
	p := fakes.Policy{Flaws: []fakes.Flaw{fakes.FlawLoses}}
	if !p.Has(fakes.FlawLoses) || p.Has(fakes.FlawTwice) {
		t.Errorf("%v has %s", p.Flaws, fakes.FlawTwice)
	}
}
