package page

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gonum.org/v1/plot/plotter"

	"mailtls/results"
)

// Bounds of what is drawn.
const (
	drawnRuns = 12  // runs with charts, the newest
	drawnAt   = 240 // places of a line over time; more are drawn together
)

// load is what was measured.
type load struct {
	All  table
	Runs []runView
	// Left is how many runs have no charts.
	Left int
}

// runView is a run with its charts.
type runView struct {
	ID, Name, Started string
	// Verdict on the generator with its reasons, and whether thresholds were kept.
	Verdict    results.RunVerdict
	Reasons    []string
	Thresholds []tableCell
	Facts      [][2]string
	Charts     []chart
	// Over says what it is drawn over; empty without.
	Over string
}

// newLoad works out what to show of runs; nil without any.
func newLoad(in Input) (*load, error) {
	if len(in.Runs) == 0 {
		return nil, nil
	}
	l := &load{All: table{Caption: "Runs", Class: "figures", Heads: []string{"Began", "Verdict on the generator", "Sessions", "Failed", "Completed a second", "p50 in ms", "p99 in ms", "p99.9 in ms", "Lag p99 in ms"}}}
	runs := slices.SortedStableFunc(slices.Values(in.Runs), func(a, b *results.Run) int { return b.Started.Compare(a.Started) })
	for i, r := range runs {
		s := r.Phases[results.PhaseSession]
		l.All.Rows = append(l.All.Rows, tableRow{runName(r), texts(day(r.Started), string(r.Generator.Verdict), fmt.Sprint(r.Attempted), fmt.Sprint(r.Failures()),
			number(r.Rate.Completed), ms(s.P50), ms(s.P99), ms(s.P999), ms(r.Lag.P99))})
		if i >= drawnRuns {
			l.Left++
			continue
		}
		v, err := newRunView(fmt.Sprintf("run-%d", i+1), r, under(r, in.Base))
		if err != nil {
			return nil, err
		}
		l.Runs = append(l.Runs, v)
	}
	return l, nil
}

// under is the run of the base that a run is drawn over: the newest before it that it can be compared with; nil without one.
func under(r *results.Run, base []*results.Run) *results.Run {
	var found *results.Run
	for _, b := range base {
		if b.Started.Before(r.Started) && len(b.Likeness().Differences(r.Likeness())) == 0 && (found == nil || b.Started.After(found.Started)) {
			found = b
		}
	}
	return found
}

// runName says what was done to whom.
func runName(r *results.Run) string {
	what := cmp.Or(r.Plan.Name, r.Plan.Target, r.Plan.Peer, r.Plan.Addr)
	if r.Env.Target != "" && !strings.Contains(r.Env.Target, what) {
		what += ", " + r.Env.Target
	}
	return what + ", " + pace(r.Plan)
}

// pace is when sessions begin.
func pace(p results.Plan) string {
	switch {
	case p.Workers > 0:
		return fmt.Sprintf("%d workers", p.Workers)
	case p.Ramp != results.Ramp{}:
		return p.Ramp.String()
	case len(p.Steps) > 0:
		return fmt.Sprintf("%d steps", len(p.Steps))
	case p.FindMax != results.Ramp{}:
		return "search in " + p.FindMax.String()
	}
	return p.Rate.String()
}

func newRunView(id string, r, base *results.Run) (runView, error) {
	v := runView{ID: id, Name: runName(r), Started: day(r.Started), Verdict: r.Generator.Verdict, Reasons: r.Generator.Reasons}
	for _, t := range r.Thresholds {
		cell := tableCell{t.Threshold.String() + " kept", "pass"}
		if !t.Kept {
			cell = tableCell{t.Threshold.String() + " broken", "fail"}
		}
		v.Thresholds = append(v.Thresholds, cell)
	}
	v.facts(r)
	if base != nil {
		v.Over = "an earlier run of " + day(base.Started)
	}
	for _, draw := range []func(string, *results.Run, *results.Run) (chart, error){latencyChart, phaseChart, rateChart, delayChart, lagChart} {
		c, err := draw(fmt.Sprintf("%s-chart-%d", id, len(v.Charts)+1), r, base)
		if err != nil {
			return v, err
		}
		v.Charts = append(v.Charts, c)
	}
	return v, nil
}

