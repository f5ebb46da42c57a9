// Package comparison says what changed between two sets of runs, between the verdicts
// of two sets of reports, or between benchmarks of Go.
//
// It stands behind the river: it takes the runs and reports that others stored,
// or benchmarks in Go's format, and gives a document. It is pure: it reads no file, no
// clock and no random number, and it decides nothing about a single run.
//
// A difference counts when two things hold: its p-value is below Alpha after all
// figures were corrected for together (Holm, Scandinavian Journal of Statistics 6,
// 1979), and its whole confidence interval lies beyond the smallest effect worth
// telling of. Figures are compared by the logarithm of their ratio, for what makes
// a machine slow makes everything slower by a share.
//
// Why two designs (2026-11): runs that were taken apart from each other (Unpaired)
// are compared by the Mann-Whitney U test, which assumes nothing of them. Where
// other work shares the machine, runs in alternation (Paired) find far smaller
// effects, because both sides of a pair met the same neighbours: there the unit is
// the pair and the test is Wilcoxon's signed-rank test on the log ratios. Neither
// trusts a mean, so one disturbed run does not decide.
package comparison
