package bench

import (
	"net"

	"golang.org/x/sys/unix"
)

// acknowledge has the kernel acknowledge at once what was read (tcp(7),
// TCP_QUICKACK).
//
// Why it is needed (2026-11): crypto/tls's server sends nothing behind the client's
// Finished, and a client that leaves Nagle's algorithm on holds its EHLO back until
// that is acknowledged, which the kernel puts off for 40 ms.
func acknowledge(c *net.TCPConn) {
	if raw, err := c.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { _ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_QUICKACK, 1) }) // else it is slower
	}
}
