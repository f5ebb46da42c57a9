package comparison

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/aclements/go-moremath/stats"
)

// enumerated is the p-value of the signed-rank test by trying all signs.
func enumerated(differences []float64) float64 {
	statistic := func(signs int) float64 {
		var below, above float64
		for i, d := range differences {
			rank := 0.5
			for _, e := range differences {
				switch {
				case math.Abs(e) < math.Abs(d):
					rank++
				case math.Abs(e) == math.Abs(d):
					rank += 0.5
				}
			}
			if signs>>i&1 == 1 {
				below += rank
			} else {
				above += rank
			}
		}
		return math.Min(below, above)
	}
	seen := 0
	for i, d := range differences {
		if d < 0 {
			seen |= 1 << i
		}
	}
	as, all := 0.0, 1<<len(differences)
	for signs := range all {
		if statistic(signs) <= statistic(seen) {
			as++
		}
	}
	return as / float64(all)
}

func TestSignedRankIsThatOfAllSigns(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 60 {
		d := make([]float64, 1+random.IntN(9))
		for i := range d {
			d[i] = float64(random.IntN(7)) - 2.5 // ties
		}
		if got, want := signedRank(d).p, math.Min(1, enumerated(d)); math.Abs(got-want) > 1e-12 {
			t.Errorf("%v: p %g, want %g", d, got, want)
		}
	}
	if s := signedRank([]float64{0, 0, 0}); s.p != 1 || s.center != 0 {
		t.Errorf("nothing but zeros: %+v", s)
	}
}

func TestSignedRankOfManyIsNormal(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	d := make([]float64, exactPairs)
	for i := range d {
		d[i] = random.NormFloat64() + 0.2
	}
	exact := signedRank(d)
	normal := signedRank(append(d, 1e-9, -1e-9, 2e-9))
	if math.Abs(math.Log(exact.p/normal.p)) > 0.3 || math.Abs(exact.center-normal.center) > 0.02 || math.Abs(exact.lo-normal.lo) > 0.02 {
		t.Errorf("counted %+v, normal %+v", exact, normal)
	}
}

// Each end of an interval is where the test begins to refuse.
func TestIntervalsAreTheTestsTurnedOver(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	const step = 1e-6
	moved := func(values []float64, by float64) []float64 {
		out := make([]float64, len(values))
		for i, v := range values {
			out[i] = v - by
		}
		return out
	}
	for range 30 {
		a, b := make([]float64, 6+random.IntN(20)), make([]float64, 6+random.IntN(20))
		for i := range a {
			a[i] = random.NormFloat64()
		}
		for i := range b {
			b[i] = random.NormFloat64() + 1
		}
		paired := signedRank(a)
		_, lo, hi := unpairedInterval(a, b)
		for _, c := range []struct {
			inside, outside float64
		}{{step, -step}, {-step, step}} {
			pairedEnd, end := paired.lo, lo
			if c.inside < 0 {
				pairedEnd, end = paired.hi, hi
			}
			if in, out := signedRank(moved(a, pairedEnd+c.inside)).p, signedRank(moved(a, pairedEnd+c.outside)).p; in <= 1-Confidence || out > 1-Confidence {
				t.Errorf("paired, %d values: p %g inside, %g outside", len(a), in, out)
			}
			inside, _ := stats.MannWhitneyUTest(a, moved(b, end+c.inside), stats.LocationDiffers)
			outside, _ := stats.MannWhitneyUTest(a, moved(b, end+c.outside), stats.LocationDiffers)
			if inside.P <= 1-Confidence || outside.P > 1-Confidence {
				t.Errorf("unpaired, %d and %d values: p %g inside, %g outside", len(a), len(b), inside.P, outside.P)
			}
		}
	}
}

func TestTooFewForAnInterval(t *testing.T) {
	if s := signedRank([]float64{1, 2, 3, 4, 5}); !math.IsInf(s.lo, -1) || !math.IsInf(s.hi, 1) || s.center != 3 {
		t.Errorf("five pairs: %+v", s)
	}
	if _, lo, hi := unpairedInterval([]float64{1, 2, 3}, []float64{4, 5, 6}); !math.IsInf(lo, -1) || !math.IsInf(hi, 1) {
		t.Errorf("three on each side: %g to %g", lo, hi)
	}
}

func TestUnpairedIntervalOfMany(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	a, b := make([]float64, 80), make([]float64, 90)
	for i := range a {
		a[i] = random.NormFloat64()
	}
	for i := range b {
		b[i] = random.NormFloat64() + 1
	}
	if center, lo, hi := unpairedInterval(a, b); lo > center || center > hi || hi-lo < 0.4 || hi-lo > 0.8 {
		t.Errorf("%g, %g to %g", center, lo, hi)
	}
}

func TestHolm(t *testing.T) {
	f := []Figure{{P: 0.04}, {P: 0.01}, {P: 1, constant: true}, {P: 0.03}, {P: 0.9}}
	if n := holm(f); n != 4 {
		t.Errorf("corrected for %d", n)
	}
	for i, want := range []float64{0.09, 0.04, 1, 0.09, 0.9} {
		if math.Abs(f[i].Adjusted-want) > 1e-12 {
			t.Errorf("p %g becomes %g, want %g", f[i].P, f[i].Adjusted, want)
		}
	}
}
