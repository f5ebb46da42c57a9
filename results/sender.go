package results

import (
	"fmt"
	"slices"
	"time"
)

// TLSLevel is what a sender's policy asks of TLS.
type TLSLevel string

// The levels of a policy.
const (
	LevelNone          TLSLevel = "none"          // never tries TLS
	LevelOpportunistic TLSLevel = "opportunistic" // tries TLS, and has a reaction for when it cannot be had (RFC 7435)
	LevelMandatory     TLSLevel = "mandatory"     // sends inside TLS or not at all (RFC 3207 §6)
)

// TLSLevels lists the levels of a policy, the weakest first.
func TLSLevels() []TLSLevel { return []TLSLevel{LevelNone, LevelOpportunistic, LevelMandatory} }

// Verify is what a sender's policy asks of the certificate.
type Verify string

// The demands on a certificate; the zero value makes none.
const (
	VerifyNone    Verify = ""
	VerifyChain   Verify = "chain"    // it leads to a trusted root, whatever its name
	VerifyMXName  Verify = "mx-name"  // and is for the name of the MX host
	VerifyNextHop Verify = "next-hop" // and is for the recipient's domain
)

// Verifies lists the demands on a certificate but for the zero value.
func Verifies() []Verify { return []Verify{VerifyChain, VerifyMXName, VerifyNextHop} }

// Trigger is a way in which TLS cannot be had.
type Trigger string

// The triggers.
const (
	TriggerNotOffered   Trigger = "not-offered"    // STARTTLS is not listed
	TriggerRefused4xx   Trigger = "refused-4xx"    // STARTTLS is answered with 4xx
	TriggerRefused5xx   Trigger = "refused-5xx"    // STARTTLS is answered with 5xx
	TriggerFailed       Trigger = "failed"         // the handshake fails: an alert, garbage, no common version
	TriggerReset        Trigger = "reset"          // the connection is reset in the handshake
	TriggerClosed       Trigger = "closed"         // the connection is closed in the handshake
	TriggerSilent       Trigger = "silent"         // nothing comes in the handshake
	TriggerLostAfterTLS Trigger = "lost-after-tls" // the connection ends inside TLS before mail was taken
)

// Triggers lists every trigger.
func Triggers() []Trigger {
	return []Trigger{
		TriggerNotOffered, TriggerRefused4xx, TriggerRefused5xx, TriggerFailed, TriggerReset, TriggerClosed, TriggerSilent,
		TriggerLostAfterTLS,
	}
}

// Reaction is what a sender makes of a trigger.
type Reaction string

// The reactions.
const (
	ReactClearSame  Reaction = "clear-same"  // sends in clear on the same connection
	ReactClearNew   Reaction = "clear-new"   // sends in clear on a new connection, in the same attempt
	ReactClearLater Reaction = "clear-later" // sends in clear in a later attempt
	ReactDefer      Reaction = "defer"       // keeps the mail and tries TLS again, until the queue lifetime is over
	ReactBounce     Reaction = "bounce"      // gives the mail back at once
)

// Reactions lists every reaction.
func Reactions() []Reaction {
	return []Reaction{ReactClearSame, ReactClearNew, ReactClearLater, ReactDefer, ReactBounce}
}

// Possible tells whether the reaction can follow the trigger: on a connection
// whose handshake has begun nothing can go on in clear (RFC 3207 §4).
func (t Trigger) Possible(r Reaction) bool {
	switch t {
	case TriggerNotOffered, TriggerRefused4xx, TriggerRefused5xx:
		return true
	case TriggerFailed, TriggerReset, TriggerClosed, TriggerSilent, TriggerLostAfterTLS:
		return r != ReactClearSame
	}
	return false
}

