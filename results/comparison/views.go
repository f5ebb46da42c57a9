package comparison

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/perf/benchunit"

	"mailtls/results"
)

// New joins what changed of runs and of verdicts; either may be nil.
func New(load *Load, cases *Cases) *Comparison {
	var all []Verdict
	if load != nil {
		all = append(all, load.Verdict)
	}
	if cases != nil {
		all = append(all, cases.Verdict)
	}
	return &Comparison{Schema: Schema, Verdict: worst(all), Load: load, Cases: cases}
}

// NewOfBenchmarks is the comparison of benchmarks alone.
func NewOfBenchmarks(m *Measured) *Comparison {
	return &Comparison{Schema: Schema, Verdict: m.Verdict, Benchmarks: m}
}

// worst is the verdict on several parts.
func worst(all []Verdict) Verdict {
	for _, v := range []Verdict{Worse, Unknown, Better, Same} {
		if slices.Contains(all, v) {
			return v
		}
	}
	return Unknown
}

// ExitCode is the exit code that a comparison asks for.
func (c *Comparison) ExitCode() int {
	switch c.Verdict {
	case Worse:
		return results.ExitNonconforming
	case Better, Same:
		return results.ExitConforming
	case Unknown:
	}
	return results.ExitUndecided
}

// Write writes a comparison as text, markdown or json.
func (c *Comparison) Write(w io.Writer, format string) error {
	return results.WriteViews(w, "comparison", format, c, c.text, c.markdown)
}

// heads are over the columns of figures and of cases.
func heads() (figures, cases []string) {
	return []string{"metric", "base", "now", "effect", "95 % interval", "p", "found from", "verdict"},
		[]string{"case", "level", "was", "is", "verdict", "now"}
}

// row is a figure in words.
func (f Figure) row() []string {
	interval, detectable := "none: too few runs", "no effect"
	if f.Lo != nil && f.Hi != nil {
		interval = f.effect(*f.Lo) + " to " + f.effect(*f.Hi)
	}
	if f.Detectable != nil {
		detectable = f.effect(*f.Detectable)
	}
	return []string{
		f.Metric, f.shown(f.Base), f.shown(f.Now), f.effect(f.Effect), interval, fmt.Sprintf("%.2g", f.Adjusted), detectable, emphasis(f.Verdict),
	}
}

// shown writes a value in the figure's unit.
func (f Figure) shown(v float64) string {
	if f.Benchmark == "" {
		return fmt.Sprintf("%.4g %s", v, f.Unit)
	}
	return benchunit.Scale(v, benchunit.ClassOf(f.Unit)) + " " + f.Unit
}

// effect writes an effect with its sign.
func (f Figure) effect(e float64) string {
	switch {
	case f.Absolute && f.Benchmark != "":
		return fmt.Sprintf("%+.4g %s", e, f.Unit)
	case f.Absolute:
		return fmt.Sprintf("%+.2f points", 100*e)
	}
	return fmt.Sprintf("%+.1f %%", 100*e)
}

// emphasis makes a verdict that asks for something stand out.
func emphasis(v Verdict) string {
	if v == Worse || v == Unknown {
		return strings.ToUpper(string(v))
	}
	return string(v)
}

// rows are a line a figure under a line of names; the package is named where there
// are several.
func (m *Measured) rows() [][]string {
	head, _ := heads()
	rows := [][]string{append([]string{"benchmark", "results"}, head[1:]...)}
	several := slices.ContainsFunc(m.Figures, func(f Figure) bool { return f.Package != m.Figures[0].Package })
	for _, f := range m.Figures {
		name := f.Benchmark
		if several {
			name = f.Package + "." + name
		}
		rows = append(rows, append([]string{name, fmt.Sprintf("%d, %d", f.Results[0], f.Results[1])}, f.row()[1:]...))
	}
	return rows
}

// row is a change in words.
func (c CaseChange) row() []string {
	is := string(c.Now)
	if is == "" {
		is = "gone"
	}
	return []string{c.Target + " " + c.Case, string(c.Level), string(c.Base) + " on " + c.Passed.UTC().Format("2006-01-02"), is, emphasis(c.Verdict), c.Got}
}

