package scenarios_test

import (
	"testing"
	"time"

	"mailtls/results"
)

// TestFirstRetry: the policy says 10 s; half of it and 2 s more are let pass.
func TestFirstRetry(t *testing.T) {
	const id = "queue/first-retry"
	refused := join(opened, []string{"C STARTTLS", "S 454 no", "C QUIT"})
	for second, want := range map[float64]results.Status{9: results.StatusPass, 16.9: results.StatusPass, 17.1: results.StatusFail, 40: results.StatusFail} {
		under(must()).visit(0, "x", refused...).visit(second, "x", refused...).waits().is(t, id, want)
	}
	// Another host in the same attempt is no retry.
	under(must()).visit(0, "x", refused...).visit(0.5, "x", refused...).visit(30, "x", refused...).waits().is(t, id, results.StatusFail)
	under(must()).visit(0, "x", refused...).waits().is(t, id, results.StatusFail)
	under(must()).visit(0, "x", refused...).back(time.Second, "").is(t, id, results.StatusFail)
	under(must()).waits().is(t, id, results.StatusInconclusive)
	unsaid := under(must())
	unsaid.policy.RetrySeconds = 0
	unsaid.visit(0, "x", refused...).visit(30, "x", refused...).waits().is(t, id, results.StatusInfo)
}

// TestTakenOverTwice: what a sender broke off before it could be told does not
// count, and nothing else excuses a second copy.
func TestTakenOverTwice(t *testing.T) {
	const id = "dialogue/offered"
	whole := join(opened, asked, inside, secured)
	alert := func(s *seen, at int, text string) *seen {
		v := &s.Sessions[len(s.Sessions)-1]
		e := results.Event{From: results.Client, Kind: results.EventAlert, Secure: true, Text: text}
		v.Events = append(v.Events[:at:at], append([]results.Event{e}, v.Events[at:]...)...)
		return s
	}
	first := func(lines ...string) *seen { return under(must()).visit(0, "x", join(whole, lines)...).took(0) }
	again := func(s *seen) *seen { return s.visit(10, "x", whole...).took(0) }
	end := len(first().Sessions[0].Events)
	again(first()).is(t, id, results.StatusFail)
	again(alert(first(), end-1, "warning close_notify(0)")).is(t, id, results.StatusPass)
	again(alert(first(), end, "warning close_notify(0)")).is(t, id, results.StatusFail)
	again(alert(first(), end, "warning no_renegotiation(100)")).is(t, id, results.StatusPass)
	again(alert(first("C+ QUIT"), end, "warning no_renegotiation(100)")).is(t, id, results.StatusFail)
}
