package overview

import (
	"cmp"
	"fmt"
	"html"
	"strings"

	"mailtls/results"
)

// MaxMarkdown is how many bytes a page may have: job pages show nothing of one
// that is longer than 1 MiB, and a step may have written to it before.
const MaxMarkdown = 960 << 10

// How much a line of a page shows.
const (
	pageTargets = 5
	pageSeen    = 200
	pageDetail  = 1000
)

// closing is the room that is kept for what is said of what was left out.
const closing = 400

// page is text of a limited length, made of blocks that are in it whole or not at
// all.
type page struct {
	strings.Builder
	limit int
	// left counts the rows and details that had no room.
	left int
}

// add adds a block, and tells whether there was room.
func (p *page) add(block string) bool {
	if p.Len()+len(block)+closing > p.limit {
		return false
	}
	p.WriteString(block)
	return true
}

// table adds rows while there is room; the first of them is the head. Behind it
// comes what closes it.
func (p *page) table(before string, rows [][]string, after string) {
	head := before + results.MarkdownTable(rows[:1])
	if p.Len()+len(head)+len(after)+closing > p.limit {
		p.left += len(rows) - 1
		return
	}
	p.WriteString(head)
	for i, row := range rows[1:] {
		line := strings.SplitAfterN(results.MarkdownTable([][]string{row}), "\n", 2)[0]
		if !p.add(line) {
			p.left += len(rows) - 1 - i
			break
		}
	}
	p.WriteString(after)
}

// markdown is for a job's page: what was found first, what explains it folded.
func (o *Overview) markdown(limit int) string {
	p := &page{limit: limit}
	title := "Load"
	if len(o.Reports) > 0 {
		title = strings.ToUpper(string(o.Outcome()))
	}
	p.add("## mailtls: " + title + "\n\n")
	if len(o.Reports) > 0 {
		p.add(results.InMarkdown(o.headline()) + "\n\n")
	}
	waived := with(results.StatusWaived)
	open := o.findings(func(c *results.CaseResult) bool { return !waived(c) })
	if len(open) > 0 {
		p.table("", findingRows(open), "\n")
	}
	if len(o.Reports) > 0 {
		p.table("", o.targetRows(), "\n")
	}
	if len(o.Runs) > 0 {
		p.table("### Load\n\n", o.loadRows(), "\n")
	}
	if accepted := o.findings(waived); len(accepted) > 0 {
		p.table(fold(plural(len(accepted), "finding")+" waived"), findingRows(accepted), folded)
	}
	p.remarks(o.notes())
	o.details(p, open)
	if p.left > 0 {
		fmt.Fprintf(p, "%d rows and details are left out: this page would be too long. The reports have them.\n", p.left)
	}
	return p.String()
}

// fold begins what is shown when somebody opens it, folded ends it. The summary is
// HTML, in which Markdown escapes nothing.
func fold(summary string) string {
	return "<details><summary>" + html.EscapeString(results.InText(summary)) + "</summary>\n\n"
}

const folded = "\n</details>\n\n"

func findingRows(all []finding) [][]string {
	rows := [][]string{{"status", "level", "case", "targets", "seen", "source"}}
	for _, f := range all {
		c := f.first
		rows = append(rows, []string{emphasis(c), string(c.Level), c.ID, f.where(pageTargets), f.seen(pageSeen), c.Source})
	}
	return rows
}

// remarks are the notes, folded.
func (p *page) remarks(notes []string) {
	if len(notes) == 0 {
		return
	}
	if !p.add(fold(plural(len(notes), "note"))) {
		p.left += len(notes)
		return
	}
	for i, n := range notes {
		if !p.add("- " + results.InMarkdown(cut(n, pageDetail)) + "\n") {
			p.left += len(notes) - i
			break
		}
	}
	p.WriteString(folded)
}

// details explain each finding that is not waived, folded by finding.
func (o *Overview) details(p *page, all []finding) {
	for _, f := range all {
		for i, text := range detail(f) {
			if !p.add(text) {
				p.left += len(f.places) - i
				break
			}
		}
	}
}

// detail is a block for the first places of a finding.
func detail(f finding) []string {
	c := f.first
	var b strings.Builder
	b.WriteString(fold(strings.ToUpper(string(c.Status)) + " " + string(c.Level) + " " + c.ID + ": " + f.where(pageTargets)))
	b.WriteString(results.InMarkdown(c.Title) + ".\n")
	for i, p := range f.places {
		if i == pageTargets {
			fmt.Fprintf(&b, "\nThe reports have %d more.\n", len(f.places)-i)
			break
		}
		b.WriteString("\n" + explained(p))
	}
	b.WriteString(folded)
	return []string{b.String()}
}

// explained says what was wanted and seen at a place, and which file shows it.
func explained(p place) string {
	c := p.result
	who := p.judged.Report.Target.String()
	if c.Policy != "" {
		who += " under policy " + c.Policy
	}
	b := "- " + results.InMarkdown(who) + "\n"
	leaked := ""
	if c.Leaked > 0 {
		leaked = fmt.Sprintf("%d bytes", c.Leaked)
	}
	for _, fact := range [][2]string{
		{"reason", c.Reason}, {"want", c.Want}, {"got", c.Got}, {"leaked", leaked},
		{"see", strings.Join(c.Evidence, " ") + " in " + cmp.Or(p.transcript(), "no transcript")},
	} {
		if fact[1] != "" {
			b += "  - " + fact[0] + ": " + results.InMarkdown(cut(fact[1], pageDetail)) + "\n"
		}
	}
	return b
}
