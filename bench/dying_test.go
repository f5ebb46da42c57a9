package bench

import (
	"testing"
	"time"

	"mailtls/results"
)

// TestPeerDies: the peer's process is killed in the middle of a run. Sessions
// under way fail as closed or reset, later ones as refused, and the run goes on to
// its end as planned.
func TestPeerDies(t *testing.T) {
	h := startHelper(t, "delays implicit constant")
	p := results.Plan{
		Addr: h.word, ServerName: peerHost, Rate: 50, Duration: results.Span(4 * time.Second), Timeout: results.Span(20 * time.Second),
		Sessions: []results.SessionPlan{{Kind: results.KindImplicit}},
	}
	dead := false
	r, err := Drive(t.Context(), Job{Plan: p, Addr: h.word, Progress: func(Progress) {
		if !dead {
			_ = h.cmd.Process.Kill()
			dead = true
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	f := r.Failed
	ends := f[results.FailClosed] + f[results.FailReset] + f[results.FailRefused]
	if r.Attempted != 200 || r.Completed == 0 || f[results.FailRefused] == 0 || ends+r.Completed != 200 {
		t.Errorf("%d attempted, %d completed, failed %v", r.Attempted, r.Completed, f)
	}
	if r.Interrupted || r.Elapsed > 10 {
		t.Errorf("interrupted %t after %v s", r.Interrupted, r.Elapsed)
	}
}

// TestPeerIsBusyHalfWay: a peer that answers 421 in the middle of a message fails
// the session as a temporary refusal, in every session, and none hangs.
func TestPeerIsBusyHalfWay(t *testing.T) {
	for name, replies := range map[string][]string{
		"at MAIL": {"250 x\r\n", "421 busy\r\n"},
		"at RCPT": {"250 x\r\n", "250 x\r\n", "421 busy\r\n"},
		"at DATA": {"250 x\r\n", "250 x\r\n", "250 x\r\n", "421 busy\r\n"},
	} {
		r := load(t, says(t, "220 x\r\n", replies...), 10, results.SessionPlan{Kind: results.KindPlain, Size: 200})
		if r.Failed[results.FailReply4] != 10 {
			t.Errorf("421 %s: failed %v, %d completed", name, r.Failed, r.Completed)
		}
	}
}
