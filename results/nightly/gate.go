package nightly

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"mailtls/results"
)

// GateSchema is the version of the document that a Gate is.
const GateSchema = "mailtls-gate/1"

// nightAlpha is how unlikely a night must be to be told of by itself, all figures
// corrected for together: one false alarm in some years of nights. Smaller changes
// are found by their change point some nights later.
const nightAlpha = 0.001

// Limits of the gate.
type Limits struct {
	// Stretch is how many nights without a change there must be to hold a night
	// against.
	Stretch int
	// Fresh is for how many nights a change for the worse keeps the gate shut.
	Fresh int
}

// DefaultLimits are those that are not asked to be others.
func DefaultLimits() Limits { return Limits{Stretch: 7, Fresh: 14} }

// Verdict of a gate, on a figure, a case or all.
type Verdict string

// The verdicts.
const (
	OK      Verdict = "ok"
	Better  Verdict = "better"
	Worse   Verdict = "worse"
	Machine Verdict = "machine" // worse, as much as bare handshakes on the machine are
	Noisy   Verdict = "noisy"   // no run of the night can be used
	Unknown Verdict = "unknown" // there is nothing to hold it against
)

// Gate is what the newest night of a history says.
type Gate struct {
	// Schema is the version of the document: see the constant.
	Schema string `json:"schema"`
	// Night is when the newest document began.
	Night   time.Time    `json:"night"`
	Figures []GateFigure `json:"figures"`
	Cases   []GateCase   `json:"cases"`
	// Notes are what the reader should know besides.
	Notes []string `json:"notes"`
	// Verdict on all.
	Verdict Verdict `json:"verdict"`

	// reports of the night that were looked at.
	reports []*results.Report
}

// GateFigure is a figure of the night.
type GateFigure struct {
	Subject string `json:"subject"`
	Metric  string `json:"metric"`
	Unit    string `json:"unit"`
	// Tonight is the figure, Usual the median of the Nights since the last change.
	Tonight float64 `json:"tonight"`
	Usual   float64 `json:"usual"`
	Nights  int     `json:"nights"`
	// Effect is by how much the night differs: a share, or a difference where it is
	// Absolute.
	Effect   float64 `json:"effect"`
	Absolute bool    `json:"absolute,omitempty"`
	// P is the p-value, Adjusted the one with all figures corrected for together.
	P        float64 `json:"p"`
	Adjusted float64 `json:"p_adjusted"`
	// Since is the change for the worse that keeps the gate shut; nil without.
	Since   *Point  `json:"since,omitempty"`
	Verdict Verdict `json:"verdict"`
	// Reason for it, in a sentence; may be empty for ok.
	Reason string `json:"reason"`

	line Line
	by   shift
	// held says that there was a stretch to hold it against.
	held bool
}

// GateOf judges the runs of the newest night against the nights before it. Verdicts
// on cases are added with AddCases.
func GateOf(entries []Entry, limits Limits) *Gate {
	g := &Gate{Schema: GateSchema, Figures: []GateFigure{}, Cases: []GateCase{}, Notes: []string{}, Verdict: Unknown}
	for _, e := range entries {
		if e.Started.After(g.Night) {
			g.Night = e.Started
		}
	}
	all := SeriesOf(entries)
	for _, s := range all {
		switch age := g.Night.Sub(s.last().At); {
		case age < nightTime:
			g.judge(s, all, limits)
		case age < time.Duration(limits.Fresh)*24*time.Hour:
			g.Notes = append(g.Notes, fmt.Sprintf("%s has no run of the night; the last one like it is of %s", s.Subject, day(s.last().At)))
		}
	}
	g.correct()
	for i := range g.Figures {
		g.Figures[i].conclude()
	}
	g.settle()
	return g
}

func day(t time.Time) string { return t.UTC().Format("2006-01-02") }

// judge adds the figures of a series.
func (g *Gate) judge(s *Series, all []*Series, limits Limits) {
	tonight := s.last()
	if tonight.Runs == 0 {
		g.Figures = append(g.Figures, GateFigure{Subject: s.Subject, Metric: "all", P: 1, Adjusted: 1, Verdict: Noisy, Reason: strings.Join(tonight.Unsound, "; ")})
		return
	}
	for _, m := range s.metrics() {
		if _, has := tonight.Figures[m.Name]; !has {
			continue
		}
		line := s.Line(m)
		f := GateFigure{Subject: s.Subject, Metric: m.Name, Unit: m.Unit, Absolute: m.Absolute, Tonight: tonight.Figures[m.Name], P: 1, Adjusted: 1, line: line}
		f.against(limits)
		if f.Verdict == Unknown {
			f.Reason += s.unlike(all)
		}
		g.Figures = append(g.Figures, f)
	}
}

