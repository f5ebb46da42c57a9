// Package overview makes one document of many reports and load runs, for those who
// look at a CI job: text for a terminal, Markdown for the job's page, JUnit for its
// list of tests, SARIF for its list of findings, JSON for programs, OpenMetrics for
// Prometheus.
//
// It stands behind the river: it takes reports and runs that others stored, and
// decides nothing. It is pure: it reads no file and no clock, and equal input gives
// equal bytes.
//
// A finding is a case that failed, could not be told, held only in its binding part,
// or is waived. The same case of several targets is one finding for people, and one
// for each target in SARIF, where each has a fingerprint that stays the same from
// run to run.
//
// Why undecided cases are no results in SARIF (2026-11): a result is a statement about
// the target, and those that follow results from run to run would take one that
// could not be told today for one that was mended. They are notifications of the
// tool.
package overview
