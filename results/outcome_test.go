package results_test

import (
	"testing"

	"mailtls/results"
)

// judged is a case result of a level and a status.
func judged(level results.Level, status results.Status) results.CaseResult {
	return results.CaseResult{ID: "a/b", Level: level, Status: status, Leaked: 1}
}

func TestOutcomePrecedence(t *testing.T) {
	const (
		must, should, may, info = results.Must, results.Should, results.May, results.Info
	)
	pass, fail := judged(must, results.StatusPass), judged(must, results.StatusFail)
	waived, unclear := judged(must, results.StatusWaived), judged(must, results.StatusInconclusive)
	for _, tt := range []struct {
		name  string
		cases []results.CaseResult
		want  results.Outcome
		code  int
	}{
		{"no case", nil, results.Undecided, 2},
		{"pass", cases(pass), results.Conforming, 0},
		{"nonstrict", cases(judged(must, results.StatusNonstrict)), results.Conforming, 0},
		{"only recorded", cases(judged(info, results.StatusInfo)), results.Conforming, 0},
		{"only na", cases(judged(must, results.StatusNA)), results.Undecided, 2},
		{"only skip and pending", cases(judged(must, results.StatusSkip), judged(must, results.StatusPending)), results.Undecided, 2},
		{"only a SHOULD in doubt", cases(judged(should, results.StatusError)), results.Undecided, 2},
		{"failed MUST", cases(pass, fail), results.Nonconforming, 1},
		{"failed MUST outweighs one in doubt", cases(unclear, fail, waived), results.Nonconforming, 1},
		{"failed MUST whatever the order", cases(fail, waived, unclear), results.Nonconforming, 1},
		{"MUST in doubt outweighs a waiver", cases(waived, unclear, pass), results.Undecided, 2},
		{"MUST in error", cases(pass, judged(must, results.StatusError)), results.Undecided, 2},
		{"waiver", cases(pass, waived), results.ConformingWithWaivers, 0},
		{"waived SHOULD", cases(pass, judged(should, results.StatusWaived)), results.ConformingWithWaivers, 0},
		{"failed SHOULD", cases(pass, judged(should, results.StatusFail)), results.Conforming, 0},
		{"only a failed SHOULD", cases(judged(should, results.StatusFail)), results.Conforming, 0},
		{"failed MAY", cases(judged(may, results.StatusFail)), results.Conforming, 0},
		{"SHOULD in doubt", cases(pass, judged(should, results.StatusInconclusive)), results.Conforming, 0},
		{"left out", cases(pass, judged(must, results.StatusSkip), judged(must, results.StatusPending)), results.Conforming, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := &results.Report{Cases: tt.cases}
			r.Summarize()
			if r.Outcome != tt.want {
				t.Errorf("outcome %s, want %s", r.Outcome, tt.want)
			}
			if got := results.ExitCode(r, false); got != tt.code {
				t.Errorf("exit code %d, want %d", got, tt.code)
			}
			if got := results.ExitCode(r, true); got != 130 {
				t.Errorf("exit code %d when interrupted, want 130", got)
			}
		})
	}
}

func cases(c ...results.CaseResult) []results.CaseResult {
	return c
}

func TestSummarizeCounts(t *testing.T) {
	r := &results.Report{Executed: 99, Leaked: 99, Summary: map[results.Status]int{"stale": 1}}
	for i, s := range results.Statuses() {
		for range i {
			r.Cases = append(r.Cases, judged(results.Must, s))
		}
	}
	r.Summarize()
	if len(r.Summary) != len(results.Statuses()) {
		t.Errorf("summary has %d statuses, want %d", len(r.Summary), len(results.Statuses()))
	}
	for want, s := range results.Statuses() {
		if r.Summary[s] != want {
			t.Errorf("%s counted %d times, want %d", s, r.Summary[s], want)
		}
	}
	// pass 0, nonstrict 1, info 2, fail 3, waived 4 are executed; all 45 leaked.
	if r.Executed != 10 || r.Leaked != 45 {
		t.Errorf("executed %d, leaked %d, want 10 and 45", r.Executed, r.Leaked)
	}
}

func TestExitCodeNeverTrustsAnEmptyReport(t *testing.T) {
	for _, r := range []*results.Report{
		{Outcome: results.Conforming},
		{Outcome: results.Nonconforming},
		{Outcome: "", Executed: 1},
		{Outcome: "fine", Executed: 1},
	} {
		if got := results.ExitCode(r, false); got != 2 {
			t.Errorf("outcome %q with %d executed exits %d, want 2", r.Outcome, r.Executed, got)
		}
	}
}
