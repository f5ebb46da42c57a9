package overview

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"mailtls/results"
)

// Overview is what the documents are made of.
type Overview struct {
	// Tool that makes them.
	Tool results.Tool
	// Reports and Runs in the order in which they are shown.
	Reports []Judged
	Runs    []Loaded
	// Rules of the catalogue by case; what a rule has more than the reports is left
	// out where there is none.
	Rules map[string]Rule
}

// Judged is a report.
type Judged struct {
	Report *results.Report
	// Dir is the folder that it lies in, as readers of the documents find it: with
	// slashes, relative or absolute; empty when it is not known.
	Dir string
}

// Loaded is a load run; Dir as in Judged.
type Loaded struct {
	Run *results.Run
	Dir string
}

// Rule is a case as the catalogue has it.
type Rule struct {
	// Title says in a line what is required, Text what the source asks for.
	Title, Text string
	// Clause is the source, such as "RFC 3207 §4".
	Clause string
	// Level is the strongest of the case's levels.
	Level results.Level
}

// Formats lists the formats that Write knows.
func Formats() []string {
	return []string{"text", "markdown", "junit", "sarif", "json", "openmetrics"}
}

// Write writes the overview in one of Formats.
func (o *Overview) Write(w io.Writer, format string) error {
	var err error
	switch format {
	case "text":
		_, err = io.WriteString(w, o.text())
	case "markdown":
		_, err = io.WriteString(w, o.markdown(MaxMarkdown))
	case "junit":
		err = results.WriteJUnits(w, o.reports(), o.runs())
	case "sarif":
		err = o.sarif(w)
	case "json":
		err = o.json(w)
	case "openmetrics":
		err = o.openMetrics(w)
	default:
		return fmt.Errorf("write overview as %q: there are %s", format, strings.Join(Formats(), ", "))
	}
	if err != nil {
		return fmt.Errorf("write overview as %s: %w", format, err)
	}
	return nil
}

func (o *Overview) reports() []*results.Report {
	var all []*results.Report
	for _, j := range o.Reports {
		all = append(all, j.Report)
	}
	return all
}

func (o *Overview) runs() []*results.Run {
	var all []*results.Run
	for _, l := range o.Runs {
		all = append(all, l.Run)
	}
	return all
}

// Outcome is the worst of the reports; empty without any.
func (o *Overview) Outcome() results.Outcome {
	for _, worst := range []results.Outcome{results.Nonconforming, results.Undecided, results.ConformingWithWaivers, results.Conforming} {
		if slices.ContainsFunc(o.Reports, func(j Judged) bool { return j.Report.Outcome == worst }) {
			return worst
		}
	}
	return ""
}

// count counts the cases of a report that fit.
func count(r *results.Report, fits func(*results.CaseResult) bool) int {
	n := 0
	for i := range r.Cases {
		if fits(&r.Cases[i]) {
			n++
		}
	}
	return n
}

// failedMust and failedOther tell broken requirements from broken recommendations.
func failedMust(c *results.CaseResult) bool {
	return c.Status == results.StatusFail && c.Level == results.Must
}

func failedOther(c *results.CaseResult) bool {
	return c.Status == results.StatusFail && c.Level != results.Must
}

func undecided(c *results.CaseResult) bool { return c.Status.Undecided() }

func with(s results.Status) func(*results.CaseResult) bool {
	return func(c *results.CaseResult) bool { return c.Status == s }
}
