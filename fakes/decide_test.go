package fakes_test

import (
	"slices"
	"testing"

	"mailtls/fakes"
	"mailtls/results"
)

// noop is a moment at NOOP, in clear or inside TLS.
func noop(secure bool) fakes.Moment {
	return fakes.Moment{Stage: results.StageNoop, Verb: "NOOP", Secure: secure}
}

func TestFaultsStrikeAtTheirOccasions(t *testing.T) {
	tests := []struct {
		name  string
		fault fakes.Fault
		// strikes tells, for seven times NOOP of which the last two come inside
		// TLS, at which of them it strikes.
		strikes []bool
	}{
		{"always", fakes.Fault{}, []bool{true, true, true, true, true, true, true}},
		{"once", fakes.Fault{Times: 1}, []bool{true, false, false, false, false, false, false}},
		{"three times", fakes.Fault{Times: 3}, []bool{true, true, true, false, false, false, false}},
		{"after two", fakes.Fault{Skip: 2}, []bool{false, false, true, true, true, true, true}},
		{"the third", fakes.Fault{Skip: 2, Times: 1}, []bool{false, false, true, false, false, false, false}},
		{"in clear", fakes.Fault{Phase: fakes.PhaseClear}, []bool{true, true, true, true, true, false, false}},
		{"inside tls", fakes.Fault{Phase: fakes.PhaseTLS}, []bool{false, false, false, false, false, true, true}},
		{"the second inside tls", fakes.Fault{Phase: fakes.PhaseTLS, Skip: 1}, []bool{false, false, false, false, false, false, true}},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			tc.fault.At, tc.fault.Do = results.StageNoop, fakes.ActionFin
			p := fakes.Profile{Faults: []fakes.Fault{tc.fault}}
			seen := fakes.Tally{}
			var got []bool
			for i := range tc.strikes {
				if d := p.Decide(fakes.Moment{Stage: results.StageQuit, Verb: "QUIT"}, seen); d.Instead != nil {
					t.Error("it strikes at another stage")
				}
				got = append(got, p.Decide(noop(i >= 5), seen).Instead != nil)
			}
			if !slices.Equal(got, tc.strikes) {
				t.Errorf("it strikes %v, want %v", got, tc.strikes)
			}
			if again := p.Decide(noop(false), fakes.Tally{}).Instead != nil; again != tc.strikes[0] {
				t.Error("another session goes on counting")
			}
		})
	}
}

func TestFaultsStandInOrder(t *testing.T) {
	at := func(when fakes.When, text string) fakes.Fault {
		return fakes.Fault{At: results.StageNoop, When: when, Do: fakes.ActionReply, Text: text}
	}
	p := fakes.Profile{
		Faults: []fakes.Fault{
			at(fakes.After, "y"), at(fakes.Before, "a"), at(fakes.Instead, "m"),
			at(fakes.Instead, "n"), at(fakes.Before, "b"), at(fakes.After, "z"),
		},
		Gates: []fakes.Gate{{Reply: "530 no"}},
	}
	d := p.Decide(noop(false), fakes.Tally{})
	var got string
	for _, f := range d.Before {
		got += f.Text
	}
	got += d.Instead.Text
	for _, f := range d.After {
		got += f.Text
	}
	if got != "abmyz" || d.Refusal != "530 no" {
		t.Errorf("got %q and the refusal %q", got, d.Refusal)
	}
}

// TestFirstFaultGivesWay: of two that would strike instead, the second has its
// turn when the first is through.
func TestFirstFaultGivesWay(t *testing.T) {
	p := fakes.Profile{Faults: []fakes.Fault{
		{At: results.StageNoop, Times: 1, Do: fakes.ActionReply, Text: "first"},
		{At: results.StageNoop, Do: fakes.ActionReply, Text: "then"},
	}}
	seen := fakes.Tally{}
	for _, want := range []string{"first", "then", "then"} {
		if d := p.Decide(noop(false), seen); d.Instead == nil || d.Instead.Text != want {
			t.Errorf("got %+v, want %s", d.Instead, want)
		}
	}
}

func TestGates(t *testing.T) {
	tests := []struct {
		name            string
		gate            fakes.Gate
		refused, passed []fakes.Moment
	}{
		{
			"must tls", fakes.MustTLS(),
			[]fakes.Moment{{Verb: "MAIL"}, {Verb: "HELO"}, {Verb: "RSET"}, {Verb: "MAIL", Known: true}, {Verb: "noop"}},
			[]fakes.Moment{{Verb: "EHLO"}, {Verb: "NOOP"}, {Verb: "STARTTLS"}, {Verb: "QUIT"}, {Verb: "MAIL", Secure: true}, {}},
		},
		{
			"must auth", fakes.MustAuth(),
			[]fakes.Moment{{Verb: "MAIL"}, {Verb: "MAIL", Secure: true}},
			[]fakes.Moment{{Verb: "RCPT"}, {Verb: "EHLO"}, {Verb: "MAIL", Known: true}},
		},
		{
			"all inside tls", fakes.Gate{Phase: fakes.PhaseTLS, Reply: "554 no"},
			[]fakes.Moment{{Verb: "EHLO", Secure: true}, {Verb: "QUIT", Secure: true, Known: true}},
			[]fakes.Moment{{Verb: "EHLO"}, {Secure: true}},
		},
		{
			"only, except", fakes.Gate{Only: []string{"MAIL", "RCPT"}, Except: []string{"RCPT"}, Reply: "550 no"},
			[]fakes.Moment{{Verb: "MAIL"}},
			[]fakes.Moment{{Verb: "RCPT"}, {Verb: "DATA"}},
		},
		{
			"none named", fakes.Gate{Only: []string{}, Reply: "550 no"},
			nil,
			[]fakes.Moment{{Verb: "MAIL"}},
		},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			p := fakes.Profile{Gates: []fakes.Gate{tc.gate, {Only: []string{"EXPN"}, Reply: "502 other gate"}}}
			for _, m := range tc.refused {
				if d := p.Decide(m, fakes.Tally{}); d.Refusal != tc.gate.Reply {
					t.Errorf("%+v gets %q", m, d.Refusal)
				}
			}
			for _, m := range tc.passed {
				if d := p.Decide(m, fakes.Tally{}); d.Refusal != "" {
					t.Errorf("%+v gets %q", m, d.Refusal)
				}
			}
		})
	}
}

func TestFirstGateAnswers(t *testing.T) {
	p := fakes.Profile{Gates: []fakes.Gate{fakes.MustTLS(), fakes.MustAuth()}}
	for secure, want := range map[bool]string{false: fakes.MustTLS().Reply, true: fakes.MustAuth().Reply} {
		if d := p.Decide(fakes.Moment{Stage: results.StageMail, Verb: "MAIL", Secure: secure}, fakes.Tally{}); d.Refusal != want {
			t.Errorf("MAIL, inside TLS %v, gets %q, want %q", secure, d.Refusal, want)
		}
	}
}
