package results

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// RunSchema is the version of the run document.
const RunSchema = "mailtls-run/1"

// Run is what one execution of a load plan measured.
type Run struct {
	// Schema is RunSchema.
	Schema string `json:"schema"`
	// Plan that was executed, filled.
	Plan Plan `json:"plan"`
	// Env is where it ran.
	Env Env `json:"env"`
	// Started is when the first session was due, warm-up included.
	Started time.Time `json:"started"`
	// Elapsed is how long was measured, in seconds, warm-up not included.
	Elapsed float64 `json:"elapsed_s"`
	// Attempted sessions, Completed and Failed by class. Each attempted session is
	// one of the others.
	Attempted int64                `json:"attempted"`
	Completed int64                `json:"completed"`
	Failed    map[ErrorClass]int64 `json:"failed"`
	// Resumed are the completed sessions whose handshake resumed an earlier one.
	Resumed int64 `json:"resumed"`
	// Interrupted says that the user stopped it.
	Interrupted bool `json:"interrupted"`
	// Rate asked for and achieved.
	Rate RunRate `json:"rate"`
	// Phases by name; those that were not met are absent.
	Phases map[Phase]Summary `json:"phases"`
	// Raw is the whole session from when it really began.
	Raw Summary `json:"raw"`
	// Lag is how much later than due sessions began.
	Lag Summary `json:"lag"`
	// Wire is what passed on the wire.
	Wire Wire `json:"wire"`
	// Generator is what the generator measured of itself.
	Generator Generator `json:"generator"`
	// Target is what it measured of the target; nil when it could not.
	Target *TargetUse `json:"target,omitempty"`
	// Relay is what became of messages that went through the target; nil where none
	// did.
	Relay *Relay `json:"relay,omitempty"`
	// Search is how find-max came to the rate; nil without.
	Search *Search `json:"search,omitempty"`
	// Intervals of a second each; the last may be shorter.
	Intervals []Interval `json:"intervals"`
	// Thresholds of the plan and whether they were kept; empty when the generator
	// was limited or the host noisy.
	Thresholds []ThresholdResult `json:"thresholds"`
}

// Env is what results can be compared by.
type Env struct {
	// Tool that measured.
	Tool Tool `json:"tool"`
	// OS, Arch, Kernel and CPU of the machine; Level is GOAMD64 or the like. What
	// is not known is empty.
	OS     string `json:"os"`
	Arch   string `json:"arch"`
	Level  string `json:"level"`
	Kernel string `json:"kernel"`
	CPU    string `json:"cpu"`
	// Procs is GOMAXPROCS.
	Procs int `json:"procs"`
	// Load is the load average of a minute before the start.
	Load float64 `json:"load"`
	// Target is the name and version of what was loaded, as far as known.
	Target string `json:"target"`
	// Connection is what was negotiated in the last session with TLS, such as
	// TLS1.3 X25519 TLS_AES_128_GCM_SHA256 ECDSA-256 chain of 2; empty without.
	Connection string `json:"connection"`
}

// RunRate is in sessions a second.
type RunRate struct {
	// Asked is the mean rate of the plan; 0 for workers.
	Asked float64 `json:"asked"`
	// Achieved is how many began.
	Achieved float64 `json:"achieved"`
	// Completed is how many ended well.
	Completed float64 `json:"completed"`
}

// Wire is what passed on the wire in a completed session, in bytes of TCP payload on
// average: up to the last reply, in clear and in TLS.
type Wire struct {
	Sent     float64 `json:"sent_per_session"`
	Received float64 `json:"received_per_session"`
}

// RunVerdict says whether a run's figures are the target's.
type RunVerdict string

// The verdicts.
const (
	RunOK               RunVerdict = "ok"
	RunGeneratorLimited RunVerdict = "generator-limited" // the generator did not keep up
	RunNoisyHost        RunVerdict = "noisy-host"        // others took the machine's time
)

// RunVerdicts lists every verdict.
func RunVerdicts() []RunVerdict { return []RunVerdict{RunOK, RunGeneratorLimited, RunNoisyHost} }

// UnmarshalText reads a verdict.
func (v *RunVerdict) UnmarshalText(text []byte) error { return oneOf(v, text, RunVerdicts()) }

