//go:build !linux

package bench

import (
	"net"
	"syscall"
)

// bindWithoutPort can be asked of Linux only; elsewhere each source address has
// its ports once.
func bindWithoutPort(string, string, syscall.RawConn) error { return nil }

// hasClosed cannot be told here without waiting.
func hasClosed(*net.TCPConn, []byte) bool { return false }
