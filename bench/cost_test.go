package bench

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"mailtls/fakes"
	"mailtls/fakes/pki"
	"mailtls/results"
)

// plainPeer answers as little as a mail server may, and as fast as Go can: what is
// measured against it is the generator.
func plainPeer(t testing.TB, implicit bool) string {
	t.Helper()
	a, err := authority()
	if err != nil {
		t.Fatal(err)
	}
	cert, err := a.Issue(fakes.CertValid, pki.ECDSAP256, peerHost)
	if err != nil {
		t.Fatal(err)
	}
	config := &tls.Config{Certificates: []tls.Certificate{cert}, SessionTicketsDisabled: true}
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
			serving.Go(func() { answer(c, config, implicit) })
		}
	})
	t.Cleanup(func() { _ = ln.Close(); serving.Wait() })
	return ln.Addr().String()
}

// answer holds one session.
func answer(c net.Conn, config *tls.Config, implicit bool) {
	defer func() { _ = c.Close() }()
	if implicit {
		c = tls.Server(c, config)
	}
	_, _ = io.WriteString(c, "220 x\r\n")
	lines := bufio.NewReaderSize(c, 128)
	for {
		line, err := lines.ReadSlice('\n')
		if err != nil {
			return
		}
		switch line[0] {
		case 'S':
			_, _ = io.WriteString(c, "220 x\r\n")
			c = tls.Server(c, config)
			lines.Reset(c)
		case 'Q':
			_, _ = io.WriteString(c, "221 x\r\n")
			return
		default:
			_, _ = io.WriteString(c, "250-x\r\n250 STARTTLS\r\n")
		}
	}
}

// bare does what a session does with implicit TLS, with nothing around it.
func bare(addr string, config *tls.Config) error {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	inside := tls.Client(c, config)
	if err := inside.Handshake(); err != nil {
		return err
	}
	var b [256]byte
	for _, command := range []string{"", "EHLO bare.bench.mailtls.example\r\n", "QUIT\r\n"} {
		if command != "" {
			if _, err := io.WriteString(inside, command); err != nil {
				return err
			}
		}
		if _, err := inside.Read(b[:]); err != nil {
			return err
		}
	}
	return nil
}

// oneClient is a worker's client for a plan, with its recorder.
func oneClient(t testing.TB, addr string, session results.SessionPlan) func() results.ErrorClass {
	t.Helper()
	p := results.Plan{Addr: addr, ServerName: peerHost, Workers: 1, Count: 1, Sessions: []results.SessionPlan{session}}.Filled()
	clock := NewTimerClock()
	sh, err := newShared(context.Background(), p, Job{Addr: addr}, clock)
	if err != nil {
		t.Fatal(err)
	}
	c, rec := newClient(sh), newRecorder()
	index := int64(0)
	return func() results.ErrorClass {
		var s sample
		began := clock.Now()
		rec.began(0)
		c.visit(context.Background(), Arrival{Index: index, Due: began}, &s)
		rec.ended(began, began, clock.Now(), &s)
		index++
		return s.failed
	}
}

// TestSessionsAllocateLittle: what the generator adds to the allocations of the
// bare loop. The peer allocates in this process as well, the same for both.
func TestSessionsAllocateLittle(t *testing.T) {
	const rounds = 200
	config := &tls.Config{ServerName: peerHost, InsecureSkipVerify: true}
	implicit, starttls := plainPeer(t, true), plainPeer(t, false)
	run := func(f func() results.ErrorClass) float64 {
		return testing.AllocsPerRun(rounds, func() {
			if class := f(); class != "" {
				t.Fatal(class)
			}
		})
	}
	loop := run(func() results.ErrorClass {
		if err := bare(implicit, config); err != nil {
			return classify(err)
		}
		return ""
	})
	inside := run(oneClient(t, implicit, results.SessionPlan{Kind: results.KindImplicit}))
	upgrade := run(oneClient(t, starttls, results.SessionPlan{Kind: results.KindStartTLS}))
	t.Logf("allocations: bare loop %v, implicit %v, starttls %v", loop, inside, upgrade)
	if inside > loop+15 {
		t.Errorf("a session allocates %v times, the bare loop %v: at most 15 more are wanted", inside, loop)
	}
	if upgrade > inside+10 {
		t.Errorf("STARTTLS allocates %v times, implicit TLS %v: at most 10 more are wanted", upgrade, inside)
	}
}

func BenchmarkSession(b *testing.B) {
	config := &tls.Config{ServerName: peerHost, InsecureSkipVerify: true}
	implicit, starttls := plainPeer(b, true), plainPeer(b, false)
	b.Run("bare", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := bare(implicit, config); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, kind := range []results.SessionKind{results.KindImplicit, results.KindStartTLS, results.KindPlain} {
		addr := starttls
		if kind == results.KindImplicit {
			addr = implicit
		}
		session := oneClient(b, addr, results.SessionPlan{Kind: kind})
		b.Run(strings.ToLower(string(kind)), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if class := session(); class != "" {
					b.Fatal(class)
				}
			}
		})
	}
}

func BenchmarkRecorder(b *testing.B) {
	r := newRecorder()
	s := sample{end: time.Millisecond}
	for i := range s.took {
		s.add(i, time.Millisecond)
	}
	b.ReportAllocs()
	for b.Loop() {
		r.began(time.Microsecond)
		r.ended(0, 0, time.Millisecond, &s)
	}
}

func BenchmarkPacer(b *testing.B) {
	for name, p := range map[string]results.Plan{
		"constant": {Rate: 1000, Count: 1 << 30}, "poisson": {Rate: 1000, Count: 1 << 30, Poisson: true},
		"ramp": {Ramp: results.Ramp{From: 1, To: 1000}, Duration: results.Span(1000 * time.Hour)},
	} {
		b.Run(name, func(b *testing.B) {
			c := NewPacer(p)
			b.ReportAllocs()
			for b.Loop() {
				c.Next()
			}
		})
	}
}
