package bench

import (
	"context"
	"time"
)

// Clock is the time of a run.
type Clock interface {
	// Now is the time since the clock was made. It never goes back.
	Now() time.Duration
	// SleepUntil returns at the time, at once when it is over, and early when the
	// context ends.
	SleepUntil(ctx context.Context, t time.Duration)
}

// TimerClock sleeps with Go's timers, which wake up to a millisecond late. Inside
// a synctest bubble it is a virtual clock.
type TimerClock struct{ start time.Time }

// NewTimerClock makes a clock that begins now.
func NewTimerClock() TimerClock { return TimerClock{start: time.Now()} }

// Now is the time since the clock was made.
func (c TimerClock) Now() time.Duration { return time.Since(c.start) }

// SleepUntil waits for a timer.
func (c TimerClock) SleepUntil(ctx context.Context, t time.Duration) {
	wait := t - c.Now()
	if wait <= 0 {
		return
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
