package overview

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"mailtls/results"
)

// How much a line of a table shows.
const (
	textTargets = 4
	textSeen    = 100
)

// text is for a terminal.
func (o *Overview) text() string {
	var b strings.Builder
	if len(o.Reports) > 0 {
		b.WriteString(strings.ToUpper(o.headline()) + "\n\n")
		b.WriteString(results.TextTable(o.targetRows()))
	}
	if all := o.findings(every); len(all) > 0 {
		rows := [][]string{{"status", "level", "case", "targets", "seen"}}
		for _, f := range all {
			rows = append(rows, []string{emphasis(f.first), string(f.first.Level), f.first.ID, f.where(textTargets), f.seen(textSeen)})
		}
		b.WriteString("\n" + results.TextTable(rows))
	}
	if len(o.Runs) > 0 {
		if len(o.Reports) > 0 {
			b.WriteString("\n")
		}
		b.WriteString(results.TextTable(o.loadRows()))
	}
	for _, n := range o.notes() {
		b.WriteString("note: " + results.InText(n) + "\n")
	}
	return b.String()
}

// every lets all findings through.
func every(*results.CaseResult) bool { return true }

// headline says the outcome of all reports and of how many targets it is.
func (o *Overview) headline() string {
	s := fmt.Sprintf("%s: %s", o.Outcome(), plural(len(o.Reports), "target"))
	must, leaked := 0, int64(0)
	for _, j := range o.Reports {
		must += count(j.Report, failedMust)
		leaked += j.Report.Leaked
	}
	if must > 0 {
		s += fmt.Sprintf(", %d MUST failed", must)
	}
	if leaked > 0 {
		s += fmt.Sprintf(", %d bytes leaked", leaked)
	}
	return s
}

// plural counts things.
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// emphasis makes a status that asks for something stand out.
func emphasis(c *results.CaseResult) string {
	if failedMust(c) || undecided(c) {
		return strings.ToUpper(string(c.Status))
	}
	return string(c.Status)
}

// targetRows is a line a report under a line of names.
func (o *Overview) targetRows() [][]string {
	rows := [][]string{{"target", "version", "outcome", "executed", "pass", "fail MUST", "fail other", "undecided", "nonstrict", "waived", "leaked bytes"}}
	for _, j := range o.Reports {
		r := j.Report
		row := []string{r.Target.String(), r.Target.Version, string(r.Outcome), fmt.Sprintf("%d of %d", r.Executed, len(r.Cases))}
		for _, fits := range []func(*results.CaseResult) bool{
			with(results.StatusPass), failedMust, failedOther, undecided, with(results.StatusNonstrict), with(results.StatusWaived),
		} {
			row = append(row, number(count(r, fits)))
		}
		rows = append(rows, append(row, strconv.FormatInt(r.Leaked, 10)))
	}
	return rows
}

// number is a count, a dash for none.
func number(n int) string {
	if n == 0 {
		return "-"
	}
	return strconv.Itoa(n)
}

// loadRows is a line a load run under a line of names.
func (o *Overview) loadRows() [][]string {
	rows := [][]string{{"load", "target", "asked", "completed", "p50", "p99", "failed", "generator", "thresholds"}}
	for _, l := range o.Runs {
		r := l.Run
		asked := "as fast as it goes"
		if r.Rate.Asked > 0 {
			asked = fmt.Sprintf("%.4g/s", r.Rate.Asked)
		}
		s := r.Phases[results.PhaseSession]
		rows = append(rows, []string{
			loadName(r), cmp.Or(r.Env.Target, r.Plan.Addr), asked, fmt.Sprintf("%.4g/s", r.Rate.Completed), micros(s.P50), micros(s.P99),
			fmt.Sprintf("%d of %d", r.Failures(), r.Attempted), generator(r), thresholds(r),
		})
	}
	return rows
}

// loadName is the plan's name, or the kinds of its sessions.
func loadName(r *results.Run) string {
	if r.Plan.Name != "" {
		return r.Plan.Name
	}
	var kinds []string
	for _, s := range r.Plan.Sessions {
		kinds = append(kinds, string(s.Kind))
	}
	return strings.Join(kinds, "+")
}

// micros writes a time in µs with three digits.
func micros(us float64) string {
	if us == 0 {
		return "-"
	}
	d := time.Duration(us * float64(time.Microsecond))
	unit := time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit).String()
}

// generator says whether the run's figures are the target's.
func generator(r *results.Run) string {
	switch {
	case r.Interrupted:
		return "INTERRUPTED"
	case r.Generator.Verdict != results.RunOK:
		return strings.ToUpper(string(r.Generator.Verdict))
	}
	return string(r.Generator.Verdict)
}

// thresholds says which of a run's thresholds were broken, and what a relay lost.
func thresholds(r *results.Run) string {
	var broken []string
	for _, t := range r.Thresholds {
		if !t.Kept {
			broken = append(broken, fmt.Sprintf("%s: %s", t.Threshold, cmp.Or(t.Note, t.Threshold.Shown(t.Measured))))
		}
	}
	if r.Relay != nil && r.Relay.Losses() > 0 {
		broken = append(broken, plural(int(r.Relay.Losses()), "message")+" lost")
	}
	switch {
	case len(broken) > 0:
		return "BROKEN " + strings.Join(broken, "; ")
	case len(r.Plan.Thresholds) == 0:
		return "none"
	case len(r.Thresholds) == 0:
		return "not judged"
	}
	return "kept"
}

// notes are the remarks on all reports, and on runs that cannot be used.
func (o *Overview) notes() []string {
	var all []string
	for _, j := range o.Reports {
		for _, n := range j.Report.Notes {
			all = append(all, j.Report.Target.String()+": "+n)
		}
	}
	for _, l := range o.Runs {
		for _, why := range l.Run.Generator.Reasons {
			all = append(all, "load "+loadName(l.Run)+": "+why)
		}
	}
	return all
}
