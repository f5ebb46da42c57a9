package comparison

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/perf/benchfmt"
	"golang.org/x/perf/benchmath"

	"mailtls/results"
)

// Benchmarks are results in Go's benchmark format, as go test -bench prints them and
// run.bench holds them.
type Benchmarks struct {
	// Name of what they were read from.
	Name string
	// results in their order, and what the file says of its units.
	results []*benchfmt.Result
	units   benchfmt.UnitMetadataMap
	// faults are the lines that look like results and are none.
	faults []string
}

// ReadBenchmarks reads results; lines of another kind are passed over, as the format
// has it. None at all are an error. The name is for messages.
func ReadBenchmarks(r io.Reader, name string) (*Benchmarks, error) {
	b := &Benchmarks{Name: name}
	in := benchfmt.NewReader(bufio.NewReader(r), name)
	for in.Scan() {
		switch record := in.Result().(type) {
		case *benchfmt.Result:
			b.results = append(b.results, record.Clone())
		case *benchfmt.SyntaxError:
			b.faults = append(b.faults, record.Error())
		}
	}
	if err := in.Err(); err != nil {
		return nil, fmt.Errorf("read benchmarks: %w", err)
	}
	if len(b.results) == 0 {
		return nil, fmt.Errorf("read benchmarks: there is no result in %s: give what go test -bench . -count 10 prints, or a run.bench", name)
	}
	b.units = in.Units()
	return b, nil
}

// Measured is what changed between benchmarks.
type Measured struct {
	// Alpha and Confidence: see the constants.
	Alpha      float64 `json:"alpha"`
	Confidence float64 `json:"confidence"`
	// Base and Now name what was read.
	Base string `json:"base"`
	Now  string `json:"now"`
	// Figures in the order of the base, unit by unit.
	Figures []Figure `json:"figures"`
	// Notes are what the reader should know besides.
	Notes []string `json:"notes"`
	// Verdict on the figures together.
	Verdict Verdict `json:"verdict"`
}

// The units in which Go counts memory, and the smallest effect of other units that
// counts.
const (
	unitBytes  = "B/op"
	unitAllocs = "allocs/op"
	unitEffect = 0.02
)

// Measurements compares two sets of benchmarks by name, package and unit. They are
// taken apart from each other, and tested as Unpaired tests runs.
//
// Lower is better in a unit an operation (/op), higher in one a second (/s), and as
// a Unit line of the file says in others; a unit of which nobody says it is left out,
// with a note. Memory, and units that the file calls exact, are compared exactly
// where every result of a side is the same: one result on each side then is enough,
// and the smallest difference counts. A unit that is 0 somewhere is compared by its
// difference.
func Measurements(base, now *Benchmarks, o Options) (*Measured, error) {
	m := &Measured{Alpha: Alpha, Confidence: Confidence, Base: base.Name, Now: now.Name, Figures: []Figure{}, Notes: slices.Concat(base.faults, now.faults)}
	if err := m.refuse(base, now, o.Allow); err != nil {
		return nil, err
	}
	before, after := base.samples(), now.samples()
	if err := o.checkUnits(before); err != nil {
		return nil, err
	}
	m.unmatched(before, after)
	m.unmatched(after, before)
	for _, s := range before {
		other := find(after, s.sampleKey)
		if other == nil {
			continue
		}
		metric, known := unitMetric(s.unit, base, now)
		if !known {
			m.note(fmt.Sprintf("%s is left out: which way is better? Say so with a line \"Unit %s better=lower\" or \"better=higher\" in the file", s.unit, s.unit))
			continue
		}
		m.Figures = append(m.Figures, m.figure(metric, s, other, exact(s.unit, base, now), o))
	}
	if len(m.Figures) == 0 {
		return nil, errors.New("compare benchmarks: " + base.Name + " and " + now.Name + " have no benchmark and unit in common: " + strings.Join(m.Notes, "; "))
	}
	m.Verdict = conclude(m.Figures)
	return m, nil
}

// note adds a note once.
func (m *Measured) note(text string) {
	if !slices.Contains(m.Notes, text) {
		m.Notes = append(m.Notes, text)
	}
}

// sampleKey is what makes values comparable; the name has no Benchmark in front, and
// the number of processors behind.
type sampleKey struct{ pkg, name, unit string }

// sample is what was measured of one benchmark in one unit.
type sample struct {
	sampleKey
	values []float64
}

// samples gathers the values, in the order in which they are met.
func (b *Benchmarks) samples() []*sample {
	var all []*sample
	at := map[sampleKey]*sample{}
	for _, r := range b.results {
		for _, v := range r.Values {
			key := sampleKey{r.GetConfig("pkg"), r.Name.String(), v.Unit}
			if at[key] == nil {
				at[key] = &sample{sampleKey: key}
				all = append(all, at[key])
			}
			at[key].values = append(at[key].values, v.Value)
		}
	}
	return all
}

func find(all []*sample, key sampleKey) *sample {
	i := slices.IndexFunc(all, func(s *sample) bool { return s.sampleKey == key })
	if i < 0 {
		return nil
	}
	return all[i]
}

