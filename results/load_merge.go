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
	for _, r := range runs {
		out.add(r)
		out.beside(r)
		out.Rate.Asked += r.Rate.Asked
		out.Rate.Achieved += r.Rate.Achieved
		out.Rate.Completed += r.Rate.Completed
		out.Elapsed = max(out.Elapsed, r.Elapsed)
	}
	out.summarize(runs)
	out.Intervals = mergeIntervals(runs)
	out.perSession()
	out.Conclude()
	return out, nil
}

// JoinRuns joins runs of one plan that were made one after the other, as if they
// were one: rates are means over all their time, shares too, and what was measured
// of the target is kept. The verdict on the generator is left to the caller, and so
// are the thresholds. There is at least one run.
func JoinRuns(runs []*Run) *Run {
	first := runs[0]
	out := &Run{
		Schema: RunSchema, Plan: first.Plan, Env: first.Env, Started: first.Started, Failed: map[ErrorClass]int64{}, Phases: map[Phase]Summary{},
	}
	elapsed := 0.0
	for _, r := range runs {
		elapsed += r.Elapsed
	}
	for _, r := range runs {
		share := 1 / float64(len(runs)) // where none has a length
		if elapsed > 0 {
			share = r.Elapsed / elapsed
		}
		out.add(r)
		out.after(r, share)
	}
	out.summarize(runs)
	out.perSession()
	return out
}

// perSession divides the sums of all sessions.
func (r *Run) perSession() {
	if n := float64(r.Attempted); n > 0 {
		r.Generator.CPU /= n
		r.Generator.Allocs /= n
		if r.Target != nil {
			r.Target.CPU /= n
		}
	}
	if n := float64(r.Completed); n > 0 {
		r.Wire.Sent /= n
		r.Wire.Received /= n
	}
}

// after takes over the rest of a run that was made after the others, and its share of
// what is a share of the time. The target's CPU time becomes the sum of all sessions.
func (r *Run) after(o *Run, share float64) {
	r.Rate.Asked += share * o.Rate.Asked
	r.Rate.Achieved += share * o.Rate.Achieved
	r.Rate.Completed += share * o.Rate.Completed
	for _, n := range o.Intervals {
		n.At += r.Elapsed
		r.Intervals = append(r.Intervals, n)
	}
	r.Elapsed += o.Elapsed
	g, h := &r.Generator, o.Generator
	g.CPUShare += share * h.CPUShare
	g.Busy += share * h.Busy
	g.RunQueue += share * h.RunQueue
	g.Steal += share * h.Steal
	g.GC += share * h.GC
	g.MaxInFlight, g.Files = max(g.MaxInFlight, h.MaxInFlight), max(g.Files, h.Files)
	g.ListenOverflows += h.ListenOverflows
	if o.Target == nil {
		return
	}
	if r.Target == nil {
		r.Target = &TargetUse{}
	}
	r.Target.CPU += o.Target.CPU * float64(o.Attempted)
	r.Target.CPUShare += share * o.Target.CPUShare
}

// summarize merges the histograms of runs.
func (r *Run) summarize(runs []*Run) {
	phases := map[Phase]*Histogram{}
	raw, lag := NewHistogram(), NewHistogram()
	for _, one := range runs {
		for p, s := range one.Phases {
			if phases[p] == nil {
				phases[p] = NewHistogram()
			}
			phases[p].Merge(s.HDR)
		}
		raw.Merge(one.Raw.HDR)
		lag.Merge(one.Lag.HDR)
	}
	for p, h := range phases {
		r.Phases[p] = Summarized(h)
	}
	r.Raw, r.Lag = Summarized(raw), Summarized(lag)
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

// add takes over the counts of another run. What is told for each session becomes the
// sum of all sessions, for perSession to divide.
func (r *Run) add(o *Run) {
	if o.Started.Before(r.Started) {
		r.Started = o.Started
	}
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
	r.Wire.Sent += o.Wire.Sent * float64(o.Completed)
	r.Wire.Received += o.Wire.Received * float64(o.Completed)
	g, h := &r.Generator, o.Generator
	g.CPU += h.CPU * float64(o.Attempted)
	g.Allocs += h.Allocs * float64(o.Attempted)
	g.Shared = g.Shared || h.Shared
	g.Blocked += h.Blocked
	g.Dropped += h.Dropped
}

// beside takes over the rest of a shard's generator: shares are those of the busiest,
// the verdict is the worst.
func (r *Run) beside(o *Run) {
	g, h := &r.Generator, o.Generator
	if slices.Index(RunVerdicts(), h.Verdict) > slices.Index(RunVerdicts(), g.Verdict) {
		g.Verdict = h.Verdict
	}
	for _, reason := range h.Reasons {
		g.Reasons = append(g.Reasons, "shard "+o.Plan.Shard.Whole().String()+": "+reason)
	}
	g.CPUShare, g.Busy, g.RunQueue = max(g.CPUShare, h.CPUShare), max(g.Busy, h.Busy), max(g.RunQueue, h.RunQueue)
	g.Steal, g.GC = max(g.Steal, h.Steal), max(g.GC, h.GC)
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
