//go:build !linux

package bench

import (
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"time"
)

// procFS is a folder without what Linux has in /proc.
func procFS() fs.FS { return os.DirFS("/nonexistent") }

// readSystem knows nothing here.
func readSystem() reading { return reading{} }

// kernel is not known here.
func kernel() string { return "" }

// TreeCPU needs Linux.
func TreeCPU(int) (time.Duration, error) {
	return 0, errors.New("read CPU time of processes: Linux only")
}

// ListenerOf is not known here.
func ListenerOf(netip.AddrPort) int { return 0 }
