package bench

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mailtls/fakes"
	"mailtls/fakes/pki"
	"mailtls/results"
)

// attended is a sink that a test has running.
type attended struct {
	addr   string
	over   chan struct{}
	done   chan struct{}
	run    *results.SinkRun
	err    error
	delays bytes.Buffer
}

// startSink plays a sink until the test stops it.
func startSink(t testing.TB, profile fakes.Profile, change ...func(*SinkJob)) *attended {
	t.Helper()
	a, err := authority()
	if err != nil {
		t.Fatal(err)
	}
	cert, err := a.Issue(fakes.CertValid, pki.ECDSAP256, peerHost)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	s := &attended{addr: ln.Addr().String(), over: make(chan struct{}), done: make(chan struct{})}
	job := SinkJob{
		Profile: profile, Host: peerHost, Certificate: cert, ClientRoots: a.Roots(), Listener: ln, Over: s.over, Delays: &s.delays,
		Plan: results.SinkPlan{Listen: s.addr, Peer: profile.Name},
	}
	for _, c := range change {
		c(&job)
	}
	go func() {
		defer close(s.done)
		s.run, s.err = Attend(t.Context(), job)
	}()
	t.Cleanup(func() { s.stop(t) })
	return s
}

// stop ends the sink and returns what it measured.
func (s *attended) stop(t testing.TB) *results.SinkRun {
	t.Helper()
	select {
	case <-s.over:
	default:
		close(s.over)
	}
	<-s.done
	if s.err != nil {
		t.Fatal(s.err)
	}
	return s.run
}

func TestSinkCountsWhatTheGeneratorSent(t *testing.T) {
	for name, tt := range map[string]struct {
		profile fakes.Profile
		session results.SessionPlan
		phases  []results.Phase
	}{
		"starttls":  {named(t, "opportunistic"), results.SessionPlan{Size: 3000, Recipients: 2}, []results.Phase{"starttls", "handshake", "ehlo-tls", "message", "session"}},
		"pipelined": {named(t, "tls12-required"), results.SessionPlan{Size: 100_000, Pipelining: true, Verify: results.CheckChain}, []results.Phase{"starttls", "handshake", "ehlo-tls", "message", "session"}},
		"implicit":  {fakes.Profile{Name: "implicit", Offer: fakes.OfferImplicit}, results.SessionPlan{Kind: results.KindImplicit, Size: 500}, []results.Phase{"handshake", "message", "session"}},
		"plain":     {named(t, "tls-disabled"), results.SessionPlan{Kind: results.KindPlain, Size: 500}, []results.Phase{"message", "session"}},
		"resumed":   {named(t, "opportunistic"), results.SessionPlan{Kind: results.KindStartTLSResumed}, []results.Phase{"starttls", "handshake", "ehlo-tls", "session"}},
		"TLS 1.0":   {named(t, "tls10-only"), results.SessionPlan{TLS: tls.VersionTLS10, Size: 500}, []results.Phase{"starttls", "handshake", "ehlo-tls", "message", "session"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := startSink(t, tt.profile)
			a, _ := authority()
			sent := load(t, &peer{addr: s.addr, roots: a.Roots()}, sinkSessions, tt.session)
			got := s.stop(t)
			if sent.Completed != sinkSessions {
				t.Fatalf("failed %v", sent.Failed)
			}
			counted(t, got, sent, tt.session)
			for _, p := range results.SinkPhases() {
				want := int64(0)
				if slices.Contains(tt.phases, p) {
					want = sinkSessions
				}
				if count := got.Phases[p].Count; count != want {
					t.Errorf("phase %s was met %d times, want %d", p, count, want)
				}
			}
			if got.Elapsed <= 0 || got.Rate.Sessions <= 0 || len(got.Intervals) == 0 {
				t.Errorf("elapsed %v, rate %+v, %d intervals", got.Elapsed, got.Rate, len(got.Intervals))
			}
		})
	}
}

// sinkSessions is how many sessions are compared.
const sinkSessions = 30

// counted compares what a sink counted with what was sent.
func counted(t *testing.T, got *results.SinkRun, sent *results.Run, session results.SessionPlan) {
	t.Helper()
	if got.Sessions != sinkSessions || got.Completed != sinkSessions || got.Failures() != 0 {
		t.Fatalf("%d of %d sessions arrived (failed %v)", got.Completed, got.Sessions, got.Failed)
	}
	messages, handshakes := int64(0), int64(0)
	if session.Size > 0 {
		messages = sinkSessions
	}
	if session.Kind != results.KindPlain {
		handshakes = sinkSessions
	}
	if got.Messages != messages || got.Bytes != messages*int64(session.Size) || got.Recipients != messages*int64(max(session.Recipients, 1)) {
		t.Errorf("%d messages of %d bytes for %d, want %d of %d bytes", got.Messages, got.Bytes, got.Recipients, messages, messages*int64(session.Size))
	}
	if got.Handshakes != handshakes || got.Resumed != sent.Resumed {
		t.Errorf("%d handshakes, %d resumed, want %d and %d", got.Handshakes, got.Resumed, handshakes, sent.Resumed)
	}
}

