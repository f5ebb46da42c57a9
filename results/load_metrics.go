package results

// Metric is a figure by which runs are compared.
type Metric struct {
	// Name, as in target-cpu, and Unit of the figure.
	Name, Unit string
	// HigherIsBetter says which direction is a regression.
	HigherIsBetter bool
	// Absolute figures are compared by their difference, the others by their ratio.
	Absolute bool
	// MinEffect is the smallest difference worth telling of: a share of the figure,
	// or the difference itself of an absolute one.
	MinEffect float64
	// Machine says that a slower machine makes it worse.
	Machine bool
	// Pace says that it is the generator's figure, and no longer the target's, where
	// the generator does not keep up.
	Pace bool
	// Of reads the figure of a run; false where the run has none.
	Of func(*Run) (float64, bool)
}

// Metrics lists the figures by which runs are compared. Latency is compared at a
// fixed rate, throughput where workers go as fast as the target lets them; the
// other way round neither would say anything of the target.
func Metrics() []Metric {
	fixed := func(r *Run) bool { return r.Plan.Rate > 0 }
	return []Metric{
		{Name: "target-cpu", Unit: "µs/session", MinEffect: 0.02, Machine: true, Of: func(r *Run) (float64, bool) {
			if r.Target == nil {
				return 0, false
			}
			return r.Target.CPU, r.Target.CPU > 0
		}},
		{Name: "generator-cpu", Unit: "µs/session", MinEffect: 0.02, Machine: true, Of: func(r *Run) (float64, bool) {
			return r.Generator.CPU, r.Generator.CPU > 0
		}},
		{Name: "allocations", Unit: "/session", MinEffect: 0.01, Of: func(r *Run) (float64, bool) {
			return r.Generator.Allocs, r.Generator.Allocs > 0
		}},
		{Name: "wire-bytes", Unit: "/session", MinEffect: 0.01, Of: func(r *Run) (float64, bool) {
			return r.Wire.Sent + r.Wire.Received, r.Wire.Sent+r.Wire.Received > 0
		}},
		{Name: "throughput", Unit: "sessions/s", HigherIsBetter: true, MinEffect: 0.05, Machine: true, Pace: true, Of: func(r *Run) (float64, bool) {
			return r.Rate.Completed, r.Plan.Workers > 0 && r.Rate.Completed > 0
		}},
		{Name: "highest-rate", Unit: "sessions/s", HigherIsBetter: true, MinEffect: 0.05, Machine: true, Pace: true, Of: func(r *Run) (float64, bool) {
			if r.Search == nil {
				return 0, false
			}
			return float64(r.Search.Best), r.Search.Best > 0
		}},
		{Name: "p50", Unit: "µs", MinEffect: 0.05, Machine: true, Pace: true, Of: func(r *Run) (float64, bool) {
			s := r.Phases[PhaseSession]
			return s.P50, fixed(r) && s.P50 > 0
		}},
		{Name: "p99", Unit: "µs", MinEffect: 0.10, Machine: true, Pace: true, Of: func(r *Run) (float64, bool) {
			s := r.Phases[PhaseSession]
			return s.P99, fixed(r) && s.P99 > 0
		}},
		{Name: "error-rate", Unit: "of the sessions", Absolute: true, MinEffect: 0.001, Of: func(r *Run) (float64, bool) {
			if r.Attempted == 0 {
				return 0, false
			}
			return float64(r.Failures()) / float64(r.Attempted), true
		}},
	}
}
