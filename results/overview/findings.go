package overview

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"mailtls/results"
)

// finding is a case with the same status and level at one target or several.
type finding struct {
	// first is the case where it was met first.
	first *results.CaseResult
	// places are all where it was met.
	places []place
}

// place is where a finding was met.
type place struct {
	judged Judged
	result *results.CaseResult
}

// transcript is the path of the evidence; empty when the case was not played.
func (p place) transcript() string {
	if p.result.Transcript == "" {
		return ""
	}
	return path.Join(p.judged.Dir, p.result.Transcript)
}

// urgency orders findings: what decides the outcome comes first. It is negative for
// what is no finding.
func urgency(c *results.CaseResult) int {
	order := []func(*results.CaseResult) bool{
		failedMust, with(results.StatusError),
		func(c *results.CaseResult) bool { return undecided(c) && c.Level == results.Must },
		func(c *results.CaseResult) bool { return failedOther(c) && c.Level == results.Should },
		failedOther, undecided, with(results.StatusNonstrict), with(results.StatusWaived),
	}
	return slices.IndexFunc(order, func(fits func(*results.CaseResult) bool) bool { return fits(c) })
}

// findings gathers those that fit, the most urgent first.
func (o *Overview) findings(fits func(*results.CaseResult) bool) []finding {
	type key struct {
		id     string
		status results.Status
		level  results.Level
	}
	at := map[key]int{}
	var all []finding
	for _, j := range o.Reports {
		for i := range j.Report.Cases {
			c := &j.Report.Cases[i]
			if urgency(c) < 0 || !fits(c) {
				continue
			}
			k := key{c.ID, c.Status, c.Level}
			n, met := at[k]
			if !met {
				n = len(all)
				at[k] = n
				all = append(all, finding{first: c})
			}
			all[n].places = append(all[n].places, place{j, c})
		}
	}
	slices.SortStableFunc(all, func(a, b finding) int { return cmp.Compare(urgency(a.first), urgency(b.first)) })
	return all
}

// where names the targets, with the policies of senders in parentheses, at most so
// many of them.
func (f finding) where(most int) string {
	var targets []string
	policies := map[string][]string{}
	for _, p := range f.places {
		target := p.judged.Report.Target.String()
		if !slices.Contains(targets, target) {
			targets = append(targets, target)
		}
		if policy := p.result.Policy; policy != "" && !slices.Contains(policies[target], policy) {
			policies[target] = append(policies[target], policy)
		}
	}
	left := len(targets) - most
	if left > 0 {
		targets = targets[:most]
	}
	for i, target := range targets {
		if p := policies[target]; p != nil {
			targets[i] = fmt.Sprintf("%s (%s)", target, strings.Join(p, ", "))
		}
	}
	s := strings.Join(targets, ", ")
	if left > 0 {
		s += fmt.Sprintf(" and %d more", left)
	}
	return s
}

// seen says in a line what was seen first, cut to so many characters.
func (f finding) seen(most int) string { return cut(observed(f.first), most) }

// observed is what was seen, or why nothing can be told.
func observed(c *results.CaseResult) string {
	if undecided(c) {
		return cmp.Or(c.Reason, c.Got, c.Title)
	}
	return cmp.Or(c.Got, c.Reason, c.Title)
}

// cut shortens text to so many characters.
func cut(s string, most int) string {
	runes := []rune(s)
	if len(runes) <= most {
		return s
	}
	return string(runes[:most-1]) + "…"
}
