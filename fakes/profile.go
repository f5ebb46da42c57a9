package fakes

import (
	"slices"
	"time"

	"mailtls/results"
)

// Profile is the behaviour of a receiving peer.
type Profile struct {
	// Name is what the peer is called: named after its defect, kebab-case.
	Name string
	// Doc says in a sentence what it does.
	Doc string
	// Protocol it speaks; the zero value is SMTP.
	Protocol results.Protocol
	// Offer says how TLS can be had.
	Offer Offer
	// Gates are the verbs it refuses; the first that matches answers.
	Gates []Gate
	// Clear and TLS are the keywords listed after EHLO besides STARTTLS, in
	// clear and inside TLS.
	Clear, TLS []string
	// MinTLS and MaxTLS are crypto/tls version numbers; 0 means TLS 1.2 and
	// TLS 1.3.
	MinTLS, MaxTLS uint16
	// Suites for TLS 1.2 and below; nil means the library's choice.
	Suites []uint16
	// Cert that it shows; the zero value is a valid one.
	Cert Cert
	// RSA gives it a certificate with an RSA key; the zero value has one with an
	// elliptic curve.
	RSA bool
	// ClientCert says whether it asks for the client's certificate.
	ClientCert ClientCert
	// Keep is what it wrongly carries across STARTTLS.
	Keep []Keep
	// Lenient is what it wrongly accepts.
	Lenient []Lenient
	// Faults are its misbehaviours on the wire.
	Faults []Fault
	// Idle is how long it waits for the client's next bytes before it ends the
	// connection; 0 means DefaultIdle.
	Idle time.Duration
}

// DefaultIdle is how long a receiving peer waits for a client. RFC 5321
// §4.5.3.2.7 asks servers for 5 minutes; peers that are only tested against
// need less, so that a stalled client does not hold a run.
const DefaultIdle = 10 * time.Second

// Offer says how TLS can be had.
type Offer string

// The offers.
const (
	OfferNone     Offer = "none"     // no TLS at all
	OfferStartTLS Offer = "starttls" // upgrade in the session
	OfferImplicit Offer = "implicit" // TLS before the greeting (RFC 8314 §3)
)

// ClientCert says whether a receiving peer asks for the client's certificate.
type ClientCert string

// The ways to ask; the zero value does not ask.
const (
	ClientCertNone     ClientCert = ""
	ClientCertOptional ClientCert = "optional" // asked for; whatever comes, the session goes on
	ClientCertRequired ClientCert = "required" // without one that verifies the handshake fails
)

// Phase is a part of a session.
type Phase string

// The phases; the zero value matches both.
const (
	PhaseAny   Phase = ""
	PhaseClear Phase = "clear"
	PhaseTLS   Phase = "tls"
)

// Matches tells whether the phase covers a moment inside TLS or not.
func (p Phase) Matches(secure bool) bool {
	return p == PhaseAny || (p == PhaseTLS) == secure
}

// Gate refuses verbs.
type Gate struct {
	// Phase in which it stands.
	Phase Phase
	// Only these verbs are refused; nil means all.
	Only []string
	// Except these.
	Except []string
	// Reply is what they get, without the line end.
	Reply string
	// UntilLogin lifts the gate for clients that have authenticated.
	UntilLogin bool
}

// Refuses tells whether the gate answers the command of a moment.
func (g Gate) Refuses(m Moment) bool {
	switch {
	case !g.Phase.Matches(m.Secure), g.UntilLogin && m.Known, slices.Contains(g.Except, m.Verb):
		return false
	}
	return g.Only == nil || slices.Contains(g.Only, m.Verb)
}

// Keep is something that must be forgotten when TLS begins (RFC 3207 §4.2) and
// is not.
type Keep string

// What can be kept.
const (
	KeepBuffer       Keep = "buffer"       // commands that came behind STARTTLS are run as if they came inside TLS
	KeepHelo         Keep = "helo"         // the name given in clear stays the client's name
	KeepUser         Keep = "user"         // who authenticated in clear is still authenticated
	KeepEnvelope     Keep = "envelope"     // sender and recipients given in clear, even over a new EHLO
	KeepCapabilities Keep = "capabilities" // the list shown in clear, STARTTLS included, is shown again
)

// Lenient is something that a parser must refuse and accepts.
type Lenient string

// What can be accepted.
const (
	LenientArgument       Lenient = "argument"        // STARTTLS with a parameter (RFC 3207 §4: 501)
	LenientPartialLine    Lenient = "partial-line"    // an unfinished line before TLS is glued to the first line inside
	LenientClearHandshake Lenient = "clear-handshake" // clear commands where a ClientHello is due
	LenientClearAfterTLS  Lenient = "clear-after-tls" // clear commands after TLS was closed
	LenientAuthInClear    Lenient = "auth-in-clear"   // AUTH in clear though it is not listed
	LenientDuplicateTLS   Lenient = "duplicate-tls"   // STARTTLS inside TLS gets a go-ahead
	LenientNoHelo         Lenient = "no-helo"         // MAIL without EHLO or HELO
	LenientBareLF         Lenient = "bare-lf"         // a line that ends in LF alone (RFC 5321 §2.3.8)
)

// Keeps tells whether the profile carries k across STARTTLS.
func (p Profile) Keeps(k Keep) bool { return slices.Contains(p.Keep, k) }

// Accepts tells whether the profile wrongly accepts l.
func (p Profile) Accepts(l Lenient) bool { return slices.Contains(p.Lenient, l) }

// IdleTime is Idle, or DefaultIdle when that is 0.
func (p Profile) IdleTime() time.Duration {
	if p.Idle == 0 {
		return DefaultIdle
	}
	return p.Idle
}
