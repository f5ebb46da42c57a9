package results

// LossClass says what became of a message that a relay accepted and that did not
// arrive.
type LossClass string

// The classes.
const (
	LostNotArrived LossClass = "not-arrived" // nothing came until the wait was over; it may be in a queue still
	LostReturned   LossClass = "returned"    // a notification came back in its place
)

// LossClasses lists every class.
func LossClasses() []LossClass { return []LossClass{LostNotArrived, LostReturned} }

// UnmarshalText reads a class.
func (c *LossClass) UnmarshalText(text []byte) error { return oneOf(c, text, LossClasses()) }

// Relay is what became of the messages that were sent through a target. Those of
// the warm-up are not counted.
type Relay struct {
	// To is the peer of ours behind the relay, Policy the relay's sender policy for
	// it.
	To     string `json:"to"`
	Policy string `json:"policy"`
	// Wait is how long arrivals were awaited after the last session at most.
	Wait Span `json:"wait"`
	// Accepted messages, those of them that Arrived, and those that are Lost by
	// class.
	Accepted int64               `json:"accepted"`
	Arrived  int64               `json:"arrived"`
	Lost     map[LossClass]int64 `json:"lost"`
	// Twice counts every arrival of a message beyond its first, Unaccepted the
	// messages that arrived though their session failed, Strange those that are
	// none of the run's.
	Twice      int64 `json:"twice"`
	Unaccepted int64 `json:"unaccepted"`
	Strange    int64 `json:"strange"`
}

// Losses is how many messages are lost.
func (r *Relay) Losses() int64 {
	var n int64
	for _, lost := range r.Lost {
		n += lost
	}
	return n
}

// add takes over what a shard counted.
func (r *Relay) add(o *Relay) {
	r.Accepted += o.Accepted
	r.Arrived += o.Arrived
	for class, n := range o.Lost {
		r.Lost[class] += n
	}
	r.Twice += o.Twice
	r.Unaccepted += o.Unaccepted
	r.Strange += o.Strange
}
