package results

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// reportWidth is where report.txt wraps. Only what is meant to be copied, a
// transcript's path or a case's key, may be longer.
const reportWidth = 96

// labelWidth aligns what follows the labels of the header and of the facts.
const labelWidth = len("unattributed")

// WriteText writes a report for a person to read: the outcome first, what was
// judged, the numbers, then what went wrong with its evidence, then every case
// on a line of its own. It is plain text without colour; what came off the wire
// is shown with escapes.
func WriteText(w io.Writer, r *Report) error {
	t := &textReport{}
	t.header(r)
	t.summary(r)
	t.outcomes(r)
	t.section(r, "Failed", StatusFail)
	t.section(r, "Could not be told", StatusInconclusive, StatusError)
	t.section(r, "Held, but not as recommended", StatusNonstrict)
	t.section(r, "Waived", StatusWaived)
	t.list(r)
	t.notes(r)
	if _, err := w.Write(t.out.Bytes()); err != nil {
		return fmt.Errorf("write text report: %w", err)
	}
	return nil
}

// textReport gathers the lines.
type textReport struct {
	out bytes.Buffer
}

func (t *textReport) printf(format string, args ...any) {
	fmt.Fprintf(&t.out, format, args...)
}

// title starts a section.
func (t *textReport) title(s string) {
	t.printf("\n%s\n%s\n", s, strings.Repeat("-", len(s)))
}

// labelled writes a label and its wrapped text, when there is any.
func (t *textReport) labelled(indent, label, text string) {
	if text == "" {
		return
	}
	first := fmt.Sprintf("%s%-*s  ", indent, labelWidth, label)
	rest := strings.Repeat(" ", len(first))
	for _, line := range wrap(oneLine(text), reportWidth-len(first)) {
		t.printf("%s%s\n", first, line)
		first = rest
	}
}

func (t *textReport) header(r *Report) {
	t.printf("%s\n\n", strings.Join(wrap(oneLine(verdictLine(r)), reportWidth), "\n"))
	t.labelled("", "target", strings.TrimSpace(r.Target.String()+" "+r.Target.Version))
	t.labelled("", "roles", joined(r.Roles, ", "))
	claims := cmp.Or(joined(r.Claims.Features, ", "), "nothing")
	if len(r.Claims.Policies) > 0 {
		claims += fmt.Sprintf("; %d policies for sending", len(r.Claims.Policies))
	}
	if r.Claims.StallSeconds > 0 {
		claims += fmt.Sprintf("; ends a stalled handshake after %g s", r.Claims.StallSeconds)
	}
	t.labelled("", "claims", claims)
	when := r.Started.UTC().Format("2006-01-02 15:04:05 UTC")
	took := time.Duration(r.Elapsed * float64(time.Second)).Round(time.Millisecond)
	t.labelled("", "started", fmt.Sprintf("%s, took %v", when, took))
	if r.ClockFactor > 0 && r.ClockFactor != 1 {
		t.labelled("", "clock", fmt.Sprintf("the target's queue clock was shortened %g times", r.ClockFactor))
	}
	t.labelled("", "case filter", r.Filter.Case)
	t.labelled("", "label filter", r.Filter.Label)
	t.labelled("", "policy", r.Filter.Policy)
	t.labelled("", "leaked", fmt.Sprintf("%d bytes", r.Leaked))
	t.labelled("", "unattributed", fmt.Sprintf("%d sessions", r.Unattributed))
	t.labelled("", "tool", fmt.Sprintf("%s %s, %s", r.Tool.Name, r.Tool.Version, r.Tool.Go))
}

// verdictLine says the outcome and why.
func verdictLine(r *Report) string {
	failed, undecided := 0, 0
	for i := range r.Cases {
		if c := &r.Cases[i]; c.Level == Must && c.Status == StatusFail {
			failed++
		} else if c.Level == Must && c.Status.Undecided() {
			undecided++
		}
	}
	why := []string{fmt.Sprintf("%d of %d cases executed", r.Executed, len(r.Cases))}
	if failed > 0 {
		why = append(why, fmt.Sprintf("%d MUST failed", failed))
	}
	if undecided > 0 {
		why = append(why, fmt.Sprintf("%d MUST could not be told", undecided))
	}
	if n := r.Summary[StatusWaived]; n > 0 {
		why = append(why, fmt.Sprintf("%d waived", n))
	}
	if r.Leaked > 0 {
		why = append(why, fmt.Sprintf("%d bytes leaked", r.Leaked))
	}
	return strings.ToUpper(string(r.Outcome)) + ": " + strings.Join(why, ", ")
}

