package results_test

import (
	"net/netip"
	"time"

	"mailtls/results"
)

// spread is a histogram of n durations, evenly up to the longest.
func spread(n int, longest time.Duration) results.Summary {
	h := results.NewHistogram()
	for i := range n {
		h.Record(longest * time.Duration(i+1) / time.Duration(n))
	}
	return results.Summarized(h)
}

// samplePlan sets every field of a plan, though not all of them make one
// together.
func samplePlan() results.Plan {
	return results.Plan{
		Name: "nightly handshake", Addr: "127.0.0.1:2525", Target: "postfix/tls12-required", Peer: "opportunistic", ServerName: "mx.example", Domain: "example.com",
		Sessions: []results.SessionPlan{
			{Kind: results.KindStartTLS, Protocol: results.SMTP, Weight: 3, Size: 4096, Recipients: 2, Pipelining: true,
				TLS: 0x0303, Group: 29, Suite: 0xc02b, Verify: results.CheckChain, Hold: results.Span(time.Second), Think: results.Span(time.Millisecond)},
			{Kind: results.KindPlain, Protocol: results.LMTP, Weight: 1, Verify: results.CheckNone},
		},
		Rate: 250, Workers: 8, Ramp: results.Ramp{From: 0.5, To: 100}, Steps: []results.Step{{Rate: 50, For: results.Span(10 * time.Second)}},
		FindMax: results.Ramp{From: 10, To: 2000}, Poisson: true,
		Duration: results.Span(90 * time.Second), Count: 1000, Warmup: results.Span(5 * time.Second), InFlight: 500, Timeout: results.Span(10 * time.Second),
		Sources: []netip.Addr{netip.MustParseAddr("127.0.0.2"), netip.MustParseAddr("127.0.0.3")},
		Close:   results.CloseReset, Seed: 1<<64 - 1, Shard: results.Shard{Index: 1, Of: 4},
		Thresholds: []results.Threshold{threshold("p99<50ms"), threshold("errors<0.1%")},
	}
}

// threshold reads one that is known to be good.
func threshold(text string) results.Threshold {
	var t results.Threshold
	if err := t.UnmarshalText([]byte(text)); err != nil {
		panic(err)
	}
	return t
}

// sampleRun sets every field of a run.
func sampleRun() *results.Run {
	r := &results.Run{
		Schema: results.RunSchema, Plan: samplePlan(),
		Env: results.Env{
			Tool: results.Tool{Name: "mailtls", Version: "v1.2.3", Go: "go1.26.8"}, OS: "linux", Arch: "amd64", Level: "v1", Kernel: "6.1.0", CPU: "Example CPU @ 2 GHz",
			Procs: 2, Load: 0.25, Target: `postfix/tls12-required "3.7"`, Connection: "TLS1.2 X25519 ECDSA-256",
		},
		Started: time.Date(2026, 11, 5, 8, 15, 30, 123000000, time.UTC), Elapsed: 2,
		Attempted: 110, Completed: 100, Failed: map[results.ErrorClass]int64{results.FailTimeout: 7, results.AlertClass(40): 3}, Resumed: 60,
		Rate:   results.RunRate{Asked: 55, Achieved: 55, Completed: 50},
		Phases: map[results.Phase]results.Summary{},
		Raw:    spread(100, 30*time.Millisecond), Lag: spread(110, 100*time.Microsecond),
		Wire: results.Wire{Sent: 771.5, Received: 1820.25},
		Generator: results.Generator{
			Verdict: results.RunOK, CPU: 410.5, Allocs: 320.25, Shared: true, CPUShare: 0.02, Busy: 0.5, RunQueue: 0.01, Steal: 0.002, GC: 0.03, Blocked: 2, MaxInFlight: 9,
			ListenOverflows: 1, Files: 31,
		},
		Target: &results.TargetUse{CPU: 700, CPUShare: 0.04},
		Relay: &results.Relay{
			To: "opportunistic", Policy: "may", Wait: results.Span(30 * time.Second), Accepted: 100, Arrived: 97,
			Lost: map[results.LossClass]int64{results.LostNotArrived: 2, results.LostReturned: 1}, Twice: 1, Unaccepted: 2, Strange: 3,
		},
		Search: &results.Search{Best: 55, Limit: 60, Tries: []results.Try{{Rate: 55, Kept: true, Verdict: results.RunOK}, {Rate: 60, Verdict: results.RunNoisyHost}}},
		Intervals: []results.Interval{
			{At: 0, Length: 1, Attempted: 60, Completed: 50, Failed: 8, InFlight: 2, Session: spread(50, 20*time.Millisecond), LagP99: 90, CPUShare: 0.9, RunQueue: 0.01, GC: 0.03},
			{At: 1, Length: 1, Attempted: 50, Completed: 50, Failed: 2, Session: spread(50, 30*time.Millisecond), LagP99: 99.5, CPUShare: 0.1, Steal: 0.004, GC: 0.03},
		},
	}
	for i, p := range results.Phases() {
		r.Phases[p] = spread(100, time.Duration(i+1)*time.Millisecond)
	}
	r.Conclude()
	return r
}
