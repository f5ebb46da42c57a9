package scenarios

import (
	"fmt"
	"slices"
	"strings"

	"mailtls/results"
)

// Markdown is the catalogue as a page to be read: a table for each area, in the
// order in which the areas come first.
func Markdown(cases []Case) string {
	var areas []string
	byArea := map[string][]Case{}
	for _, c := range cases {
		if byArea[c.Area()] == nil {
			areas = append(areas, c.Area())
		}
		byArea[c.Area()] = append(byArea[c.Area()], c)
	}
	var b strings.Builder
	b.WriteString("# The catalogue\n\n" +
		"What mailtls asks of a mail server, and by which source. Of the levels of a case the first counts whose claims, in\n" +
		"brackets, a target makes; where none fits, the case does not apply (`na`) or is only recorded. `mailtls list cases\n" +
		"--format markdown` prints this page.\n\n" +
		strings.Join(counts(cases), ", ") + ".\n")
	for _, area := range areas {
		fmt.Fprintf(&b, "\n## %s\n\n| row | id | level | requirement | source |\n|---|---|---|---|---|\n", area)
		for _, c := range byArea[area] {
			fmt.Fprintf(&b, "| %s | `%s` | %s | %s | %s |\n", c.Row, c.ID, cell(levels(c)), cell(requirement(c)), cell(c.Source.Clause))
		}
	}
	return b.String()
}

// counts says how many cases there are of each strongest level.
func counts(cases []Case) []string {
	all := []string{fmt.Sprintf("%d cases", len(cases))}
	for _, l := range []results.Level{results.Must, results.Should, results.May, results.Info} {
		n := 0
		for _, c := range cases {
			if c.Strongest() == l {
				n++
			}
		}
		if n > 0 {
			all = append(all, fmt.Sprintf("%d %s", n, l))
		}
	}
	return all
}

// levels are the levels of a case, each with the claims that it needs.
func levels(c Case) string {
	var all []string
	for _, rule := range c.Levels {
		var claims []string
		for _, f := range slices.Concat(c.Needs, rule.Needs) {
			if !slices.Contains(claims, string(f)) {
				claims = append(claims, string(f))
			}
		}
		level := string(rule.Level)
		if len(claims) > 0 {
			level += " [" + strings.Join(claims, ", ") + "]"
		}
		all = append(all, level)
	}
	return strings.Join(all, "; ")
}

// requirement is what a case asks for, why, and whether it is played.
func requirement(c Case) string {
	text := c.Title + ". " + c.Source.Text
	if c.Pending != "" {
		text += " Not played yet: " + c.Pending + "."
	}
	return text
}

// cell keeps text inside one cell of a table.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "\n", " ").Replace(text)
}
