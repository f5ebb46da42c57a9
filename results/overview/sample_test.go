package overview_test

import (
	"bytes"
	"testing"
	"time"

	"mailtls/results"
	"mailtls/results/overview"
)

// night is when the samples began.
var night = time.Date(2026, 11, 24, 2, 0, 0, 0, time.UTC)

// hostile is what a target may say to break what shows it.
const hostile = "got |<b>&\"\x1b[31m\xff`x`\n# EOF]]>"

// caseOf is a case of a receiver, or of a sender where there is a policy.
func caseOf(id string, level results.Level, status results.Status, policy string) results.CaseResult {
	c := results.CaseResult{
		ID: id, Row: "R-001", Title: "what " + id + " asks for", Role: results.RoleReceiver, Policy: policy, Level: level, Source: "RFC 3207 §4.2; RFC 5321 §4",
		Status: status, Want: "503", Got: "250 of " + id, Evidence: []string{"s1e4"}, Transcript: "transcripts/" + id + ".txt",
	}
	if policy != "" {
		c.Role = results.RoleSender
	}
	switch status {
	case results.StatusNA, results.StatusSkip, results.StatusPending:
		c.Got, c.Transcript, c.Evidence, c.Reason = "", "", nil, "not claimed"
	case results.StatusWaived, results.StatusInconclusive, results.StatusError:
		c.Reason = "known since 4.1"
	case results.StatusPass, results.StatusNonstrict, results.StatusInfo, results.StatusFail:
	}
	return c
}

// reportOn is a report on a target.
func reportOn(target string, cases ...results.CaseResult) *results.Report {
	r := &results.Report{
		Schema: results.Schema, Tool: results.Tool{Name: "mailtls", Version: "v1.2.3", Go: "go1.26.8"}, Roles: []results.Role{results.RoleReceiver},
		Target: results.TargetID{Name: target, Version: "3.7.11", Variant: "default"}, Started: night, Elapsed: 12.5, ClockFactor: 1, Cases: cases, Notes: []string{"a note on " + target},
	}
	r.Summarize()
	return r
}

// runOf is a load run at a fixed rate whose threshold of 50 ms was kept or not.
func runOf(p99 time.Duration) *results.Run {
	h := results.NewHistogram()
	for i := range 100 {
		h.Record(p99 * time.Duration(i+1) / 100)
	}
	var kept results.Threshold
	if err := kept.UnmarshalText([]byte("p99<50ms")); err != nil {
		panic(err)
	}
	s := results.Summarized(h)
	r := &results.Run{
		Schema: results.RunSchema, Started: night, Elapsed: 10,
		Plan:      results.Plan{Name: "nightly", Target: "postfix", Rate: 100, Duration: results.Span(10 * time.Second), Thresholds: []results.Threshold{kept}}.Filled(),
		Env:       results.Env{Tool: results.Tool{Name: "mailtls", Version: "v1.2.3", Go: "go1.26.8"}, OS: "linux", Procs: 2, Target: "postfix/default 3.7.11"},
		Attempted: 110, Completed: 100, Failed: map[results.ErrorClass]int64{results.FailTimeout: 10}, Resumed: 7,
		Rate: results.RunRate{Asked: 100, Achieved: 11, Completed: 10}, Raw: s, Lag: s,
		Phases:    map[results.Phase]results.Summary{results.PhaseSession: s},
		Generator: results.Generator{Verdict: results.RunOK, CPU: 400}, Target: &results.TargetUse{CPU: 800},
	}
	r.Conclude()
	return r
}

// sample has each status, at two targets, and two runs.
func sample() *overview.Overview {
	evil := caseOf("hello/evil", results.Must, results.StatusFail, "")
	evil.Got, evil.Leaked = hostile, 40
	first := reportOn("postfix",
		caseOf("hello/good", results.Must, results.StatusPass, ""), caseOf("hello/broken", results.Must, results.StatusFail, ""), evil,
		caseOf("hello/should", results.Should, results.StatusFail, ""), caseOf("hello/may", results.May, results.StatusFail, ""),
		caseOf("hello/nonstrict", results.Must, results.StatusNonstrict, ""), caseOf("hello/waived", results.Must, results.StatusWaived, ""),
		caseOf("hello/open", results.Must, results.StatusInconclusive, ""), caseOf("hello/fault", results.Must, results.StatusError, ""),
		caseOf("hello/info", results.Info, results.StatusInfo, ""), caseOf("hello/na", results.Must, results.StatusNA, ""),
	)
	second := reportOn("exim", caseOf("hello/broken", results.Must, results.StatusFail, ""),
		caseOf("queue/broken", results.Must, results.StatusFail, "may"), caseOf("queue/broken", results.Must, results.StatusFail, "encrypt"))
	return &overview.Overview{
		Tool:    results.Tool{Name: "mailtls", Version: "v1.2.3", Go: "go1.26.8"},
		Reports: []overview.Judged{{Report: first, Dir: "runs/postfix one"}, {Report: second, Dir: "/srv/runs/exim"}},
		Runs:    []overview.Loaded{{Run: runOf(9 * time.Millisecond), Dir: "runs/load"}, {Run: runOf(90 * time.Millisecond), Dir: "runs/later"}},
		Rules: map[string]overview.Rule{"hello/broken": {
			Title: "HELO is not kept", Text: "What was said before TLS is forgotten.", Clause: "RFC 3207 §4.2", Level: results.Must,
		}},
	}
}

// written writes an overview in a format.
func written(t *testing.T, o *overview.Overview, format string) string {
	t.Helper()
	var b bytes.Buffer
	if err := o.Write(&b, format); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
