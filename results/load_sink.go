package results

import "time"

// SinkSchema is the version of the sink's document.
const SinkSchema = "mailtls-sink/1"

// SinkRun is what a sink measured: a receiving peer that takes mail as fast as it
// can and discards it.
type SinkRun struct {
	// Schema is SinkSchema.
	Schema string `json:"schema"`
	// Plan is what was asked of the sink.
	Plan SinkPlan `json:"plan"`
	// Env is where it ran; its target is who sent, where that is known.
	Env Env `json:"env"`
	// Started is when the sink began to listen.
	Started time.Time `json:"started"`
	// Elapsed is the time from the first connection to the end of the last session,
	// in seconds; 0 where none came.
	Elapsed float64 `json:"elapsed_s"`
	// Sessions that were accepted. Each is either Completed, which is ended by
	// QUIT, or Failed.
	Sessions  int64                `json:"sessions"`
	Completed int64                `json:"completed"`
	Failed    map[ErrorClass]int64 `json:"failed"`
	// Messages that were accepted, their Recipients, and the Bytes of their content.
	Messages   int64 `json:"messages"`
	Recipients int64 `json:"recipients"`
	Bytes      int64 `json:"bytes"`
	// Handshakes that came about, and those of them that Resumed a session.
	Handshakes int64 `json:"handshakes"`
	Resumed    int64 `json:"resumed"`
	// Interrupted says that the user stopped it.
	Interrupted bool `json:"interrupted"`
	// Rate in the time elapsed.
	Rate SinkRate `json:"rate"`
	// Phases by name, each from where it was met, failed sessions included but for
	// the session as a whole; those that were not met are absent.
	Phases map[Phase]Summary `json:"phases"`
	// Delay is what was really waited at the plan's point.
	Delay Summary `json:"delay"`
	// Sink is what the sink measured of itself, which is all of this process.
	Sink Generator `json:"sink"`
	// Sent is what the target was given to send; nil where somebody else sends.
	Sent *SinkSent `json:"sent,omitempty"`
	// Intervals of a second each; the last may be shorter.
	Intervals []SinkInterval `json:"intervals"`
}

// SinkPlan is what is asked of a sink.
type SinkPlan struct {
	// Listen is the address that it listens on.
	Listen string `json:"listen"`
	// Peer is the profile that it plays.
	Peer string `json:"peer"`
	// Delay and where it is put; no kind for none.
	Delay   Delay      `json:"delay,omitzero"`
	DelayAt DelayPoint `json:"delay_at,omitempty"`
	// Seed of what is drawn.
	Seed uint64 `json:"seed,omitempty"`
	// Duration after which it ends; 0 leaves that to the user, or to the sender.
	Duration Span `json:"duration,omitzero"`
}

// SinkRate is in a second.
type SinkRate struct {
	Sessions   float64 `json:"sessions"`
	Messages   float64 `json:"messages"`
	Handshakes float64 `json:"handshakes"`
}

// SinkSent is what a target was given to send.
type SinkSent struct {
	// Target, with its variant and version, and the policy that it sends under.
	Target string `json:"target"`
	Policy string `json:"policy"`
	// Messages that it accepted, Failed submissions, and Lost messages, which did
	// not arrive while they were awaited.
	Messages int64                `json:"messages"`
	Failed   map[ErrorClass]int64 `json:"failed"`
	Lost     int64                `json:"lost"`
	// CPU time of its processes for each message that it accepted, in µs, the
	// submission included, and CPUShare that time of the time that passed; 0 when
	// it is not known.
	CPU      float64 `json:"cpu_us_per_message"`
	CPUShare float64 `json:"cpu_share"`
}

// SinkInterval is a part of a sink's run.
type SinkInterval struct {
	// At is where it begins and Length how long it is, in seconds.
	At     float64 `json:"at_s"`
	Length float64 `json:"length_s"`
	// Sessions that ended in it, and how they did; Messages and Handshakes in it.
	Sessions   int64 `json:"sessions"`
	Failed     int64 `json:"failed"`
	Messages   int64 `json:"messages"`
	Handshakes int64 `json:"handshakes"`
	// Open sessions at its end.
	Open int64 `json:"open"`
	// HandshakeP99 and MessageP99 in µs.
	HandshakeP99 float64 `json:"handshake_p99_us"`
	MessageP99   float64 `json:"message_p99_us"`
	// CPUShare of this process; see Generator.
	CPUShare float64 `json:"cpu_share"`
}

// Failures is how many sessions failed.
func (r *SinkRun) Failures() int64 {
	var n int64
	for _, failed := range r.Failed {
		n += failed
	}
	return n
}

// SinkExitCode is the exit code that a sink's run asks for.
func SinkExitCode(r *SinkRun) int {
	switch {
	case r.Interrupted:
		return ExitInterrupted
	case r.Sink.Verdict != RunOK:
		return ExitTooNoisy
	case r.Sent != nil && (r.Sent.Lost > 0 || len(r.Sent.Failed) > 0):
		return ExitNonconforming
	case r.Sessions == 0:
		return ExitUndecided
	}
	return ExitConforming
}
