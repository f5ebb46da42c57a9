package harness

import (
	"context"
	"fmt"
	"time"

	"mailtls/fakes"
	"mailtls/results"
	"mailtls/scenarios"
)

// Times of waiting for read-back.
const (
	// askEvery is how often an idle queue is asked for.
	askEvery = 250 * time.Millisecond
	// quietAtLeast is how long nothing may arrive where the queue cannot be
	// asked; it is five times the longest that a fence of the run has taken, when
	// that is longer.
	quietAtLeast = 2 * time.Second
)

// settle sends the fence and waits until it has come through and the target's
// queue is empty: servers deliver concurrently, and a fence may overtake.
func (w *world) settle(ctx context.Context, u *unit) results.EndReason {
	sent := time.Now()
	vars := u.vars(w, true)
	s := w.session(ctx, u, "fence", fakes.Dialogue{Script: scenarios.Ordinary(w.claims.Has(results.FeatureStartTLS))}, vars)
	u.add(s)
	u.transcript.Submissions = append(u.transcript.Submissions, results.Submission{
		Canary: u.canary, Recipient: vars["rcpt"], At: sent.Sub(u.start), Reply: fenceReply(s), Fence: true,
	})
	if s.End != results.EndOurs {
		return results.EndNoFence
	}
	if !w.arrived(ctx, u, func(fenced, _ bool) bool { return fenced }) {
		return results.EndNoFence
	}
	slowest := w.ledger.fence(time.Since(sent))
	why := results.EndSettled
	if w.running.Idle == nil {
		why = results.EndQuiet
		if !w.quiet(ctx, u, max(quietAtLeast, 5*slowest)) {
			return results.EndWindow
		}
	} else if !w.idle(ctx) {
		return results.EndWindow
	}
	if !w.arrived(ctx, u, func(_, complete bool) bool { return complete }) {
		return results.EndWindow
	}
	return why
}

// fenceReply is the target's answer to the fence's content.
func fenceReply(s results.Session) string {
	for _, e := range s.Events {
		if e.Stage == results.StageBody && e.From == results.Server && e.Kind == results.EventData {
			return string(e.Bytes)
		}
	}
	return s.LastNote()
}

// arrived waits until the ledger's state of the unit is as wanted; false when
// the time is over first.
func (w *world) arrived(ctx context.Context, u *unit, wanted func(fenced, complete bool) bool) bool {
	for {
		fenced, complete, changed := w.ledger.look(u)
		if wanted(fenced, complete) {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-changed:
		}
	}
}

// idle waits until the target's queue was seen empty; false when the time is
// over first.
func (w *world) idle(ctx context.Context) bool {
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	for {
		empty, err := w.running.Idle(ctx)
		if err == nil && empty {
			return true
		}
		if err != nil && ctx.Err() == nil {
			w.remark(fmt.Sprintf("ask for the queue: %v", err))
		}
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
}

// quiet waits until nothing has arrived for so long; false when the time is over
// first.
func (w *world) quiet(ctx context.Context, u *unit, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	for had := w.ledger.arrivals(u); ; {
		_, _, changed := w.ledger.look(u)
		if now := w.ledger.arrivals(u); now != had {
			had = now
			t.Reset(d)
		}
		select {
		case <-ctx.Done():
			return false
		case <-changed: // for somebody; above it is seen whether for us
		case <-t.C:
			return true
		}
	}
}
