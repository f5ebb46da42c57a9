//go:build !linux

package bench

import "syscall"

// bindWithoutPort can be asked of Linux only; elsewhere each source address has
// its ports once.
func bindWithoutPort(string, string, syscall.RawConn) error { return nil }
