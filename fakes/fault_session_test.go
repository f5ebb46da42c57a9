package fakes_test

import (
	"testing"

	"mailtls/fakes"
	"mailtls/results"
)

func TestAFaultCanStrikeInOneSessionOnly(t *testing.T) {
	p := fakes.Profile{Faults: []fakes.Fault{{At: results.StageMail, Session: 2, Do: fakes.ActionReply, Text: "450 later\r\n"}}}
	for n := 1; n <= 3; n++ {
		d := p.Decide(fakes.Moment{Stage: results.StageMail, Verb: "MAIL", Session: n}, fakes.Tally{})
		if struck := d.Instead != nil; struck != (n == 2) {
			t.Errorf("in session %d it strikes: %v", n, struck)
		}
	}
}
