package bench

import (
	"context"
	"sync/atomic"
	"time"

	"mailtls/results"
)

// visitor does the sessions of one worker, one at a time.
type visitor interface {
	// visit does a session and says in s what it measured.
	visit(ctx context.Context, a Arrival, s *sample)
	// cut ends the session that is under way, if there is one, and every later
	// one. It is called from another goroutine.
	cut()
}

// drainTime is how long sessions under way may go on after an interruption.
const drainTime = 3 * time.Second

// engine does the sessions of a plan.
type engine struct {
	plan  results.Plan
	clock Clock
	// pace is the clock that the schedule is kept by.
	pace func() Clock
	// newVisitor makes what does the sessions of a worker.
	newVisitor func() visitor

	queue     *queue
	recorders []*recorder
	started   atomic.Int64 // workers, to give each a recorder
	visitors  visitors
	// warm is when the warm-up ends.
	warm time.Duration
}

// newEngine makes an engine for a plan that was filled and checked.
func newEngine(p results.Plan, clock Clock, recorders int, newVisitor func() visitor) *engine {
	limit := p.InFlight
	if !p.Open() {
		limit = p.Workers
	}
	e := &engine{
		plan: p, clock: clock, pace: func() Clock { return clock }, newVisitor: newVisitor, queue: newQueue(limit), warm: time.Duration(p.Warmup),
	}
	for range max(recorders, 1) {
		e.recorders = append(e.recorders, newRecorder())
	}
	return e
}

// outcome is how the releasing of a run went.
type outcome struct {
	// planned is how many sessions were released after the warm-up.
	planned int64
	// until is when the schedule was over.
	until time.Duration
	// dropped were due and never began.
	dropped     int64
	interrupted bool
}

// run does the whole plan and returns when every session has ended. When the
// context ends no session begins any more; those under way may go on for
// drainTime.
func (e *engine) run(ctx context.Context) outcome {
	over := make(chan struct{})
	drained := make(chan struct{})
	go func() { // owned: run waits for drained
		defer close(drained)
		e.drain(ctx, over)
	}()
	var out outcome
	if e.plan.Open() {
		out.planned = e.open(ctx)
	} else {
		e.closed(ctx)
	}
	out.until = e.clock.Now()
	if ctx.Err() == nil && e.plan.Open() {
		e.awaitQueue(ctx, out.until+time.Duration(e.plan.Timeout))
	}
	out.interrupted = ctx.Err() != nil
	out.dropped = e.queue.drop(e.warm)
	e.queue.close()
	_ = e.queue.workers.Wait() // workers return no error
	close(over)
	<-drained
	return out
}

// drain cuts what is under way drainTime after an interruption.
func (e *engine) drain(ctx context.Context, over <-chan struct{}) {
	select {
	case <-over:
		return
	case <-ctx.Done():
	}
	timer := time.NewTimer(drainTime)
	defer timer.Stop()
	select {
	case <-over:
	case <-timer.C:
		e.visitors.cut()
	}
}

// open releases the schedule.
func (e *engine) open(ctx context.Context) int64 {
	e.queue.work = func() { e.serve(ctx) }
	done := make(chan int64)
	go func() { // owned: open waits for done
		clock := e.pace() // may bind this goroutine to its thread
		done <- dispatch(ctx, clock, NewPacer(e.plan), e.queue.put)
	}()
	return <-done
}

// awaitQueue gives arrivals that wait for a worker until a time to begin.
func (e *engine) awaitQueue(ctx context.Context, until time.Duration) {
	const look = 5 * time.Millisecond
	for ctx.Err() == nil && e.clock.Now() < until && e.queue.anyWaiting() {
		e.clock.SleepUntil(ctx, e.clock.Now()+look)
	}
}

// recorder gives a worker its recorder.
func (e *engine) recorder() *recorder {
	return e.recorders[int(e.started.Add(1)-1)%len(e.recorders)]
}

// serve is a worker of an open plan.
func (e *engine) serve(ctx context.Context) {
	rec := e.recorder()
	v := e.visitors.add(e.newVisitor())
	defer e.visitors.remove(v)
	for a, more := e.queue.next(true); more; a, more = e.queue.next(false) {
		e.do(ctx, v, rec, a)
	}
}

// do does one session.
func (e *engine) do(ctx context.Context, v visitor, rec *recorder, a Arrival) {
	var s sample
	began := e.clock.Now()
	counted := a.Due >= e.warm
	if counted {
		rec.began(began - a.Due)
	}
	v.visit(ctx, a, &s)
	if counted {
		rec.ended(a.Due, began, e.clock.Now(), &s)
	}
}

// closed has workers do one session after the other. The sessions of a count are
// those that begin after the warm-up. A worker that has its turn only when the time is
// over still does one, so that a short run on a busy machine is not empty.
func (e *engine) closed(ctx context.Context) {
	var index, counted atomic.Int64
	end := e.warm + time.Duration(e.plan.Duration)
	shard := e.plan.Shard.Whole()
	workers := share(e.plan.Workers, shard)
	limit := int64(share(e.plan.Count, shard))
	work := func() error {
		rec := e.recorder()
		v := e.visitors.add(e.newVisitor())
		defer e.visitors.remove(v)
		for first := true; ctx.Err() == nil; first = false {
			now := e.clock.Now()
			if e.plan.Duration > 0 && now >= end && !first || limit > 0 && now >= e.warm && counted.Add(1) > limit {
				return nil
			}
			a := Arrival{Index: (index.Add(1)-1)*int64(shard.Of) + int64(shard.Index), Due: now}
			e.queue.enter()
			e.do(ctx, v, rec, a)
			e.queue.leave()
			if think := sessionOf(e.plan, a.Index).Think; think > 0 {
				e.clock.SleepUntil(ctx, e.clock.Now()+time.Duration(think))
			}
		}
		return nil
	}
	for range workers {
		e.queue.workers.Go(work)
	}
	_ = e.queue.workers.Wait() // work returns no error
}

// share is a shard's part of n things.
func share(n int, s results.Shard) int { return (n + s.Of - 1 - s.Index) / s.Of }

// take merges what was counted since the last time into a count.
func (e *engine) take(into *count) {
	for _, r := range e.recorders {
		r.take(into)
	}
}
