package results

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
)

// MergeRuns joins the runs of a plan's shards into the run of the whole plan. All
// shards are there, each once, or it is refused. Histograms are merged, never
// percentiles; the thresholds are judged on what that gives. The verdict on the
// generator is the worst of them, shares are those of the busiest. What was
// measured of the target is left out: the shards may have loaded one target, or
// several.
func MergeRuns(runs []*Run) (*Run, error) {
	if err := samePlan(runs); err != nil {
		return nil, fmt.Errorf("merge runs: %w", err)
	}
	first := runs[0]
	out := &Run{
		Schema: RunSchema, Plan: first.Plan, Env: first.Env, Started: first.Started, Failed: map[ErrorClass]int64{}, Phases: map[Phase]Summary{},
		Generator: Generator{Verdict: RunOK},
	}
	out.Plan.Shard = Shard{}
	if r := first.Relay; r != nil {
		out.Relay = &Relay{To: r.To, Policy: r.Policy, Wait: r.Wait, Lost: map[LossClass]int64{}}
	}
	phases := map[Phase]*Histogram{}
	raw, lag := NewHistogram(), NewHistogram()
	for _, r := range runs {
		out.add(r)
		for p, s := range r.Phases {
			if phases[p] == nil {
				phases[p] = NewHistogram()
			}
			phases[p].Merge(s.HDR)
		}
		raw.Merge(r.Raw.HDR)
		lag.Merge(r.Lag.HDR)
	}
	for p, h := range phases {
		out.Phases[p] = Summarized(h)
	}
	out.Raw, out.Lag = Summarized(raw), Summarized(lag)
	out.Intervals = mergeIntervals(runs)
	if out.Attempted > 0 {
		out.Generator.CPU /= float64(out.Attempted)
	}
	out.Conclude()
	return out, nil
}

// samePlan refuses runs that are not the shards of one plan.
func samePlan(runs []*Run) error {
	if len(runs) == 0 {
		return errors.New("there are none")
	}
	whole := runs[0].Plan
	whole.Shard = Shard{}
	of := runs[0].Plan.Shard.Whole().Of
	var have []int
	for i, r := range runs {
		plan := r.Plan
		shard := plan.Shard.Whole()
		plan.Shard = Shard{}
		switch {
		case !reflect.DeepEqual(plan, whole):
			return fmt.Errorf("run %d has another plan than the first", i+1)
		case shard.Of != of:
			return fmt.Errorf("run %d is shard %s, the first one of %d", i+1, shard, of)
		case slices.Contains(have, shard.Index):
			return fmt.Errorf("shard %s is there twice", shard)
		case (r.Relay == nil) != (runs[0].Relay == nil):
			return errors.New("only some are of a relay")
		case r.Search != nil:
			return errors.New("searches cannot be merged")
		}
		have = append(have, shard.Index)
	}
	for i := range of {
		if !slices.Contains(have, i) {
			return fmt.Errorf("shard %s is missing", Shard{Index: i, Of: of})
		}
	}
	return nil
}

// add takes over all but the histograms of a shard. CPU becomes the sum of all
// sessions, for the caller to divide.
func (r *Run) add(o *Run) {
	if o.Started.Before(r.Started) {
		r.Started = o.Started
	}
	r.Elapsed = max(r.Elapsed, o.Elapsed)
	r.Attempted += o.Attempted
	r.Completed += o.Completed
	r.Resumed += o.Resumed
	for class, n := range o.Failed {
		r.Failed[class] += n
	}
	r.Interrupted = r.Interrupted || o.Interrupted
	if r.Relay != nil && o.Relay != nil {
		r.Relay.add(o.Relay)
	}
	r.Rate.Asked += o.Rate.Asked
	r.Rate.Achieved += o.Rate.Achieved
	r.Rate.Completed += o.Rate.Completed
	g, h := &r.Generator, o.Generator
	if slices.Index(RunVerdicts(), h.Verdict) > slices.Index(RunVerdicts(), g.Verdict) {
		g.Verdict = h.Verdict
	}
	for _, reason := range h.Reasons {
		g.Reasons = append(g.Reasons, "shard "+o.Plan.Shard.Whole().String()+": "+reason)
	}
	g.CPU += h.CPU * float64(o.Attempted)
	g.Shared = g.Shared || h.Shared
	g.CPUShare, g.Busy, g.RunQueue = max(g.CPUShare, h.CPUShare), max(g.Busy, h.Busy), max(g.RunQueue, h.RunQueue)
	g.Steal, g.GC = max(g.Steal, h.Steal), max(g.GC, h.GC)
	g.Blocked += h.Blocked
	g.Dropped += h.Dropped
	g.MaxInFlight += h.MaxInFlight
	g.ListenOverflows = max(g.ListenOverflows, h.ListenOverflows) // of the machine, not of the process
	g.Files += h.Files
}

// mergeIntervals joins the intervals that have the same place in their runs. The
// lag and the shares are those of the worst.
func mergeIntervals(runs []*Run) []Interval {
	var all []Interval
	var sessions []*Histogram
	for _, r := range runs {
		for i, n := range r.Intervals {
			if i == len(all) {
				all = append(all, Interval{At: n.At})
				sessions = append(sessions, NewHistogram())
			}
			m := &all[i]
			m.Length = max(m.Length, n.Length)
			m.Attempted += n.Attempted
			m.Completed += n.Completed
			m.Failed += n.Failed
			m.InFlight += n.InFlight
			m.LagP99, m.CPUShare, m.RunQueue = max(m.LagP99, n.LagP99), max(m.CPUShare, n.CPUShare), max(m.RunQueue, n.RunQueue)
			m.Steal, m.GC = max(m.Steal, n.Steal), max(m.GC, n.GC)
			sessions[i].Merge(n.Session.HDR)
		}
	}
	for i, h := range sessions {
		all[i].Session = Summarized(h)
	}
	return all
}
