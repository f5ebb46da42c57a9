package fakes

import "mailtls/results"

// Policy is how a sending peer of ours sends to one class of domains: what it
// says of itself, and what it does otherwise.
type Policy struct {
	results.SenderPolicy
	// Flaws are its misbehaviours.
	Flaws []Flaw
}

// Flaw is something that a sender must not do, or must do and leaves out.
type Flaw string

// The flaws.
const (
	FlawFallsBack        Flaw = "falls-back"        // sends in clear on a new connection though the policy forbids it
	FlawClearSame        Flaw = "clear-same"        // goes on in clear on the connection whose handshake failed
	FlawKeepCapabilities Flaw = "keep-capabilities" // uses after STARTTLS what was listed before (RFC 3207 §4.2)
	FlawInjectedReply    Flaw = "injected-reply"    // takes what came behind the go-ahead for the reply to EHLO inside TLS
	FlawPartialLine      Flaw = "partial-line"      // glues an unfinished line from before TLS to the first one inside
	FlawReuseAcross      Flaw = "reuse-across"      // sends mail of one policy over a connection made under another
	FlawAnyName          Flaw = "any-name"          // does not look at the name in the certificate
	FlawAnyIssuer        Flaw = "any-issuer"        // does not look at who issued the certificate
	FlawAnyDate          Flaw = "any-date"          // does not look at the dates of the certificate
	FlawAuthInClear      Flaw = "auth-in-clear"     // sends credentials in clear
	FlawLoses            Flaw = "loses"             // drops a deferred message
	FlawTwice            Flaw = "twice"             // delivers a message twice
	FlawIgnoresFloor     Flaw = "ignores-floor"     // speaks versions below the floor
	FlawBounces454       Flaw = "bounces-454"       // gives a message back when STARTTLS gets 4xx
	FlawRetriesForever   Flaw = "retries-forever"   // does not give a message back when its lifetime is over
	FlawNeverRetries     Flaw = "never-retries"     // gives a message back when the first attempt is deferred
)

// NextHop is one MX host of a domain, as a route finds it.
type NextHop struct {
	// Name of the host; for the certificate and SNI.
	Name string
	// Preference: the lowest is tried first (RFC 5321 §5.1).
	Preference uint16
	// Addr is its "host:port".
	Addr string
}
