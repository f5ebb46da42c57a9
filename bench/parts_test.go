package bench

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"mailtls/fakes"
	"mailtls/fakes/pki"
	"mailtls/results"
)

func TestReplyReader(t *testing.T) {
	text := "220 mx ESMTP\r\n250-mx\r\n250-starttls\r\n250-STARTTLSX\r\n250 PIPELINING\r\n250\r\n221 bye\r\nrest"
	for name, src := range map[string]io.Reader{
		"at once": strings.NewReader(text), "byte by byte": iotest.OneByteReader(strings.NewReader(text)), "in halves": iotest.HalfReader(strings.NewReader(text)),
	} {
		var d replyReader
		for _, want := range []struct{ code, lists int }{{220, 0}, {250, listsStartTLS | listsPipelining}, {250, 0}, {221, 0}} {
			code, lists, failed := d.reply(src)
			if code != want.code || lists != want.lists || failed != "" {
				t.Errorf("%s: reply %d lists %b %s, want %d %b", name, code, lists, failed, want.code, want.lists)
			}
		}
		if _, _, failed := d.reply(src); failed != results.FailClosed || !d.leftover() {
			t.Errorf("%s: at the end %s, leftover %t", name, failed, d.leftover())
		}
	}
}

// FuzzReplyReader: however a text comes in, it is read alike, and in bounds.
func FuzzReplyReader(f *testing.F) {
	f.Add([]byte("250-mx\r\n250 STARTTLS\r\n"), byte(3))
	f.Add([]byte("250-mx\r\n251 x\r\n"), byte(1))
	f.Add([]byte("99 x\r\n"), byte(7))
	f.Fuzz(func(t *testing.T, text []byte, size byte) {
		var whole, parts replyReader
		src, cut := bytes.NewReader(text), &cutter{r: bytes.NewReader(text), n: int(size)%7 + 1}
		for {
			code, lists, failed := whole.reply(src)
			code2, lists2, failed2 := parts.reply(cut)
			if code != code2 || lists != lists2 || failed != failed2 {
				t.Fatalf("%q: %d %b %s at once, %d %b %s in parts", text, code, lists, failed, code2, lists2, failed2)
			}
			if failed != "" {
				return
			}
		}
	})
}

// cutter reads a few bytes at a time.
type cutter struct {
	r io.Reader
	n int
}

// Read reads at most n bytes.
func (c *cutter) Read(b []byte) (int, error) { return c.r.Read(b[:min(len(b), c.n)]) }

