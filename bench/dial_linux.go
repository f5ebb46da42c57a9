package bench

import (
	"errors"
	"fmt"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// bindWithoutPort lets the kernel choose the port when it connects rather than
// when it binds, so that each source address has all ports for each target and
// not for all of them together (ip(7), IP_BIND_ADDRESS_NO_PORT).
func bindWithoutPort(_, _ string, c syscall.RawConn) error {
	var err error
	if e := c.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1) }); e != nil {
		return fmt.Errorf("reach the socket: %w", e)
	}
	if err != nil {
		return fmt.Errorf("set IP_BIND_ADDRESS_NO_PORT: %w", err)
	}
	return nil
}

// hasClosed tells, without waiting, whether the other side has closed the
// connection. What it sent before goes into b, and nobody wants it.
func hasClosed(c *net.TCPConn, b []byte) (closed bool) {
	raw, err := c.SyscallConn()
	if err != nil {
		return false
	}
	_ = raw.Read(func(fd uintptr) bool {
		n, err := unix.Read(int(fd), b) // Go's sockets do not block
		closed = n == 0 && err == nil || errors.Is(err, unix.ECONNRESET)
		return true
	})
	return closed
}
