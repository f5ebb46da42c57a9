package bench

import (
	"io/fs"
	"net/netip"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// procFS is /proc.
func procFS() fs.FS { return os.DirFS("/proc") }

// readSystem reads what the system says of this process and the machine.
func readSystem() reading {
	var r reading
	var use syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &use) == nil {
		r.cpu = time.Duration(use.Utime.Nano() + use.Stime.Nano())
	}
	proc := procFS()
	r.waited = threadsWaited(proc)
	r.stolen, r.total = machineTime(proc)
	r.overflows = listenOverflows(proc)
	r.files = openFiles(proc)
	return r
}

// kernel is the kernel's release.
func kernel() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return ""
	}
	return unix.ByteSliceToString(u.Release[:])
}

// TreeCPU is the CPU time that a process and all below it have used, those
// included that have ended and been waited for.
func TreeCPU(pid int) (time.Duration, error) { return treeCPU(procFS(), processClock, pid) }

// processClock is the CPU time of a process in nanoseconds, by its own clock: the
// one that clock_getcpuclockid(3) finds.
func processClock(pid int) (time.Duration, bool) {
	const sched = 2 // what the scheduler counted, of all threads
	var ts unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|sched), &ts); err != nil {
		return 0, false
	}
	return time.Duration(ts.Nano()), true
}

// ListenerOf is the process that listens at an address of this machine; 0 where
// that is not known.
func ListenerOf(at netip.AddrPort) int { return listenerOf(procFS(), at) }
