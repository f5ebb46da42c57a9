package results

import (
	"fmt"
	"net/netip"
	"time"
)

// Plan says what load is put on whom. The keys of its YAML, the names of the
// flags and those in a run's JSON are the same.
type Plan struct {
	// Name of the plan; empty where nobody gave one.
	Name string `json:"name,omitempty"`
	// Addr ("host:port"), Target (name, or name/variant) or Peer: what is loaded.
	// One of them is given.
	Addr   string `json:"addr,omitempty"`
	Target string `json:"target,omitempty"`
	Peer   string `json:"peer,omitempty"`
	// ServerName to ask for in TLS; empty is the host of the address.
	ServerName string `json:"server_name,omitempty"`
	// Domain of the recipients; empty is example.com, or what the target takes.
	Domain string `json:"domain,omitempty"`

	// Sessions is what is done, drawn by weight.
	Sessions []SessionPlan `json:"sessions"`

	// Rate, Workers, Ramp, Steps or FindMax: when sessions begin. One of them is
	// given. Workers do one session after the other; FindMax looks for the highest
	// rate in its bounds that keeps the thresholds.
	Rate    Rate   `json:"rate,omitzero"`
	Workers int    `json:"workers,omitempty"`
	Ramp    Ramp   `json:"ramp,omitzero"`
	Steps   []Step `json:"steps,omitempty"`
	FindMax Ramp   `json:"find_max,omitzero"`
	// Poisson draws the gaps between sessions from an exponential distribution;
	// they are even otherwise.
	Poisson bool `json:"poisson,omitempty"`

	// Duration of what is measured, or Count of sessions that are; with find-max
	// the duration of each try.
	Duration Span `json:"duration,omitzero"`
	Count    int  `json:"count,omitempty"`
	// Warmup comes before, at the first rate, and is not measured.
	Warmup Span `json:"warmup,omitzero"`
	// InFlight is how many sessions may be open at once; 0 is DefaultInFlight.
	// Sessions that are due beyond it wait, and their waiting counts.
	InFlight int `json:"in_flight,omitempty"`
	// Timeout of a session, hold and think time not counted; 0 is DefaultTimeout.
	Timeout Span `json:"timeout,omitzero"`
	// Sources are the addresses that connections come from, in turn; nil leaves
	// it to the system.
	Sources []netip.Addr `json:"sources,omitempty"`
	// Close says how sessions end; "" is CloseQuit.
	Close CloseMode `json:"close,omitempty"`
	// Seed of what is drawn.
	Seed uint64 `json:"seed,omitempty"`
	// Shard of the plan that this run is; the zero value is all of it.
	Shard Shard `json:"shard,omitzero"`
	// Thresholds that the run must keep.
	Thresholds []Threshold `json:"thresholds,omitempty"`
}

// SessionPlan is one kind of session in a plan.
type SessionPlan struct {
	// Kind of session; "" is KindStartTLS.
	Kind SessionKind `json:"kind"`
	// Protocol spoken; "" is SMTP.
	Protocol Protocol `json:"protocol,omitempty"`
	// Weight against the other sessions of the plan; 0 is 1.
	Weight int `json:"weight,omitempty"`
	// Size of the message in bytes; 0 sends none.
	Size int `json:"size,omitempty"`
	// Recipients of the message; 0 is 1.
	Recipients int `json:"recipients,omitempty"`
	// Pipelining sends MAIL, RCPT and DATA in one go (RFC 2920).
	Pipelining bool `json:"pipelining,omitempty"`
	// TLS version, Group and Suite, the only ones offered; 0 leaves them to the
	// library.
	TLS   TLSVersion `json:"tls,omitzero"`
	Group Group      `json:"group,omitzero"`
	Suite Suite      `json:"suite,omitzero"`
	// Verify is what is made of the certificate; "" is CheckNone.
	Verify Checking `json:"verify,omitempty"`
	// Hold keeps the connection open and idle before the session ends.
	Hold Span `json:"hold,omitzero"`
	// Think is how long a worker waits before its next session.
	Think Span `json:"think,omitzero"`
}

// What a plan that does not say gets.
const (
	DefaultInFlight = 1000
	DefaultTimeout  = Span(10 * time.Second)
)

// Filled is the plan with what was left out filled in.
func (p Plan) Filled() Plan {
	p.InFlight = orElse(p.InFlight, DefaultInFlight)
	p.Timeout = orElse(p.Timeout, DefaultTimeout)
	p.Close = orElse(p.Close, CloseQuit)
	sessions := p.Sessions
	if len(sessions) == 0 {
		sessions = []SessionPlan{{}}
	}
	p.Sessions = nil
	for _, s := range sessions {
		s.Kind = orElse(s.Kind, KindStartTLS)
		s.Protocol = orElse(s.Protocol, SMTP)
		s.Weight = orElse(s.Weight, 1)
		s.Verify = orElse(s.Verify, CheckNone)
		if s.Size > 0 {
			s.Recipients = orElse(s.Recipients, 1)
		}
		p.Sessions = append(p.Sessions, s)
	}
	return p
}

