package nightly

import (
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
)

// nightly is a series of the logarithms of a figure with noise of 3 %, and from a
// night on 5 % more; -1 is no night.
func nightly(seed uint64, nights, step int) []float64 {
	random := rand.New(rand.NewPCG(seed, 0x6e69676874))
	out := make([]float64, nights)
	for i := range out {
		out[i] = math.Log(800 * (1 + 0.03*random.NormFloat64()))
		if step >= 0 && i >= step {
			out[i] += math.Log(1.05)
		}
	}
	return out
}

// stepOf is the night at which the step of a seed is: with 20 nights at least before
// and behind it.
func stepOf(seed uint64) int { return 20 + int(seed*37%51) }

// A step of 5 % in 90 nights with noise of 3 % is found within 7 nights of where it
// is, in 90 of 100 series.
func TestStepsAreFound(t *testing.T) {
	const seeds, nights, within = 200, 90, 7
	found, more := 0, 0
	for seed := range uint64(seeds) {
		step := stepOf(seed)
		points := changePoints(nightly(seed, nights, step), pointAlpha)
		if slices.ContainsFunc(points, func(p int) bool { return p >= step-within && p <= step+within }) {
			found++
			more += len(points) - 1
		}
	}
	t.Logf("found in %d of %d, with %d more points", found, seeds, more)
	if found < seeds*9/10 || more > seeds/10 {
		t.Errorf("want %d or more, and at most %d more points", seeds*9/10, seeds/10)
	}
}

// A year without a step has at most one point, in every series.
func TestNoFalsePoints(t *testing.T) {
	const seeds, nights = 200, 365
	total, most := 0, 0
	for seed := range uint64(seeds) {
		n := len(changePoints(nightly(1000+seed, nights, -1), pointAlpha))
		total += n
		most = max(most, n)
	}
	t.Logf("%d points in %d years, %d in one at most", total, seeds, most)
	if most > 2 || total > seeds/5 {
		t.Errorf("want at most %d in all", seeds/5)
	}
}

// Looked at night after night, as a job does: how soon a step is known, and how
// often a year has an alarm for nothing. MAILTLS_LONG=1 does as many series as the
// figures in the documentation are of; some are enough to see that nothing broke.
func TestNightAfterNight(t *testing.T) {
	years, seeds, least := 3, 30, 60
	if os.Getenv("MAILTLS_LONG") != "" {
		years, seeds, least = 100, 200, 75
	}
	within7, within14 := 0, 0
	for seed := range uint64(seeds) {
		step := stepOf(seed) + 20
		series := nightly(seed, step+14, step)
		known := 0
		for n := step + 1; n <= len(series) && known == 0; n++ {
			if slices.ContainsFunc(changePoints(series[:n], pointAlpha), func(p int) bool { return p >= step-7 }) {
				known = n - step
			}
		}
		if known > 0 && known <= 7 {
			within7++
		}
		if known > 0 {
			within14++
		}
	}
	var alarms []int
	for year := range uint64(years) {
		alarms = append(alarms, alarmsOfAYear(nightly(5000+year, 365, -1)))
	}
	slices.Sort(alarms)
	t.Logf("known within 7 nights %d, within 14 %d of %d; false alarms in a year: median %d, most %d, %d in all", within7, within14, seeds, alarms[years/2], alarms[years-1], sum(alarms))
	if 100*within7 < seeds*least || 100*within14 < 90*seeds || alarms[years/2] > 1 {
		t.Errorf("want %d %% within 7 nights, 90 %% within 14, and at most one false alarm in the median year", least)
	}
}

// alarmsOfAYear counts the points that a job finds among the newest nights.
func alarmsOfAYear(series []float64) int {
	alarms, last := 0, -len(series)
	for n := 14; n <= len(series); n++ {
		for _, p := range changePoints(series[:n], pointAlpha) {
			if n-p <= 14 && p > last+near {
				alarms++
				last = p
			}
		}
	}
	return alarms
}

func sum(all []int) int {
	n := 0
	for _, v := range all {
		n += v
	}
	return n
}

// The sums that are kept up are those of the definition.
func TestEnergyIsThatOfTheDefinition(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		series := make([]float64, 2*minStretch+random.IntN(20))
		for i := range series {
			series[i] = float64(random.IntN(6)) // ties
		}
		at, got := newEnergy(series).split()
		want := 0.0
		for split := minStretch; split <= len(series)-minStretch; split++ {
			want = max(want, defined(series[:split], series[split:]))
		}
		if math.Abs(got-want) > 1e-9 || want > 0 && math.Abs(defined(series[:at], series[at:])-want) > 1e-9 {
			t.Errorf("%v: %g at %d, want %g", series, got, at, want)
		}
	}
}

// defined is the weighted energy distance of two stretches.
func defined(a, b []float64) float64 {
	distances := func(x, y []float64) float64 {
		total := 0.0
		for _, v := range x {
			for _, w := range y {
				total += math.Abs(v - w)
			}
		}
		return total
	}
	n, m := float64(len(a)), float64(len(b))
	return n * m / (n + m) * (2*distances(a, b)/(n*m) - distances(a, a)/(n*(n-1)) - distances(b, b)/(m*(m-1)))
}

func TestChangePointsOfShortAndEvenSeries(t *testing.T) {
	for _, series := range [][]float64{nil, {1}, {1, 1, 9, 9, 9}, make([]float64, 50), slices.Repeat([]float64{math.Log(400)}, 39), slices.Repeat([]float64{math.Log(400), math.Log(401)}, 20)} {
		if p := changePoints(series, pointAlpha); len(p) != 0 {
			t.Errorf("%v: points %v", series, p)
		}
	}
	two := slices.Concat(slices.Repeat([]float64{1, 1.1}, 10), slices.Repeat([]float64{2, 2.1}, 10), slices.Repeat([]float64{1, 1.1}, 10))
	if p := changePoints(two, pointAlpha); !slices.Equal(p, []int{20, 40}) || !slices.Equal(p, changePoints(two, pointAlpha)) {
		t.Errorf("points %v", p)
	}
	// One night out of line is no change.
	one := nightly(3, 60, -1)
	one[40] += 0.5
	if p := changePoints(one, pointAlpha); len(p) != 0 {
		t.Errorf("one night: points %v", p)
	}
}
