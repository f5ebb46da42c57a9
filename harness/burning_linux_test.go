package harness_test

import (
	"time"

	"golang.org/x/sys/unix"
)

// threadTime is the CPU time that this thread has had (clock_gettime(2)).
func threadTime() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts); err != nil {
		panic(err)
	}
	return time.Duration(ts.Nano())
}
