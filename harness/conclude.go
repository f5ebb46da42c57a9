package harness

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"mailtls/results"
	"mailtls/scenarios"
)

// conclude fills the report in from the stored transcripts, and stores it.
func (w *world) conclude(r *results.Report, cases []scenarios.Case, units []*unit, st *store) error {
	for i, c := range cases {
		u := units[i]
		if u == nil {
			v, _ := w.notPlayed(c)
			r.Cases = append(r.Cases, line(c, v))
			continue
		}
		if err := w.late(u, st); err != nil {
			return err
		}
		t, sum, err := st.read(u.file)
		if err != nil {
			return err
		}
		l := line(c, waive(r.Waivers, c.ID, "", scenarios.Decide(c, t, r.Claims)))
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

// line is a case's line in the report.
func line(c scenarios.Case, v results.Verdict) results.CaseResult {
	l := results.CaseResult{
		ID: c.ID, Row: c.Row, Title: c.Title, Role: c.Role, Level: v.Level, Source: c.Source.Clause,
		Status: v.Status, Reason: v.Reason, Want: v.Want, Got: v.Got, Leaked: v.Leaked,
	}
	for _, e := range v.Evidence {
		l.Evidence = append(l.Evidence, e.String())
	}
	return l
}

// waiversFor keeps the waivers that hold for a variant.
func waiversFor(all []results.Waiver, variant string) []results.Waiver {
	var kept []results.Waiver
	for _, wv := range all {
		if wv.Variant == "" || wv.Variant == variant {
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

// unused names the waivers whose case was not executed.
func unused(r *results.Report) []string {
	var notes []string
	for _, wv := range r.Waivers {
		met := false
		for _, c := range r.Cases {
			met = met || c.ID == wv.Case && c.Policy == wv.Policy
		}
		if !met && r.Filter == (results.Filter{}) {
			notes = append(notes, fmt.Sprintf("waiver for %s was not met: there is no such case for this target", results.Key(wv.Case, wv.Policy)))
		}
	}
	return notes
}

// Judge judges the stored transcripts of a run's folder again, and returns the
// report as it comes out now, with the keys of the cases whose verdict differs
// from the stored one.
func Judge(dir string) (*results.Report, []string, error) {
	r, err := ReadReport(dir)
	if err != nil {
		return nil, nil, err
	}
	st := &store{dir: dir}
	var changed []string
	for i, old := range r.Cases {
		if old.Transcript == "" {
			continue
		}
		c, err := scenarios.Find(old.ID)
		if err != nil {
			return nil, nil, fmt.Errorf("judge %s: %w", dir, err)
		}
		t, sum, err := st.read(old.Transcript)
		if err != nil {
			return nil, nil, fmt.Errorf("judge %s: %w", dir, err)
		}
		now := line(c, waive(r.Waivers, c.ID, old.Policy, scenarios.Decide(c, t, r.Claims)))
		now.Policy, now.Transcript, now.SHA256, now.Duration = old.Policy, old.Transcript, sum, old.Duration
		if now.Status != old.Status || now.Got != old.Got || sum != old.SHA256 {
			changed = append(changed, old.Key())
		}
		r.Cases[i] = now
	}
	r.Summarize()
	return r, changed, nil
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
