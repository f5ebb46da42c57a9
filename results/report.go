package results

import (
	"fmt"
	"strings"
	"time"
)

// Schema is the version of report.json that this package writes.
const Schema = "mailtls-report/1"

// Report is what a run leaves for its readers.
type Report struct {
	// Schema is the version of the document: see the constant.
	Schema string `json:"schema"`
	// Tool that wrote it.
	Tool Tool `json:"tool"`
	// Target that was judged.
	Target TargetID `json:"target"`
	// Roles that were played.
	Roles []Role `json:"roles"`
	// Claims that the cases were judged against.
	Claims Claims `json:"claims"`
	// Started is the wall clock, Elapsed the duration in seconds.
	Started time.Time `json:"started"`
	Elapsed float64   `json:"elapsed_s"`
	// ClockFactor: see Transcript.
	ClockFactor float64 `json:"clock_factor"`
	// Filter is the selection as the user gave it.
	Filter Filter `json:"filter"`
	// Cases in the order of the catalogue.
	Cases []CaseResult `json:"cases"`
	// Summary counts the cases by status; every status is present.
	Summary map[Status]int `json:"summary"`
	// Executed counts the cases that told something about the target.
	Executed int `json:"executed"`
	// Unattributed sessions fit no case.
	Unattributed int `json:"unattributed"`
	// Leaked is the sum of the cases' leaked bytes.
	Leaked int64 `json:"leaked_bytes"`
	// Outcome of the whole.
	Outcome Outcome `json:"outcome"`
	// Waivers that were in force.
	Waivers []Waiver `json:"waivers,omitempty"`
	// Notes are remarks about the run: a stale waiver, an interruption.
	Notes []string `json:"notes,omitempty"`
}

// Tool is the program that wrote a report.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Go      string `json:"go"`
}

// TargetID names the software under test.
type TargetID struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Variant string `json:"variant"`
}

// String is "name/variant".
func (t TargetID) String() string {
	if t.Variant == "" {
		return t.Name
	}
	return t.Name + "/" + t.Variant
}

// Filter is a selection of cases; empty fields select everything.
type Filter struct {
	Case  string `json:"case,omitempty"`
	Label string `json:"filter,omitempty"`
	// Policy of a sender, by name.
	Policy string `json:"policy,omitempty"`
}

// String says in words what is selected.
func (f Filter) String() string {
	var parts []string
	for _, p := range []struct{ name, value string }{{"case", f.Case}, {"filter", f.Label}, {"policy", f.Policy}} {
		if p.value != "" {
			parts = append(parts, fmt.Sprintf("%s %q", p.name, p.value))
		}
	}
	if parts == nil {
		return "role alone"
	}
	return strings.Join(parts, " and ")
}

// CaseResult is one case's line in the report.
type CaseResult struct {
	ID     string `json:"id"`
	Row    string `json:"row"`
	Title  string `json:"title"`
	Role   Role   `json:"role"`
	Policy string `json:"policy"`
	Level  Level  `json:"level"`
	Source string `json:"source"`
	Status Status `json:"status"`
	Reason string `json:"reason"`
	Want   string `json:"want"`
	Got    string `json:"got"`
	// Evidence points into the transcript: "s1e4".
	Evidence []string `json:"evidence,omitempty"`
	// Duration in milliseconds.
	Duration int64 `json:"duration_ms"`
	// Transcript is the file's path, relative to the report; empty when the
	// case was not played.
	Transcript string `json:"transcript"`
	// SHA256 of the transcript file.
	SHA256 string `json:"sha256,omitempty"`
	Leaked int64  `json:"leaked_bytes"`
	// Profile is the peer that a sender was put before, where the case puts it
	// before a single one.
	Profile string `json:"profile,omitempty"`
	// Cell is true for a case that fills a cell of the matrix.
	Cell bool `json:"cell,omitempty"`
	// Fate is what became of the message, where the case is about one.
	Fate *Fate `json:"outcome,omitempty"`
}

// Waiver is a failure that a target's owner expects.
type Waiver struct {
	// Case is the id, Policy the policy for senders.
	Case   string `json:"case" yaml:"case"`
	Policy string `json:"policy,omitempty" yaml:"policy"`
	// Variant it holds for; empty means all.
	Variant string `json:"variant,omitempty" yaml:"variant"`
	// Expected is a part of what is observed; a failure that shows something
	// else is not covered.
	Expected string `json:"expected" yaml:"expected"`
	// Reason why it is accepted.
	Reason string `json:"reason" yaml:"reason"`
}

// Key is the identity of the executed unit: "id", or "id@policy" for senders.
func (c CaseResult) Key() string {
	return Key(c.ID, c.Policy)
}

// Key joins a case's id and a policy into the identity of an executed unit.
func Key(id, policy string) string {
	if policy == "" {
		return id
	}
	return id + "@" + policy
}

// Outcome is the conclusion of a whole report.
type Outcome string

// The outcomes.
const (
	Conforming            Outcome = "conforming"
	ConformingWithWaivers Outcome = "conforming-with-waivers"
	Nonconforming         Outcome = "nonconforming"
	Undecided             Outcome = "undecided"
)

// Summarize fills in what follows from the cases: Summary, Executed, Leaked and
// Outcome.
func (r *Report) Summarize() {
	r.Summary = map[Status]int{}
	for _, s := range Statuses() {
		r.Summary[s] = 0
	}
	r.Executed, r.Leaked = 0, 0
	for _, c := range r.Cases {
		r.Summary[c.Status]++
		r.Leaked += c.Leaked
		if c.Status.Executed() {
			r.Executed++
		}
	}
	r.Outcome = outcome(r.Cases, r.Executed)
}

// outcome: a failed MUST outweighs an undecided one, which outweighs a waiver. An
// error is mailtls's own, or a waiver's that does not fit, and leaves the report
// undecided at any level. A report in which nothing was executed says nothing.
func outcome(cases []CaseResult, executed int) Outcome {
	var failed, undecided, waived bool
	for _, c := range cases {
		must := c.Level == Must
		failed = failed || must && c.Status == StatusFail
		undecided = undecided || must && c.Status.Undecided() || c.Status == StatusError
		waived = waived || c.Status == StatusWaived
	}
	switch {
	case failed:
		return Nonconforming
	case undecided || executed == 0:
		return Undecided
	case waived:
		return ConformingWithWaivers
	default:
		return Conforming
	}
}