// Generator is what the generator measured of itself. Shares are 0 to 1.
type Generator struct {
	// Verdict and the Reasons for it; none for ok.
	Verdict RunVerdict `json:"verdict"`
	Reasons []string   `json:"reasons"`
	// CPU time of this process for each attempted session, in µs.
	CPU float64 `json:"cpu_us_per_session"`
	// Allocs are the objects that it put on the heap for each attempted session.
	Allocs float64 `json:"allocs_per_session"`
	// Shared says that a peer in this process had part of both.
	Shared bool `json:"shared"`
	// CPUShare is the CPU time used of what GOMAXPROCS allows.
	CPUShare float64 `json:"cpu_share"`
	// Busy is the share of intervals in which CPUShare was above 0.85.
	Busy float64 `json:"busy"`
	// RunQueue is the time threads waited for a CPU, of what GOMAXPROCS allows.
	RunQueue float64 `json:"run_queue"`
	// Steal is the machine's time that the hypervisor took.
	Steal float64 `json:"steal"`
	// GC is the share of the CPU time that went into garbage collection.
	GC float64 `json:"gc"`
	// Blocked sessions waited because too many were in flight; Dropped ones never
	// began.
	Blocked int64 `json:"blocked"`
	Dropped int64 `json:"dropped"`
	// MaxInFlight is how many sessions were open at once at most.
	MaxInFlight int64 `json:"max_in_flight"`
	// ListenOverflows are the connections for which a listen queue of this machine
	// was full.
	ListenOverflows int64 `json:"listen_overflows"`
	// Files is how many descriptors were open at most.
	Files int64 `json:"files"`
}

// TargetUse is what the target used.
type TargetUse struct {
	// CPU time of its processes for each attempted session, in µs.
	CPU float64 `json:"cpu_us_per_session"`
	// CPUShare is its CPU time of the time that passed; above 1 on several CPUs.
	CPUShare float64 `json:"cpu_share"`
}

// Interval is a part of a run. Counts are of sessions that began (Attempted) or
// ended in it.
type Interval struct {
	// At is where it begins and Length how long it is, in seconds.
	At     float64 `json:"at_s"`
	Length float64 `json:"length_s"`

	Attempted int64 `json:"attempted"`
	Completed int64 `json:"completed"`
	Failed    int64 `json:"failed"`
	// InFlight at its end.
	InFlight int64 `json:"in_flight"`
	// Session holds the whole sessions that ended in it.
	Session Summary `json:"session"`
	// LagP99 in µs of those that began in it.
	LagP99 float64 `json:"lag_p99_us"`
	// The generator in the interval; see Generator.
	CPUShare float64 `json:"cpu_share"`
	RunQueue float64 `json:"run_queue"`
	Steal    float64 `json:"steal"`
	GC       float64 `json:"gc"`
}

// Search is how find-max came to its rate.
type Search struct {
	// Best is the highest rate that kept the thresholds; 0 when none did.
	Best Rate `json:"best"`
	// Limit is the lowest rate that did not; 0 when all did.
	Limit Rate `json:"limit"`
	// Tries in their order.
	Tries []Try `json:"tries"`
}

// Try is one rate of a search.
type Try struct {
	Rate Rate `json:"rate"`
	// Kept tells whether all thresholds were.
	Kept bool `json:"kept"`
	// Verdict on the generator; a rate at which it is not ok counts as not kept.
	Verdict RunVerdict `json:"verdict"`
}

// Failures is how many sessions failed.
func (r *Run) Failures() int64 {
	var n int64
	for _, failed := range r.Failed {
		n += failed
	}
	return n
}

// summary finds a part that a threshold can be of; the zero value where it was
// not met.
func (r *Run) summary(of string) Summary {
	switch of {
	case ofRaw:
		return r.Raw
	case ofLag:
		return r.Lag
	case "":
		return r.Phases[PhaseSession]
	}
	return r.Phases[Phase(of)]
}

// Conclude judges the plan's thresholds, unless the generator was not ok.
func (r *Run) Conclude() {
	r.Thresholds = nil
	if r.Generator.Verdict != RunOK {
		return
	}
	for _, t := range r.Plan.Thresholds {
		r.Thresholds = append(r.Thresholds, t.Judge(r))
	}
}

// Whole refuses a run that says nothing of its target: it was interrupted, or no
// session was completed.
func (r *Run) Whole() error {
	switch {
	case r.Interrupted:
		return errors.New("it was interrupted")
	case r.Completed == 0:
		return fmt.Errorf("none of its %d sessions was completed", r.Attempted)
	}
	return nil
}

// Sound refuses besides those a run whose figures are not the target's, and so
// cannot be compared with those of others that were taken at another time.
func (r *Run) Sound() error {
	if err := r.Whole(); err != nil {
		return err
	}
	if r.Generator.Verdict != RunOK {
		return fmt.Errorf("the verdict on its generator is %s: %s", r.Generator.Verdict, strings.Join(r.Generator.Reasons, "; "))
	}
	return nil
}

// Kept tells whether the generator was ok and every threshold was kept.
func (r *Run) Kept() bool {
	for _, t := range r.Thresholds {
		if !t.Kept {
			return false
		}
	}
	return r.Generator.Verdict == RunOK
}

// RunExitCode is the exit code that a run asks for. Without one completed session
// it is never 0, and where a relay lost a message neither.
func RunExitCode(r *Run) int {
	switch {
	case r.Interrupted:
		return ExitInterrupted
	case r.Generator.Verdict != RunOK:
		return ExitTooNoisy
	case !r.Kept(), r.Relay != nil && r.Relay.Losses() > 0:
		return ExitNonconforming
	case r.Completed == 0:
		return ExitUndecided
	}
	return ExitConforming
}
