package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"mailtls/bench"
	"mailtls/harness"
	"mailtls/results"
)

// ticker shows how far something has come: a live line with a bar on terminals, a
// line every ten seconds elsewhere.
type ticker struct {
	w     io.Writer
	name  string // that lines begin with
	live  bool
	bar   *progressbar.ProgressBar
	lines int
}

func newTicker(w io.Writer, name string) ticker {
	f, ok := w.(*os.File)
	return ticker{w: w, name: name, live: ok && term.IsTerminal(int(f.Fd()))}
}

// tick shows a second. whole is what there is to do, below 0 where that is not
// known, and done how much of it is.
func (t *ticker) tick(elapsed time.Duration, line string, done, whole int64) {
	if !t.live {
		if t.lines++; t.lines%10 == 0 {
			say(t.w, "%s: %s: %s\n", t.name, elapsed.Round(time.Second), line)
		}
		return
	}
	if t.bar == nil {
		t.bar = progressbar.NewOptions64(whole, progressbar.OptionSetWriter(t.w), progressbar.OptionSetElapsedTime(true), progressbar.OptionSetPredictTime(true),
			progressbar.OptionShowDescriptionAtLineEnd(), progressbar.OptionSetWidth(20), progressbar.OptionClearOnFinish(), progressbar.OptionSpinnerType(14))
	}
	t.bar.Describe(line)
	_ = t.bar.Set64(min(done, max(whole-1, done))) // what the terminal does not take is lost
}

// done clears the live line.
func (t *ticker) done() {
	if t.bar != nil {
		_ = t.bar.Finish()
		t.bar = nil
	}
}

// loadMeter shows how far a load run has come.
type loadMeter struct {
	ticker
	plan results.Plan
	rate results.Rate // that is tried
}

func newLoadMeter(w io.Writer, p results.Plan) *loadMeter {
	return &loadMeter{ticker: newTicker(w, "bench"), plan: p}
}

// try says which rate a search tries now.
func (m *loadMeter) try(rate results.Rate) {
	m.done()
	m.rate = rate
	if !m.live {
		say(m.w, "bench: try %s\n", rate)
	}
}

// show shows a second.
func (m *loadMeter) show(at bench.Progress) {
	whole, done := int64(-1), int64(at.Elapsed/time.Millisecond)
	switch {
	case at.Length > 0:
		whole = int64(at.Length / time.Millisecond)
	case at.Count > 0:
		whole, done = int64(at.Count), at.Attempted
	}
	m.tick(at.Elapsed, m.line(at), done, whole)
}

// line says how the last second went.
func (m *loadMeter) line(at bench.Progress) string {
	i := at.Interval
	rate := 0.0
	if i.Length > 0 {
		rate = float64(i.Attempted) / i.Length
	}
	asked := ""
	switch {
	case m.rate > 0:
		asked = " of " + m.rate.String()
	case m.plan.Rate > 0:
		asked = " of " + m.plan.Rate.String()
	}
	return fmt.Sprintf("%.0f/s%s, %d in flight, p50 %s, p99 %s, lag p99 %s, %d of %d failed",
		rate, asked, i.InFlight, inTime(i.Session.P50), inTime(i.Session.P99), inTime(i.LagP99), at.Failed, at.Attempted)
}

// inTime writes microseconds as a duration of three digits.
func inTime(us float64) string {
	d := time.Duration(us * float64(time.Microsecond))
	for unit := time.Nanosecond; unit < time.Second; unit *= 10 {
		if d < 1000*unit {
			return d.Round(unit).String()
		}
	}
	return d.Round(time.Second).String()
}

