package sender_test

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"mailtls/fakes"
	"mailtls/fakes/sender"
	"mailtls/results"
)

func loopback(t *testing.T, address string) netip.Addr {
	t.Helper()
	a, err := netip.ParseAddr(address)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestEnds: each way in which a session can end, and the note that says why.
func TestEnds(t *testing.T) {
	greet := fakes.Greet()
	silent := func(c *net.TCPConn) { rest(c) }
	tests := []struct {
		name     string
		hold     func(*net.TCPConn)
		script   fakes.Script
		patience time.Duration
		end      results.SessionEnd
		note     string
	}{
		{"nothing to do", silent, nil, 0, results.EndOurs, ""},
		{"as wanted", func(c *net.TCPConn) { say(c, "220 mx\r\n") }, greet, 0, results.EndOurs, ""},
		{"another code", func(c *net.TCPConn) { say(c, "554-no\r\n554 never\r\n") }, greet, 0, results.EndMissed, "wanted 220, got 554 no / never"},
		{"another class", func(c *net.TCPConn) { say(c, "421 busy\r\n") }, fakes.Say("x", "2", "NOOP\r\n"), 0, results.EndMissed, "wanted 2, got 421 busy"},
		{"no reply", func(c *net.TCPConn) { say(c, "HTTP/1.1 400 Bad Request\r\n") }, greet, 0, results.EndMissed, "malformed reply"},
		{"endless reply", func(c *net.TCPConn) { flood(c, "250-x\r\n") }, greet, 0, results.EndMissed, "more than 1000 lines"},
		{"endless long reply", func(c *net.TCPConn) { flood(c, "250-"+strings.Repeat("x", 60000)+"\r\n") }, greet, 0, results.EndMissed, "endless reply"},
		{"endless line", func(c *net.TCPConn) { flood(c, "x") }, greet, 0, results.EndMissed, "line longer"},
		{"closed", func(*net.TCPConn) {}, greet, 0, results.EndEOF, "await 220: EOF"},
		{"closed in a reply", func(c *net.TCPConn) { say(c, "220-mx\r\n220 m") }, greet, 0, results.EndEOF, "EOF"},
		{"reset", func(c *net.TCPConn) { hear(c); _ = c.SetLinger(0) }, fakes.Quit(), 0, results.EndReset, "reset"},
		{"silent", silent, greet, 200 * time.Millisecond, results.EndTimeout, "await 220: "},
		{"silent when anything would do", silent, fakes.Quit(), 200 * time.Millisecond, results.EndTimeout, "await a reply: "},
		{"trickling", trickle, greet, 500 * time.Millisecond, results.EndTimeout, "await 220: "},
		{"not reading", func(c *net.TCPConn) { hear(c); trickle(c) }, fakes.Script{
			{Mark: "big", Do: fakes.MoveSend, Text: []string{"x\r\n", strings.Repeat("x", 64<<20)}},
		}, 500 * time.Millisecond, results.EndTimeout, "send big: "},
		{"unknown move", silent, fakes.Script{{Do: "fly"}}, 0, results.EndBroken, `unknown move "fly"`},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := session(listen(t, tc.hold), tc.script)
			if tc.patience > 0 {
				s.Patience = tc.patience
			}
			start := time.Now()
			seen := sender.Play(t.Context(), s)
			if seen.End != tc.end || tc.note != "" && !noted(seen, tc.note) {
				t.Errorf("ended %s, want %s with the note %q: %+v", seen.End, tc.end, tc.note, seen.Events[max(0, len(seen.Events)-3):])
			}
			if took := time.Since(start); took > s.Patience+5*time.Second {
				t.Errorf("it took %v", took)
			}
			if last := closings(seen); len(last) == 0 || seen.EndAt < tc.patience {
				t.Errorf("closed as %q after %v", last, seen.EndAt)
			}
		})
	}
}

func flood(c *net.TCPConn, text string) {
	text = strings.Repeat(text, 1+(16<<10)/len(text))
	for {
		if _, err := c.Write([]byte(text)); err != nil {
			return
		}
	}
}

// trickle sends a reply that never ends, a byte at a time, and reads nothing.
func trickle(c *net.TCPConn) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		if _, err := c.Write([]byte("2")); err != nil {
			return
		}
	}
}

func TestRefused(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	s := sender.Play(t.Context(), session(addr, fakes.Greet()))
	if s.End != results.EndRefused || s.Server != addr || s.Client != "" || !noted(s, "refused") {
		t.Errorf("got %+v", s)
	}
}

// TestCancelled: the end of the context ends whatever a session is at, and reads
// as nothing else.
func TestCancelled(t *testing.T) {
	silence := fakes.Script{{Mark: "silence", Do: fakes.MoveListen, For: time.Minute}}
	tests := map[string]struct {
		script fakes.Script
		hold   func(*net.TCPConn)
	}{
		"await":           {fakes.Greet(), func(c *net.TCPConn) { rest(c) }},
		"await, trickled": {fakes.Greet(), trickle},
		"handshake":       {fakes.Handshake(fakes.Hello{}), func(c *net.TCPConn) { rest(c) }},
		"listen":          {fakes.Join(silence, silence), func(c *net.TCPConn) { rest(c) }},
		"listen to flood": {silence, func(c *net.TCPConn) { flood(c, "250-x\r\n") }},
		"await close":     {fakes.Script{{Do: fakes.MoveAwaitClose, For: time.Minute}}, func(c *net.TCPConn) { rest(c) }},
		"gap":             {fakes.Script{{Do: fakes.MoveSend, Text: []string{"a", "b"}, Gap: time.Minute}}, func(c *net.TCPConn) { rest(c) }},
		"send":            {fakes.Script{{Do: fakes.MoveSend, Text: []string{strings.Repeat("x", 64<<20)}}}, trickle},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			s := session(listen(t, func(c *net.TCPConn) {
				wait := time.AfterFunc(100*time.Millisecond, cancel)
				defer wait.Stop()
				tc.hold(c)
			}), tc.script)
			s.Patience = time.Minute
			start := time.Now()
			seen := sender.Play(ctx, s)
			if took := time.Since(start); seen.End != results.EndCancelled || took > 10*time.Second {
				t.Errorf("ended %s after %v: %+v", seen.End, took, seen.Events[max(0, len(seen.Events)-3):])
			}
		})
	}
	t.Run("before the connection", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if seen := sender.Play(ctx, session("127.0.0.1:9", fakes.Greet())); seen.End != results.EndCancelled {
			t.Errorf("ended %s", seen.End)
		}
	})
}

// TestMissedExpectationEndsTheScript: the steps behind it are not played.
func TestMissedExpectationEndsTheScript(t *testing.T) {
	got := make(chan string, 1)
	addr := listen(t, func(c *net.TCPConn) {
		say(c, "220 mx\r\n")
		line := hear(c)
		say(c, "502 no\r\n250 early\r\n")
		got <- line + rest(c)
	})
	s := sender.Play(t.Context(), session(addr, fakes.Join(fakes.Greet(), fakes.Ehlo("ehlo"), fakes.Quit())))
	if text := <-got; text != "EHLO client.example\r\n" || s.End != results.EndMissed {
		t.Errorf("ended %s, and the server got %q", s.End, text)
	}
	if !slices.Equal(closings(s), []string{"C close"}) {
		t.Errorf("closed as %q", closings(s))
	}
}
