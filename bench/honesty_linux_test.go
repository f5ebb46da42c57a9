package bench

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"mailtls/results"
)

// honest is how the generator is judged again and again.
const (
	honestRuns  = 20
	honestRight = 19 // of them have to be judged right
	honestTime  = 3 * time.Second
)

// TestVerdictsAreHonest: beside something that takes the CPUs it says that its
// figures cannot be believed, and at half of what it can do that they can.
func TestVerdictsAreHonest(t *testing.T) {
	measured(t, "honesty")
	h := startHelper(t, "peer implicit")
	capacity := capacityOf(t, h)
	half := results.Rate(capacity / 2)
	t.Logf("capacity of the generator and the peer on this machine: %.0f sessions/s", capacity)
	count := func(name string, right func(results.RunVerdict) bool) {
		n, verdicts := 0, map[results.RunVerdict]int{}
		for i := range honestRuns {
			g := atRate(t, h, half).Generator
			verdicts[g.Verdict]++
			if right(g.Verdict) {
				n++
				continue
			}
			t.Logf("%s, run %d: %s %v", name, i+1, g.Verdict, g.Reasons)
		}
		t.Logf("%s: right in %d of %d runs: %s", name, n, honestRuns, fmt.Sprint(verdicts))
		if n < honestRight {
			t.Errorf("%s: right in %d of %d runs, want %d", name, n, honestRuns, honestRight)
		}
	}
	count("half load", func(v results.RunVerdict) bool { return v == results.RunOK })
	burner := startHelper(t, "burner "+strconv.Itoa(4*runtime.NumCPU()))
	count("overloaded", func(v results.RunVerdict) bool { return v != results.RunOK })
	burner.end()
}

// atRate loads the peer for a short while.
func atRate(t *testing.T, peer *helper, rate results.Rate) *results.Run {
	t.Helper()
	return played(t, peer, results.Plan{Rate: rate, Duration: results.Span(honestTime), Warmup: results.Span(500 * time.Millisecond)})
}

// capacityOf is how many sessions a second as many workers do as there are CPUs.
// MAILTLS_CAPACITY says it where it is known, as on a machine that is not quiet.
func capacityOf(t *testing.T, peer *helper) float64 {
	t.Helper()
	if known, err := strconv.ParseFloat(os.Getenv("MAILTLS_CAPACITY"), 64); err == nil {
		return known
	}
	return played(t, peer, results.Plan{Workers: runtime.NumCPU(), Duration: results.Span(honestTime), Warmup: results.Span(time.Second)}).Rate.Completed
}

// played executes a plan of full handshakes that have to complete.
func played(t *testing.T, peer *helper, p results.Plan) *results.Run {
	t.Helper()
	p.Addr, p.ServerName, p.Sessions = peer.word, peerHost, []results.SessionPlan{measuredSession(results.KindImplicit)}
	r, err := Drive(t.Context(), Job{Plan: p, Addr: p.Addr, TargetCPU: func() (time.Duration, error) { return TreeCPU(peer.cmd.Process.Pid) }})
	if err != nil {
		t.Fatal(err)
	}
	if r.Completed == 0 || len(r.Failed) > 0 {
		t.Fatalf("%d completed, failed %v", r.Completed, r.Failed)
	}
	return r
}
