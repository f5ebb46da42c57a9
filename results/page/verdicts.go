package page

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"mailtls/results"
)

// status is a status as cells show it, and what it means.
type status struct {
	Status  results.Status
	Mark    string
	Meaning string
}

// statuses lists every status in the order of summaries.
func statuses() []status {
	meanings := map[results.Status]string{
		results.StatusPass: "the requirement holds", results.StatusNonstrict: "the binding part holds, the recommended part does not",
		results.StatusInfo: "recorded, not judged", results.StatusFail: "the requirement was broken", results.StatusWaived: "a failure that a waiver expects",
		results.StatusInconclusive: "it could not be told", results.StatusError: "the harness itself failed",
		results.StatusNA: "the target does not claim what the case needs", results.StatusSkip: "left out on purpose",
		results.StatusPending: "cannot be played yet",
	}
	var all []status
	for _, s := range results.Statuses() {
		all = append(all, status{s, mark(s), meanings[s]})
	}
	return all
}

// mark is what a cell shows: short, and not told apart by colour alone.
func mark(s results.Status) string {
	short := map[results.Status]string{
		results.StatusNonstrict: "lax", results.StatusFail: "FAIL", results.StatusWaived: "waiv", results.StatusInconclusive: "incl",
		results.StatusError: "ERR", results.StatusNA: "n/a", results.StatusPending: "pend",
	}
	return cmp.Or(short[s], string(s))
}

// target is the line of a target at the top of the page.
type target struct {
	Name, Version, Roles, Started string
	Outcome                       results.Outcome
	Leaked                        int64
	Executed, Cases               int
	// Counts of the statuses that the top tells of.
	Counts []count
}

type count struct {
	Status results.Status
	N      int
}

// Calm tells that a count is nothing to worry about.
func (c count) Calm() bool { return c.Status == results.StatusPass || c.Status == results.StatusInfo }

// topStatuses have a column of their own at the top of the page.
func topStatuses() []results.Status {
	return []results.Status{
		results.StatusPass, results.StatusNonstrict, results.StatusInfo, results.StatusFail, results.StatusWaived, results.StatusInconclusive, results.StatusError,
	}
}

// tile is a number to be seen from afar.
type tile struct {
	N            int64
	Label, Class string
}

// tiles are what all verdicts together come to: targets by outcome, and leaked bytes.
func tiles(targets []target) []tile {
	var all []tile
	for _, o := range results.Outcomes() {
		n := int64(0)
		for _, t := range targets {
			if t.Outcome == o {
				n++
			}
		}
		if n > 0 {
			all = append(all, tile{n, strings.ReplaceAll(string(o), "-", " "), "o-" + string(o)})
		}
	}
	leaks := tile{Label: "bytes leaked", Class: "pass"}
	for _, t := range targets {
		leaks.N += t.Leaked
	}
	if leaks.N > 0 {
		leaks.Class = "fail"
	}
	return append(all, leaks)
}

// filters are what can be chosen from.
type filters struct {
	Statuses []results.Status
	Levels   []results.Level
	Areas    []string
}

// conformance works out what the verdicts come to.
func (p *page) conformance(in Input) {
	p.Sheets = p.book.sheets
	for i, r := range in.Reports {
		t := target{
			Name: p.book.names[i], Version: r.Target.Version, Started: r.Started.UTC().Format("2006-01-02 15:04"), Outcome: r.Outcome, Leaked: r.Leaked, Executed: r.Executed, Cases: len(r.Cases),
		}
		for _, note := range r.Notes {
			p.Remarks = append(p.Remarks, t.Name+": "+note)
		}
		for _, role := range r.Roles {
			t.Roles = strings.TrimPrefix(t.Roles+", "+string(role), ", ")
		}
		for _, s := range topStatuses() {
			t.Counts = append(t.Counts, count{s, r.Summary[s]})
		}
		p.Targets = append(p.Targets, t)
	}
	p.Tiles = tiles(p.Targets)
	p.Findings = p.book.findings()
	for _, s := range p.Sheets {
		p.Levels = append(p.Levels, p.book.levels(s))
		p.Areas = append(p.Areas, p.book.areas(s))
		for _, a := range s.Areas {
			if !slices.Contains(p.Filters.Areas, a.Name) {
				p.Filters.Areas = append(p.Filters.Areas, a.Name)
			}
		}
	}
	slices.Sort(p.Filters.Areas)
	p.Filters.Statuses = results.Statuses()
	p.Filters.Levels = []results.Level{results.Must, results.Should, results.May, results.Info}
}

// finding is what is to be looked at: a case that came to a status, and what was seen where.
type finding struct {
	Status    results.Status
	Level     results.Level
	ID, Title string
	Source    string
	Leaked    int64
	// Cells is how many units it is about.
	Cells int
	Seen  []sighting
}

// sighting is what was wanted and seen alike in several places.
type sighting struct {
	Want, Got string
	Where     []place

	shape string
}

// place is a cell that the page can go to.
type place struct{ Name, Case, Policy string }

// Key names the unit.
func (p place) Key() string { return results.Key(p.Case, p.Policy) }

