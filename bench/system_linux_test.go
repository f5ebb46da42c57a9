package bench

import (
	"context"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"mailtls/results"
)

// TestSystemIsRead: what Linux says of this process makes sense.
func TestSystemIsRead(t *testing.T) {
	r := readSystem()
	if r.cpu <= 0 || r.total == 0 || r.stolen > r.total || r.files < 3 || kernel() == "" {
		t.Errorf("read %+v of kernel %q", r, kernel())
	}
	used, err := TreeCPU(os.Getpid())
	if err != nil || used > r.cpu+time.Minute {
		t.Errorf("this process used %v, %v", used, err)
	}
	if _, err := TreeCPU(1 << 30); err == nil {
		t.Error("a process that cannot be has used something")
	}
}

// TestListenerIsFound: the process that listens at an address is found, and none
// where nobody listens.
func TestListenerIsFound(t *testing.T) {
	for _, network := range []string{"127.0.0.1:0", "[::1]:0"} {
		ln, err := net.Listen("tcp", network)
		if err != nil {
			t.Log(err)
			continue
		}
		at := ln.Addr().(*net.TCPAddr).AddrPort()
		if got := ListenerOf(at); got != os.Getpid() {
			t.Errorf("process %d listens at %s, want %d", got, at, os.Getpid())
		}
		if err := ln.Close(); err != nil {
			t.Fatal(err)
		}
		if got := ListenerOf(at); got != 0 {
			t.Errorf("process %d listens at %s, which is closed", got, at)
		}
	}
	h := startHelper(t, "peer implicit")
	if got := ListenerOf(netip.MustParseAddrPort(h.word)); got != h.cmd.Process.Pid {
		t.Errorf("process %d listens at %s, want %d", got, h.word, h.cmd.Process.Pid)
	}
}

// TestSourcesTakeNoPortForThemselves: the port is chosen when the kernel connects,
// so that one address has a port for each target.
func TestSourcesTakeNoPortForThemselves(t *testing.T) {
	p := says(t, "220 x\r\n", "")
	to := netip.MustParseAddrPort(p.addr)
	d, err := newDialer(results.Plan{Sources: []netip.Addr{netip.MustParseAddr("127.0.0.2"), netip.MustParseAddr("127.0.0.3")}}, to)
	if err != nil {
		t.Fatal(err)
	}
	for index, from := range []string{"127.0.0.2", "127.0.0.3", "127.0.0.2"} {
		c, err := d.dial(time.Now().Add(10*time.Second), int64(index))
		if err != nil {
			t.Fatal(err)
		}
		raw, err := c.SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		set := 0
		var optErr error
		if err := raw.Control(func(fd uintptr) {
			set, optErr = unix.GetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT)
		}); err != nil || optErr != nil {
			t.Fatal(err, optErr)
		}
		if host, _, _ := net.SplitHostPort(c.LocalAddr().String()); host != from || set != 1 {
			t.Errorf("session %d comes from %s, IP_BIND_ADDRESS_NO_PORT is %d", index, host, set)
		}
		_ = c.Close()
	}
}

// TestPreciseClock: a sleep never ends early, and ends at once when its time is
// over or its context ends.
func TestPreciseClock(t *testing.T) {
	done := make(chan struct{})
	go func() { // the clock keeps the thread, which ends with the goroutine
		defer close(done)
		clock := newClock(NewTimerClock())
		for range 20 {
			due := clock.Now() + 300*time.Microsecond
			clock.SleepUntil(t.Context(), due)
			if now := clock.Now(); now < due {
				t.Errorf("woke %v early", due-now)
			}
		}
		clock.SleepUntil(t.Context(), 0)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		clock.SleepUntil(ctx, time.Hour)
		if clock.Now() > time.Minute {
			t.Error("slept on though the context had ended")
		}
	}()
	<-done
}
