package sender_test

import (
	"io"
	"net"
	"slices"
	"testing"
	"time"

	"mailtls/fakes"
	"mailtls/fakes/sender"
	"mailtls/results"
)

func TestCloseNotifyNeedsTLS(t *testing.T) {
	addr := listen(t, func(c *net.TCPConn) { rest(c) })
	s := sender.Play(t.Context(), session(addr, fakes.Script{{Do: fakes.MoveCloseNotify}}))
	if !noted(s, "TLS is not up") {
		t.Errorf("ended %s: %+v", s.End, s.Events)
	}
}

// TestHalfClose: the server hears the end, and can still speak.
func TestHalfClose(t *testing.T) {
	got := make(chan string, 1)
	addr := listen(t, func(c *net.TCPConn) {
		text := rest(c)
		say(c, "221 bye\r\n")
		got <- text
	})
	s := sender.Play(t.Context(), session(addr, fakes.Script{
		{Mark: "all", Do: fakes.MoveSend, Text: []string{"QUIT\r\n"}},
		{Do: fakes.MoveHalfClose},
		{Do: fakes.MoveExpect, Want: "221"},
		{Do: fakes.MoveAwaitClose, For: 5 * time.Second},
	}))
	if text := <-got; text != "QUIT\r\n" || s.End != results.EndEOF {
		t.Errorf("ended %s, and the server got %q", s.End, text)
	}
	if want := []string{"C half-close", "S fin", "C close"}; !slices.Equal(closings(s), want) {
		t.Errorf("closed as %q, want %q", closings(s), want)
	}
}

func TestReset(t *testing.T) {
	got := make(chan error, 1)
	addr := listen(t, func(c *net.TCPConn) {
		say(c, "220 mx\r\n")
		_, err := io.ReadAll(c)
		got <- err
	})
	s := sender.Play(t.Context(), session(addr, fakes.Join(fakes.Greet(), fakes.Script{{Do: fakes.MoveReset}})))
	if err := <-got; !isReset(err) || s.End != results.EndOurs {
		t.Errorf("ended %s, and the server saw %v", s.End, err)
	}
	if !slices.Equal(closings(s), []string{"C reset"}) {
		t.Errorf("closed as %q", closings(s))
	}
}

// TestListenGoesOn: silence is written down for its time and not longer, and what
// came in it answers what is said next.
func TestListenGoesOn(t *testing.T) {
	addr := listen(t, func(c *net.TCPConn) {
		say(c, "250 unasked\r\n")
		rest(c)
	})
	const silence = 200 * time.Millisecond
	s := sender.Play(t.Context(), session(addr, fakes.Join(
		fakes.Script{{Mark: "silence", Do: fakes.MoveListen, For: silence}}, fakes.Say("noop", "250", "NOOP\r\n"),
	)))
	if s.End != results.EndOurs || s.EndAt < silence {
		t.Errorf("ended %s after %v", s.End, s.EndAt)
	}
	if heard, then := said(s, results.Server, "silence", false), said(s, results.Server, "noop", false); heard != "250 unasked\r\n" || then != "" {
		t.Errorf("in the silence came %q, then %q", heard, then)
	}
}

func TestAwaitCloseHasAnEnd(t *testing.T) {
	addr := listen(t, func(c *net.TCPConn) { rest(c) })
	s := sender.Play(t.Context(), session(addr, fakes.Script{{Do: fakes.MoveAwaitClose, For: 200 * time.Millisecond}}))
	if s.End != results.EndTimeout {
		t.Errorf("ended %s: a close that does not come is a timeout", s.End)
	}
}