// brokenClient is what a client does with its connection, and the class of its
// session.
type brokenClient struct {
	do   func(t *testing.T, c *net.TCPConn)
	want results.ErrorClass
}

// brokenClients are clients that do not end their session as they should.
func brokenClients() map[string]brokenClient {
	type client = func(t *testing.T, c *net.TCPConn)
	say := func(texts ...string) client {
		return func(t *testing.T, c *net.TCPConn) {
			b := make([]byte, 1<<10)
			for _, text := range texts {
				_, _ = c.Read(b)
				if _, err := io.WriteString(c, text); err != nil {
					t.Error(err)
				}
			}
		}
	}
	starts := []string{"EHLO x\r\n", "STARTTLS\r\n"}
	silent := func(do client) client { // until the sink has enough
		return func(t *testing.T, c *net.TCPConn) {
			do(t, c)
			_, _ = io.Copy(io.Discard, c)
		}
	}
	return map[string]brokenClient{
		"closes":                {say("EHLO x\r\n"), results.FailClosed},
		"half a command":        {say("EHL"), results.FailClosed},
		"half a hello":          {say(append(starts, "\x16\x03\x01\x02\x00\x01\x00\x01")...), results.FailClosed},
		"garbage for a hello":   {silent(say(append(starts, "EHLO inside\r\n")...)), results.FailHandshake},
		"alert for a hello":     {silent(say(append(starts, "\x15\x03\x01\x00\x02\x02\x28")...)), results.AlertClass(40)},
		"half a message":        {say("EHLO x\r\n", "MAIL FROM:<a@x>\r\n", "RCPT TO:<b@y>\r\n", "DATA\r\n", "Subject: x\r\n.\n"), results.FailClosed},
		"half a chunk":          {say("EHLO x\r\n", "MAIL FROM:<a@x>\r\n", "RCPT TO:<b@y>\r\n", "BDAT 100 LAST\r\nSubject: x\r\n"), results.FailClosed},
		"a chunk of no size":    {silent(say("EHLO x\r\n", "BDAT -1\r\n")), results.FailCommand},
		"bare LF":               {silent(say("EHLO x\n")), results.FailCommand},
		"a line without end":    {silent(say(strings.Repeat("x", 2*guestBuffer))), results.FailCommand},
		"nonsense":              {silent(say(strings.Repeat("GET / HTTP/1.1\r\n", maxNonsense))), results.FailCommand},
		"a command behind TLS":  {silent(say("EHLO x\r\n", "STARTTLS\r\nEHLO y\r\n")), results.FailCommand},
		"silent":                {silent(func(*testing.T, *net.TCPConn) {}), results.FailTimeout},
		"silent inside the TLS": {silent(say(starts...)), results.FailTimeout},
		"resets":                {func(t *testing.T, c *net.TCPConn) { say("EHLO x\r\n")(t, c); _ = c.SetLinger(0) }, results.FailReset},
		"resets inside the data": {func(t *testing.T, c *net.TCPConn) {
			say("EHLO x\r\n", "MAIL FROM:<a@x>\r\n", "RCPT TO:<b@y>\r\n", "DATA\r\n", "x")(t, c)
			_ = c.SetLinger(0)
		}, results.FailReset},
	}
}

func TestBrokenClientsAreClassed(t *testing.T) {
	before := runtime.NumGoroutine()
	for name, tt := range brokenClients() {
		t.Run(name, func(t *testing.T) {
			profile := named(t, "opportunistic")
			profile.Idle = 300 * time.Millisecond
			s := startSink(t, profile)
			c, err := net.Dial("tcp", s.addr)
			if err != nil {
				t.Fatal(err)
			}
			tt.do(t, c.(*net.TCPConn))
			_ = c.Close()
			run := s.stop(t)
			if run.Sessions != 1 || run.Failed[tt.want] != 1 || run.Completed != 0 || run.Messages != 0 {
				t.Errorf("%d sessions, %d completed, %d messages, failed %v, want %s", run.Sessions, run.Completed, run.Messages, run.Failed, tt.want)
			}
		})
	}
	for limit := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
	}
}

