package results

import "strconv"

// Verdict is a judge's conclusion on one transcript.
type Verdict struct {
	Status Status
	// Level at which the case binds this target under this policy.
	Level Level
	// Reason says in a sentence why the status is what it is; never empty for
	// na, skip, waived, pending, inconclusive and error.
	Reason string
	// Want and Got say what was wanted and what was seen.
	Want, Got string
	// Evidence points at the events that decided it.
	Evidence []EventRef
	// Leaked is the number of bytes that the policy forbids, seen on deliver
	// sessions.
	Leaked int64
}

// EventRef points at an event of a transcript.
type EventRef struct {
	// Session is the session's ID, Event the index in its events from 0.
	Session, Event int
}

// String writes the reference as it is shown in reports: "s2e7", both counted
// from 1 as in a stored transcript.
func (r EventRef) String() string {
	return "s" + strconv.Itoa(r.Session) + "e" + strconv.Itoa(r.Event+1)
}