// facts says in a list what ran, and how it went.
func (v *runView) facts(r *results.Run) {
	add := func(name, value string) {
		if value != "" {
			v.Facts = append(v.Facts, [2]string{name, value})
		}
	}
	add("Sessions", fmt.Sprintf("%d attempted, %d completed, %d failed, %d resumed", r.Attempted, r.Completed, r.Failures(), r.Resumed))
	for _, class := range slices.Sorted(maps.Keys(r.Failed)) {
		add("Failed: "+string(class), fmt.Sprint(r.Failed[class]))
	}
	rate := fmt.Sprintf("%s/s began, %s/s completed", number(r.Rate.Achieved), number(r.Rate.Completed))
	if r.Rate.Asked > 0 {
		rate = number(r.Rate.Asked) + "/s asked, " + rate
	}
	add("Rate", rate)
	add("Measured for", number(r.Elapsed)+" s")
	add("Connection", r.Env.Connection)
	add("Machine", fmt.Sprintf("%s, %d CPUs used, %s/%s, kernel %s", r.Env.CPU, r.Env.Procs, r.Env.OS, r.Env.Arch, r.Env.Kernel))
	add("Generator", fmt.Sprintf("%s µs CPU a session, %s CPU, %s waiting for a CPU, %s stolen", number(r.Generator.CPU), percent(r.Generator.CPUShare),
		percent(r.Generator.RunQueue), percent(r.Generator.Steal)))
	if r.Target != nil {
		add("Target", fmt.Sprintf("%s µs CPU a session, %s CPU", number(r.Target.CPU), percent(r.Target.CPUShare)))
	}
	if r.Relay != nil {
		add("Messages", fmt.Sprintf("%d accepted, %d arrived, %d lost, %d twice", r.Relay.Accepted, r.Relay.Arrived, r.Relay.Losses(), r.Relay.Twice))
	}
	if r.Search != nil {
		add("Highest rate that kept the thresholds", r.Search.Best.String())
	}
	if r.Interrupted {
		add("Interrupted", "by the user: these are figures of a part")
	}
}

// quantiles to draw: up to the nine that the count has something to say of.
func quantiles(count int64) []float64 {
	var all []float64
	for x := 0.0; x < 7; x += 0.05 {
		if q := 1 - pow10(-x); q <= 1-1/float64(count+1) {
			all = append(all, q)
		}
	}
	return all
}

// distribution is a histogram by percentile, in ms.
func distribution(name string, s results.Summary) line {
	l := line{name: name}
	if s.HDR == nil || s.Count == 0 {
		return l
	}
	for _, q := range quantiles(s.Count) {
		l.points = append(l.points, plotter.XY{X: byPercentile(q), Y: float64(s.HDR.Quantile(q).Nanoseconds()) / 1e6})
	}
	return l
}

// summaryTable is what the distributions are in figures.
func summaryTable(caption string, names []string, all []results.Summary) table {
	t := table{Caption: caption + ", in ms", Class: "figures", Heads: []string{"Count", "Mean", "p50", "p90", "p99", "p99.9", "Max"}}
	for i, s := range all {
		t.Rows = append(t.Rows, tableRow{names[i], texts(fmt.Sprint(s.Count), ms(s.Mean), ms(s.P50), ms(s.P90), ms(s.P99), ms(s.P999), ms(s.Max))})
	}
	return t
}

// distributions draws summaries by percentile.
func distributions(id, name string, names []string, all []results.Summary) (chart, error) {
	var lines []line
	for i, s := range all {
		lines = append(lines, distribution(names[i], s))
	}
	c, err := drawChart(id, name, axes{x: "percentile", y: "ms", xTicks: percentileTicks{}}, lines)
	c.Figures = summaryTable(name, names, all)
	return c, err
}

func latencyChart(id string, r, base *results.Run) (chart, error) {
	names := []string{"from when it was due (corrected)", "from when it began (raw)"}
	all := []results.Summary{r.Phases[results.PhaseSession], r.Raw}
	if base != nil {
		names, all = append(names, "earlier run, corrected", "earlier run, raw"), append(all, base.Phases[results.PhaseSession], base.Raw)
	}
	return distributions(id, "Latency of sessions by percentile", names, all)
}

