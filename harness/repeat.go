package harness

import (
	"context"
	"fmt"
	"sync"

	"mailtls/fakes"
	"mailtls/results"
	"mailtls/scenarios"
)

// Bounds of dialogues that are repeated often.
const (
	// keptAll is up to how many repetitions all are kept.
	keptAll = 20
	// keptEnds is how many are kept at each end of those that went alike.
	keptEnds = 3
	// hopeless is after how many sessions in a row that could not be held to
	// their end the rest is left out: the target takes no more.
	hopeless = 25
	// mostCourses are told apart; what else there is counts as alike.
	mostCourses = 8
)

// hold plays a dialogue, as often as it says.
func (w *world) hold(ctx context.Context, u *unit, d fakes.Dialogue) {
	n := max(1, d.Repeat)
	u.store(d.Tickets) // before sessions run in parallel
	play := func() results.Session {
		return w.session(ctx, u, scenarios.PeerName(d.Name), d, u.vars(w, false))
	}
	var sessions []results.Session
	if d.Parallel {
		sessions = make([]results.Session, n)
		var parallel sync.WaitGroup
		for i := range n {
			parallel.Go(func() { sessions[i] = play() })
		}
		parallel.Wait()
	} else {
		sessions = inTurn(n, play)
	}
	for _, s := range thinned(sessions) {
		u.add(s)
	}
}

// inTurn plays sessions one after the other, and leaves the rest out when it is
// hopeless.
func inTurn(n int, play func() results.Session) []results.Session {
	var sessions []results.Session
	for bad := 0; len(sessions) < n && bad < hopeless; {
		s := play()
		sessions = append(sessions, s)
		if s.End == results.EndCancelled {
			break
		}
		bad++
		if s.End == results.EndOurs {
			bad = 0
		}
	}
	return sessions
}

// thinned keeps the first and the last few of the sessions that went alike, when
// there are many; the last one before the gap says how many it stands for.
func thinned(sessions []results.Session) []results.Session {
	if len(sessions) <= keptAll {
		return sessions
	}
	alike := map[string][]int{}
	for i, s := range sessions {
		c := course(s)
		if alike[c] == nil && len(alike) >= mostCourses {
			c = ""
		}
		alike[c] = append(alike[c], i)
	}
	drop := map[int]bool{}
	for _, all := range alike {
		if len(all) <= 2*keptEnds {
			continue
		}
		gap := all[keptEnds : len(all)-keptEnds]
		sessions[all[keptEnds-1]].Alike = len(gap)
		for _, i := range gap {
			drop[i] = true
		}
	}
	var kept []results.Session
	for i, s := range sessions {
		if !drop[i] {
			kept = append(kept, s)
		}
	}
	return kept
}

// course is how a session went, in so few words that sessions can be counted by
// it: how it ended, and the code of the target's last reply.
func course(s results.Session) string {
	for i := len(s.Events) - 1; i >= 0; i-- {
		if e := s.Events[i]; e.From == results.Server && e.Kind == results.EventData {
			return fmt.Sprintf("%s %s %.3s", s.End, e.Mark, e.Bytes)
		}
	}
	return string(s.End)
}
