package page

import (
	"fmt"
	"slices"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"

	"mailtls/results"
	"mailtls/results/comparison"
	"mailtls/results/nightly"
)

// changes is a comparison.
type changes struct {
	Verdict comparison.Verdict
	// Sides are what was compared; empty without runs.
	Sides          []string
	Figures, Cases table
	Notes          []string
}

// verdictClass is the class that a verdict is shown in.
func verdictClass(v comparison.Verdict) string {
	return map[comparison.Verdict]string{comparison.Worse: "fail", comparison.Better: "pass", comparison.Unknown: "inconclusive"}[v]
}

// Class that the verdict is shown in.
func (c *changes) Class() string { return verdictClass(c.Verdict) }

// newChanges lays a comparison out; nil without one.
func newChanges(c *comparison.Comparison) *changes {
	if c == nil {
		return nil
	}
	out := &changes{Verdict: c.Verdict}
	if l := c.Load; l != nil {
		out.Sides = []string{"base: " + l.Base.String(), "now: " + l.Now.String()}
		out.Notes = append(out.Notes, l.Notes...)
		out.Figures = table{Caption: "Figures", Class: "figures", Heads: []string{"Base", "Now", "Effect", "95 % interval", "p", "Found from", "Verdict"}}
		for _, f := range l.Figures {
			interval, from := "none: too few runs", "no effect"
			if f.Lo != nil && f.Hi != nil {
				interval = effect(*f.Lo, f.Absolute) + " to " + effect(*f.Hi, f.Absolute)
			}
			if f.Detectable != nil {
				from = effect(*f.Detectable, f.Absolute)
			}
			cells := texts(number(f.Base)+" "+f.Unit, number(f.Now)+" "+f.Unit, effect(f.Effect, f.Absolute), interval, fmt.Sprintf("%.2g", f.Adjusted), from)
			out.Figures.Rows = append(out.Figures.Rows, tableRow{f.Metric, append(cells, tableCell{string(f.Verdict), verdictClass(f.Verdict)})})
		}
	}
	if s := c.Cases; s != nil {
		out.Notes = append(out.Notes, s.Notes...)
		out.Cases = table{Caption: fmt.Sprintf("Cases: %d on both sides, %d with another verdict", s.Compared, len(s.Changes)), Heads: []string{"Target", "Level", "Was", "Is", "Verdict", "Seen now"}}
		for _, change := range s.Changes {
			now := string(change.Now)
			if now == "" {
				now = "gone"
			}
			out.Cases.Rows = append(out.Cases.Rows, tableRow{change.Case, []tableCell{
				{Text: change.Target}, {Text: string(change.Level)}, {Text: string(change.Base) + " on " + change.Passed.UTC().Format(time.DateOnly)}, {Text: now},
				{string(change.Verdict), verdictClass(change.Verdict)}, {Text: change.Got},
			}})
		}
	}
	return out
}

// trend is a figure night by night.
type trend struct {
	Name   string
	Chart  chart
	Points []trendPoint
}

// trendPoint is where the figure changed.
type trendPoint struct{ Judgement, Class, Text string }

// trends draws the lines of a history.
func trends(entries []nightly.Entry) ([]trend, error) {
	if len(entries) == 0 {
		return nil, nil
	}
	var all []trend
	for i, l := range nightly.TrendOf(entries, "").Lines {
		t, err := newTrend(fmt.Sprintf("trend-%d", i+1), l)
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, nil
}

func newTrend(id string, l nightly.TrendLine) (trend, error) {
	t := trend{Name: l.Subject + ": " + l.Metric}
	name := fmt.Sprintf("%s of %s, night by night", l.Metric, l.Subject)
	values := line{name: l.Metric + " in " + l.Unit, dots: len(l.Nights) <= 120}
	figures := table{Caption: name + ", " + l.Unit, Class: "figures", Heads: []string{l.Unit, "Changed"}}
	changed := map[int]string{}
	a := axes{y: l.Unit, free: true}
	metric := metricOf(l.Metric)
	for _, p := range l.Points {
		judgement := p.Judgement()
		changed[p.Index] = judgement
		a.marks = append(a.marks, float64(p.Index)-0.5)
		class := ""
		if p.Worse {
			class = "fail"
		}
		t.Points = append(t.Points, trendPoint{judgement, class, p.Text(metric)})
	}
	var ticks labelTicks
	each := max(len(l.Nights)/4, 1)
	for i, n := range l.Nights {
		values.points = append(values.points, plotter.XY{X: float64(i), Y: n.Value})
		label := fmt.Sprintf("%.10s", n.At)
		if i%each == 0 && i+each/2 < len(l.Nights) {
			ticks = append(ticks, plot.Tick{Value: float64(i), Label: label})
		}
		figures.Rows = append(figures.Rows, tableRow{label, texts(number(n.Value), changed[i])})
	}
	a.xTicks = ticks
	var err error
	t.Chart, err = drawChart(id, name, a, []line{values})
	t.Chart.Figures = figures
	return t, err
}

// metricOf finds a metric by name; the zero value where there is none.
func metricOf(name string) results.Metric {
	all := results.Metrics()
	if i := slices.IndexFunc(all, func(m results.Metric) bool { return m.Name == name }); i >= 0 {
		return all[i]
	}
	return results.Metric{}
}