// against holds the last night of the line against the stretch before it, and looks
// for a change that began not long ago.
func (f *GateFigure) against(limits Limits) {
	past := len(f.line.Values) - 1
	before := Line{Metric: f.line.Metric, Nights: f.line.Nights[:past], Values: f.line.Values[:past]}
	stretch, from := before.last()
	f.Nights = len(stretch)
	for _, p := range f.line.Points() {
		if p.Worse && past-p.Index < limits.Fresh {
			f.Since = &p
		}
	}
	if f.Nights < limits.Stretch {
		f.Verdict, f.Reason = Unknown, fmt.Sprintf("there are %d nights to hold it against, want %d", f.Nights, limits.Stretch)
		return
	}
	f.held, f.Usual = true, median(before.Values[from:])
	f.by, f.P = outlier(stretch, onScale(f.line.Metric, f.Tonight))
	f.Effect = offScale(f.line.Metric, f.by.by)
}

// unlike says how a series without a past differs from the one before it.
func (s *Series) unlike(all []*Series) string {
	for _, o := range all {
		if o != s && o.Subject == s.Subject {
			var differ []string
			for _, d := range o.Like.Differences(s.Like) {
				differ = append(differ, d.String())
			}
			return fmt.Sprintf("; the one of %s is another series: %s", day(o.last().At), strings.Join(differ, ", "))
		}
	}
	return ""
}

// correct corrects the p-values for each other (Holm).
func (g *Gate) correct() {
	var byP []*GateFigure
	for i := range g.Figures {
		if f := &g.Figures[i]; f.Verdict == "" {
			byP = append(byP, f)
		}
	}
	slices.SortStableFunc(byP, func(a, b *GateFigure) int { return cmp.Compare(a.P, b.P) })
	worst := 0.0
	for i, f := range byP {
		worst = max(worst, math.Min(1, f.P*float64(len(byP)-i)))
		f.Adjusted = worst
	}
}

// conclude judges a figure whose p-value was corrected.
func (f *GateFigure) conclude() {
	if f.Verdict == "" {
		f.Verdict = OK
		if f.Adjusted < nightAlpha && !f.line.small(f.by.by) {
			f.Verdict = f.direction()
		}
	}
	if f.Since != nil {
		f.Verdict = Worse
		f.Reason = "since the night of " + f.Since.Text(f.line.Metric)
	}
}

// direction tells what a night out of line is.
func (f *GateFigure) direction() Verdict {
	if !f.line.worse(f.by.by) {
		return Better
	}
	f.Reason = "no night since the last change was like it"
	past := len(f.line.Values) - 1
	before, tonight := f.line.bare()[past-f.Nights:past], f.line.bare()[past]
	if before = present(before); !f.line.Metric.Machine || len(before) < 2 || math.IsNaN(tonight) {
		return Worse
	}
	left, p := outlier(before, tonight)
	if p < 1-confidence && f.line.worse(left.by) && !f.line.small(left.by) {
		return Worse
	}
	f.Reason = fmt.Sprintf("bare handshakes on the machine are slower too: %s of the figure is left without the machine's share", effectText(f.line.Metric, offScale(f.line.Metric, left.by)))
	return Machine
}

// settle makes the verdict on all.
func (g *Gate) settle() {
	found := map[Verdict]bool{}
	for _, f := range g.Figures {
		found[f.Verdict] = true
	}
	for _, c := range g.Cases {
		found[c.Verdict] = true
	}
	for _, r := range g.reports {
		if r.Executed == 0 {
			found[Unknown] = true
		} else {
			found[OK] = true
		}
	}
	for _, v := range []Verdict{Worse, Noisy, Unknown, OK, Better, Machine} {
		if found[v] {
			g.Verdict = v
			if v == Better || v == Machine {
				g.Verdict = OK
			}
			return
		}
	}
	g.Verdict = Unknown
}

// ExitCode is the exit code that a gate asks for.
func (g *Gate) ExitCode() int {
	switch g.Verdict {
	case Worse:
		return results.ExitNonconforming
	case Noisy:
		return results.ExitTooNoisy
	case OK, Better, Machine:
		return results.ExitConforming
	case Unknown:
	}
	return results.ExitUndecided
}
