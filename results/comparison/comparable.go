package comparison

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"mailtls/results"
)

// refuse names what forbids a comparison: runs that cannot be used, and runs that differ from each other in
// an aspect that is not allowed to.
func refuse(base, now []*results.Run, usable func(*results.Run) error, allow []results.Aspect) error {
	first := base[0].Likeness()
	for _, r := range slices.Concat(base, now) {
		if err := usable(r); err != nil {
			return fmt.Errorf("compare runs: the one of %s cannot be used: %w", at(r), err)
		}
		var differ []string
		for _, d := range first.Differences(r.Likeness()) {
			if !slices.Contains(allow, d.Aspect) {
				differ = append(differ, d.String())
			}
		}
		if len(differ) > 0 {
			return fmt.Errorf("compare runs: those of %s and %s cannot be compared: %s", at(base[0]), at(r), strings.Join(differ, "; "))
		}
	}
	return nil
}

// at names a run by when it began.
func at(r *results.Run) string { return r.Started.UTC().Format("2006-01-02 15:04:05") }

// remark notes what does not forbid a comparison, and may explain a difference.
func (l *Load) remark(base, now []*results.Run) {
	for _, fact := range []struct {
		what string
		of   func(*results.Run) string
	}{
		{"mailtls", func(r *results.Run) string { return r.Env.Tool.Version }},
		{"kernel", func(r *results.Run) string { return r.Env.Kernel }},
	} {
		if b, n := words(base, fact.of), words(now, fact.of); b != n {
			l.Notes = append(l.Notes, fmt.Sprintf("%s was %s and is %s", fact.what, b, n))
		}
	}
	shared := func(r *results.Run) bool { return r.Generator.Shared }
	if slices.ContainsFunc(base, shared) || slices.ContainsFunc(now, shared) {
		l.Notes = append(l.Notes, "generator-cpu includes what ran beside the generator in its process")
	}
}

// words lists what runs say, each word once.
func words(runs []*results.Run, of func(*results.Run) string) string {
	var all []string
	for _, r := range runs {
		all = append(all, cmp.Or(of(r), "unknown"))
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), " and ")
}
