package bench

import (
	"io/fs"
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
func TreeCPU(pid int) (time.Duration, error) { return treeCPU(procFS(), pid) }
