package nightly

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"mailtls/results"
)

// Formats are the formats of trends and gates.
func Formats() []string { return []string{"text", "markdown", "json"} }

// TrendSchema is the version of the document that a Trend is.
const TrendSchema = "mailtls-trend/1"

// Trend is where the lines of a history changed.
type Trend struct {
	// Schema is the version of the document: see the constant.
	Schema string      `json:"schema"`
	Lines  []TrendLine `json:"lines"`
}

// TrendLine is one figure of a series, night by night.
type TrendLine struct {
	Subject string  `json:"subject"`
	Metric  string  `json:"metric"`
	Unit    string  `json:"unit"`
	Nights  []Value `json:"nights"`
	Points  []Point `json:"points"`

	metric results.Metric
}

// Value is a figure of a night, with the canary of the machine; nil without.
type Value struct {
	At     string   `json:"at"`
	Value  float64  `json:"value"`
	Canary *float64 `json:"canary,omitempty"`
}

// TrendOf finds where the lines of a history changed; only names a metric, or is
// empty for all.
func TrendOf(entries []Entry, only string) *Trend {
	t := &Trend{Schema: TrendSchema, Lines: []TrendLine{}}
	for _, s := range SeriesOf(entries) {
		for _, m := range s.metrics() {
			if only != "" && only != m.Name {
				continue
			}
			l := s.Line(m)
			line := TrendLine{Subject: s.Subject, Metric: m.Name, Unit: m.Unit, Points: append([]Point{}, l.Points()...), metric: m}
			for i, n := range l.Nights {
				v := Value{At: n.At.UTC().Format("2006-01-02T15:04:05Z"), Value: l.Values[i]}
				if n.Canary > 0 {
					v.Canary = &n.Canary
				}
				line.Nights = append(line.Nights, v)
			}
			t.Lines = append(t.Lines, line)
		}
	}
	return t
}

// Text says what a point is, beginning with its night.
func (p Point) Text(m results.Metric) string {
	text := fmt.Sprintf("%s: %s (%s to %s), from %.4g to %.4g %s", day(p.At), effectText(m, p.Effect), effectText(m, p.Lo), effectText(m, p.Hi), p.Before, p.After, m.Unit)
	if p.VersionBefore != p.VersionAfter {
		text += fmt.Sprintf(", from %s to %s", p.VersionBefore, p.VersionAfter)
	}
	if p.Canary != nil {
		text += fmt.Sprintf("; bare handshakes %+.1f %%", 100**p.Canary)
	}
	return text
}

// Judgement of a point in a word or two.
func (p Point) Judgement() string {
	switch {
	case p.Worse && p.Blame == BlameHidden:
		return "WORSE, hidden by a machine that became faster"
	case p.Worse:
		return "WORSE"
	case p.Small:
		return "too small to count"
	case p.Blame == BlameMachine:
		return "the machine's"
	}
	return "better"
}

// Write writes a trend in one of the formats.
func (t *Trend) Write(w io.Writer, format string) error {
	return results.WriteViews(w, "trend", format, t, func() string {
		var b strings.Builder
		for _, l := range t.Lines {
			_, _ = fmt.Fprintf(&b, "%s: %s in %s, %d nights from %.10s to %.10s\n", l.Subject, l.Metric, l.Unit, len(l.Nights), l.Nights[0].At, l.Nights[len(l.Nights)-1].At)
			b.WriteString(l.chart())
			for _, p := range l.Points {
				_, _ = fmt.Fprintf(&b, "  %s: %s\n", p.Judgement(), p.Text(l.metric))
			}
			b.WriteString("\n")
		}
		if len(t.Lines) == 0 {
			b.WriteString("no runs\n")
		}
		return b.String()
	}, func() string {
		var b strings.Builder
		for _, l := range t.Lines {
			_, _ = fmt.Fprintf(&b, "### %s: %s in %s\n\n```\n%s```\n\n", results.InMarkdown(l.Subject), l.Metric, l.Unit, l.chart())
			for _, p := range l.Points {
				_, _ = fmt.Fprintf(&b, "- **%s**: %s\n", p.Judgement(), results.InMarkdown(p.Text(l.metric)))
			}
		}
		return b.String()
	})
}

