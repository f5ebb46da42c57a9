package nightly

import (
	"iter"
	"time"

	"mailtls/results"
)

// GateCase is a case that passed once and does not now.
type GateCase struct {
	Target string        `json:"target"`
	Case   string        `json:"case"`
	Level  results.Level `json:"level"`
	// Status now; empty where the case is gone.
	Status results.Status `json:"status"`
	// Passed is when it passed last, Failed when it was first seen not to.
	Passed time.Time `json:"last_passed"`
	Failed time.Time `json:"first_failed"`
	// Got is what is seen now, or the reason.
	Got     string  `json:"got"`
	Verdict Verdict `json:"verdict"`
}

// AddCases looks in the reports on a target, the newest first, for the cases that
// passed once and do not now, and reads only as many as that needs. Where the newest
// is older than the night, it is noted and not judged.
func (g *Gate) AddCases(reports iter.Seq2[*results.Report, error], limits Limits) error {
	next, stop := iter.Pull2(reports)
	defer stop()
	newest, err, has := next()
	if err != nil || !has {
		return err
	}
	if age := g.Night.Sub(newest.Started); age >= nightTime {
		if age < time.Duration(limits.Fresh)*24*time.Hour {
			g.Notes = append(g.Notes, newest.Target.String()+" has no report of the night; the last one is of "+day(newest.Started))
		}
		return nil
	}
	open := failing(newest)
	for first := true; first || len(open) > 0; first = false {
		r, err, has := next()
		if err != nil {
			return err
		}
		if !has {
			break
		}
		if first {
			g.lost(r, newest)
		}
		g.older(open, r, newest, limits)
	}
	g.reports = append(g.reports, newest)
	g.settle()
	return nil
}

// failing are the cases that fail in a report.
func failing(r *results.Report) map[string]*GateCase {
	open := map[string]*GateCase{}
	for _, c := range r.Cases {
		if c.Status == results.StatusFail {
			open[c.Key()] = &GateCase{Target: r.Target.String(), Case: c.Key(), Level: c.Level, Status: c.Status, Failed: r.Started, Got: c.Got}
		}
	}
	return open
}

// older looks at an older report for cases that are still open.
func (g *Gate) older(open map[string]*GateCase, r, newest *results.Report, limits Limits) {
	for _, c := range r.Cases {
		is := open[c.Key()]
		switch {
		case is == nil:
		case c.Status == results.StatusFail:
			is.Failed = r.Started
		case c.Status == results.StatusWaived:
			delete(open, c.Key()) // it was known
		case passed(c.Status):
			is.Passed, is.Verdict = r.Started, OK
			if newest.Started.Sub(is.Failed) < time.Duration(limits.Fresh)*24*time.Hour {
				is.Verdict = Worse
			}
			g.Cases = append(g.Cases, *is)
			delete(open, c.Key())
		}
	}
}

// lost adds the MUSTs that passed in the report before the newest and are undecided
// or gone in it, where it has the same selection of cases.
func (g *Gate) lost(before, newest *results.Report) {
	now := map[string]results.CaseResult{}
	for _, c := range newest.Cases {
		now[c.Key()] = c
	}
	for _, c := range before.Cases {
		n, has := now[c.Key()]
		if c.Level != results.Must || !passed(c.Status) || has && !n.Status.Undecided() || !has && before.Filter != newest.Filter {
			continue
		}
		g.Cases = append(g.Cases, GateCase{
			Target: newest.Target.String(), Case: c.Key(), Level: c.Level, Status: n.Status, Passed: before.Started, Failed: newest.Started, Got: n.Reason, Verdict: Unknown,
		})
	}
}

func passed(s results.Status) bool {
	return s == results.StatusPass || s == results.StatusNonstrict || s == results.StatusInfo
}
