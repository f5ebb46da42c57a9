package comparison

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"mailtls/results"
)

// Schema is the version of the document that a Comparison is.
const Schema = "mailtls-comparison/1"

// The levels at which a difference counts; see the package comment.
const (
	Alpha      = 0.01
	Confidence = 0.95
	// Power is how likely a difference of the detectable effect was to be found.
	Power = 0.9
)

// Options change what is compared. The zero value is the default.
type Options struct {
	// MinEffects by metric take the place of the metrics' own; shares, 0 to 1.
	MinEffects map[string]float64
	// Allow lists aspects in which the runs may differ.
	Allow []results.Aspect
}

// Design is how the runs were taken.
type Design string

// The designs.
const (
	DesignPaired   Design = "paired"
	DesignUnpaired Design = "unpaired"
)

// Verdict is what a comparison concludes, of one figure or all.
type Verdict string

// The verdicts.
const (
	Worse   Verdict = "worse"   // a regression
	Better  Verdict = "better"  // an improvement
	Same    Verdict = "same"    // no difference that counts was found
	Unknown Verdict = "unknown" // none could have been found
)

// Comparison is what changed from base to now.
type Comparison struct {
	// Schema is the version of the document: see the constant.
	Schema string `json:"schema"`
	// Verdict on all: the worst of what follows.
	Verdict Verdict `json:"verdict"`
	// Load compares the runs; nil without runs.
	Load *Load `json:"load,omitempty"`
	// Benchmarks compares results in Go's benchmark format; nil without.
	Benchmarks *Measured `json:"benchmarks,omitempty"`
	// Cases compares the verdicts; nil without reports.
	Cases *Cases `json:"cases,omitempty"`
}

// Load is what changed between runs.
type Load struct {
	Design Design `json:"design"`
	// Alpha and Confidence: see the constants.
	Alpha      float64 `json:"alpha"`
	Confidence float64 `json:"confidence"`
	Base       Side    `json:"base"`
	Now        Side    `json:"now"`
	// Figures in the order of the metrics; those that no run has are left out.
	Figures []Figure `json:"figures"`
	// Order says by how much the second run of a pair differs from the first,
	// whichever side it is: a share of the first figure. Nil unless paired.
	Order *float64 `json:"order_effect,omitempty"`
	// Notes are what the reader should know besides.
	Notes []string `json:"notes"`
	// Verdict on the figures together.
	Verdict Verdict `json:"verdict"`
}