// chart draws the line.
func (l TrendLine) chart() string {
	var values []float64
	for _, n := range l.Nights {
		values = append(values, n.Value)
	}
	var points []int
	for _, p := range l.Points {
		points = append(points, p.Index)
	}
	return chart(values, points)
}

// row is a figure in words.
func (f GateFigure) row() []string {
	usual, effect := "", ""
	if f.held {
		usual, effect = fmt.Sprintf("%.4g (%d nights)", f.Usual, f.Nights), effectText(results.Metric{Absolute: f.Absolute}, f.Effect)
	}
	return []string{f.Subject, f.Metric, fmt.Sprintf("%.4g %s", f.Tonight, f.Unit), usual, effect, fmt.Sprintf("%.2g", f.Adjusted), emphasis(f.Verdict), f.Reason}
}

// row is a case in words.
func (c GateCase) row() []string {
	status := string(c.Status)
	if status == "" {
		status = "gone"
	}
	return []string{c.Target, c.Case, string(c.Level), status, day(c.Passed), day(c.Failed), emphasis(c.Verdict), c.Got}
}

// emphasis makes a verdict that asks for something stand out.
func emphasis(v Verdict) string {
	if v == OK || v == Better || v == Machine {
		return string(v)
	}
	return strings.ToUpper(string(v))
}

// Write writes a gate in one of the formats.
func (g *Gate) Write(w io.Writer, format string) error {
	figures := [][]string{{"what", "metric", "tonight", "usual", "effect", "p", "verdict", "why"}}
	for _, f := range g.Figures {
		figures = append(figures, f.row())
	}
	cases := [][]string{{"target", "case", "level", "is", "last passed", "first not", "verdict", "now"}}
	for _, c := range g.Cases {
		cases = append(cases, c.row())
	}
	return results.WriteViews(w, "gate", format, g, func() string {
		var b strings.Builder
		_, _ = fmt.Fprintf(&b, "night of %s\n", g.Night.UTC().Format("2006-01-02 15:04"))
		for _, rows := range [][][]string{figures, cases} {
			if len(rows) > 1 {
				b.WriteString(results.TextTable(rows))
			}
		}
		for _, n := range g.Notes {
			b.WriteString("note: " + results.InText(n) + "\n")
		}
		b.WriteString("verdict: " + emphasis(g.Verdict) + "\n")
		return b.String()
	}, func() string {
		var b strings.Builder
		_, _ = fmt.Fprintf(&b, "### Night of %s: %s\n", day(g.Night), emphasis(g.Verdict))
		for _, rows := range [][][]string{figures, cases} {
			if len(rows) > 1 {
				b.WriteString("\n")
				b.WriteString(results.MarkdownTable(rows))
			}
		}
		for _, n := range g.Notes {
			b.WriteString("\n- " + results.InMarkdown(n))
		}
		return b.String()
	})
}

// List is a table of what a history holds.
func (c *Contents) List() string {
	rows := [][]string{{"began", "kind", "what", "version", "said"}}
	for _, e := range c.Entries {
		said := string(e.Outcome)
		for _, m := range slices.Sorted(maps.Keys(e.Figures)) {
			said += fmt.Sprintf(" %s %.4g", m, e.Figures[m])
		}
		if e.Unsound != "" {
			said = "not used: " + e.Unsound
		}
		rows = append(rows, []string{e.Started.UTC().Format("2006-01-02 15:04:05"), string(e.Kind), e.Subject, e.Version, strings.TrimSpace(said)})
	}
	return results.TextTable(rows)
}