// summary is the table of statuses by level.
func (t *textReport) summary(r *Report) {
	t.title("Summary")
	t.printf("  %-12s", "")
	for _, l := range Levels() {
		t.printf("%8s", l)
	}
	t.printf("%8s\n", "all")
	for _, s := range Statuses() {
		t.row(r, string(s), func(c *CaseResult) bool { return c.Status == s })
	}
	t.row(r, "executed", func(c *CaseResult) bool { return c.Status.Executed() })
	t.row(r, "all", func(*CaseResult) bool { return true })
}

// row counts the cases that fit, by level.
func (t *textReport) row(r *Report, label string, fits func(*CaseResult) bool) {
	byLevel, all := map[Level]int{}, 0
	for i := range r.Cases {
		if c := &r.Cases[i]; fits(c) {
			byLevel[c.Level]++
			all++
		}
	}
	t.printf("  %-12s", label)
	for _, l := range Levels() {
		t.printf("%8s", number(byLevel[l]))
	}
	t.printf("%8s\n", number(all))
}

// number is a count, a dash for none.
func number(n int) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprint(n)
}

// section shows the cases of some statuses with all that is known of them, the
// strongest level first.
func (t *textReport) section(r *Report, title string, statuses ...Status) {
	var cases []CaseResult
	for _, s := range statuses {
		from := len(cases)
		for _, c := range r.Cases {
			if c.Status == s {
				cases = append(cases, c)
			}
		}
		slices.SortStableFunc(cases[from:], func(a, b CaseResult) int {
			return slices.Index(Levels(), a.Level) - slices.Index(Levels(), b.Level)
		})
	}
	if len(cases) > 0 {
		t.title(title)
	}
	for i := range cases {
		if i > 0 {
			t.printf("\n")
		}
		t.details(&cases[i])
	}
}

func (t *textReport) details(c *CaseResult) {
	t.printf("  %s %s %s\n", strings.ToUpper(oneLine(string(c.Status))), oneLine(string(c.Level)), oneLine(c.Key()))
	for _, line := range wrap(oneLine(c.Title), reportWidth-4) {
		t.printf("    %s\n", line)
	}
	t.labelled("    ", "source", strings.TrimSpace(c.Source+" "+rowOf(c)))
	for _, f := range facts(c) {
		if f.name == "transcript" {
			t.printf("    %-*s  %s\n", labelWidth, f.name, oneLine(f.value))
			continue
		}
		t.labelled("    ", f.name, f.value)
	}
}

// rowOf is the catalogue's row in parentheses.
func rowOf(c *CaseResult) string {
	if c.Row == "" {
		return ""
	}
	return "(" + c.Row + ")"
}

// list shows every case on a line.
func (t *textReport) list(r *Report) {
	t.title("All cases")
	for i := range r.Cases {
		c := &r.Cases[i]
		took := "-"
		if c.Duration > 0 {
			took = (time.Duration(c.Duration) * time.Millisecond).String()
		}
		fate := ""
		if c.Role == RoleSender {
			fate = fmt.Sprintf("%-11s", shortFate(c.Fate))
		}
		t.printf("  %-12s  %-6s  %9s  %s%s\n", oneLine(string(c.Status)), oneLine(string(c.Level)), took, fate, oneLine(c.Key()))
	}
}

// shortFate is the code and the seconds, a dash for none.
func shortFate(f *Fate) string {
	if f == nil {
		return "-"
	}
	return fmt.Sprintf("%-3s %5.1fs", f.Code, f.Seconds)
}

// outcomes is the table of policies and peers, where a sender was put before any.
func (t *textReport) outcomes(r *Report) {
	m := NewMatrix(r)
	t.matrix(m)
	if len(m.Profiles()) == 0 {
		return
	}
	t.printf("\n")
	for _, line := range wrap(shortLegend+" "+cellLegend+" "+markLegend, reportWidth-2) {
		t.printf("  %s\n", line)
	}
}

// shortLegend has the codes in a sentence.
const shortLegend = "P is in clear without trying TLS, Pc in clear on the same connection, Pn on a new one in the same attempt, Pd in a later attempt, " +
	"T10 to T13 in that version of TLS, D kept for its lifetime, B given back before, ? not known."

// notes shows the waivers that were in force, and the remarks.
func (t *textReport) notes(r *Report) {
	var waivers []string
	for _, w := range r.Waivers {
		what := Key(w.Case, w.Policy)
		if w.Variant != "" {
			what += " of variant " + w.Variant
		}
		waivers = append(waivers, fmt.Sprintf("%s, where %q is seen: %s", what, w.Expected, w.Reason))
	}
	t.bullets("Waivers in force", waivers)
	t.bullets("Notes", r.Notes)
}

// bullets is a section with a list of sentences; none without any.
func (t *textReport) bullets(title string, list []string) {
	if len(list) > 0 {
		t.title(title)
	}
	for _, s := range list {
		bullet := "  - "
		for _, line := range wrap(oneLine(s), reportWidth-len(bullet)) {
			t.printf("%s%s\n", bullet, line)
			bullet = "    "
		}
	}
}
