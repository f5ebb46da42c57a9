package harness

import (
	"os"
	"path/filepath"
	"strings"

	"mailtls/results"
	"mailtls/results/overview"
	"mailtls/scenarios"
)

// Overview reads what runs have left in files and folders, as ReadStored does, and
// tells with which rules of the catalogue the cases are. Folders are named from the
// working directory where they lie below it.
func Overview(tool results.Tool, paths ...string) (*overview.Overview, error) {
	stored, err := ReadStored(paths...)
	if err != nil {
		return nil, err
	}
	o := &overview.Overview{Tool: tool, Rules: map[string]overview.Rule{}}
	for i, r := range stored.Reports {
		o.Reports = append(o.Reports, overview.Judged{Report: r, Dir: fromHere(stored.ReportDirs[i])})
	}
	for i, r := range stored.Runs {
		o.Runs = append(o.Runs, overview.Loaded{Run: r, Dir: fromHere(stored.RunDirs[i])})
	}
	for _, c := range scenarios.All() {
		o.Rules[c.ID] = overview.Rule{Title: c.Title, Text: c.Source.Text, Clause: c.Source.Clause, Level: c.Strongest()}
	}
	return o, nil
}

// fromHere names a folder with slashes, from the working directory where it lies
// below it, by its absolute path else.
func fromHere(dir string) string {
	whole, err := filepath.Abs(dir)
	if err != nil {
		return filepath.ToSlash(dir)
	}
	here, err := os.Getwd()
	if err != nil {
		return filepath.ToSlash(whole)
	}
	below, err := filepath.Rel(here, whole)
	if err != nil || below == ".." || strings.HasPrefix(below, ".."+string(filepath.Separator)) {
		return filepath.ToSlash(whole)
	}
	return filepath.ToSlash(below)
}
