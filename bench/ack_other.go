//go:build !linux

package bench

import "net"

// acknowledge does nothing where the kernel cannot be told.
func acknowledge(*net.TCPConn) {}
