package nightly

import (
	"cmp"
	"math/rand/v2"
	"slices"
)

// How change points are looked for.
const (
	// minStretch is how many nights lie between two change points at least, and
	// behind the last one: one bad night is no change.
	minStretch = 3
	// permutations of a stretch that a split is held against at the most.
	permutations = 499
	// rounding is the share by which sums of the same values may differ.
	rounding = 1e-9
	// seriesSeed begins the permutations of every series, so that one series always
	// gives the same points.
	seriesSeed = 0x6d61696c746c73
)

// changePoints divides a series where its distribution changes, hierarchically,
// by E-divisive means (Matteson and James, Journal of the American Statistical
// Association 109, 2014): a stretch is split where the energy distance of its two
// parts is greatest, if fewer than the share alpha of permutations of the stretch
// can be split as well. It returns the indices at which new stretches begin, in
// order. Equal series give equal points.
func changePoints(series []float64, alpha float64) []int {
	random := rand.New(rand.NewPCG(seriesSeed, uint64(len(series))))
	var points []int
	var divide func(from, to int)
	divide = func(from, to int) {
		at, significant := splitStretch(series[from:to], alpha, random)
		if !significant {
			return
		}
		divide(from, from+at)
		points = append(points, from+at)
		divide(from+at, to)
	}
	divide(0, len(series))
	return points
}

// splitStretch finds the best split of a stretch, and whether it is significant.
// It gives up as soon as too many permutations are split as well.
func splitStretch(stretch []float64, alpha float64, random *rand.Rand) (at int, significant bool) {
	if len(stretch) < 2*minStretch || slices.Min(stretch) == slices.Max(stretch) {
		return 0, false
	}
	e := newEnergy(stretch)
	at, best := e.split()
	best *= 1 - rounding
	if best <= rounding*e.total {
		return 0, false
	}
	as, most := 0, alpha*float64(permutations+1)
	for range permutations {
		random.Shuffle(len(e.order), func(i, j int) { e.order[i], e.order[j] = e.order[j], e.order[i] })
		if _, q := e.split(); q >= best {
			as++
		}
		if float64(as+1) > most {
			return 0, false
		}
	}
	return at, true
}

// energy splits a stretch, in any order of its values.
type energy struct {
	// values in ascending order, and the sum of each one's distances to all.
	values, distances []float64
	// total is the sum of the distances of all pairs.
	total float64
	// order of the stretch, as indices into values.
	order []int
	// count and sum are Fenwick trees over the values left of the split.
	count, sum []float64
}

func newEnergy(stretch []float64) *energy {
	n := len(stretch)
	byValue := make([]int, n)
	for i := range byValue {
		byValue[i] = i
	}
	slices.SortStableFunc(byValue, func(a, b int) int { return cmp.Compare(stretch[a], stretch[b]) })
	e := &energy{
		values: make([]float64, n), distances: make([]float64, n), order: make([]int, n), count: make([]float64, n+1), sum: make([]float64, n+1),
	}
	all := 0.0
	for rank, i := range byValue {
		e.values[rank], e.order[i] = stretch[i], rank
		all += stretch[i]
	}
	below := 0.0
	for rank, v := range e.values {
		e.distances[rank] = v*float64(2*rank-n) - 2*below + all
		e.total += e.distances[rank] / 2
		below += v
	}
	return e
}

// split finds where the order is split best, no part being shorter than minStretch: the size of the left part, and the
// energy distance of the parts weighted by their sizes.
func (e *energy) split() (at int, best float64) {
	clear(e.count)
	clear(e.sum)
	n := len(e.order)
	var left, right, sum float64 // distances of pairs left and right of the split; sum of the values left of it
	right = e.total
	for i, rank := range e.order[:n-minStretch] {
		v := e.values[rank]
		toLeft := e.toLeft(rank, v, float64(i), sum)
		left += toLeft
		right -= e.distances[rank] - toLeft
		e.add(rank, v)
		sum += v
		if i+1 < minStretch {
			continue
		}
		a, b := float64(i+1), float64(n-i-1)
		across := e.total - left - right
		q := a * b / (a + b) * (2*across/(a*b) - 2*left/(a*(a-1)) - 2*right/(b*(b-1)))
		if q > best {
			at, best = i+1, q
		}
	}
	return at, best
}

// toLeft is the sum of a value's distances to the count values left of the split,
// which add up to sum.
func (e *energy) toLeft(rank int, v, count, sum float64) float64 {
	var below, belowSum float64
	for i := rank; i > 0; i -= i & -i {
		below += e.count[i]
		belowSum += e.sum[i]
	}
	return v*below - belowSum + (sum - belowSum) - v*(count-below)
}

// add puts a value left of the split.
func (e *energy) add(rank int, v float64) {
	for i := rank + 1; i < len(e.count); i += i & -i {
		e.count[i]++
		e.sum[i] += v
	}
}