func TestReplyReaderDoesNotAllocate(t *testing.T) {
	text := []byte("250-mx.example\r\n250-STARTTLS\r\n250 PIPELINING\r\n")
	var d replyReader
	src := bytes.NewReader(text)
	allocs := testing.AllocsPerRun(100, func() {
		src.Reset(text)
		if code, _, _ := d.reply(src); code != 250 {
			t.Fatal("not read")
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations a reply", allocs)
	}
}

func TestRecorderSwapsWithoutLoss(t *testing.T) {
	r, total := newRecorder(), newCount()
	done := make(chan struct{})
	go func() {
		defer close(done)
		var s sample
		s.add(atConnect, time.Millisecond)
		for i := range 20_000 {
			r.began(time.Microsecond)
			s.end, s.failed = time.Second, ""
			if i%4 == 0 {
				s.failed = results.FailReset
			}
			r.ended(0, 0, time.Second, &s)
		}
	}()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		r.take(total)
	}
	if total.attempted != 20_000 || total.completed != 15_000 || total.failures() != 5000 || total.histogram(atLag).Count() != 20_000 ||
		total.histogram(atConnect).Count() != 15_000 || total.histogram(atSession).Count() != 15_000 || total.histogram(atRaw).Count() != 15_000 {
		t.Errorf("%d attempted, %d completed, %d failed", total.attempted, total.completed, total.failures())
	}
}

func TestRecordingDoesNotAllocate(t *testing.T) {
	r := newRecorder()
	var s sample
	s.add(atConnect, time.Millisecond)
	s.end = time.Second
	if allocs := testing.AllocsPerRun(100, func() { r.began(1); r.ended(0, 0, time.Second, &s) }); allocs != 0 {
		t.Errorf("%v allocations a session", allocs)
	}
}

// TestPhasesAreInTheirPlaces: a count's histograms stand in the order of the
// phases.
func TestPhasesAreInTheirPlaces(t *testing.T) {
	for at, want := range map[int]results.Phase{
		atConnect: results.PhaseConnect, atGreeting: results.PhaseGreeting, atHello: results.PhaseHello, atStartTLS: results.PhaseStartTLS,
		atHandshake: results.PhaseHandshake, atHelloTLS: results.PhaseHelloTLS, atMessage: results.PhaseMessage, atSession: results.PhaseSession,
	} {
		if got := results.Phases()[at]; got != want {
			t.Errorf("place %d is of %s, want %s", at, got, want)
		}
	}
	for at, want := range map[int]results.Phase{
		sinkStartTLS: results.PhaseStartTLS, sinkHandshake: results.PhaseHandshake, sinkHelloTLS: results.PhaseHelloTLS, sinkMessage: results.PhaseMessage,
		sinkSession: results.PhaseSession,
	} {
		if got := results.SinkPhases()[at]; got != want {
			t.Errorf("place %d of a sink is of %s, want %s", at, got, want)
		}
	}
	if behind := results.Phases()[atRaw:]; len(behind) != 1 || behind[0] != results.PhaseRelay || sinkDelay != len(results.SinkPhases()) {
		t.Errorf("no histograms of a session are for %v", behind) // Trips have that of the relay
	}
	if atLag != atRaw+1 || histogramCount != atLag+1 {
		t.Errorf("raw is at %d, lag at %d of %d", atRaw, atLag, histogramCount)
	}
}

func TestTicketsAreUsedOnce(t *testing.T) {
	a, b, c := &tls.ClientSessionState{}, &tls.ClientSessionState{}, &tls.ClientSessionState{}
	slot := &ticketSlot{stack: &ticketStack{most: 2}}
	slot.Put("x", nil)
	for _, ticket := range []*tls.ClientSessionState{a, b, c} {
		slot.Put("x", ticket)
	}
	if slot.shown != nil {
		t.Error("a ticket was shown before one was asked for")
	}
	slot.begin()
	var got []*tls.ClientSessionState
	for range 2 {
		ticket, _ := slot.Get("whatever")
		got = append(got, ticket)
	}
	if !slices.Equal(got, []*tls.ClientSessionState{c, b}) || slot.shown != b {
		t.Error("want the newest two, the newest first")
	}
	if _, found := slot.Get("x"); found {
		t.Error("there is a third")
	}
}

func TestTicketIsKeptWhereTheTargetIssuesNoOther(t *testing.T) {
	a, b := &tls.ClientSessionState{}, &tls.ClientSessionState{}
	for name, tt := range map[string]struct {
		resumed bool
		issued  *tls.ClientSessionState
		want    []*tls.ClientSessionState
	}{
		"resumed, none issued": {true, nil, []*tls.ClientSessionState{a}},
		"resumed, one issued":  {true, b, []*tls.ClientSessionState{b}},
		"not resumed":          {false, nil, nil},
	} {
		slot := &ticketSlot{stack: &ticketStack{most: 2}}
		slot.Put("x", a)
		slot.begin()
		slot.Get("x")
		slot.Put("x", tt.issued)
		slot.end(tt.resumed)
		if !slices.Equal(slot.stack.list, tt.want) {
			t.Errorf("%s: %d tickets are kept, want %d", name, len(slot.stack.list), len(tt.want))
		}
	}
}

// shownBy is the state of a connection to a host that shows a certificate.
func shownBy(t *testing.T, cert tls.Certificate, name string) tls.ConnectionState {
	t.Helper()
	cs := tls.ConnectionState{ServerName: name}
	for _, der := range cert.Certificate {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		cs.PeerCertificates = append(cs.PeerCertificates, c)
	}
	return cs
}

// TestVerifierChecksWhatTLSWould: cached or not, the same certificates are
// accepted.
func TestVerifierChecksWhatTLSWould(t *testing.T) {
	a, err := authority()
	if err != nil {
		t.Fatal(err)
	}
	for kind, good := range map[fakes.Cert]bool{
		fakes.CertValid: true, fakes.CertExpired: false, fakes.CertNotYetValid: false, fakes.CertSelfSigned: false, fakes.CertWrongName: false,
		fakes.CertUnknownCA: false, fakes.CertMissingIntermediate: false,
	} {
		cert, err := a.Issue(kind, pki.ECDSAP256, peerHost)
		if err != nil {
			t.Fatal(err)
		}
		for _, cached := range []bool{true, false} {
			v := &verifier{roots: a.Roots(), now: time.Now, cached: cached}
			for try := range 2 {
				if err := v.check(shownBy(t, cert, peerHost)); (err == nil) != good {
					t.Errorf("%s, cached %t, try %d: %v", kind, cached, try, err)
				} else if err != nil && classify(err) != results.FailCertificate {
					t.Errorf("%s: %v is of class %s", kind, err, classify(err))
				}
			}
		}
	}
}

func TestVerifierRemembersNoMoreThanItSaw(t *testing.T) {
	a, err := authority()
	if err != nil {
		t.Fatal(err)
	}
	cert, err := a.Issue(fakes.CertValid, pki.ECDSAP256, peerHost)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	v := &verifier{roots: a.Roots(), now: func() time.Time { return now }, cached: true}
	cs := shownBy(t, cert, peerHost)
	if err := v.check(cs); err != nil || len(v.good) != 1 {
		t.Fatalf("%v, %d remembered", err, len(v.good))
	}
	v.roots = x509.NewCertPool() // what is remembered needs no roots
	if err := v.check(cs); err != nil {
		t.Errorf("the same again: %v", err)
	}
	other := cs
	other.ServerName = "other.test"
	if v.check(other) == nil {
		t.Error("good for another name")
	}
	shorter := cs
	shorter.PeerCertificates = cs.PeerCertificates[:1]
	if v.check(shorter) == nil {
		t.Error("good with another chain")
	}
	now = cs.PeerCertificates[0].NotAfter.Add(time.Second)
	if v.check(cs) == nil {
		t.Error("good when it has expired")
	}
	if v.check(tls.ConnectionState{}) == nil {
		t.Error("good without a certificate")
	}
}
