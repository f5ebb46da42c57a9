package nightly

import (
	"math"

	"github.com/aclements/go-moremath/stats"
)

// shift is by how much one stretch lies from another, on the scale that they are
// compared on, with the interval that holds it with a probability of 95 %.
type shift struct{ by, lo, hi float64 }

// confidence of intervals.
const confidence = 0.95

// shifted compares the means of two stretches (Welch); NaN are left out. It is
// nothing where either has fewer than two values.
func shifted(before, after []float64) (shift, bool) {
	b, a := present(before), present(after)
	if len(b) < 2 || len(a) < 2 {
		return shift{}, false
	}
	sb, sa := stats.Sample{Xs: b}, stats.Sample{Xs: a}
	vb, va := sb.Variance()/sb.Weight(), sa.Variance()/sa.Weight()
	by, noise := sa.Mean()-sb.Mean(), math.Sqrt(vb+va)
	if noise == 0 {
		return shift{by, by, by}, true
	}
	freedom := (vb + va) * (vb + va) / (vb*vb/(sb.Weight()-1) + va*va/(sa.Weight()-1))
	margin := noise * quantile(freedom)
	return shift{by, by - margin, by + margin}, true
}

// quantile of Student's distribution at the upper end of an interval.
func quantile(freedom float64) float64 {
	return stats.InvCDF(stats.TDist{V: freedom})((1 + confidence) / 2)
}

// sure tells whether the shift is not 0.
func (s shift) sure() bool { return s.lo > 0 || s.hi < 0 }

// present are the values that are there.
func present(values []float64) []float64 {
	var out []float64
	for _, v := range values {
		if !math.IsNaN(v) {
			out = append(out, v)
		}
	}
	return out
}

// outlier compares one value with a stretch: by how much it lies from the mean, and
// the probability that a further one lies as far out or farther by chance.
func outlier(stretch []float64, value float64) (s shift, p float64) {
	sample := stats.Sample{Xs: stretch}
	n := sample.Weight()
	by, spread := value-sample.Mean(), sample.StdDev()*math.Sqrt(1+1/n)
	if spread == 0 {
		if by == 0 {
			return shift{}, 1
		}
		return shift{by, by, by}, 0
	}
	margin := spread * quantile(n-1)
	return shift{by, by - margin, by + margin}, 2 * stats.TDist{V: n - 1}.CDF(-math.Abs(by)/spread)
}
