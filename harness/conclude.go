package harness

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"mailtls/results"
	"mailtls/scenarios"
)

// conclude fills the report in from the stored transcripts, and stores it.
func (w *world) conclude(r *results.Report, entries []*entry, st *store) error {
	for _, e := range entries {
		u, c := e.unit, e.Case
		if u == nil {
			r.Cases = append(r.Cases, line(c, e.policy, e.verdict))
			continue
		}
		if err := w.late(u, st); err != nil {
			return err
		}
		t, sum, err := st.read(u.file)
		if err != nil {
			return err
		}
		l := judged(c, t, r)
		l.Transcript, l.SHA256, l.Duration = u.file, sum, u.took.Milliseconds()
		r.Cases = append(r.Cases, l)
	}
	r.Notes = append(r.Notes, unused(r)...)
	r.Summarize()
	return st.report(r)
}

// late adds what arrived for a unit after it had ended, and stores its
// transcript again.
func (w *world) late(u *unit, st *store) error {
	w.ledger.mu.Lock()
	defer w.ledger.mu.Unlock()
	if len(u.readback) == 0 {
		return nil
	}
	u.takeReadback()
	return st.transcript(u)
}

// judged is the line of a case that was played.
func judged(c scenarios.Case, t *results.Transcript, r *results.Report) results.CaseResult {
	l := line(c, t.Policy, waive(r.Waivers, c.ID, t.Policy, scenarios.Decide(c, t, r.Claims)))
	if c.Role == results.RoleSender {
		l.Fate = scenarios.Fate(t, r.Claims)
	}
	return l
}

// line is a case's line in the report.
func line(c scenarios.Case, policy string, v results.Verdict) results.CaseResult {
	l := results.CaseResult{
		ID: c.ID, Row: c.Row, Title: c.Title, Role: c.Role, Policy: policy, Profile: c.Profile(), Cell: c.Cell, Level: v.Level, Source: c.Source.Clause,
		Status: v.Status, Reason: v.Reason, Want: v.Want, Got: v.Got, Leaked: v.Leaked,
	}
	for _, e := range v.Evidence {
		l.Evidence = append(l.Evidence, e.String())
	}
	return l
}

// waiversFor keeps the waivers that hold for a variant in some roles.
func waiversFor(all []results.Waiver, variant string, roles []results.Role) []results.Waiver {
	var kept []results.Waiver
	for _, wv := range all {
		c, err := scenarios.Find(wv.Case)
		if (wv.Variant == "" || wv.Variant == variant) && err == nil && slices.ContainsFunc(roles, c.For) {
			kept = append(kept, wv)
		}
	}
	return kept
}

// waive applies the waiver of a case: an expected failure is waived; one that
// shows something else, or does not come, makes the waiver an error.
func waive(waivers []results.Waiver, id, policy string, v results.Verdict) results.Verdict {
	for _, wv := range waivers {
		if wv.Case != id || wv.Policy != policy || !v.Status.Executed() {
			continue
		}
		switch {
		case v.Status != results.StatusFail:
			v.Reason = fmt.Sprintf("stale waiver: %q is expected, and the case is %s", wv.Expected, v.Status)
			v.Status = results.StatusError
		case !strings.Contains(v.Got, wv.Expected):
			v.Reason = fmt.Sprintf("the waiver is for another failure: %q is expected", wv.Expected)
			v.Status = results.StatusError
		default:
			v.Status, v.Reason = results.StatusWaived, wv.Reason
		}
	}
	return v
}

// known refuses waivers for cases that do not exist.
func known(waivers []results.Waiver) error {
	for _, wv := range waivers {
		if _, err := scenarios.Find(wv.Case); err != nil {
			return fmt.Errorf("read waiver: %w", err)
		}
	}
	return nil
}

// unused names the waivers whose case was not executed.
func unused(r *results.Report) []string {
	var notes []string
	for _, wv := range r.Waivers {
		for _, c := range r.Cases {
			if c.ID == wv.Case && c.Policy == wv.Policy && !c.Status.Executed() && c.Status != results.StatusError {
				notes = append(notes, fmt.Sprintf("the waiver for %s was not put to the test: the case is %s (%s)", c.Key(), c.Status, c.Reason))
			}
		}
	}
	return notes
}

