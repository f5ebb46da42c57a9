package harness

import (
	"context"
	"errors"
	"strings"
	"testing"

	"mailtls/harness/targets"
	"mailtls/results"
)

func parties(t *testing.T, names ...string) []Party {
	t.Helper()
	var all []Party
	for _, name := range names {
		p, err := NewParty(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

// TestInteropInThisProcess: what came of each pair was written by hand.
func TestInteropInThisProcess(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"reference none reference": "P", "reference may reference": "T13", "reference encrypt reference": "T13", "reference verify reference": "T13",
		"reference none exchange-2010": "P", "reference may exchange-2010": "T10", "reference encrypt exchange-2010": "T10", "reference verify exchange-2010": "D",
		"reference none gosmtp": "P", "reference may gosmtp": "T13", "reference encrypt gosmtp": "T13", "reference verify gosmtp": "T13",
		"exchange-2010 default reference": "Pn", "exchange-2010 default exchange-2010": "T10", "exchange-2010 default gosmtp": "Pn",
	}
	handed, err := Interop(t.Context(), parties(t, "reference", "exchange-2010", "gosmtp"), InteropOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range handed {
		name := strings.Join([]string{h.Sender, h.Policy, h.Receiver}, " ")
		if code, found := want[name]; !found || string(h.Code) != code || h.Note != "" {
			t.Errorf("%s: got %s %s, want %s", name, h.Code, h.Note, code)
		}
		if h.Code.Encrypted() != (h.TLS != "") {
			t.Errorf("%s: %s in TLS %q", name, h.Code, h.TLS)
		}
		proved(t, name, h)
	}
	if len(handed) != len(want) {
		t.Errorf("got %d outcomes, want %d", len(handed), len(want))
	}
}

// proved tells whether the transcript holds what the outcome says.
func proved(t *testing.T, name string, h Handed) {
	t.Helper()
	legs := map[results.Leg]int{}
	for _, s := range h.Transcript.Sessions {
		legs[s.Leg]++
	}
	arrived := h.Code != results.FateDeferred
	if legs[results.LegDeliver] == 0 || (legs[results.LegReadback] == 1) != arrived || (len(h.Transcript.Messages) == 1) != arrived {
		t.Errorf("%s: the transcript has %v and %d messages", name, legs, len(h.Transcript.Messages))
	}
	if !arrived && len(h.Transcript.DSNs) != 1 {
		t.Errorf("%s: %d notifications", name, len(h.Transcript.DSNs))
	}
}

func TestInteropThatCannotBe(t *testing.T) {
	for want, names := range map[string][]string{
		"named twice": {"reference", "reference"}, "no sender": {"gosmtp"}, "no receiver": {"exchange-online/connector-forced"},
	} {
		if want == "no receiver" {
			all := parties(t, names...)
			all[0].Receiver = nil
			if _, err := Interop(t.Context(), all, InteropOptions{}); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v; want %q", err, want)
			}
			continue
		}
		if _, err := Interop(t.Context(), parties(t, names...), InteropOptions{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v; want %q", err, want)
		}
	}
	for _, name := range []string{"nobody", "reference/nobody"} {
		if _, err := NewParty(name); err == nil {
			t.Errorf("%s takes part", name)
		}
	}
}

func TestInteropEndsWithTheContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Interop(ctx, parties(t, "reference"), InteropOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// lonely is a target of which one instance can run at a time.
type lonely struct{ targets.Target }

// Spec of the target but for that.
func (l lonely) Spec() targets.Spec {
	s := l.Target.Spec()
	s.Direct = false
	return s
}

func TestLoneTargetsTakeTurns(t *testing.T) {
	all := parties(t, "reference", "exchange-2010", "exchange-online")
	all[1].Target, all[2].Target = lonely{all[1].Target}, lonely{all[2].Target}
	var got []string
	for _, turn := range turns(all) {
		var names []string
		for _, p := range turn {
			names = append(names, p.Name)
		}
		got = append(got, strings.Join(names, "+"))
	}
	if strings.Join(got, " ") != "reference exchange-2010 exchange-online" {
		t.Errorf("the turns are %v", got)
	}
	e := &encounter{InteropOptions: InteropOptions{Policies: []string{"may"}}, outcome: map[results.InteropPair]Handed{}}
	e.outcome[key("reference", "reference", "may")] = Handed{InteropPair: key("reference", "reference", "may")}
	for _, h := range e.all(all) {
		if played := h.Sender == "reference" && h.Receiver == "reference"; played == (h.Note == loneNote) || played == (h.Code == results.InteropNone) {
			t.Errorf("%s to %s: %s %q", h.Sender, h.Receiver, h.Code, h.Note)
		}
	}
	twice := parties(t, "exchange-2010", "exchange-2010/tls12")
	twice[0].Target, twice[1].Target = lonely{twice[0].Target}, lonely{twice[1].Target}
	if err := check(twice); err == nil || !strings.Contains(err.Error(), "both send") {
		t.Errorf("got %v", err)
	}
}
