package comparison

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/aclements/go-moremath/stats"
	"golang.org/x/perf/benchmath"

	"mailtls/results"
)

// values reads a metric of all runs; incomplete where one of them has none.
func values(m results.Metric, base, now []*results.Run) (b, n []float64, complete bool) {
	for i, r := range slices.Concat(base, now) {
		v, has := m.Of(r)
		switch {
		case !has:
			return nil, nil, false
		case i < len(base):
			b = append(b, v)
		default:
			n = append(n, v)
		}
	}
	return b, n, true
}

// onScale puts a figure on the scale that it is compared on.
func onScale(m results.Metric, v float64) float64 {
	if m.Absolute {
		return v
	}
	return math.Log(v)
}

// offScale turns a difference on the scale into an effect.
func offScale(m results.Metric, d float64) float64 {
	if m.Absolute {
		return d
	}
	return math.Expm1(d)
}

// differences of pairs, on the scale.
func differences(m results.Metric, base, now []float64) []float64 {
	d := make([]float64, len(base))
	for i := range base {
		d[i] = onScale(m, now[i]) - onScale(m, base[i])
	}
	return d
}

// unpairedShift compares two sides by the Mann-Whitney U test.
func unpairedShift(m results.Metric, base, now []float64) shift {
	sample := func(values []float64) *benchmath.Sample {
		scaled := make([]float64, len(values))
		for i, v := range values {
			scaled[i] = onScale(m, v)
		}
		t := benchmath.DefaultThresholds
		t.CompareAlpha = Alpha
		return benchmath.NewSample(scaled, &t)
	}
	b, n := sample(base), sample(now)
	s := shift{p: benchmath.AssumeNothing.Compare(b, n).P, least: leastUnpaired(len(base), len(now))}
	s.center, s.lo, s.hi = unpairedInterval(b.Values, n.Values)
	return s
}

// leastUnpaired is the smallest p-value of the U test: of all ways to tell so many
// values apart, two are as far as can be.
func leastUnpaired(n, m int) float64 {
	a, _ := math.Lgamma(float64(n + m + 1))
	b, _ := math.Lgamma(float64(n + 1))
	c, _ := math.Lgamma(float64(m + 1))
	return math.Min(1, 2*math.Exp(b+c-a))
}

// figure makes the figure of a metric, not yet judged.
func figure(m results.Metric, base, now []float64, s shift, o Options) Figure {
	f := Figure{
		Metric: m.Name, Unit: m.Unit, Base: median(base), Now: median(now), Absolute: m.Absolute, Effect: offScale(m, s.center),
		P: s.p, MinEffect: m.MinEffect, least: s.least, of: m, constant: len(slices.Compact(slices.Sorted(slices.Values(slices.Concat(base, now))))) == 1,
	}
	if effect, given := o.MinEffects[m.Name]; given {
		f.MinEffect = effect
	}
	if !math.IsInf(s.lo, 0) {
		lo, hi := offScale(m, s.lo), offScale(m, s.hi)
		f.Lo, f.Hi = &lo, &hi
	}
	return f
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// holm corrects the p-values for each other, and says for how many it did. A figure
// that is the same in all runs cannot raise an alarm, and is not counted.
func holm(figures []Figure) (among int) {
	var byP []*Figure
	for i := range figures {
		figures[i].Adjusted = 1
		if !figures[i].constant {
			byP = append(byP, &figures[i])
		}
	}
	slices.SortStableFunc(byP, func(a, b *Figure) int { return cmp.Compare(a.P, b.P) })
	worst := 0.0
	for i, f := range byP {
		worst = max(worst, math.Min(1, f.P*float64(len(byP)-i)))
		f.Adjusted = worst
	}
	return max(len(byP), 1)
}

// judge says whether the difference counts; among is how many figures were
// corrected for.
func (f *Figure) judge(among int) {
	m := f.of
	if f.least*float64(among) < Alpha && f.Lo != nil {
		f.Detectable = f.detectable(m, among)
	}
	up := f.Lo != nil && *f.Lo > f.bound(m, +1)
	down := f.Hi != nil && *f.Hi < f.bound(m, -1)
	switch {
	case f.Adjusted < Alpha && (up || down):
		f.Verdict = Worse
		if up == m.HigherIsBetter {
			f.Verdict = Better
		}
	case f.Detectable == nil:
		f.Verdict = Unknown
	default:
		f.Verdict = Same
	}
}

// bound is the smallest effect that counts in a direction.
func (f *Figure) bound(m results.Metric, sign float64) float64 {
	if m.Absolute {
		return sign * f.MinEffect
	}
	return math.Expm1(sign * math.Log1p(f.MinEffect))
}

// detectable is the effect, towards the worse, that the two rules for a difference
// would have let through with probability Power, given the noise that the
// confidence interval shows.
func (f *Figure) detectable(m results.Metric, among int) *float64 {
	quantile := stats.NormalDist{Sigma: 1}.InvCDF
	noise := (f.scaled(*f.Hi) - f.scaled(*f.Lo)) / (2 * quantile((1+Confidence)/2))
	byP := noise * quantile(1-Alpha/2/float64(among))
	sign := 1.0
	if m.HigherIsBetter {
		sign = -1
	}
	byInterval := math.Abs(f.scaled(f.bound(m, sign))) + noise*quantile((1+Confidence)/2)
	effect := offScale(m, sign*(max(byP, byInterval)+noise*quantile(Power)))
	return &effect
}

// scaled is an effect on the scale of the test.
func (f *Figure) scaled(effect float64) float64 {
	if f.Absolute {
		return effect
	}
	return math.Log1p(effect)
}

// orders estimates what being second does to a run, from pairs in both orders. It
// is told of the first figure, the one that the most depends on.
func (l *Load) orders(pairs []Pair) {
	var first, second []float64
	if len(l.Figures) == 0 {
		return
	}
	m := l.Figures[0].of
	for _, p := range pairs {
		b, _ := m.Of(p.Base)
		n, _ := m.Of(p.Now)
		d := onScale(m, n) - onScale(m, b)
		if p.NowFirst {
			second = append(second, d)
		} else {
			first = append(first, d)
		}
	}
	if n := len(first) - len(second); n < -1 || n > 1 {
		l.Notes = append(l.Notes, fmt.Sprintf("%d pairs began with the base and %d with the other: what being second does is not evened out", len(first), len(second)))
	}
	if len(first) == 0 || len(second) == 0 {
		return
	}
	order := offScale(m, (median(first)-median(second))/2)
	l.Order = &order
}
