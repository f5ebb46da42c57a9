package dns

import (
	"fmt"
	"slices"
	"time"
)

// Fault is a misbehaviour for one name. It strikes questions for that name and
// those that reach it through an alias.
type Fault struct {
	// Type of record asked for that it strikes, such as "TLSA"; empty strikes every
	// type.
	Type string
	// Do is what happens instead of the answer; empty leaves the answer alone.
	Do Action
	// Delay before the answer.
	Delay time.Duration
	// Times is how many questions it strikes before it is spent; 0 is every one.
	Times int
}

// Action is what happens instead of an answer.
type Action string

// The actions.
const (
	NXDomain Action = "nxdomain" // the name does not exist; AD if it is secure
	ServFail Action = "servfail" // the resolver failed; also what data that does not validate becomes
	Refused  Action = "refused"  // the resolver is not willing
	Silence  Action = "silence"  // no answer at all
	Truncate Action = "truncate" // over UDP an empty answer with TC; over TCP it strikes nothing
)

// Actions lists the actions.
func Actions() []Action { return []Action{NXDomain, ServFail, Refused, Silence, Truncate} }

func (f Fault) check() error {
	if f.Do != "" && !slices.Contains(Actions(), f.Do) {
		return fmt.Errorf("no action %q", f.Do)
	}
	if _, ok := typeOf(f.Type); f.Type != "" && !ok {
		return fmt.Errorf("no type of record %q", f.Type)
	}
	if f.Delay < 0 || f.Times < 0 {
		return fmt.Errorf("a delay of %s, %d times", f.Delay, f.Times)
	}
	return nil
}

// fault is a Fault in force.
type fault struct {
	Fault
	// kind is the type that it strikes; 0 for every type.
	kind uint16
	// left is how many more questions it strikes, if Times limits them.
	left int
}

// strikes tells whether a question is struck.
func (f *fault) strikes(q question) bool {
	return (f.kind == 0 || f.kind == q.kind) && (f.Times == 0 || f.left > 0) && (f.Do != Truncate || q.udp)
}
