//go:build !linux

package targets

import "syscall"

// dieWithUs can be asked of Linux only.
func dieWithUs(*syscall.SysProcAttr) {}