// findings are what failed, is undecided or waived, or leaked, the gravest first.
func (b *book) findings() []finding {
	var all []finding
	at := map[string]int{}
	for _, u := range b.units {
		if weight(u.CaseResult) > 1 {
			continue
		}
		key := fmt.Sprint(u.ID, " ", u.Status, " ", u.Level)
		i, known := at[key]
		if !known {
			i = len(all)
			at[key] = i
			all = append(all, finding{Status: u.Status, Level: u.Level, ID: u.ID, Title: u.Title, Source: u.Source})
		}
		all[i].add(u.CaseResult, place{b.names[u.report], u.ID, u.Policy})
	}
	slices.SortStableFunc(all, func(x, y finding) int { return x.rank() - y.rank() })
	return all
}

// add takes a unit into a finding.
func (f *finding) add(c *results.CaseResult, where place) {
	f.Leaked += c.Leaked
	f.Cells++
	got := cmp.Or(c.Got, c.Reason)
	if c.Got != "" && c.Reason != "" {
		got += " (" + c.Reason + ")"
	}
	alike := shape(c.Want + " " + got)
	i := slices.IndexFunc(f.Seen, func(s sighting) bool { return s.shape == alike })
	if i < 0 {
		i = len(f.Seen)
		f.Seen = append(f.Seen, sighting{Want: c.Want, Got: got, shape: alike})
	}
	f.Seen[i].Where = append(f.Seen[i].Where, where)
}

// rank orders findings, the gravest first.
func (f *finding) rank() int {
	grave := []results.Status{results.StatusFail, results.StatusError, results.StatusInconclusive}
	i := slices.Index(grave, f.Status)
	if i < 0 {
		i = len(grave)
	}
	if f.Level == results.Must {
		return 2 * i
	}
	return 2*i + 1
}

// shape is a text without its numbers, which differ from run to run.
func shape(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, s)
}

// table is a plain one: names above, and lines that begin with one.
type table struct {
	Caption string
	// Class is "figures" where the cells are numbers.
	Class string
	Heads []string
	Rows  []tableRow
	Notes []string
}

type tableRow struct {
	Name  string
	Cells []tableCell
}

// tableCell is a text and the class it is shown in.
type tableCell struct{ Text, Class string }

// texts makes cells without a class.
func texts(all ...string) []tableCell {
	var cells []tableCell
	for _, s := range all {
		cells = append(cells, tableCell{Text: s})
	}
	return cells
}

// levels sums a sheet up by level: a line a target, a column a level.
func (b *book) levels(s *sheet) table {
	levels := []results.Level{results.Must, results.Should, results.May, results.Info}
	t := table{Caption: roleTitle(s.Role) + " by level"}
	for _, l := range levels {
		t.Heads = append(t.Heads, string(l))
	}
	for _, h := range s.Heads {
		r := tableRow{Name: h.Name}
		for _, l := range levels {
			r.Cells = append(r.Cells, b.tally(s.Role, func(u unit) bool { return b.names[u.report] == h.Name && u.Level == l }))
		}
		t.Rows = append(t.Rows, r)
	}
	return t
}

// areas sums a sheet up by area: a line an area, a column a target.
func (b *book) areas(s *sheet) table {
	t := table{Caption: roleTitle(s.Role) + " by area"}
	for _, h := range s.Heads {
		t.Heads = append(t.Heads, h.Name)
	}
	for _, a := range s.Areas {
		r := tableRow{Name: a.Name}
		for _, h := range s.Heads {
			r.Cells = append(r.Cells, b.tally(s.Role, func(u unit) bool {
				name, _, _ := strings.Cut(u.ID, "/")
				return b.names[u.report] == h.Name && name == a.Name
			}))
		}
		t.Rows = append(t.Rows, r)
	}
	return t
}

// tally says how many of the units that fit hold, of those that were executed, and how many fail.
func (b *book) tally(role results.Role, fits func(unit) bool) tableCell {
	good, executed, failed, waived, undecided := 0, 0, 0, 0, 0
	for _, u := range b.units {
		if u.Role != role || !fits(u) {
			continue
		}
		switch {
		case u.Status == results.StatusFail:
			failed++
		case u.Status == results.StatusWaived:
			waived++
		case u.Status.Undecided():
			undecided++
		case u.Status.Executed():
			good++
		}
		if u.Status.Executed() {
			executed++
		}
	}
	c := tableCell{Text: fmt.Sprintf("%d/%d", good, executed)}
	for _, part := range []struct {
		n           int
		text, class string
	}{{failed, "failed", "fail"}, {undecided, "undecided", "inconclusive"}, {waived, "waived", "waived"}} {
		if part.n > 0 {
			c.Text += fmt.Sprintf(", %d %s", part.n, part.text)
			c.Class = cmp.Or(c.Class, part.class)
		}
	}
	if executed == 0 && undecided == 0 {
		return tableCell{Text: "–", Class: "na"}
	}
	return c
}

// roleTitle is a role as a heading.
func roleTitle(r results.Role) string {
	return map[results.Role]string{
		results.RoleReceiver: "Receivers", results.RoleSender: "Senders", results.RoleAccessServer: "Access servers",
		results.RoleAccessClient: "Access clients", results.RoleRelay: "Relays",
	}[r]
}

// Title of the sheet.
func (s *sheet) Title() string { return roleTitle(s.Role) }

// Width is how many columns the sheet has.
func (s *sheet) Width() int { return len(s.columns) }