// Judge judges the stored transcripts of a run's folder again, and returns the
// report as it comes out now, with what differs from the stored one, a line
// each. A report that leaves cases out, adds some, or shows another case's
// transcript differs too.
func Judge(dir string) (*results.Report, []string, error) {
	r, differs, faults, err := judgeAll(dir)
	switch {
	case err != nil:
		return nil, nil, err
	case faults != nil:
		return nil, nil, fmt.Errorf("judge %s: %w", dir, faults[0])
	}
	return r, differs, nil
}

// judgeAll is Judge for a caller that goes on where a case cannot be judged again;
// the faults say why, and the report has the stored verdict there.
func judgeAll(dir string) (r *results.Report, differs []string, faults []error, err error) {
	if r, err = ReadReport(dir); err != nil {
		return nil, nil, nil, err
	}
	st := &store{dir: dir}
	differs = missing(r)
	for i, old := range r.Cases {
		c, err := scenarios.Find(old.ID)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		now, err := rejudge(st, r, c, old)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", old.Key(), err))
			continue
		}
		if what := difference(old, now); what != "" {
			differs = append(differs, old.Key()+": "+what)
		}
		r.Cases[i] = now
	}
	stored := r.Outcome
	r.Summarize()
	if r.Outcome != stored {
		differs = append(differs, fmt.Sprintf("the outcome is %s, and %s is stored", r.Outcome, stored))
	}
	return r, differs, faults, nil
}

// missing names the cases that the report should have and has not, or has twice.
func missing(r *results.Report) []string {
	var lines []string
	cases, err := Select(r.Roles, r.Filter)
	if err != nil {
		return []string{err.Error()}
	}
	stored := map[string]int{}
	for _, c := range r.Cases {
		stored[c.Key()]++
	}
	selected := 0
	for _, c := range cases {
		for _, key := range keys(c, r) {
			selected++
			if stored[key] != 1 {
				lines = append(lines, fmt.Sprintf("%s: stored %d times", key, stored[key]))
			}
		}
	}
	if len(r.Cases) > selected {
		lines = append(lines, fmt.Sprintf("%d cases are stored, %d are selected", len(r.Cases), selected))
	}
	return lines
}

// keys are the lines that a case has in a report.
func keys(c scenarios.Case, r *results.Report) []string {
	if c.Role != results.RoleSender {
		return []string{c.ID}
	}
	var all []string
	for _, p := range c.Units(r.Claims, r.Filter) {
		all = append(all, results.Key(c.ID, p.Name))
	}
	return all
}

// rejudge concludes on one line of a report anew.
func rejudge(st *store, r *results.Report, c scenarios.Case, old results.CaseResult) (results.CaseResult, error) {
	if old.Transcript == "" {
		if v, done := scenarios.NotPlayed(c, r.Claims, old.Policy); done {
			return line(c, old.Policy, v), nil
		}
		if old.Status == results.StatusSkip {
			return old, nil // the user left it out
		}
		return line(c, old.Policy, results.Verdict{Level: c.Level(r.Claims, old.Policy), Status: results.StatusError, Reason: "no transcript is stored"}), nil
	}
	t, sum, err := st.read(old.Transcript)
	if err != nil {
		return results.CaseResult{}, err
	}
	now := judged(c, t, r)
	if t.Case != c.ID || t.Policy != old.Policy || t.Target != r.Target.String() {
		now = line(c, old.Policy, results.Verdict{
			Level: now.Level, Status: results.StatusError,
			Reason: fmt.Sprintf("%s is the transcript of %s on %s", old.Transcript, t.Case, t.Target),
		})
	}
	now.Transcript, now.SHA256, now.Duration = old.Transcript, sum, old.Duration
	return now, nil
}

// difference says in words how two lines of a report differ; empty when they do
// not.
func difference(old, now results.CaseResult) string {
	switch {
	case now.SHA256 != old.SHA256:
		return "the transcript was changed"
	case now.Status != old.Status:
		return fmt.Sprintf("the verdict is %s, and %s is stored", now.Status, old.Status)
	case !reflect.DeepEqual(now, old):
		return "the words of the verdict differ"
	}
	return ""
}

// ReadReport reads the report of a run's folder.
func ReadReport(dir string) (*results.Report, error) {
	f, err := os.Open(filepath.Join(dir, ReportFile))
	if err != nil {
		return nil, fmt.Errorf("read report: %w", err)
	}
	defer func() { _ = f.Close() }()
	r, err := results.ReadReport(f)
	if err != nil {
		return nil, fmt.Errorf("read report %s: %w", f.Name(), err)
	}
	return r, nil
}