func orElse[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// Open tells whether sessions begin when they are due, whatever became of the
// earlier ones.
func (p Plan) Open() bool { return p.Workers == 0 }

// PlanFault is what is wrong with a plan.
type PlanFault struct {
	// Key that is at fault, as in sessions[0].kind; empty for the whole plan.
	Key string
	// Text says what is wrong.
	Text string
}

// Error names the key and what is wrong.
func (f PlanFault) Error() string {
	if f.Key == "" {
		return f.Text
	}
	return f.Key + ": " + f.Text
}

// planCheck collects what is wrong with a plan.
type planCheck []PlanFault

func (c *planCheck) when(wrong bool, key, format string, args ...any) {
	if wrong {
		*c = append(*c, PlanFault{Key: key, Text: fmt.Sprintf(format, args...)})
	}
}

// Check lists what is wrong with a plan that was filled.
func (p Plan) Check() []PlanFault {
	var c planCheck
	c.when(count(p.Addr != "", p.Target != "", p.Peer != "") != 1, "", "want one of addr, target and peer: what is loaded")
	c.when(count(p.Rate > 0, p.Workers != 0, p.Ramp != Ramp{}, len(p.Steps) > 0, p.FindMax != Ramp{}) != 1, "",
		"want one of rate, workers, ramp, steps and find_max: when sessions begin")
	p.checkLength(&c)
	p.checkArrival(&c)
	c.when(p.InFlight < 0, "in_flight", "%d is below 0", p.InFlight)
	c.when(p.Timeout > Span(time.Hour), "timeout", "%s is longer than an hour", p.Timeout)
	for i, s := range p.Sessions {
		s.check(&c, fmt.Sprintf("sessions[%d].", i), p)
	}
	return c
}

func count(all ...bool) int {
	n := 0
	for _, b := range all {
		if b {
			n++
		}
	}
	return n
}

// checkLength says what is wrong with when the run ends.
func (p Plan) checkLength(c *planCheck) {
	c.when(p.Duration > Span(30*24*time.Hour), "duration", "%s is longer than 30 days", p.Duration)
	c.when(p.Count < 0, "count", "%d is below 0", p.Count)
	if len(p.Steps) > 0 {
		c.when(p.Duration != 0 || p.Count != 0, "steps", "each step has its own duration: give no duration and no count")
		return
	}
	c.when(count(p.Duration > 0, p.Count > 0) != 1, "", "want one of duration and count: when the run ends")
	c.when(p.Count > 0 && (p.Ramp != Ramp{} || p.FindMax != Ramp{}), "count", "a ramp and a search need a duration")
}

// checkArrival says what is wrong with when sessions begin.
func (p Plan) checkArrival(c *planCheck) {
	c.when(p.Workers < 0, "workers", "%d is below 0", p.Workers)
	c.when(p.Workers > 0 && p.Poisson, "poisson", "workers begin when they are free: give a rate")
	c.when(p.Workers > 0 && p.Workers < p.Shard.Of, "workers", "%d workers cannot be split into %d shards", p.Workers, p.Shard.Of)
	c.when(p.Ramp != Ramp{} && p.Warmup > 0 && p.Ramp.From == 0, "warmup", "it is done at the first rate of the ramp, which is 0")
	for i, s := range p.Steps {
		c.when(s.For == 0, fmt.Sprintf("steps[%d]", i), "%s has no duration", s)
		c.when(i == 0 && s.Rate == 0 && p.Warmup > 0, "warmup", "it is done at the first rate of the steps, which is 0")
	}
	if p.FindMax != (Ramp{}) {
		c.when(p.FindMax.From <= 0 || p.FindMax.To <= p.FindMax.From, "find_max", "%s: want bounds above 0, the lower one first", p.FindMax)
		c.when(len(p.Thresholds) == 0, "find_max", "it needs thresholds: they say what a rate must keep")
		c.when(p.Shard.Of > 1, "shard", "a search is not split")
	}
}

// check says what is wrong with a session.
func (s SessionPlan) check(c *planCheck, at string, p Plan) {
	const maxSize, maxRecipients, maxWeight = 64 << 20, 1000, 1_000_000
	c.when(s.Weight < 0 || s.Weight > maxWeight, at+"weight", "%d is not between 1 and %d", s.Weight, maxWeight)
	c.when(s.Size < 0 || s.Size > maxSize, at+"size", "%d is not between 0 and %d", s.Size, maxSize)
	c.when(s.Recipients < 0 || s.Recipients > maxRecipients, at+"recipients", "%d is not between 1 and %d", s.Recipients, maxRecipients)
	c.when(s.Size == 0 && (s.Recipients > 0 || s.Pipelining), at+"size", "recipients and pipelining are of a message: give its size")
	c.when((s.Protocol == IMAP || s.Protocol == POP3) && s.Size > 0, at+"size", "not supported: messages by %s", s.Protocol)
	c.when(!s.Kind.UsesTLS() && (s.TLS != 0 || s.Group != 0 || s.Suite != 0 || s.Verify != CheckNone), at+"kind",
		"plain sessions have no TLS: give no tls, group, suite and verify")
	c.when(s.Suite != 0 && s.TLS == 0x0304, at+"suite", "the suites of TLS 1.3 cannot be chosen")
	c.when(s.Think > 0 && p.Open(), at+"think", "only workers think: give a hold time")
}
