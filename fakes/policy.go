package fakes

import (
	"slices"

	"mailtls/results"
)

// Policy is how a sending peer of ours sends to one class of domains: what it
// says of itself, and what it does otherwise.
type Policy struct {
	results.SenderPolicy
	// Suites that it offers up to TLS 1.2; nil means what is usual for its floor.
	Suites []uint16
	// TLSDomain is the name that the certificate must be for where the policy asks
	// for that of the next hop: "mail.example.com", or "*.example.com" for any below
	// it. Empty is the recipient's domain.
	TLSDomain string
	// Untrusted is the status (RFC 3463) of mail that waits because a certificate
	// does not hold; empty is "4.7.5".
	Untrusted string
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
