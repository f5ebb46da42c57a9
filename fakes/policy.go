package fakes

import (
	"slices"

	"mailtls/results"
)

// Policy is how a sending peer of ours sends to one class of domains: what it
// says of itself, and what it does otherwise.
type Policy struct {
	results.SenderPolicy
	// Flaws are its misbehaviours.
	Flaws []Flaw
}

// Has tells whether the policy is played with the flaw.
func (p Policy) Has(f Flaw) bool { return slices.Contains(p.Flaws, f) }

// NextHop is one MX host of a domain, as a route finds it.
type NextHop struct {
	// Name of the host; for the certificate and SNI.
	Name string
	// Preference: the lowest is tried first (RFC 5321 §5.1).
	Preference uint16
	// Addr is its "host:port".
	Addr string
}
