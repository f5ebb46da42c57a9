package fakes

import (
	"time"

	"mailtls/results"
)

// Fault is one misbehaviour of a receiving peer.
type Fault struct {
	// At is the stage it strikes at, Phase the part of the session.
	At    results.Stage
	Phase Phase
	// When: before the honest behaviour, instead of it, or after it.
	When When
	// Skip lets the first n occasions of a session pass; Times limits how
	// often it strikes, 0 meaning always.
	Skip, Times int
	// Every limits it to each nth session from a client's address; 0 and 1 mean
	// all.
	Every int
	// Session has it strike only in that session from a client's address,
	// counted from 1; 0 means in each.
	Session int
	// Do is what it does.
	Do Action
	// Text it sends, as it stands on the wire, for the actions that send.
	Text string
	// Delay before it acts; for stall, how long it lasts (0: until the client
	// is gone).
	Delay time.Duration
	// IfSilent has it strike only when the client says nothing for Delay.
	IfSilent bool
	// Segments cuts what is sent into that many segments; 0 and 1 mean one.
	Segments int
	// Flights answer the ClientHello, for the action that does; the first that
	// fits counts.
	Flights []Flight
}

// When says where a fault stands to the honest behaviour.
type When string

// The positions; the zero value is instead.
const (
	Instead When = ""
	Before  When = "before"
	After   When = "after"
)

// Action is what a fault does.
type Action string

// The actions.
const (
	ActionReply     Action = "reply"      // send Text and go on; {tag} in it is the tag of an IMAP command
	ActionRewrite   Action = "rewrite"    // behave honestly, but send Text in place of the reply; nothing when it is empty
	ActionGarbage   Action = "garbage"    // send 4 KiB that are neither SMTP nor TLS
	ActionStall     Action = "stall"      // say nothing
	ActionFin       Action = "fin"        // close the connection
	ActionReset     Action = "reset"      // reset the connection
	ActionHalfClose Action = "half-close" // close our direction, go on reading
	ActionDrop      Action = "drop"       // forget what the client has sent ahead
	ActionTruncate  Action = "truncate"   // keep only half of the next message
	ActionTicket    Action = "ticket"     // send a ticket that permits early data, in TLS 1.3
	ActionGoAlong   Action = "go-along"   // send the ServerHello of a renegotiation, in TLS 1.2
	ActionFlight    Action = "flight"     // answer a ClientHello that fits with one of Flights; else the handshake is honest
	ActionAwait     Action = "await"      // wait until the client has begun the handshake, with all of its hello
	ActionHear      Action = "hear"       // take that hello in, so that no handshake can follow
	ActionMissign   Action = "missign"    // sign the next handshake wrongly
	ActionMisfinish Action = "misfinish"  // end the next handshake with a Finished that does not hold

	ActionSpareTicket  Action = "spare-ticket"  // send a ticket that can resume nothing, in TLS 1.3
	ActionKeyUpdate    Action = "key-update"    // change our keys and ask for new ones of the client's, in TLS 1.3
	ActionHelloRequest Action = "hello-request" // ask for a renegotiation, in TLS 1.2
)

// Moment is the occasion at which the engine asks what to do.
type Moment struct {
	Stage  results.Stage
	Verb   string // empty where no command was given
	Secure bool
	// Version is the crypto/tls version number of the session; 0 in clear.
	Version uint16
	// Known is true once the client has authenticated.
	Known bool
	// Session counts the sessions from the client's address, from 1.
	Session int
}

// Decision is what a profile says to do at a moment.
type Decision struct {
	// Before and After strike around the honest behaviour, in order.
	Before, After []Fault
	// Instead strikes in place of it; nil when the behaviour is honest.
	Instead *Fault
	// Refusal is the reply of a gate; empty when none stands in the way.
	Refusal string
}

// Tally counts the occasions each fault of a profile has met in one session.
type Tally map[int]int

// Decide says what to do at a moment. It is the one place where an engine asks
// its profile; seen is changed.
func (p Profile) Decide(m Moment, seen Tally) Decision {
	var d Decision
	for i, f := range p.Faults {
		if f.At != m.Stage || !f.Phase.Matches(m.Secure) || !f.meets(m.Session) {
			continue
		}
		n := seen[i]
		seen[i]++
		if n < f.Skip || f.Times > 0 && n >= f.Skip+f.Times {
			continue
		}
		switch f.When {
		case Before:
			d.Before = append(d.Before, f)
		case After:
			d.After = append(d.After, f)
		case Instead:
			if d.Instead == nil {
				d.Instead = &p.Faults[i]
			}
		}
	}
	d.Refusal = p.refusal(m)
	return d
}

// meets tells whether the fault strikes in the nth session of a client.
func (f Fault) meets(n int) bool {
	return (f.Session == 0 || f.Session == n) && n%max(1, f.Every) == 0
}

func (p Profile) refusal(m Moment) string {
	if m.Verb == "" {
		return ""
	}
	for _, g := range p.Gates {
		if g.Refuses(m) {
			return g.Reply
		}
	}
	return ""
}
