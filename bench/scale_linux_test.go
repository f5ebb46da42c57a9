package bench

import (
	"context"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"mailtls/results"
)

// resident is the memory of this process that is in RAM, in bytes (proc(5),
// /proc/self/statm, in pages).
func resident(t *testing.T) int64 {
	t.Helper()
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.ParseInt(strings.Fields(string(data))[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}

// heap is what lives on the heap, in bytes, and how many goroutines there are.
func heap() (bytes uint64, goroutines int) {
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc, runtime.NumGoroutine()
}

// TestTenThousandSessionsAreHeld: 10,000 TLS sessions are open at once for a
// minute, none fails, and each takes at most 20 KB of the generator's memory.
func TestTenThousandSessionsAreHeld(t *testing.T) {
	measured(t, "soak")
	const sessions, rate, most = 10_000, 400, 20 << 10
	const hold = sessions/rate*time.Second + time.Minute
	h := startHelper(t, "peer starttls")
	heap()
	before := resident(t)
	var at int64
	var open int64
	p := results.Plan{
		Addr: h.word, ServerName: peerHost, Rate: rate, Count: sessions, InFlight: sessions, Timeout: results.Span(time.Minute),
		Sessions: []results.SessionPlan{measuredSession(results.KindStartTLS)},
	}
	p.Sessions[0].Hold = results.Span(hold)
	r, err := Drive(t.Context(), Job{Plan: p, Addr: h.word, Progress: func(now Progress) {
		open = max(open, now.Interval.InFlight)
		if now.Interval.InFlight == sessions {
			at = max(at, resident(t))
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	each := float64(at-before) / sessions
	t.Logf("%d open at once, %d completed, failed %v, %d files, %.1f KB each, handshake p99 %.0f µs, generator %s", open, r.Completed, r.Failed,
		r.Generator.Files, each/1024, r.Phases[results.PhaseHandshake].P99, r.Generator.Verdict)
	if open != sessions || r.Completed != sessions {
		t.Errorf("%d open at once, %d completed of %d, failed %v", open, r.Completed, sessions, r.Failed)
	}
	if each > most {
		t.Errorf("each takes %.1f KB, want at most %d", each/1024, most>>10)
	}
}

// TestSoakLeavesNothing: after three minutes of every kind of session, some
// with failures, files, goroutines and heap are where they were.
func TestSoakLeavesNothing(t *testing.T) {
	measured(t, "soak")
	length := 3 * time.Minute
	if text := os.Getenv("MAILTLS_SOAK"); text != "" {
		var err error
		if length, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	h := startHelper(t, "peer starttls")
	plan := func(length time.Duration) results.Plan {
		resumed := measuredSession(results.KindStartTLSResumed)
		held := measuredSession(results.KindStartTLS)
		held.Hold = results.Span(2 * time.Second)
		refused := measuredSession(results.KindImplicit) // the peer greets in clear
		return results.Plan{
			Addr: h.word, ServerName: peerHost, Rate: 150, Poisson: true, Duration: results.Span(length), Seed: 1,
			Sessions: []results.SessionPlan{withWeight(measuredSession(results.KindStartTLS), 4), withWeight(resumed, 2), withWeight(held, 2),
				withWeight(results.SessionPlan{Kind: results.KindPlain}, 1), withWeight(refused, 1)},
		}
	}
	soak := func(length time.Duration) *results.Run {
		p := plan(length)
		r, err := Drive(context.Background(), Job{Plan: p, Addr: h.word})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	soak(5 * time.Second) // what is made once is made
	heapBefore, goroutinesBefore := heap()
	filesBefore := openFiles(procFS())
	r := soak(length)
	heapAfter, goroutinesAfter := heap()
	filesAfter := openFiles(procFS())
	t.Logf("%d attempted, %d completed, failed %v, generator %s", r.Attempted, r.Completed, r.Failed, r.Generator.Verdict)
	kept := float64(len(r.Intervals)) // the run itself keeps a histogram for each interval
	t.Logf("files %d then %d, goroutines %d then %d, heap %.2f MB then %.2f MB with a run of %.0f intervals", filesBefore, filesAfter, goroutinesBefore,
		goroutinesAfter, float64(heapBefore)/1e6, float64(heapAfter)/1e6, kept)
	runtime.KeepAlive(r)
	r = nil
	heapAfter, _ = heap()
	t.Logf("heap %.2f MB without it", float64(heapAfter)/1e6)
	if filesAfter > filesBefore || goroutinesAfter > goroutinesBefore {
		t.Errorf("files went from %d to %d, goroutines from %d to %d", filesBefore, filesAfter, goroutinesBefore, goroutinesAfter)
	}
	if heapAfter > heapBefore+1<<20 {
		t.Errorf("the heap went from %d to %d bytes", heapBefore, heapAfter)
	}
}

// withWeight sets a session's weight in its plan.
func withWeight(s results.SessionPlan, weight int) results.SessionPlan {
	s.Weight = weight
	return s
}