// unmatched notes what only one side has.
func (m *Measured) unmatched(some, others []*sample) {
	for _, s := range some {
		if find(others, s.sampleKey) == nil {
			m.note(fmt.Sprintf("%s in %s is on one side only", s.name, s.unit))
		}
	}
}

// checkUnits refuses effects of units that there are not.
func (o Options) checkUnits(of []*sample) error {
	var units []string
	for _, s := range of {
		if !slices.Contains(units, s.unit) {
			units = append(units, s.unit)
		}
	}
	for name, effect := range o.MinEffects {
		if effect < 0 || effect >= 1 {
			return fmt.Errorf("compare benchmarks: the smallest effect of %s is %g: want a share from 0 to below 1", name, effect)
		}
		if !slices.Contains(units, name) {
			return fmt.Errorf("compare benchmarks: there is no unit %q; there are %q", name, units)
		}
	}
	return nil
}

// unitMetric is how a unit is compared; unknown where nobody says which way is better.
func unitMetric(unit string, files ...*Benchmarks) (m results.Metric, known bool) {
	better := 0
	for _, f := range files {
		if better == 0 {
			better = f.units.GetBetter(unit)
		}
	}
	switch {
	case better != 0:
	case strings.HasSuffix(unit, "/op"):
		better = -1
	case strings.HasSuffix(unit, "/s"):
		better = +1
	}
	return results.Metric{Name: unit, Unit: unit, HigherIsBetter: better > 0, MinEffect: unitEffect}, better != 0
}

// exact tells whether equal programs give equal figures in a unit.
func exact(unit string, files ...*Benchmarks) bool {
	return unit == unitBytes || unit == unitAllocs ||
		slices.ContainsFunc(files, func(f *Benchmarks) bool { return f.units.GetAssumption(unit) == benchmath.AssumeExact })
}

// figure compares two samples.
func (m *Measured) figure(metric results.Metric, base, now *sample, exact bool, o Options) Figure {
	none := func(v float64) bool { return v <= 0 }
	metric.Absolute = slices.ContainsFunc(base.values, none) || slices.ContainsFunc(now.values, none)
	var s shift
	if exact && constant(base.values) && constant(now.values) {
		metric.MinEffect = 0
		s = exactShift(metric, base.values[0], now.values[0])
	} else {
		s = unpairedShift(metric, base.values, now.values)
	}
	f := figure(metric, base.values, now.values, s, o)
	f.Package, f.Benchmark = base.pkg, base.name
	f.Results = &[2]int{len(base.values), len(now.values)}
	if f.Absolute {
		f.MinEffect = 0 // one that is given is a share
	}
	return f
}

// constant tells whether all values are the same.
func constant(values []float64) bool {
	return !slices.ContainsFunc(values, func(v float64) bool { return v != values[0] })
}

// exactShift is the difference of two figures without noise.
func exactShift(m results.Metric, base, now float64) shift {
	d := onScale(m, now) - onScale(m, base)
	s := shift{center: d, lo: d, hi: d}
	if d == 0 {
		s.p = 1
	}
	return s
}

// aspectOf is the aspect that a key of the file's configuration belongs to.
func aspectOf(key string) (results.Aspect, bool) {
	switch key {
	case "goos", "goarch", "cpu":
		return results.AspectMachine, true
	case "go", "toolchain":
		return results.AspectGo, true
	case "connection":
		return results.AspectConnection, true
	case "close":
		return results.AspectPlan, true
	}
	return "", false
}

// refuse names what forbids a comparison, and notes what else is not the same on both
// sides. The package is a part of a benchmark's name.
func (m *Measured) refuse(base, now *Benchmarks, allow []results.Aspect) error {
	var differ []string
	var aspects []string
	for _, key := range keys(base, now) {
		b, n := base.setting(key), now.setting(key)
		aspect, matters := aspectOf(key)
		switch {
		case key == "verdict" && (b != string(results.RunOK) || n != string(results.RunOK)):
			return fmt.Errorf("compare benchmarks: some cannot be used: the load generator says %s of %s and %s of %s", b, base.Name, n, now.Name)
		case key == "pkg" || b == n:
		case !matters || slices.Contains(allow, aspect):
			m.note(fmt.Sprintf("%s was %s and is %s", key, b, n))
		default:
			differ, aspects = append(differ, fmt.Sprintf("%s is %s and %s", key, b, n)), append(aspects, string(aspect))
		}
	}
	if len(differ) == 0 {
		return nil
	}
	return fmt.Errorf("compare benchmarks: those of %s and %s cannot be compared: %s; measure both alike, or allow it: %s",
		base.Name, now.Name, strings.Join(differ, "; "), strings.Join(slices.Compact(aspects), ", "))
}

// keys are those of the configuration of all results, sorted.
func keys(files ...*Benchmarks) []string {
	var all []string
	for _, f := range files {
		for _, r := range f.results {
			for _, c := range r.Config {
				all = append(all, c.Key)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// setting lists what the results say of a key, each word once.
func (b *Benchmarks) setting(key string) string {
	var all []string
	for _, r := range b.results {
		value := r.GetConfig(key)
		if value == "" {
			value = "unknown"
		}
		all = append(all, value)
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), " and ")
}
