package results

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// markdown is the page for a reader of Markdown.
func (m Matrix) markdown() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("# What became of a message, by policy and receiving peer\n")
	for _, t := range m.Targets {
		line("- target %s", inMarkdown(strings.TrimSpace(t.Target+" "+t.Version)))
	}
	line("\n## Codes\n\n| code | meaning |\n|---|---|")
	for _, c := range FateCodes() {
		line("| %s | %s |", c, c.Meaning())
	}
	line("\n%s %s", cellLegend, strings.ReplaceAll(markLegend, "*", `\*`))
	line("\n## Policies\n\n| policy | what it is |\n|---|---|")
	for _, t := range m.Targets {
		for _, r := range t.Rows {
			line("| %s | %s |", inMarkdown(r.Policy), inMarkdown(m.saying(t, r)))
		}
	}
	line("\n## Policy and peer\n")
	head, rule := "| peer |", "|---|"
	for _, group := range m.groups() {
		for _, c := range group {
			head, rule = head+" "+inMarkdown(strings.Join(m.heads(c), ", "))+" |", rule+"---|"
		}
	}
	line("%s\n%s", head, rule)
	for _, p := range m.Profiles() {
		row := "| " + inMarkdown(p) + " |"
		for _, group := range m.groups() {
			for _, c := range group {
				row += " " + inMarkdown(c.cell(p)) + " |"
			}
		}
		line("%s", row)
	}
	for _, s := range cellRemarks() {
		remarks := m.remarks(s.fits)
		if len(remarks) > 0 {
			line("\n## %s\n", s.title)
		}
		for _, r := range remarks {
			line("- %s", inMarkdown(r))
		}
	}
	return b.String()
}

// inMarkdown is text that Markdown leaves as it is.
func inMarkdown(s string) string {
	return strings.NewReplacer(`\`, `\\`, "|", `\|`, "*", `\*`, "_", `\_`, "<", `\<`, "`", "\\`").Replace(oneLine(s))
}

// csv writes a line a cell.
func (m Matrix) csv(w io.Writer) error {
	c := csv.NewWriter(w)
	_ = c.Write([]string{"target", "version", "policy", "profile", "code", "seconds", "connections", "tls", "leaked_bytes", "case", "status", "why"})
	m.each(func(t MatrixTarget, r MatrixRow, cell MatrixCell) {
		_ = c.Write([]string{
			t.Target, t.Version, r.Policy, cell.Profile, string(cell.Code), strconv.FormatFloat(cell.Seconds, 'f', 1, 64),
			strconv.Itoa(cell.Connections), cell.TLS, strconv.FormatInt(cell.Leaked, 10), cell.Case, string(cell.Status), oneLine(cell.Why),
		})
	})
	c.Flush()
	return c.Error()
}
