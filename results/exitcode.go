package results

// The exit codes of the programs that write reports.
const (
	ExitConforming    = 0   // conforming, waivers included
	ExitNonconforming = 1   // a MUST failed
	ExitUndecided     = 2   // nothing can be concluded; also usage errors and faults of the harness
	ExitTooNoisy      = 3   // load only: limited by the generator, or by noise
	ExitInterrupted   = 130 // the user stopped the run; what was seen was written down
)

// ExitCode is the exit code that a report asks for. An interruption outweighs
// what was seen until then, and a report in which nothing was executed never
// exits 0, whatever its Outcome says.
func ExitCode(r *Report, interrupted bool) int {
	switch {
	case interrupted:
		return ExitInterrupted
	case r.Executed == 0:
		return ExitUndecided
	case r.Outcome == Nonconforming:
		return ExitNonconforming
	case r.Outcome == Conforming || r.Outcome == ConformingWithWaivers:
		return ExitConforming
	default:
		return ExitUndecided
	}
}
