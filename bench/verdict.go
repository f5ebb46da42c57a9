package bench

import (
	"fmt"
	"time"

	"mailtls/results"
)

// The bounds beyond which a run's figures are not the target's.
const (
	minAchieved  = 0.99                 // of the sessions that were due
	minLag       = 2 * time.Millisecond // of the 99th percentile
	maxLagShare  = 0.10                 // of the median session
	busyCPU      = 0.85                 // of what the generator may use, in an interval
	maxBusy      = 0.05                 // of the intervals
	maxDisturbed = 0.05                 // of the time, by others on the machine
)

// judgeGenerator says whether the generator kept up and the host let it, from what
// a run measured. Its reasons name the figure and the bound. Noise outweighs: a
// generator that others keep from its CPU is late for their sake. Lag and rate
// mean nothing where workers begin when they are free.
//
// Why the target's own time is no noise (2026-11): a target on this machine takes
// CPUs that the generator's threads want, about as long as it works, and at half
// of what the two can do together that is beyond the bound already. What is
// measured is such a target on such a machine, so only what is waited beyond the
// target's time is laid to others. How late sessions begin is judged all the same.
func judgeGenerator(r *results.Run, procs int) (results.RunVerdict, []string) {
	var noise, limits []string
	g := r.Generator
	when := func(list *[]string, wrong bool, format string, args ...any) {
		if wrong {
			*list = append(*list, fmt.Sprintf(format, args...))
		}
	}
	percent := func(share float64) float64 { return 100 * share }
	when(&noise, g.Steal > maxDisturbed, "the hypervisor took %.1f %% of the machine's time, more than %g %%", percent(g.Steal), percent(maxDisturbed))
	others, ours := g.RunQueue, ""
	if r.Target != nil {
		others = max(g.RunQueue-r.Target.CPUShare/float64(procs), 0)
		ours = fmt.Sprintf(" (%.1f %% less the target's own time)", percent(g.RunQueue))
	}
	when(&noise, others > maxDisturbed, "its threads waited for a CPU for %.1f %% of the time%s, more than %g %%", percent(others), ours, percent(maxDisturbed))
	when(&limits, g.Dropped > 0, "%d sessions that were due never began%s", g.Dropped, atLimit(g, r.Plan))
	if r.Plan.Open() && r.Rate.Asked > 0 {
		share := r.Rate.Achieved / r.Rate.Asked
		when(&limits, share < minAchieved, "it began %.1f %% of the sessions asked for in the time, less than %g %%", percent(share), percent(minAchieved))
	}
	if r.Plan.Open() && r.Lag.Count > 0 {
		bound := max(float64(minLag/time.Microsecond), maxLagShare*r.Phases[results.PhaseSession].P50)
		when(&limits, r.Lag.P99 > bound, "1 %% of the sessions began more than %.0f µs late, the bound is %.0f µs%s", r.Lag.P99, bound, atLimit(g, r.Plan))
	}
	when(&limits, g.Busy > maxBusy, "it used more than %g %% of its CPU time in %.0f %% of the intervals, more than %g %%", percent(busyCPU), percent(g.Busy), percent(maxBusy))
	switch {
	case len(noise) > 0:
		return results.RunNoisyHost, append(noise, limits...)
	case len(limits) > 0:
		return results.RunGeneratorLimited, limits
	}
	return results.RunOK, nil
}

// atLimit tells a target that does not keep up from a generator that does not:
// where sessions pile up until no more may be open, those that are due wait for
// the target.
func atLimit(g results.Generator, p results.Plan) string {
	if g.Blocked == 0 {
		return ""
	}
	return fmt.Sprintf("; %d waited because %d were open: the target is slower than the rate, or in_flight is too low", g.Blocked, p.InFlight)
}
