package bench

import (
	"context"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// coarse is how long before its time a sleep hands over from a timer to the
// kernel: more than a timer is ever late on a machine that is not overloaded.
const coarse = 1500 * time.Microsecond

// preciseClock sleeps the last part of each wait in the kernel, which wakes within
// some 60 µs. Only one goroutine may sleep with it at a time, since each sleep
// holds a thread.
type preciseClock struct{ TimerClock }

// newClock makes the most precise clock there is, and binds the calling goroutine
// to its thread, whose sleeps are made as exact as the kernel can.
func newClock(timer TimerClock) Clock {
	runtime.LockOSThread()
	const exact = 1                                        // ns; 0 would bring back the default of 50 µs
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, exact, 0, 0, 0) // without it sleeps are a little late
	return preciseClock{timer}
}

// SleepUntil waits for a timer, then in the kernel.
func (c preciseClock) SleepUntil(ctx context.Context, t time.Duration) {
	c.TimerClock.SleepUntil(ctx, t-coarse)
	for ctx.Err() == nil {
		wait := t - c.Now()
		if wait <= 0 {
			return
		}
		spec := unix.NsecToTimespec(int64(wait))
		if err := unix.Nanosleep(&spec, nil); err != nil && err != unix.EINTR {
			c.TimerClock.SleepUntil(ctx, t)
			return
		}
	}
}
