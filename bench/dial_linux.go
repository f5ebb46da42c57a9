package bench

import (
	"fmt"
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