// Side is one of the two sets of runs.
type Side struct {
	// Runs is how many there are, Target what they loaded, with its version.
	Runs   int    `json:"runs"`
	Target string `json:"target"`
	// From and To are when the first and the last of them began.
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Figure is what changed of one metric.
type Figure struct {
	// Benchmark with its Package, and how many Results of it each side has; empty and
	// nil where the figure is one of load runs.
	Package   string  `json:"package,omitempty"`
	Benchmark string  `json:"benchmark,omitempty"`
	Results   *[2]int `json:"results,omitempty"`
	// Metric is the name of a metric of load runs, or the unit of a benchmark.
	Metric string `json:"metric"`
	Unit   string `json:"unit"`
	// Base and Now are the medians.
	Base float64 `json:"base"`
	Now  float64 `json:"now"`
	// Absolute says that the effects are differences; they are shares otherwise:
	// 0.05 is 5 % more than the base.
	Absolute bool `json:"absolute,omitempty"`
	// Effect with its confidence interval; the ends are nil where there are too few
	// runs for one.
	Effect float64  `json:"effect"`
	Lo     *float64 `json:"lo"`
	Hi     *float64 `json:"hi"`
	// P is the p-value, Adjusted the one with all figures corrected for together.
	P        float64 `json:"p"`
	Adjusted float64 `json:"p_adjusted"`
	// MinEffect is the smallest effect that counts.
	MinEffect float64 `json:"min_effect"`
	// Detectable is the effect that would have been found with probability Power,
	// given the runs at hand and their noise; nil where none would.
	Detectable *float64 `json:"detectable"`
	Verdict    Verdict  `json:"verdict"`

	// least is the smallest p-value that so many runs can give; constant says that
	// all runs have the same figure.
	least    float64
	constant bool
	// of is the metric.
	of results.Metric
}

// Pair is two runs of which one was taken right after the other.
type Pair struct {
	Base, Now *results.Run
	// NowFirst says that Now was taken before Base.
	NowFirst bool
}

// Unpaired compares runs that were taken apart from each other. It refuses runs
// that cannot be compared, naming what differs.
func Unpaired(base, now []*results.Run, o Options) (*Load, error) {
	if len(base) == 0 || len(now) == 0 {
		return nil, fmt.Errorf("compare runs: there are %d on the one side and %d on the other: want one or more on each", len(base), len(now))
	}
	l, err := begin(DesignUnpaired, base, now, o)
	if err != nil {
		return nil, err
	}
	for _, m := range results.Metrics() {
		b, n, complete := values(m, base, now)
		if !complete {
			continue
		}
		l.Figures = append(l.Figures, figure(m, b, n, unpairedShift(m, b, n), o))
	}
	l.Verdict = conclude(l.Figures)
	return l, nil
}

// Paired compares runs that were taken in pairs, the order of the two changing
// from pair to pair (base, now, now, base, ...). It refuses runs that cannot be
// compared, naming what differs. Where the generator often did not keep up, or the
// host was often noisy, the figures that are its pace then are left out, and a note
// says so; the CPU time of a session meets such noise on both sides alike.
func Paired(pairs []Pair, o Options) (*Load, error) {
	if len(pairs) == 0 {
		return nil, errors.New("compare runs: there are no pairs")
	}
	base, now := make([]*results.Run, len(pairs)), make([]*results.Run, len(pairs))
	for i, p := range pairs {
		base[i], now[i] = p.Base, p.Now
	}
	l, err := begin(DesignPaired, base, now, o)
	if err != nil {
		return nil, err
	}
	disturbed := l.disturbed(base, now)
	for _, m := range results.Metrics() {
		b, n, complete := values(m, base, now)
		if !complete || disturbed && m.Pace {
			continue
		}
		l.Figures = append(l.Figures, figure(m, b, n, signedRank(differences(m, b, n)), o))
	}
	l.orders(pairs)
	l.Verdict = conclude(l.Figures)
	return l, nil
}

// begin checks the runs and makes the head of the document.
func begin(d Design, base, now []*results.Run, o Options) (*Load, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	usable := (*results.Run).Sound
	if d == DesignPaired {
		usable = (*results.Run).Whole
	}
	if err := refuse(base, now, usable, o.Allow); err != nil {
		return nil, err
	}
	l := &Load{Design: d, Alpha: Alpha, Confidence: Confidence, Base: side(base), Now: side(now), Notes: []string{}}
	l.remark(base, now)
	return l, nil
}

// maxDisturbed is the share of the runs of pairs whose generator may not keep up, or
// whose host may be noisy, before the pace says nothing of the target.
const maxDisturbed = 0.1

// disturbed tells whether more were, and notes it.
func (l *Load) disturbed(base, now []*results.Run) bool {
	all := slices.Concat(base, now)
	count := 0
	for _, r := range all {
		if r.Generator.Verdict != results.RunOK {
			count++
		}
	}
	if float64(count) <= maxDisturbed*float64(len(all)) {
		return false
	}
	l.Notes = append(l.Notes, fmt.Sprintf("in %d of %d runs the generator did not keep up or the host was noisy: throughput and latency are not compared", count, len(all)))
	return true
}

// side sums runs up.
func side(runs []*results.Run) Side {
	s := Side{Runs: len(runs), Target: runs[0].Env.Target, From: runs[0].Started, To: runs[0].Started}
	for _, r := range runs {
		if r.Started.Before(s.From) {
			s.From = r.Started
		}
		if r.Started.After(s.To) {
			s.To = r.Started
		}
	}
	return s
}

// Check refuses effects of metrics that there are not, and such as no figure has.
func (o Options) Check() error {
	for name, effect := range o.MinEffects {
		if effect < 0 || effect >= 1 {
			return fmt.Errorf("compare runs: the smallest effect of %s is %g: want a share from 0 to below 1", name, effect)
		}
		if err := known(name); err != nil {
			return fmt.Errorf("compare runs: %w", err)
		}
	}
	return nil
}

func known(name string) error {
	var names []string
	for _, m := range results.Metrics() {
		if m.Name == name {
			return nil
		}
		names = append(names, m.Name)
	}
	return fmt.Errorf("there is no metric %q; there are %q", name, names)
}

// conclude corrects the figures for each other and judges them; the verdict is the
// worst of theirs.
func conclude(figures []Figure) Verdict {
	among := holm(figures)
	found := map[Verdict]bool{}
	for i := range figures {
		figures[i].judge(among)
		found[figures[i].Verdict] = true
	}
	switch {
	case found[Worse]:
		return Worse
	case found[Better]:
		return Better
	case found[Same]:
		return Same
	}
	return Unknown
}
