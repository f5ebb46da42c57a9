package scenarios

import (
	"fmt"
	"time"

	"mailtls/results"
)

// senderRetries holds when a sender comes back.
func senderRetries() []Case {
	return []Case{{
		ID: "queue/first-retry", Row: "S-197", Title: "Mail that was deferred for want of TLS is tried again as soon as the policy says",
		Source: Source{"RFC 5321 §4.5.4.1; RFC 3207 §4", "What waits is tried again after an interval that is the sender's to choose, and to keep to."},
		Levels: []LevelRule{should()}, Under: underMandatory, Placements: at("starttls-454"), Judge: allOf(judgeFirstRetry),
	}}
}

// retrySlack is by how much a retry may be late besides half of the claimed wait: a
// queue is looked at only now and then, and a machine may be busy.
const retrySlack = 2 * time.Second

// judgeFirstRetry measures from the end of the first attempt to the beginning of
// the second.
func judgeFirstRetry(t *results.Transcript, claims results.Claims) results.Verdict {
	p, f := mine(t, claims), fate(t, claims, 0)
	groups := attempts(t, deliveries(t), p)
	switch {
	case f.Code == results.FateUnknown:
		return lost(t, claims, f)
	case len(groups) == 0:
		return inconclusive("no connection was made: %s", saidOf(f))
	}
	var refs []results.EventRef
	var ended time.Duration
	for _, d := range groups[0] {
		ended = max(ended, d.EndAt)
		if len(d.turns) > 0 {
			refs = append(refs, d.turns[len(d.turns)-1].refs...)
		}
	}
	if len(groups) == 1 {
		return fail("another attempt", "a single one; "+saidOf(f), refs...)
	}
	second := groups[1][0]
	if len(second.Events) > 0 {
		refs = append(refs, results.EventRef{Session: second.ID})
	}
	waited := second.began - ended
	got := fmt.Sprintf("tried again after %.1f s", waited.Seconds())
	claimed := time.Duration(p.RetrySeconds * float64(time.Second))
	switch {
	case claimed == 0:
		return note(fmt.Sprintf("policy %s does not say when", p.Name), got, refs...)
	case waited > claimed+claimed/2+retrySlack:
		return fail(fmt.Sprintf("tried again after %v, as policy %s says", claimed, p.Name), got, refs...)
	}
	return pass(fmt.Sprintf("tried again after %v", claimed), got, refs...)
}