// printRun shows what a person wants to know first.
func printRun(w io.Writer, r *results.Run, dir string) {
	t := table(w)
	say(t, "what\tcount\tp50\tp90\tp99\tp99.9\tmax\n")
	for _, p := range results.Phases() {
		summaryRow(t, string(p), r.Phases[p])
	}
	summaryRow(t, "raw", r.Raw)
	summaryRow(t, "lag", r.Lag)
	_ = t.Flush()
	say(w, "\n")
	t = table(w)
	say(t, "target\t%s\n", r.Env.Target)
	say(t, "sessions\t%d attempted, %d completed, %d resumed, %d failed%s\n", r.Attempted, r.Completed, r.Resumed, r.Failures(), classes(r.Failed))
	say(t, "rate\t%s\n", rates(r))
	if l := r.Relay; l != nil {
		say(t, "relayed\t%s\n", relayed(l))
	}
	if s := r.Search; s != nil {
		say(t, "highest rate\t%s\n", highest(s))
	}
	say(t, "generator\t%s\n", strings.ToUpper(string(r.Generator.Verdict)))
	for _, reason := range r.Generator.Reasons {
		say(t, "\t%s\n", reason)
	}
	say(t, "CPU a session\t%s\n", cpu(r))
	for _, th := range r.Thresholds {
		say(t, "threshold\t%s\n", kept(th))
	}
	if len(r.Plan.Thresholds) > 0 && r.Generator.Verdict != results.RunOK {
		say(t, "threshold\tnot judged\n")
	}
	say(t, "run\t%s\n", filepath.Join(dir, harness.RunFile))
	_ = t.Flush()
}

// summaryRow is a line of the table of what was timed.
func summaryRow(t io.Writer, name string, s results.Summary) {
	if s.Count > 0 {
		say(t, "%s\t%d\t%s\t%s\t%s\t%s\t%s\n", name, s.Count, inTime(s.P50), inTime(s.P90), inTime(s.P99), inTime(s.P999), inTime(s.Max))
	}
}

// relayed says what became of the messages.
func relayed(l *results.Relay) string {
	text := fmt.Sprintf("%d accepted, %d arrived under policy %s at %s, %d lost%s", l.Accepted, l.Arrived, l.Policy, l.To, l.Losses(), classes(l.Lost))
	for _, more := range []struct {
		n    int64
		what string
	}{{l.Twice, "arrived once more"}, {l.Unaccepted, "arrived though their session failed"}, {l.Strange, "are none of the run's"}} {
		if more.n > 0 {
			text += fmt.Sprintf("; %d %s", more.n, more.what)
		}
	}
	return text
}

// classes lists how many there are of each class.
func classes[T ~string](counts map[T]int64) string {
	var parts []string
	for _, class := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%d %s", counts[class], class))
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

func rates(r *results.Run) string {
	text := fmt.Sprintf("%.1f/s begun, %.1f/s completed in %.1f s", r.Rate.Achieved, r.Rate.Completed, r.Elapsed)
	if r.Rate.Asked > 0 {
		text = fmt.Sprintf("%.1f/s asked, %s", r.Rate.Asked, text)
	}
	return text
}

func highest(s *results.Search) string {
	switch {
	case s.Best == 0:
		return fmt.Sprintf("below %s", s.Limit)
	case s.Limit == 0:
		return fmt.Sprintf("%s or more", s.Best)
	}
	return fmt.Sprintf("%s; %s was too much", s.Best, s.Limit)
}

func cpu(r *results.Run) string {
	text := inTime(r.Generator.CPU) + " of the generator"
	if r.Generator.Shared {
		text += " and what ran beside it in this process"
	}
	if r.Target != nil {
		text += ", " + inTime(r.Target.CPU) + " of the target"
	}
	return text
}

func kept(t results.ThresholdResult) string {
	switch {
	case t.Note != "":
		return fmt.Sprintf("%s MISSED: %s", t.Threshold, t.Note)
	case !t.Kept:
		return fmt.Sprintf("%s MISSED: %s", t.Threshold, t.Threshold.Shown(t.Measured))
	}
	return fmt.Sprintf("%s kept: %s", t.Threshold, t.Threshold.Shown(t.Measured))
}
