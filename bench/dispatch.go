package bench

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// dispatch releases the arrivals of a schedule when they are due: whatever is due
// at a wake-up goes out at once, each with the time it was due at, so that being
// late never changes the schedule. It returns when the schedule ends or the
// context does, with how many arrivals it released after the warm-up.
func dispatch(ctx context.Context, clock Clock, p *Pacer, release func(Arrival)) (released int64) {
	for a, more := p.Next(); more; a, more = p.Next() {
		clock.SleepUntil(ctx, a.Due)
		if ctx.Err() != nil {
			return released
		}
		release(a)
		if a.Due >= p.counted {
			released++
		}
	}
	if end, known := p.Length(); known {
		clock.SleepUntil(ctx, end)
	}
	return released
}

// queue hands arrivals to workers, which it starts as they are needed, up to the
// limit of their group. Arrivals beyond it wait in their order.
type queue struct {
	workers *errgroup.Group
	// work does the arrivals of one worker, taking them from next until that has
	// no more.
	work func()

	mu      sync.Mutex
	wake    sync.Cond
	waiting []Arrival
	closed  bool
	// idle workers wait for an arrival; busy ones do one.
	idle, busy int64
	most       int64 // that were busy at once
	blocked    int64
}

func newQueue(limit int) *queue {
	q := &queue{workers: &errgroup.Group{}}
	q.wake.L = &q.mu
	q.workers.SetLimit(limit)
	return q
}

// put adds an arrival, and starts a worker when none is idle.
func (q *queue) put(a Arrival) {
	q.mu.Lock()
	q.waiting = append(q.waiting, a)
	short := int64(len(q.waiting)) > q.idle
	q.mu.Unlock()
	if !short {
		q.wake.Signal()
		return
	}
	if q.workers.TryGo(func() error { q.work(); return nil }) {
		return
	}
	q.mu.Lock()
	q.blocked++
	q.mu.Unlock()
}

// next gives a worker its next arrival, and waits for one; false when there will
// be none.
func (q *queue) next(first bool) (Arrival, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !first {
		q.busy--
	}
	for len(q.waiting) == 0 && !q.closed {
		q.idle++
		q.wake.Wait()
		q.idle--
	}
	if len(q.waiting) == 0 {
		return Arrival{}, false
	}
	a := q.waiting[0]
	q.waiting = q.waiting[1:]
	q.busy++
	q.most = max(q.most, q.busy)
	return a, true
}

// close lets the workers end once nothing waits.
func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.wake.Broadcast()
}

// drop forgets what waits, and tells how many were due from a time on.
func (q *queue) drop(from time.Duration) int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	var n int64
	for _, a := range q.waiting {
		if a.Due >= from {
			n++
		}
	}
	q.waiting = nil
	return n
}

// load is how many sessions are open, and were at most, and how many arrivals
// found every worker busy.
func (q *queue) load() (busy, most, blocked int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.busy, q.most, q.blocked
}

// anyWaiting tells whether arrivals wait for a worker.
func (q *queue) anyWaiting() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting) > 0
}

// enter and leave count a session that no arrival brought about.
func (q *queue) enter() {
	q.mu.Lock()
	q.busy++
	q.most = max(q.most, q.busy)
	q.mu.Unlock()
}

func (q *queue) leave() {
	q.mu.Lock()
	q.busy--
	q.mu.Unlock()
}
