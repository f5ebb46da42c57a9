package harness

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mailtls/bench"
	"mailtls/results"
)

// relayPlan sends a few messages through the reference.
func relayPlan() results.Plan {
	return results.Plan{Rate: 100, Count: 30, Sessions: []results.SessionPlan{{Kind: results.KindPlain, Size: 700}}}
}

func TestRelayFollowsMessagesThroughATarget(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	run, err := Relay(t.Context(), RelayOptions{
		LoadOptions: LoadOptions{Plan: relayPlan(), Out: dir}, Through: Through{Target: "reference", Wait: 20 * time.Second},
		Sink: SinkOptions{Plan: results.SinkPlan{Peer: "tls12-required", DelayAt: results.DelayContent, Delay: results.Delay{Kind: results.DelayConstant, First: results.Span(5 * time.Millisecond)}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if l := run.Relay; l.Accepted != 30 || l.Arrived != 30 || l.Losses() != 0 || l.Policy != "may" || l.To != "tls12-required" {
		t.Errorf("relay %+v", l)
	}
	if s := run.Phases[results.PhaseRelay]; s.Count != 30 || s.P50 <= 0 {
		t.Errorf("phase relay %+v", s)
	}
	storedRelay(t, dir)
}

// storedRelay looks at what is in the folder.
func storedRelay(t *testing.T, dir string) {
	t.Helper()
	stored, err := ReadRun(dir)
	if err != nil || stored.Relay == nil || stored.Relay.Arrived != 30 {
		t.Errorf("stored %+v, %v", stored, err)
	}
	f, err := os.Open(filepath.Join(dir, SinkFile))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // only read
	sink, err := results.ReadSink(f)
	if err != nil || sink.Messages != 30 || sink.Handshakes != 30 || sink.Delay.Count != 30 || !strings.HasPrefix(sink.Env.Target, "reference/sender") {
		t.Errorf("sink %+v, %v", sink, err)
	}
	if log, err := os.ReadFile(filepath.Join(dir, SinkDelayFile)); err != nil || strings.Count(string(log), "\n") != 31 {
		t.Errorf("log of delays %s, %v", log, err)
	}
}

func TestRelayCountsWhatDoesNotArrive(t *testing.T) {
	p := relayPlan()
	p.Count = 5
	run, err := Relay(t.Context(), RelayOptions{
		LoadOptions: LoadOptions{Plan: p}, Through: Through{Target: "reference", Policy: "encrypt", Wait: 100 * time.Millisecond},
		Sink: SinkOptions{Plan: results.SinkPlan{Peer: "tls-disabled"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if l := run.Relay; l.Accepted != 5 || l.Arrived != 0 || l.Lost[results.LostNotArrived] != 5 {
		t.Errorf("relay %+v", l)
	}
	if _, met := run.Phases[results.PhaseRelay]; met {
		t.Error("messages that did not arrive are timed")
	}
}

func TestSinkTakesWhatATargetSends(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	run, err := SinkFrom(t.Context(), SinkOptions{Plan: results.SinkPlan{Peer: "opportunistic"}, Out: dir},
		SendOptions{Through: Through{Target: "reference/sender", Wait: 20 * time.Second}, Messages: 25, Workers: 3, Size: 400})
	if err != nil {
		t.Fatal(err)
	}
	if s := run.Sent; run.Messages != 25 || s == nil || s.Messages != 25 || s.Lost != 0 || len(s.Failed) != 0 || s.Policy != "may" {
		t.Errorf("%d messages, sent %+v", run.Messages, s)
	}
	if _, err := os.Stat(filepath.Join(dir, SinkDelayFile)); err == nil {
		t.Error("there is a log of delays, and no delay")
	}
	_, err = SinkFrom(t.Context(), SinkOptions{Plan: results.SinkPlan{Peer: "opportunistic"}, Out: dir}, SendOptions{Through: Through{Target: "reference"}, Messages: 1, Workers: 1, Size: 1})
	if err == nil || !strings.Contains(err.Error(), "holds a run already") {
		t.Errorf("once more: %v", err)
	}
}

func TestInterruptedRelayEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(300*time.Millisecond, cancel)
	p := relayPlan()
	p.Count, p.Duration = 0, results.Span(time.Hour)
	run, err := Relay(ctx, RelayOptions{LoadOptions: LoadOptions{Plan: p}, Through: Through{Target: "reference", Wait: time.Hour}, Sink: SinkOptions{Plan: results.SinkPlan{Peer: "opportunistic"}}})
	if err != nil || !run.Interrupted || run.Relay == nil || run.Relay.Accepted == 0 {
		t.Errorf("%+v, %v", run, err)
	}
}

func TestWhatCannotGoThroughATargetIsRefused(t *testing.T) {
	through := Through{Target: "reference"}
	for want, change := range map[string]func(*results.Plan, *Through, *results.SinkPlan){
		"not supported: target reference/default takes mail": func(_ *results.Plan, t *Through, _ *results.SinkPlan) { t.Target = "reference/default" },
		`find policy "x": there are none, may`:               func(_ *results.Plan, t *Through, _ *results.SinkPlan) { t.Policy = "x" },
		"not supported: a sink plays TLS parameters":         func(_ *results.Plan, _ *Through, s *results.SinkPlan) { s.Peer = "submission" },
		"give their size":                                 func(p *results.Plan, _ *Through, _ *results.SinkPlan) { p.Sessions[0].Size = 0 },
		"not supported: lmtp through a relay":             func(p *results.Plan, _ *Through, _ *results.SinkPlan) { p.Sessions[0].Protocol = results.LMTP },
		"not supported: messages with several recipients": func(p *results.Plan, _ *Through, _ *results.SinkPlan) { p.Sessions[0].Recipients = 2 },
		"not supported: implicit TLS":                     func(p *results.Plan, _ *Through, _ *results.SinkPlan) { p.Sessions[0].Kind = results.KindImplicit },
		"not supported: a search": func(p *results.Plan, _ *Through, _ *results.SinkPlan) {
			p.Rate, p.Count, p.Duration, p.FindMax = 0, 0, results.Span(time.Second), results.Ramp{From: 1, To: 2}
			p.Thresholds = []results.Threshold{{Metric: "completed", Op: ">", Value: 0}}
		},
		"not supported: messages by imap": func(p *results.Plan, _ *Through, _ *results.SinkPlan) { p.Sessions[0].Protocol = results.IMAP },
	} {
		p, th, s := relayPlan(), through, results.SinkPlan{Peer: "opportunistic"}
		change(&p, &th, &s)
		_, err := Relay(t.Context(), RelayOptions{LoadOptions: LoadOptions{Plan: p}, Through: th, Sink: SinkOptions{Plan: s}})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	_, err := Sink(t.Context(), SinkOptions{Plan: results.SinkPlan{Listen: "0.0.0.0:0", Peer: "opportunistic"}})
	if err == nil || !strings.Contains(err.Error(), "give --open") {
		t.Errorf("listening for everybody: %v", err)
	}
	_, err = Sink(t.Context(), SinkOptions{Plan: results.SinkPlan{Listen: "127.0.0.1:0", Peer: "submission"}})
	if !errors.Is(err, bench.ErrUnsupported) {
		t.Errorf("a peer that wants a login: %v", err)
	}
}