// SenderPolicy is what a sender says of itself for one class of recipients. A
// case is judged against it; what is left out is recorded and not judged.
type SenderPolicy struct {
	// Name of the policy; it is a label of the recipients' domains.
	Name string `json:"name" yaml:"name"`
	// Doc says in a sentence how it is configured.
	Doc string `json:"doc,omitempty" yaml:"doc"`
	// Level of TLS.
	Level TLSLevel `json:"level" yaml:"level"`
	// Floor and Ceiling are the lowest and the highest version of TLS, "1.0" to
	// "1.3"; empty says nothing.
	Floor   string `json:"floor,omitempty" yaml:"floor"`
	Ceiling string `json:"ceiling,omitempty" yaml:"ceiling"`
	// Verify is what it asks of the certificate.
	Verify Verify `json:"verify,omitempty" yaml:"verify"`
	// Credentials says that it has a login for the next hop.
	Credentials bool `json:"credentials,omitempty" yaml:"credentials"`
	// Reuse says that several mails may share a connection.
	Reuse bool `json:"reuse,omitempty" yaml:"reuse"`
	// Fallback is what it does when TLS cannot be had, as far as it says.
	Fallback map[Trigger]Reaction `json:"fallback,omitempty" yaml:"fallback"`
	// RetrySeconds after which a deferred mail is tried again at the latest, the
	// first time; LaterSeconds after which it goes in clear at the latest where a
	// reaction is clear-later; LifetimeSeconds after which it is given back. 0
	// says nothing.
	RetrySeconds    float64 `json:"retry_seconds,omitempty" yaml:"retry_seconds"`
	LaterSeconds    float64 `json:"later_seconds,omitempty" yaml:"later_seconds"`
	LifetimeSeconds float64 `json:"lifetime_seconds,omitempty" yaml:"lifetime_seconds"`
	// TimeoutSeconds that it waits for a peer that is silent in place of a reply
	// or of the handshake; 0 says nothing.
	TimeoutSeconds float64 `json:"timeout_seconds,omitempty" yaml:"timeout_seconds"`
}

// Lifetime is LifetimeSeconds as a duration.
func (p SenderPolicy) Lifetime() time.Duration {
	return time.Duration(p.LifetimeSeconds * float64(time.Second))
}

// Forbids tells whether the policy forbids mail in clear.
func (p SenderPolicy) Forbids() bool { return p.Level == LevelMandatory }

// Check says what is wrong with the policy; nil when nothing is.
func (p SenderPolicy) Check() error {
	versions := []string{"", "1.0", "1.1", "1.2", "1.3"}
	switch {
	case p.Name == "":
		return fmt.Errorf("a policy has no name")
	case !slices.Contains(TLSLevels(), p.Level):
		return fmt.Errorf("policy %s: unknown level %q; there are %v", p.Name, p.Level, TLSLevels())
	case !slices.Contains(versions, p.Floor), !slices.Contains(versions, p.Ceiling):
		return fmt.Errorf("policy %s: floor %q, ceiling %q; want 1.0 to 1.3", p.Name, p.Floor, p.Ceiling)
	case p.Verify != VerifyNone && !slices.Contains(Verifies(), p.Verify):
		return fmt.Errorf("policy %s: unknown verify %q; there are %v", p.Name, p.Verify, Verifies())
	case p.RetrySeconds < 0, p.LaterSeconds < 0, p.LifetimeSeconds < 0, p.TimeoutSeconds < 0:
		return fmt.Errorf("policy %s: a time is below 0", p.Name)
	}
	for t, r := range p.Fallback {
		switch {
		case !slices.Contains(Triggers(), t):
			return fmt.Errorf("policy %s: unknown trigger %q; there are %v", p.Name, t, Triggers())
		case !slices.Contains(Reactions(), r):
			return fmt.Errorf("policy %s: unknown reaction %q; there are %v", p.Name, r, Reactions())
		case !t.Possible(r):
			return fmt.Errorf("policy %s: %s cannot follow %s: the connection has begun a handshake", p.Name, r, t)
		case p.Forbids() && r != ReactDefer && r != ReactBounce:
			return fmt.Errorf("policy %s: %s, and level mandatory sends nothing in clear", p.Name, r)
		}
	}
	return nil
}

// Policy finds a claimed policy by name.
func (c Claims) Policy(name string) (SenderPolicy, bool) {
	i := slices.IndexFunc(c.Policies, func(p SenderPolicy) bool { return p.Name == name })
	if i < 0 {
		return SenderPolicy{}, false
	}
	return c.Policies[i], true
}