// text is for a terminal.
func (c *Comparison) text() string {
	var b strings.Builder
	figures, cases := heads()
	if l := c.Load; l != nil {
		b.WriteString(results.TextTable([][]string{{"base", l.Base.String()}, {"now", l.Now.String()}}) + "\n")
		rows := [][]string{figures}
		for _, f := range l.Figures {
			rows = append(rows, f.row())
		}
		b.WriteString(results.TextTable(rows))
	}
	if m := c.Benchmarks; m != nil {
		b.WriteString(results.TextTable([][]string{{"base", m.Base}, {"now", m.Now}}) + "\n" + results.TextTable(m.rows()))
	}
	if s := c.Cases; s != nil {
		if c.Load != nil {
			b.WriteString("\n")
		}
		_, _ = fmt.Fprintf(&b, "%d cases of %s on both sides, %d with another verdict\n", s.Compared, results.InText(strings.Join(s.Targets, ", ")), len(s.Changes))
		rows := [][]string{cases}
		for _, change := range s.Changes {
			rows = append(rows, change.row())
		}
		if len(s.Changes) > 0 {
			b.WriteString(results.TextTable(rows))
		}
	}
	for _, n := range c.notes() {
		b.WriteString("note: " + results.InText(n) + "\n")
	}
	b.WriteString("verdict: " + emphasis(c.Verdict) + "\n")
	return b.String()
}

// notes are those of both parts.
func (c *Comparison) notes() []string {
	var all []string
	if c.Load != nil {
		all = append(all, c.Load.Notes...)
		if c.Load.Order != nil {
			all = append(all, fmt.Sprintf("what being the second of a pair does to %s: %+.1f %%", c.Load.Figures[0].Metric, 100**c.Load.Order))
		}
	}
	if c.Benchmarks != nil {
		all = append(all, c.Benchmarks.Notes...)
	}
	if c.Cases != nil {
		all = append(all, c.Cases.Notes...)
	}
	return all
}

// String says what a side is.
func (s Side) String() string {
	const day = "2006-01-02 15:04"
	span := s.From.UTC().Format(day)
	if !s.To.Equal(s.From) {
		span += " to " + s.To.UTC().Format(day)
	}
	return fmt.Sprintf("%s, %d runs, %s", s.Target, s.Runs, span)
}

// markdown writes tables for a job's page.
func (c *Comparison) markdown() string {
	var b strings.Builder
	figures, cases := heads()
	_, _ = fmt.Fprintf(&b, "### Comparison: %s\n", emphasis(c.Verdict))
	if l := c.Load; l != nil {
		_, _ = fmt.Fprintf(&b, "\n- base: %s\n- now: %s\n\n", results.InMarkdown(l.Base.String()), results.InMarkdown(l.Now.String()))
		rows := [][]string{figures}
		for _, f := range l.Figures {
			rows = append(rows, f.row())
		}
		b.WriteString(results.MarkdownTable(rows))
	}
	if m := c.Benchmarks; m != nil {
		_, _ = fmt.Fprintf(&b, "\n- base: %s\n- now: %s\n\n", results.InMarkdown(m.Base), results.InMarkdown(m.Now))
		b.WriteString(results.MarkdownTable(m.rows()))
	}
	if s := c.Cases; s != nil {
		_, _ = fmt.Fprintf(&b, "\n%d cases of %s on both sides, %d with another verdict.\n\n", s.Compared, results.InMarkdown(strings.Join(s.Targets, ", ")), len(s.Changes))
		rows := [][]string{cases}
		for _, change := range s.Changes {
			rows = append(rows, change.row())
		}
		if len(s.Changes) > 0 {
			b.WriteString(results.MarkdownTable(rows))
		}
	}
	if notes := c.notes(); len(notes) > 0 {
		b.WriteString("\n")
		for _, n := range notes {
			b.WriteString("- " + results.InMarkdown(n) + "\n")
		}
	}
	return b.String()
}
