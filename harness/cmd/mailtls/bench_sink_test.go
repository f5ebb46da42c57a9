package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"mailtls/bench"
	"mailtls/harness"
	"mailtls/results"
)

// readSink reads what a sink stored.
func readSink(t *testing.T, dir string) *results.SinkRun {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, harness.SinkFile))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	r, err := results.ReadSink(f)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// told is what a command says, for others to read while it does.
type told struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (w *told) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.Write(p)
}

func (w *told) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.String()
}

// TestBenchSinkIsThereForBench: one command loads the other, which is interrupted
// then, and has stored what it measured.
func TestBenchSinkIsThereForBench(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "sink")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out, errs told
	code := make(chan int, 1)
	go func() {
		code <- execute(ctx, []string{"bench", "sink", "--listen", "127.0.0.1:0", "--delay", "constant:1ms", "--delay-at", "content", "--out", dir}, &out, &errs)
	}()
	var addr string
	for limit := time.Now().Add(20 * time.Second); addr == ""; time.Sleep(time.Millisecond) {
		if _, rest, found := strings.Cut(errs.String(), "listens on "); found {
			addr, _, _ = strings.Cut(rest, "\n")
		} else if time.Now().After(limit) {
			t.Fatalf("it does not listen: %s", errs.String())
		}
	}
	_, loaded, _ := call(t, "bench", "--addr", addr, "--workers", "2", "--count", "12", "--size", "300", "--verify", "chain",
		"--server-name", "opportunistic.mx.mailtls.test", "--roots", filepath.Join(dir, harness.SinkRootFile), "--out", filepath.Join(t.TempDir(), "run"))
	if !strings.Contains(loaded, "12 completed") {
		t.Errorf("bench said %s", loaded)
	}
	cancel()
	if c := <-code; c != exitInterrupted {
		t.Errorf("exit code %d, want 130: %s", c, errs.String())
	}
	r := readSink(t, dir)
	if r.Messages != 12 || r.Delay.Count != 12 || !r.Interrupted || r.Plan.Listen != addr {
		t.Errorf("stored %+v", r)
	}
	log, err := os.ReadFile(filepath.Join(dir, harness.SinkDelayFile))
	if err != nil || strings.Count(string(log), ",content,") != 12 {
		t.Errorf("log of delays %s, %v", log, err)
	}
	if text := out.String(); !strings.Contains(text, "12 for 12 recipients") || !strings.Contains(text, "12, 0 resumed") {
		t.Errorf("said %s", text)
	}
}

func TestBenchSinkAndRelayOfATarget(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "sink")
	code, out, errs := call(t, "bench", "sink", "--target", "reference", "--policy", "encrypt", "--messages", "20", "--out", dir)
	r := readSink(t, dir)
	if r.Sent == nil || r.Sent.Messages != 20 || r.Sent.Lost != 0 || code != results.SinkExitCode(r) || !strings.Contains(out, "took 20 messages under policy encrypt, 0 were lost") {
		t.Errorf("exit code %d: %s%s", code, out, errs)
	}
	dir = filepath.Join(t.TempDir(), "relay")
	code, out, errs = call(t, "bench", "relay", "--target", "reference", "--rate", "100/s", "--count", "20", "--to", "tls10-only", "--out", dir)
	run, err := harness.ReadRun(dir)
	if err != nil {
		t.Fatalf("exit code %d: %v: %s", code, err, errs)
	}
	if code != results.RunExitCode(run) || run.Relay.Accepted != 20 || !strings.Contains(out, "relay ") || !strings.Contains(out, "at tls10-only, 0 lost") {
		t.Errorf("exit code %d: %s", code, out)
	}
	if s := run.Plan.Sessions[0]; s.Kind != results.KindPlain || s.Size != defaultSize {
		t.Errorf("session %+v", s)
	}
}

func TestBenchSinkAndRelayRefuse(t *testing.T) {
	listen := []string{"bench", "sink", "--listen", "127.0.0.1:0"}
	send := []string{"bench", "sink", "--target", "reference"}
	relay := []string{"bench", "relay", "--rate", "10/s", "--count", "1"}
	for want, tt := range map[string]struct{ of, more []string }{
		"read --delay: \"uniform:5ms\" is no delay such as":     {listen, []string{"--delay", "uniform:5ms"}},
		"read --delay: \"10ms\" is no delay: want one like":     {listen, []string{"--delay", "10ms"}},
		"read --delay-at: \"dot\" is none of greeting":          {listen, []string{"--delay", "constant:1ms", "--delay-at", "dot"}},
		"it says where --delay is put":                          {listen, []string{"--delay-at", "content"}},
		"read --duration: \"x\" is no duration":                 {listen, []string{"--duration", "x"}},
		"0s is no time at all":                                  {listen, []string{"--duration", "0s"}},
		"it is of a target: give --target":                      {listen, []string{"--messages", "5"}},
		"not supported: a sink plays TLS parameters":            {listen, []string{"--peer", "submission"}},
		"[listen target]":                                       {listen, []string{"--target", "reference"}},
		"at least one of the flags":                             {[]string{"bench", "sink"}, nil},
		"want HOST:PORT":                                        {[]string{"bench", "sink", "--listen", "127.0.0.1"}, nil},
		"give --open if they may":                               {[]string{"bench", "sink", "--listen", "0.0.0.0:0"}, nil},
		"read --messages: 0 is not between":                     {send, []string{"--messages", "0"}},
		"read --workers: 0 is not between":                      {send, []string{"--workers", "0"}},
		"read --size: 0 is below 1":                             {send, []string{"--size", "0"}},
		"read --wait: -1s is below 0":                           {send, []string{"--wait", "-1s"}},
		"find policy \"x\"":                                     {send, []string{"--policy", "x"}},
		"needs a target":                                        {relay, nil},
		"the policy says the domain":                            {relay, []string{"--target", "reference", "--domain", "example.com"}},
		"not supported: messages with several recipients":       {relay, []string{"--target", "reference", "--recipients", "3"}},
		"not supported: target reference/default takes mail":    {relay, []string{"--target", "reference/default"}},
		"not supported: messages by imap":                       {relay, []string{"--target", "reference", "--protocol", "imap"}},
		"read plan: what goes through a relay needs a target: ": {relay, []string{"--addr", "127.0.0.1:1"}},
	} {
		args := append(append(append([]string{}, tt.of...), tt.more...), "--out", filepath.Join(t.TempDir(), "run"))
		code, _, errs := call(t, args...)
		if code != exitFault || !strings.Contains(errs, want) || strings.Count(errs, "\n") != 1 {
			t.Errorf("%v: exit code %d, %q; want %q on one line", args, code, errs, want)
		}
	}
}

func TestSinkMeterSaysHowTheLastSecondWent(t *testing.T) {
	var b strings.Builder
	m := newSinkMeter(&b)
	at := bench.SinkProgress{Sessions: 120, Messages: 99, Failed: 3, Interval: results.SinkInterval{
		Length: 2, Sessions: 60, Messages: 50, Handshakes: 58, Open: 4, HandshakeP99: 2345, MessageP99: 12_345,
	}}
	for range 10 {
		at.Elapsed += time.Second
		m.show(at)
	}
	want := "sink: 10s: 30 sessions/s, 29 handshakes/s, 25 messages/s, 4 open, handshake p99 2.35ms, message p99 12.3ms, 3 of 120 sessions failed, 99 messages\n"
	if got := b.String(); got != want {
		t.Errorf("said %q, want %q", got, want)
	}
}