func phaseChart(id string, r, _ *results.Run) (chart, error) {
	var names []string
	var all []results.Summary
	for _, p := range results.Phases() {
		if s, met := r.Phases[p]; met {
			names, all = append(names, string(p)), append(all, s)
		}
	}
	return distributions(id, "Phases of a session by percentile", names, all)
}

// overTime reads something off a run's intervals, at most drawnAt places of it: the mean of those drawn together, or
// the highest.
func overTime(name string, r *results.Run, highest bool, of func(results.Interval) float64) line {
	l := line{name: name}
	each := (len(r.Intervals) + drawnAt - 1) / drawnAt
	for i := 0; i < len(r.Intervals); i += each {
		part := r.Intervals[i:min(i+each, len(r.Intervals))]
		sum, most := 0.0, 0.0
		for _, v := range part {
			sum, most = sum+of(v), max(most, of(v))
		}
		y := sum / float64(len(part))
		if highest {
			y = most
		}
		l.points = append(l.points, plotter.XY{X: part[len(part)-1].At + part[len(part)-1].Length, Y: y})
	}
	return l
}

// perSecond is a count of an interval as a rate.
func perSecond(of func(results.Interval) int64) func(results.Interval) float64 {
	return func(i results.Interval) float64 {
		if i.Length <= 0 {
			return 0
		}
		return float64(of(i)) / i.Length
	}
}

func rateChart(id string, r, base *results.Run) (chart, error) {
	completed := perSecond(func(i results.Interval) int64 { return i.Completed })
	lines := []line{
		overTime("completed", r, false, completed),
		overTime("began", r, false, perSecond(func(i results.Interval) int64 { return i.Attempted })),
		overTime("failed", r, false, perSecond(func(i results.Interval) int64 { return i.Failed })),
	}
	if base != nil {
		lines = append(lines, overTime("earlier run, completed", base, false, completed))
	}
	return timeChart(id, "Throughput and errors over time", "sessions/s", lines)
}

func delayChart(id string, r, base *results.Run) (chart, error) {
	p99 := func(i results.Interval) float64 { return i.Session.P99 / 1000 }
	lines := []line{
		overTime("p50", r, false, func(i results.Interval) float64 { return i.Session.P50 / 1000 }),
		overTime("p99", r, true, p99),
	}
	if base != nil {
		lines = append(lines, overTime("earlier run, p99", base, true, p99))
	}
	return timeChart(id, "Latency of sessions over time", "ms", lines)
}

func lagChart(id string, r, base *results.Run) (chart, error) {
	lag := func(i results.Interval) float64 { return i.LagP99 / 1000 }
	lines := []line{overTime("lag p99: how late sessions began", r, true, lag)}
	if base != nil {
		lines = append(lines, overTime("earlier run, lag p99", base, true, lag))
	}
	return timeChart(id, "Lag of the generator over time", "ms", lines)
}

// timeChart draws lines over the seconds of a run, with a table of what was drawn.
func timeChart(id, name, unit string, lines []line) (chart, error) {
	c, err := drawChart(id, name, axes{x: "seconds", y: unit}, lines)
	const shown = 60
	c.Figures = table{Caption: name + ", " + unit, Class: "figures"}
	for _, l := range lines {
		c.Figures.Heads = append(c.Figures.Heads, l.name)
	}
	n := len(lines[0].points)
	each := max((n+shown-1)/shown, 1)
	for i := 0; i < n; i += each {
		row := tableRow{Name: fmt.Sprintf("until %.1f s", lines[0].points[i].X)}
		for _, l := range lines {
			text := "–"
			if i < len(l.points) {
				text = number(l.points[i].Y)
			}
			row.Cells = append(row.Cells, tableCell{Text: text})
		}
		c.Figures.Rows = append(c.Figures.Rows, row)
	}
	if each > 1 {
		c.Figures.Notes = append(c.Figures.Notes, fmt.Sprintf("Of %d places that are drawn, one in %d.", n, each))
	}
	return c, err
}
