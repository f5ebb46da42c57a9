package comparison

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"mailtls/results"
)

// Cases is what changed between the verdicts of two sets of reports.
type Cases struct {
	// Targets that both sides have a report on.
	Targets []string `json:"targets"`
	// Compared is how many cases both sides have.
	Compared int `json:"compared"`
	// Changes in the order of the reports.
	Changes []CaseChange `json:"changes"`
	// Notes are what the reader should know besides.
	Notes []string `json:"notes"`
	// Verdict is Worse when a case fails that did not, Unknown when a MUST that
	// passed is now undecided or gone.
	Verdict Verdict `json:"verdict"`
}

// CaseChange is a case whose verdict is another now.
type CaseChange struct {
	Target string        `json:"target"`
	Case   string        `json:"case"`
	Level  results.Level `json:"level"`
	// Base and Now are the verdicts; empty where the side does not have the case.
	Base results.Status `json:"base"`
	Now  results.Status `json:"now"`
	// Passed is when the report began in which it was as in Base.
	Passed time.Time `json:"base_at"`
	// Got is what is seen now, or the reason where nothing is.
	Got     string  `json:"got"`
	Verdict Verdict `json:"verdict"`
}

// Verdicts compares reports, the newest of each target on each side.
func Verdicts(base, now []*results.Report) (*Cases, error) {
	before, after := newest(base), newest(now)
	c := &Cases{Targets: []string{}, Changes: []CaseChange{}, Notes: []string{}, Verdict: Same}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if after[name] != nil {
			c.Targets = append(c.Targets, name)
			c.compare(before[name], after[name])
		}
	}
	if len(c.Targets) == 0 {
		return nil, fmt.Errorf("compare reports: those on the one side are of %s, those on the other of %s: no target is on both", names(before), names(after))
	}
	return c, nil
}

// newest is the last report of each target.
func newest(reports []*results.Report) map[string]*results.Report {
	last := map[string]*results.Report{}
	for _, r := range reports {
		name := r.Target.String()
		if had := last[name]; had == nil || r.Started.After(had.Started) {
			last[name] = r
		}
	}
	return last
}

func names(reports map[string]*results.Report) string {
	if len(reports) == 0 {
		return "none"
	}
	return strings.Join(slices.Sorted(maps.Keys(reports)), ", ")
}

// compare adds what changed of a target.
func (c *Cases) compare(base, now *results.Report) {
	c.remark(base, now)
	after := map[string]*results.CaseResult{}
	for i := range now.Cases {
		after[now.Cases[i].Key()] = &now.Cases[i]
	}
	before := map[string]bool{}
	for _, b := range base.Cases {
		before[b.Key()] = true
		n := after[b.Key()]
		change := CaseChange{Target: base.Target.String(), Case: b.Key(), Level: b.Level, Base: b.Status, Passed: base.Started}
		switch {
		case n != nil:
			c.Compared++
			change.Level, change.Now, change.Got = n.Level, n.Status, n.Got
			if n.Reason != "" && n.Got == "" {
				change.Got = n.Reason
			}
		case base.Filter != now.Filter:
			continue
		}
		if change.Base == change.Now {
			continue
		}
		change.Verdict = Changed(change.Level, change.Base, change.Now)
		c.Changes = append(c.Changes, change)
		c.worsen(change.Verdict)
	}
	c.added(base, after, before)
}

// added notes the cases that only the later side has.
func (c *Cases) added(base *results.Report, after map[string]*results.CaseResult, before map[string]bool) {
	added, failing := 0, 0
	for key, n := range after {
		if !before[key] {
			added++
			if n.Status == results.StatusFail {
				failing++
			}
		}
	}
	if added > 0 {
		c.Notes = append(c.Notes, fmt.Sprintf("%s: %d cases are new, of which %d fail", base.Target, added, failing))
	}
}

// remark notes what may explain a change.
func (c *Cases) remark(base, now *results.Report) {
	if base.Filter != now.Filter {
		c.Notes = append(c.Notes, fmt.Sprintf("%s: cases were selected by %s, and are by %s: only those in both are compared", base.Target, base.Filter, now.Filter))
	}
	if b, n := base.Target.Version, now.Target.Version; b != n {
		c.Notes = append(c.Notes, fmt.Sprintf("%s: the version was %q and is %q", base.Target, b, n))
	}
	if b, n := base.Tool.Version, now.Tool.Version; b != n {
		c.Notes = append(c.Notes, fmt.Sprintf("%s: mailtls was %s and is %s", base.Target, b, n))
	}
}

// worsen takes over the verdict on a case where it weighs more.
func (c *Cases) worsen(v Verdict) {
	weight := []Verdict{Same, Better, Unknown, Worse}
	if slices.Index(weight, v) > slices.Index(weight, c.Verdict) {
		c.Verdict = v
	}
}

// Changed judges a case that had the one status and has the other; empty where
// there is none any more.
func Changed(level results.Level, base, now results.Status) Verdict {
	switch {
	case now == results.StatusFail && base != results.StatusFail && base != results.StatusWaived:
		return Worse
	case passed(base) && level == results.Must && (now == "" || now.Undecided()):
		return Unknown
	case !passed(base) && base.Executed() && passed(now), base.Undecided() && passed(now):
		return Better
	}
	return Same
}

func passed(s results.Status) bool {
	return s == results.StatusPass || s == results.StatusNonstrict || s == results.StatusInfo
}
