package nightly

import (
	"math"
	"slices"
	"time"

	"mailtls/results"
)

// How sure a change point must be. With noise of 3 % a step of 5 % is found within 7
// nights of where it is in 99 of 100 series of 90 nights, and a year without a step
// has a point in 1 of 40. Looked at night after night, such a step is known after 7
// nights in 78 of 100 series and after 14 in 98, and a year has 0.75 false alarms.
// Less noise, or several runs a night, make it sooner.
const (
	pointAlpha = 0.02
	// bareAlpha is that of changes which only show once the machine's share is taken
	// out.
	bareAlpha = 0.01
	// near is how many nights two points may lie apart to be one.
	near = 5
)

// Blame says what a change is put down to.
type Blame string

// The blames.
const (
	BlameTarget Blame = "target"
	// BlameMachine: bare handshakes changed as much in the same nights.
	BlameMachine Blame = "machine"
	// BlameHidden: the figure stood still while the machine changed, so that the
	// target did.
	BlameHidden Blame = "hidden by the machine"
)

// Point is where a line changed.
type Point struct {
	// At is when the first night of the new stretch began, Index its place in the
	// line.
	At    time.Time `json:"at"`
	Index int       `json:"index"`
	// Before and After are the medians of the stretches on its two sides.
	Before float64 `json:"before"`
	After  float64 `json:"after"`
	// Effect: see comparison; with its interval of 95 %.
	Effect float64 `json:"effect"`
	Lo     float64 `json:"lo"`
	Hi     float64 `json:"hi"`
	// Canary is the effect on bare handshakes in the same nights; nil where it was
	// not measured.
	Canary *float64 `json:"canary_effect,omitempty"`
	// Worse says that it is a change for the worse that counts, Small that it is less
	// than the smallest effect that counts.
	Worse bool `json:"worse"`
	Small bool `json:"small"`
	// Blame for it.
	Blame Blame `json:"blame"`
	// VersionBefore and VersionAfter are those of the target around it.
	VersionBefore string `json:"version_before"`
	VersionAfter  string `json:"version_after"`
}

// Points finds where a line changed, in order.
func (l Line) Points() []Point {
	scaled := l.scaled()
	at := changePoints(scaled, pointAlpha)
	var points []Point
	for i, index := range at {
		points = append(points, l.point(index, start(at, i-1), end(at, i+1, len(scaled))))
	}
	points = append(points, l.hidden(at)...)
	slices.SortFunc(points, func(a, b Point) int { return a.Index - b.Index })
	return points
}

// start is where the stretch behind point i begins, end where the one before it
// ends.
func start(points []int, i int) int {
	if i < 0 {
		return 0
	}
	return points[i]
}

func end(points []int, i, nights int) int {
	if i >= len(points) {
		return nights
	}
	return points[i]
}

// point describes a change at an index between the stretches from and to.
func (l Line) point(index, from, to int) Point {
	scaled := l.scaled()
	s, _ := shifted(scaled[from:index], scaled[index:to])
	p := Point{
		At: l.Nights[index].At, Index: index, Before: median(l.Values[from:index]), After: median(l.Values[index:to]),
		Effect: offScale(l.Metric, s.by), Lo: offScale(l.Metric, s.lo), Hi: offScale(l.Metric, s.hi), Blame: BlameTarget,
		VersionBefore: l.Nights[index-1].Version, VersionAfter: l.Nights[index].Version,
	}
	p.Small = l.small(s.by)
	p.Worse = !p.Small && l.worse(s.by)
	if !l.Metric.Machine {
		return p
	}
	canaries, bare := l.canaries(), l.bare()
	canary, measured := shifted(canaries[from:index], canaries[index:to])
	left, both := shifted(bare[from:index], bare[index:to])
	if !measured || !both {
		return p
	}
	effect := math.Expm1(canary.by)
	p.Canary = &effect
	toWorse := canary.by
	if l.Metric.HigherIsBetter {
		toWorse = -toWorse
	}
	// It is the machine's when bare handshakes changed the same way, by half as much
	// at least, and what is left need not be a change that counts.
	if canary.sure() && toWorse*s.by > 0 && math.Abs(canary.by) > math.Abs(s.by)/2 && !l.counts(left) {
		p.Blame, p.Worse = BlameMachine, false
	}
	return p
}

// hidden finds the changes that a change of the machine makes up for: those of the
// bare line away from the points that the line has, where the canary moved.
func (l Line) hidden(at []int) []Point {
	bare, canaries := l.bare(), l.canaries()
	if !l.Metric.Machine || len(present(bare)) < len(bare) || len(bare) == 0 {
		return nil
	}
	var points []Point
	found := changePoints(bare, bareAlpha)
	for i, index := range found {
		if slices.ContainsFunc(at, func(p int) bool { return p-index <= near && index-p <= near }) {
			continue
		}
		from, to := start(found, i-1), end(found, i+1, len(bare))
		canary, _ := shifted(canaries[from:index], canaries[index:to])
		left, _ := shifted(bare[from:index], bare[index:to])
		if !canary.sure() || !l.counts(left) {
			continue
		}
		p := l.point(index, from, to)
		p.Blame, p.Worse, p.Small = BlameHidden, l.worse(left.by), false
		points = append(points, p)
	}
	return points
}

// small tells whether a shift is less than counts.
func (l Line) small(by float64) bool {
	if l.Metric.Absolute {
		return math.Abs(by) < l.Metric.MinEffect
	}
	return math.Abs(by) < math.Log1p(l.Metric.MinEffect)
}

// counts tells whether a shift is for sure more than the smallest that counts.
func (l Line) counts(s shift) bool { return s.sure() && !l.small(s.lo) && !l.small(s.hi) }

// worse tells whether a shift is one for the worse.
func (l Line) worse(by float64) bool { return (by > 0) != l.Metric.HigherIsBetter }

// last is the stretch of a line since its last change point, and where it begins.
func (l Line) last() (stretch []float64, from int) {
	scaled := l.scaled()
	if at := changePoints(scaled, pointAlpha); len(at) > 0 {
		from = at[len(at)-1]
	}
	return scaled[from:], from
}

// metrics that a series has.
func (s *Series) metrics() []results.Metric {
	var all []results.Metric
	for _, m := range results.Metrics() {
		if len(s.Line(m).Values) > 0 {
			all = append(all, m)
		}
	}
	return all
}
