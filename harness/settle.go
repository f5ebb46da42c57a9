package harness

import (
	"context"
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
	// asked; it is five times the time the fence took, when that is longer.
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
	took := time.Since(sent)
	why := results.EndSettled
	if w.running.Idle == nil {
		why = results.EndQuiet
		if !w.quiet(ctx, u, max(quietAtLeast, 5*took)) {
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
	return lastNote(s)
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
		if empty, err := w.running.Idle(ctx); err == nil && empty {
			return true
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
	for {
		_, _, changed := w.ledger.look(u)
		select {
		case <-ctx.Done():
			return false
		case <-changed:
			t.Reset(d)
		case <-t.C:
			return true
		}
	}
}
