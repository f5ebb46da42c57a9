package comparison

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"mailtls/results"
)

// New joins what changed of runs and of verdicts; either may be nil.
func New(load *Load, cases *Cases) *Comparison {
	c := &Comparison{Schema: Schema, Load: load, Cases: cases}
	var all []Verdict
	if load != nil {
		all = append(all, load.Verdict)
	}
	if cases != nil {
		all = append(all, cases.Verdict)
	}
	for _, v := range []Verdict{Worse, Unknown, Better, Same} {
		if slices.Contains(all, v) {
			c.Verdict = v
			return c
		}
	}
	c.Verdict = Unknown
	return c
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
		f.Metric, fmt.Sprintf("%.4g %s", f.Base, f.Unit), fmt.Sprintf("%.4g %s", f.Now, f.Unit), f.effect(f.Effect), interval,
		fmt.Sprintf("%.2g", f.Adjusted), detectable, emphasis(f.Verdict),
	}
}

// effect writes an effect with its sign.
func (f Figure) effect(e float64) string {
	if f.Absolute {
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
