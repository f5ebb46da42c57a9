package bench

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"mailtls/results"
)

// narrow lets a socket have one of so few ports only (ip(7),
// IP_LOCAL_PORT_RANGE: the highest in the upper 16 bits, the lowest in the lower).
func narrow(from, to uint16) func(network, address string, c syscall.RawConn) error {
	return func(network, address string, c syscall.RawConn) error {
		var err error
		value := int(binary.BigEndian.Uint32(binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, to), from)))
		e := c.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, ipLocalPortRange, value) })
		return errors.Join(e, err, bindWithoutPort(network, address, c))
	}
}

// ipLocalPortRange is IP_LOCAL_PORT_RANGE of linux/in.h.
const ipLocalPortRange = 51

// TestOutOfPorts: sessions for which there is no port fail as such, the others
// complete, and the run ends.
func TestOutOfPorts(t *testing.T) {
	peer := startPeer(t, named(t, "opportunistic"))
	p := results.Plan{
		Addr: peer.addr, Rate: 200, Count: 100, Sources: []netip.Addr{netip.MustParseAddr("127.0.0.9")},
		Sessions: []results.SessionPlan{{Kind: results.KindPlain, Hold: results.Span(200 * time.Millisecond)}},
	}.Filled()
	clock := NewTimerClock()
	sh, err := newShared(t.Context(), p, Job{Addr: peer.addr}, clock)
	if err != nil {
		t.Fatal(err)
	}
	const lowest = 40_000 // among those that the system gives out, below which the option has no effect
	sh.dial.Control = narrow(lowest, lowest+7)
	if c, err := sh.dial.dial(time.Now().Add(10*time.Second), 0); err != nil {
		t.Skipf("the kernel is older than Linux 6.3, which can narrow the ports of a socket: %v", err)
	} else {
		at := c.LocalAddr().(*net.TCPAddr)
		_ = c.SetLinger(0)
		_ = c.Close()
		if at.Port < lowest || at.Port > lowest+7 {
			t.Fatalf("connected from %v", at)
		}
	}
	e := newEngine(p, clock, 1, func() visitor { return newClient(sh) })
	r := drive(context.Background(), e, readSystem, Job{})
	if n := r.Failed[results.FailNoPorts]; r.Attempted != 100 || r.Completed < 8 || n == 0 || n+r.Completed != r.Attempted {
		t.Errorf("%d attempted, %d completed, failed %v, want no-ports for what did not complete", r.Attempted, r.Completed, r.Failed)
	}
}
