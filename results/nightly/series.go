package nightly

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"mailtls/results"
)

// nightTime is how long after its first run a night ends.
const nightTime = 12 * time.Hour

// Series are the nights of runs that can be compared with each other.
type Series struct {
	// Subject: see Entry. Like is what the runs have in common.
	Subject string
	Like    results.Likeness
	// Nights in order.
	Nights []Night
}

// Night is what was measured in one night.
type Night struct {
	// At is when its first run began.
	At time.Time
	// Version of the target.
	Version string
	// Figures by metric, medians of the runs; none where no run was sound.
	Figures map[string]float64
	// Runs that are sound, and why the others are not.
	Runs    int
	Unsound []string
	// Canary of the machine in the night, in µs; 0 where there is none.
	Canary float64

	rounds map[string][]float64
}

// SeriesOf sorts a history's runs into series, those with the newest night first.
func SeriesOf(entries []Entry) []*Series {
	byKey, canaries := map[string]*Series{}, map[string]*Series{}
	var keys []string
	for _, e := range slices.SortedStableFunc(slices.Values(entries), func(a, b Entry) int { return a.Started.Compare(b.Started) }) {
		if e.Like == nil {
			continue
		}
		key, in := keyOf(*e.Like), byKey
		if e.Kind == KindCanary {
			in = canaries
		} else if byKey[key] == nil {
			keys = append(keys, key)
		}
		if in[key] == nil {
			in[key] = &Series{Subject: e.Subject, Like: *e.Like}
		}
		in[key].add(e)
	}
	var all []*Series
	for _, key := range keys {
		s := byKey[key]
		s.finish()
		all = append(all, s)
	}
	for _, c := range canaries {
		c.finish()
		for _, s := range all {
			s.take(c)
		}
	}
	slices.SortStableFunc(all, func(a, b *Series) int { return b.last().At.Compare(a.last().At) })
	return all
}

// keyOf is equal for runs that can be compared.
func keyOf(l results.Likeness) string {
	text, err := json.Marshal(l)
	if err != nil {
		return err.Error() // strings can always be written
	}
	return string(text)
}

// add takes a run into the night that it is of.
func (s *Series) add(e Entry) {
	if n := len(s.Nights); n == 0 || e.Started.Sub(s.Nights[n-1].At) >= nightTime {
		s.Nights = append(s.Nights, Night{At: e.Started, Figures: map[string]float64{}, rounds: map[string][]float64{}})
	}
	night := &s.Nights[len(s.Nights)-1]
	night.Version = e.Version
	if e.Unsound != "" {
		night.Unsound = append(night.Unsound, e.Unsound)
		return
	}
	night.Runs++
	for metric, v := range e.Figures {
		night.rounds[metric] = append(night.rounds[metric], v)
	}
}

// finish makes the nights' figures of their runs'.
func (s *Series) finish() {
	for _, n := range s.Nights {
		for metric, rounds := range n.rounds {
			n.Figures[metric] = median(rounds)
		}
	}
}

// take finds for each night the canary of the same machine that is nearest to it.
func (s *Series) take(canary *Series) {
	if s.Like.Machine != canary.Like.Machine || s.Like.Go != canary.Like.Go {
		return
	}
	for i := range s.Nights {
		n, nearest := &s.Nights[i], nightTime
		for _, c := range canary.Nights {
			if apart := c.At.Sub(n.At).Abs(); apart < nearest {
				n.Canary, nearest = c.Figures[canaryMetric], apart
			}
		}
	}
}

func (s *Series) last() Night { return s.Nights[len(s.Nights)-1] }

// Line is one figure of a series, night by night.
type Line struct {
	Metric results.Metric
	// Nights that have the figure, and their values.
	Nights []Night
	Values []float64
}

// Line reads a metric off the nights that have it.
func (s *Series) Line(m results.Metric) Line {
	l := Line{Metric: m}
	for _, n := range s.Nights {
		if v, has := n.Figures[m.Name]; has {
			l.Nights, l.Values = append(l.Nights, n), append(l.Values, v)
		}
	}
	return l
}

// scaled are the values on the scale that they are compared on.
func (l Line) scaled() []float64 {
	out := make([]float64, len(l.Values))
	for i, v := range l.Values {
		out[i] = onScale(l.Metric, v)
	}
	return out
}

// canaries are the logarithms of the canaries, NaN where a night has none.
func (l Line) canaries() []float64 {
	out := make([]float64, len(l.Nights))
	for i, n := range l.Nights {
		out[i] = math.NaN()
		if n.Canary > 0 {
			out[i] = math.Log(n.Canary)
		}
	}
	return out
}

// bare are the values with the machine's share taken out by the canary, where the
// metric has one and the canary was there.
func (l Line) bare() []float64 {
	out, canaries := l.scaled(), l.canaries()
	for i := range out {
		if l.Metric.HigherIsBetter {
			out[i] += canaries[i]
		} else {
			out[i] -= canaries[i]
		}
	}
	return out
}

// onScale puts a figure on the scale that it is compared on.
func onScale(m results.Metric, v float64) float64 {
	if m.Absolute {
		return v
	}
	return math.Log(v)
}

// offScale turns a difference on the scale into an effect: a share, or a
// difference.
func offScale(m results.Metric, d float64) float64 {
	if m.Absolute {
		return d
	}
	return math.Expm1(d)
}

// effectText writes an effect.
func effectText(m results.Metric, e float64) string {
	if m.Absolute {
		return fmt.Sprintf("%+.2f points", 100*e)
	}
	return fmt.Sprintf("%+.1f %%", 100*e)
}