// TestStoppedSinkDrainsAndCuts: sessions that end soon are waited for, one that
// hangs is cut, and a delay too.
func TestStoppedSinkDrainsAndCuts(t *testing.T) {
	for name, change := range map[string]func(*SinkJob){
		"hangs": func(job *SinkJob) { job.Profile.Idle = time.Hour },
		"delayed": func(job *SinkJob) {
			job.Plan.Delay, job.Plan.DelayAt = results.Delay{Kind: results.DelayConstant, First: results.Span(results.MaxDelay)}, results.DelayGreeting
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ln, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
			if err != nil {
				t.Fatal(err)
			}
			job := SinkJob{Profile: fakes.Profile{Name: "x", Offer: fakes.OfferNone}, Host: peerHost, Listener: ln}
			change(&job)
			met := make(chan struct{})
			var once sync.Once
			job.Progress = func(at SinkProgress) {
				if at.Interval.Open == 1 {
					once.Do(func() { close(met) })
				}
			}
			var run *results.SinkRun
			done := make(chan struct{})
			go func() {
				defer close(done)
				run, err = Attend(ctx, job)
			}()
			c, dialErr := net.Dial("tcp", ln.Addr().String())
			if dialErr != nil {
				t.Fatal(dialErr)
			}
			defer func() { _ = c.Close() }()
			<-met
			cancel()
			<-done
			if err != nil || !run.Interrupted || run.Failed[results.FailInterrupted] != 1 || run.Sessions != 1 {
				t.Errorf("interrupted %t, failed %v, %v", run.Interrupted, run.Failed, err)
			}
			if code := results.SinkExitCode(run); code != results.ExitInterrupted {
				t.Errorf("exit code %d", code)
			}
		})
	}
}

func TestSinkEndsAfterItsDuration(t *testing.T) {
	s := startSink(t, named(t, "opportunistic"), func(job *SinkJob) {
		job.Over, job.Plan.Duration = nil, results.Span(50*time.Millisecond)
	})
	<-s.done
	if s.err != nil || s.run.Interrupted || s.run.Sessions != 0 || results.SinkExitCode(s.run) == 0 {
		t.Errorf("%+v, %v", s.run, s.err)
	}
}

// TestFinalDotIsFoundWhereverItIsCut: in each content cut in each way.
func TestFinalDotIsFoundWhereverItIsCut(t *testing.T) {
	for content, want := range map[string]int{
		".\r\nQUIT":               3,
		"a\r\n.\r\nQUIT":          6,
		"\r\n.\r\n":               5,
		"a\r\n..\r\n.\r\nx":       10,
		"a\n.\nb\r.\rc\r\n.\nd\r": -1,
		"\r\r\n.\r\r\n.\r\n":      10,
		"a\r\n.\r\r\n.\r\n":       10,
		"a\r\n.b\r\n":             -1,
		".a\r\n.\r\n":             7,
	} {
		for cut := range len(content) + 1 {
			at := 2
			n, ended := scanContent([]byte(content[:cut]), &at)
			if !ended {
				var more int
				more, ended = scanContent([]byte(content[cut:]), &at)
				n += more
			}
			if ended != (want >= 0) || ended && n != want || !ended && n != len(content) {
				t.Errorf("%q cut at %d: %d, %t, want %d", content, cut, n, ended, want)
			}
		}
	}
}

func TestPlayable(t *testing.T) {
	for name, want := range map[string]string{
		"opportunistic": "", "tls-disabled": "", "tls10-only": "", "tls12-required": "", "submission": "wants a login",
	} {
		err := Playable(named(t, name))
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), "not supported: ") || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	played := 0
	for _, p := range fakes.Receivers() {
		if Playable(p) == nil {
			played++
			if len(p.Faults) > 0 || p.Weary > 0 {
				t.Errorf("%s misbehaves, and is played", p.Name)
			}
		}
	}
	if played < 10 {
		t.Errorf("%d peers are played", played)
	}
}

// peerHere is the fast peer with implicit TLS, in this process: what it allocates is
// counted with what the client does.
func peerHere(t *testing.T) string {
	t.Helper()
	config, err := peerConfig()
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { answer(c, config, true, func([]byte) {}) })
		}
	})
	t.Cleanup(func() { _ = ln.Close(); serving.Wait() })
	return ln.Addr().String()
}

// TestSinkAllocatesLittle: what a sink adds to what TLS allocates.
func TestSinkAllocatesLittle(t *testing.T) {
	const rounds = 200
	config := &tls.Config{ServerName: peerHost, InsecureSkipVerify: true}
	run := func(addr string) float64 {
		return testing.AllocsPerRun(rounds, func() {
			if err := bare(addr, config); err != nil {
				t.Fatal(err)
			}
		})
	}
	bareLoop := run(peerHere(t))
	s := startSink(t, fakes.Profile{Name: "implicit", Offer: fakes.OfferImplicit})
	sinks := run(s.addr)
	t.Logf("allocations of a session, the client's included: bare peer %v, sink %v", bareLoop, sinks)
	// The bare peer issues no tickets, and reads through a buffer of its own.
	if sinks > bareLoop+15 {
		t.Errorf("a session at the sink allocates %v times, at a bare peer %v: at most 15 more are wanted", sinks, bareLoop)
	}
}

func BenchmarkSink(b *testing.B) {
	config := &tls.Config{ServerName: peerHost, InsecureSkipVerify: true}
	s := startSink(b, fakes.Profile{Name: "implicit", Offer: fakes.OfferImplicit})
	b.ReportAllocs()
	for b.Loop() {
		if err := bare(s.addr, config); err != nil {
			b.Fatal(err)
		}
	}
}
