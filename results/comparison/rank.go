package comparison

import (
	"cmp"
	"math"
	"slices"
	"sort"

	"github.com/aclements/go-moremath/stats"
)

// shift is by how much one side differs from the other on the scale of the test,
// with its confidence interval and the p-value of there being none.
type shift struct {
	center, lo, hi, p float64
	// least is the smallest p-value that so many runs can give.
	least float64
}

// Up to so many pairs, or products of the numbers of two sides, the distribution of
// a test is counted out; beyond it is normal.
const (
	exactPairs    = 100
	exactProducts = 2500
)

// signedRank tests whether differences lie around 0 by Wilcoxon's signed-rank test,
// and estimates around what they lie by the median of their pairwise means (Hodges
// and Lehmann). Differences of 0 tell nothing and are left out of the test.
func signedRank(differences []float64) shift {
	var moved []float64
	for _, d := range differences {
		if d != 0 {
			moved = append(moved, d)
		}
	}
	slices.SortFunc(moved, func(a, b float64) int { return cmp.Compare(math.Abs(a), math.Abs(b)) })
	ranks := doubledRanks(moved)
	below, above := 0, 0
	for i, d := range moved {
		if d < 0 {
			below += ranks[i]
		} else {
			above += ranks[i]
		}
	}
	s := shift{p: 1, least: math.Min(1, 2*math.Pow(0.5, float64(len(differences))))}
	if len(moved) > 0 {
		s.p = math.Min(1, 2*rankTail(ranks, min(below, above)))
	}
	s.center, s.lo, s.hi = walshInterval(differences)
	return s
}

// doubledRanks are twice the ranks of values in ascending order of their size, so
// that the mean rank of equal ones is a whole number.
func doubledRanks(ascending []float64) []int {
	ranks := make([]int, len(ascending))
	for i := 0; i < len(ascending); {
		j := i
		for j < len(ascending) && math.Abs(ascending[j]) == math.Abs(ascending[i]) {
			j++
		}
		for k := i; k < j; k++ {
			ranks[k] = i + j + 1
		}
		i = j
	}
	return ranks
}

// rankTail is the probability that the ranks of one sign add up to sum or less when
// each sign is as likely as the other.
func rankTail(ranks []int, sum int) float64 {
	if len(ranks) > exactPairs {
		var mean, variance float64
		for _, r := range ranks {
			mean += float64(r) / 2
			variance += float64(r) * float64(r) / 4
		}
		return stats.NormalDist{Mu: mean, Sigma: math.Sqrt(variance)}.CDF(float64(sum) + 1) // half a rank, doubled, for continuity
	}
	chance := make([]float64, sum+1)
	chance[0] = 1
	for _, r := range ranks {
		for s := sum; s >= 0; s-- {
			chance[s] /= 2
			if s >= r {
				chance[s] += chance[s-r] / 2
			}
		}
	}
	total := 0.0
	for _, c := range chance {
		total += c
	}
	return total
}

// walshInterval is the median of the means of all pairs of values, each with itself
// too, and the interval of them that the signed-rank test does not refuse; infinite
// where there are too few values for one.
func walshInterval(values []float64) (center, lo, hi float64) {
	var means []float64
	for i, a := range values {
		for _, b := range values[i:] {
			means = append(means, (a+b)/2)
		}
	}
	ranks := make([]int, len(values))
	for i := range ranks {
		ranks[i] = 2 * (i + 1)
	}
	return orderInterval(means, func(k int) float64 { return rankTail(ranks, 2*k) })
}

// unpairedInterval is the median of the differences of all values of one side from
// all of the other, and the interval of them that the U test does not refuse.
func unpairedInterval(base, now []float64) (center, lo, hi float64) {
	var differences []float64
	for _, a := range base {
		for _, b := range now {
			differences = append(differences, b-a)
		}
	}
	u := stats.UDist{N1: len(base), N2: len(now)}
	tail := func(k int) float64 { return u.CDF(float64(k)) }
	if n, m := float64(len(base)), float64(len(now)); n*m > exactProducts {
		normal := stats.NormalDist{Mu: n * m / 2, Sigma: math.Sqrt(n * m * (n + m + 1) / 12)}
		tail = func(k int) float64 { return normal.CDF(float64(k) + 0.5) }
	}
	return orderInterval(differences, tail)
}

// orderInterval is the median of values and the interval between two of them: as
// many are left out at each end as the tail of the test's statistic allows.
func orderInterval(values []float64, tail func(k int) float64) (center, lo, hi float64) {
	slices.Sort(values)
	n := len(values)
	if n == 0 {
		return math.NaN(), math.Inf(-1), math.Inf(1)
	}
	center = (values[(n-1)/2] + values[n/2]) / 2
	out := sort.Search(n/2, func(k int) bool { return tail(k) > (1-Confidence)/2 })
	if out == 0 {
		return center, math.Inf(-1), math.Inf(1)
	}
	return center, values[out-1], values[n-out]
}
