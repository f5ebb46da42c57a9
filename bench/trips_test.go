package bench

import (
	"context"
	"crypto/tls"
	"strings"
	"testing"
	"time"

	"mailtls/results"
)

// headOf is the header of a message of the run.
func headOf(t *Trips, index int64) []byte {
	text, at := t.header()
	b := []byte("Received: from x\r\n" + text + "Subject: y\r\n\r\n")
	putIndex(b[len("Received: from x\r\n")+at:], index)
	return b
}

func TestTripsFindTheirMessages(t *testing.T) {
	trips, other := NewTrips(), NewTrips()
	for _, index := range []int64{0, 1, 15, 16, 1 << 40, 1<<63 - 1} {
		if got := trips.indexIn(headOf(trips, index)); got != index {
			t.Errorf("message %d is taken for %d", index, got)
		}
		if got := trips.indexIn(headOf(other, index)); got != -1 {
			t.Errorf("another run's message %d is taken for %d", index, got)
		}
	}
	notification := append([]byte("Message-ID: <20261105.ABC@relay>\r\n\r\nreturned, for ."+trips.token+"@nobody:\r\n"), headOf(trips, 77)...)
	if got := trips.indexIn(notification); got != 77 {
		t.Errorf("the notification is taken for one about %d", got)
	}
	for _, head := range []string{"", "Message-ID: <", "." + trips.token + "@", strings.Repeat("f", 16) + "." + trips.token + "@", strings.Repeat("z", 16) + "." + trips.token + "@"} {
		if got := trips.indexIn([]byte(head)); got != -1 {
			t.Errorf("%q is taken for message %d", head, got)
		}
	}
}

func TestTripsTellWhatBecameOfMessages(t *testing.T) {
	trips := NewTrips()
	base := time.Now()
	trips.begin(base, time.Second)
	at := func(d time.Duration) time.Time { return base.Add(d) }
	arrives := func(index int64, d time.Duration) { trips.Arrived(at(d), false, headOf(trips, index)) }
	accepted := func(index int64, due time.Duration) { trips.sent(index, due, true) }

	accepted(0, 500*time.Millisecond) // of the warm-up
	arrives(0, 600*time.Millisecond)
	accepted(1, 1*time.Second)
	arrives(1, 1250*time.Millisecond)
	arrives(2, 1500*time.Millisecond) // before its session is over
	accepted(2, 1400*time.Millisecond)
	arrives(2, 1600*time.Millisecond) // and once more
	trips.sent(3, 2*time.Second, false)
	arrives(4, 2100*time.Millisecond)
	trips.sent(4, 2*time.Second, false)
	accepted(5, 2*time.Second)
	trips.Arrived(at(3*time.Second), true, headOf(trips, 5))
	accepted(6, 2*time.Second) // notified of, and delivered all the same
	trips.Arrived(at(3*time.Second), true, headOf(trips, 6))
	arrives(6, 4*time.Second)
	trips.Arrived(at(3*time.Second), false, []byte("Subject: somebody else's\r\n"))
	trips.Wait(t.Context(), time.Hour) // nothing is open
	accepted(7, 2*time.Second)
	trips.Wait(t.Context(), time.Millisecond)
	concluded(t, trips)
}

// concluded judges what was noted above.
func concluded(t *testing.T, trips *Trips) {
	t.Helper()
	run := &results.Run{Phases: map[results.Phase]results.Summary{}, Generator: results.Generator{Verdict: results.RunOK}}
	var th results.Threshold
	if err := th.UnmarshalText([]byte("relay.p50<300ms")); err != nil {
		t.Fatal(err)
	}
	run.Plan.Thresholds = []results.Threshold{th}
	trips.Conclude(run, results.Relay{To: "peer"})
	l := run.Relay
	if l.Accepted != 5 || l.Arrived != 3 || l.Lost[results.LostReturned] != 1 || l.Lost[results.LostNotArrived] != 1 || l.Twice != 1 || l.Unaccepted != 1 || l.Strange != 1 || l.To != "peer" {
		t.Errorf("relay %+v", l)
	}
	s := run.Phases[results.PhaseRelay]
	if s.Count != 3 {
		t.Fatalf("%d are timed", s.Count)
	}
	near(t, "median", s.P50, 250_000, 0.001)
	near(t, "longest", s.Max, 2_000_000, 0.001)
	if len(run.Thresholds) != 1 || !run.Thresholds[0].Kept || results.RunExitCode(run) != results.ExitNonconforming {
		t.Errorf("thresholds %+v, exit code %d", run.Thresholds, results.RunExitCode(run))
	}
}

func TestTripsWaitForTheLastMessage(t *testing.T) {
	trips := NewTrips()
	trips.begin(time.Now(), 0)
	trips.sent(9, 0, true)
	waited := make(chan struct{})
	go func() {
		defer close(waited)
		trips.Wait(context.Background(), time.Hour)
	}()
	trips.Arrived(time.Now(), false, headOf(trips, 9))
	<-waited
	trips.sent(10, 0, true)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	trips.Wait(ctx, time.Hour)
}

// TestMessagesCarryTheirIndex: from the generator to a sink, of any size.
func TestMessagesCarryTheirIndex(t *testing.T) {
	for _, size := range []int{1, 300, 16 << 10, 50_000} {
		trips := NewTrips()
		s := startSink(t, named(t, "opportunistic"), func(job *SinkJob) { job.Arrived = trips.Arrived })
		const n = 12
		r, err := Drive(t.Context(), Job{Addr: s.addr, Trips: trips, Plan: results.Plan{
			Addr: s.addr, Rate: 200, Count: n, Sessions: []results.SessionPlan{{Size: size, TLS: tls.VersionTLS13}},
		}})
		if err != nil {
			t.Fatal(err)
		}
		trips.Wait(t.Context(), 10*time.Second)
		trips.Conclude(r, results.Relay{})
		got := s.stop(t)
		if l := r.Relay; l.Accepted != n || l.Arrived != n || l.Losses() != 0 || l.Strange != 0 || l.Twice != 0 || r.Phases[results.PhaseRelay].Count != n {
			t.Errorf("size %d: relay %+v", size, l)
		}
		if size > 300 && got.Bytes != n*int64(size) {
			t.Errorf("size %d: %d bytes arrived", size, got.Bytes)
		}
		if relay, session := r.Phases[results.PhaseRelay], r.Phases[results.PhaseSession]; relay.Max > session.Max {
			t.Errorf("size %d: the message arrived %v µs after it was due, its session took %v µs", size, relay.Max, session.Max)
		}
	}
}
