package fakes

import (
	"crypto/tls"
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
	// clear and inside TLS; the words of CAPABILITY and CAPA besides those that
	// follow from Offer and Logins.
	Clear, TLS []string
	// Logins are the ways to log in to an IMAP or POP3 server.
	Logins Logins
	// MinTLS and MaxTLS are crypto/tls version numbers; 0 means TLS 1.2 and
	// TLS 1.3.
	MinTLS, MaxTLS uint16
	// Suites for TLS 1.2 and below; nil means the library's choice.
	Suites []uint16
	// Groups for key exchange; nil means the library's choice.
	Groups []tls.CurveID
	// Cert that it shows; the zero value is a valid one.
	Cert Cert
	// RSA gives it a certificate with an RSA key; the zero value has one with an
	// elliptic curve.
	RSA bool
	// ClientCert says whether it asks for the client's certificate.
	ClientCert ClientCert
	// Partners are domains whose mail is bound to client certificates.
	Partners []Partner
	// Keep is what it wrongly carries across STARTTLS.
	Keep []Keep
	// Lenient is what it wrongly accepts.
	Lenient []Lenient
	// Omit is what it should do and leaves out.
	Omit []Omit
	// LenientTLS is what it wrongly accepts inside TLS only.
	LenientTLS []Lenient
	// Strict is what it wrongly refuses.
	Strict []Strict
	// Faults are its misbehaviours on the wire.
	Faults []Fault
	// Weary is after how many handshakes that did not come about it greets
	// WearyDelay late; 0 means never.
	Weary int
	// Idle is how long it waits for the client's next bytes before it ends the
	// connection; 0 means DefaultIdle.
	Idle time.Duration
}

// DefaultIdle is how long a receiving peer waits for a client. RFC 5321
// §4.5.3.2.7 asks servers for 5 minutes; peers that are only tested against
// need less, so that a stalled client does not hold a run.
const DefaultIdle = 10 * time.Second

// WearyDelay is how much later a receiving peer greets once it is weary.
const WearyDelay = 500 * time.Millisecond

// Listener is the kind of listener that the profile stands behind, by its protocol
// and whether TLS comes first.
func (p Profile) Listener() Listener {
	implicit := p.Offer == OfferImplicit
	switch {
	case p.Protocol == results.IMAP && implicit:
		return ListenIMAPS
	case p.Protocol == results.IMAP:
		return ListenIMAP
	case p.Protocol == results.POP3 && implicit:
		return ListenPOP3S
	case p.Protocol == results.POP3:
		return ListenPOP3
	case p.Protocol == results.LMTP:
		return ListenLMTP
	case implicit:
		return ListenSMTPS
	}
	return ListenSMTP
}

// Offer says how TLS can be had.
type Offer string

// The offers.
const (
	OfferNone     Offer = "none"     // no TLS at all
	OfferStartTLS Offer = "starttls" // upgrade in the session
	OfferImplicit Offer = "implicit" // TLS before the greeting (RFC 8314 §3)
	OfferBroken   Offer = "broken"   // STARTTLS is known, and gets 454 for want of a certificate (RFC 3207 §4)
)

// ClientCert says whether a receiving peer asks for the client's certificate.
type ClientCert string

// The ways to ask; the zero value does not ask.
const (
	ClientCertNone     ClientCert = ""
	ClientCertOptional ClientCert = "optional" // asked for; whatever comes, the session goes on
	ClientCertRequired ClientCert = "required" // without one that verifies the handshake fails
	ClientCertAny      ClientCert = "any"      // without one the handshake fails, whatever it is worth
)

// Partner binds the mail of a sender domain to TLS with a client certificate
// (RFC 3207 §6: a server can insist on TLS for chosen hosts).
type Partner struct {
	// Domain of the envelope senders that are bound.
	Domain string
	// Name that the client certificate must be for.
	Name string
}

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
	// Reply is what they get, without the line end; 421 ends the session (RFC 5321
	// §3.8).
	Reply string
	// UntilLogin lifts the gate for clients that have authenticated.
	UntilLogin bool
	// Below has it stand only inside TLS of a lower version than this one; 0 is
	// any.
	Below uint16
}

// Refuses tells whether the gate answers the command of a moment.
func (g Gate) Refuses(m Moment) bool {
	switch {
	case !g.Phase.Matches(m.Secure), g.UntilLogin && m.Known, slices.Contains(g.Except, m.Verb):
		return false
	case g.Below > 0 && (m.Version == 0 || m.Version >= g.Below):
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
	KeepTicket       Keep = "ticket"       // name and user of the session whose ticket is shown
	KeepNamed        Keep = "named"        // the user whom USER named in clear, and until the session ends (RFC 1939 §7: PASS comes right after USER)
)

// Lenient is something that a parser must refuse and accepts.
type Lenient string

// What can be accepted.
const (
	LenientArgument       Lenient = "argument"        // STARTTLS with a parameter (RFC 3207 §4: 501)
	LenientPartialLine    Lenient = "partial-line"    // an unfinished line before TLS is glued to the first line inside
	LenientClearHandshake Lenient = "clear-handshake" // clear commands where a ClientHello is due
	LenientClearAfterTLS  Lenient = "clear-after-tls" // clear commands after TLS was closed
	LenientAuthInClear    Lenient = "auth-in-clear"   // AUTH in clear though it is not listed; logins in clear that are for TLS only
	LenientDuplicateTLS   Lenient = "duplicate-tls"   // STARTTLS inside TLS gets a go-ahead
	LenientLateTLS        Lenient = "late-tls"        // STARTTLS and STLS after the login (RFC 9051 §6.2, RFC 2595 §4)
	LenientPreauth        Lenient = "preauth"         // whoever connects by IMAP is logged in (RFC 9051 §7.1.4)
	LenientPasswordTold   Lenient = "password-told"   // a login that is refused for want of TLS is told whether the password was right
	LenientCompress       Lenient = "compress"        // COMPRESS without a login (RFC 4978 §5); nothing is compressed
	LenientUnsaved        Lenient = "unsaved"         // what DELE marked is deleted without QUIT (RFC 1939 §6)
	LenientNoHelo         Lenient = "no-helo"         // MAIL without EHLO or HELO
	LenientBareLF         Lenient = "bare-lf"         // a line that ends in LF alone (RFC 5321 §2.3.8)
	LenientHTTP           Lenient = "http"            // the lines of an HTTP request, answered one by one
	LenientParameters     Lenient = "parameters"      // parameters of MAIL that were never listed (RFC 5321 §4.1.1.11: 555)
	LenientTicketName     Lenient = "ticket-name"     // a ticket shown under another server name (RFC 6066 §3)

	// What ends a message though only CRLF.CRLF does (RFC 5321 §4.1.1.4).
	LenientLFDotLF   Lenient = "lf-dot-lf"
	LenientLFDotCRLF Lenient = "lf-dot-crlf"
	LenientCRDotCR   Lenient = "cr-dot-cr"
	LenientCRLFDotLF Lenient = "crlf-dot-lf"
	LenientNULDot    Lenient = "nul-dot"   // CRLF NUL .CRLF
	LenientNUL       Lenient = "nul"       // a NUL at the end of a command, which is overlooked
	LenientTruncated Lenient = "truncated" // content that ends with the connection counts as whole (RFC 5321 §4.1.1.4)
	LenientBdatDots  Lenient = "bdat-dots" // a dot at the beginning of a line is taken off BDAT content too (RFC 3030 §2)
)

// Strict is something that a parser must accept and refuses.
type Strict string

// What can be refused.
const (
	StrictCase Strict = "case" // a verb that is not in capitals (RFC 5321 §2.4)
)

// Omit is something that a receiver should do and leaves out.
type Omit string

// What can be left out.
const (
	OmitTraceTLS    Omit = "trace-tls"    // the S in "with ESMTPS" (RFC 3848 §1)
	OmitTraceCipher Omit = "trace-cipher" // the tls clause of the trace header (RFC 8314 §4.3)
	OmitDefaultName Omit = "default-name" // a certificate for clients that ask for no name or an unknown one (RFC 7672 §8.1)
	OmitDisabled    Omit = "disabled"     // LOGINDISABLED, though LOGIN is refused (RFC 9051 §6.2.3)
	OmitRecipients  Omit = "recipients"   // all replies to an LMTP message but the first (RFC 2033 §4.2)
)

// Omits tells whether the profile leaves o out.
func (p Profile) Omits(o Omit) bool { return slices.Contains(p.Omit, o) }

// Keeps tells whether the profile carries k across STARTTLS.
func (p Profile) Keeps(k Keep) bool { return slices.Contains(p.Keep, k) }

// Accepts tells whether the profile wrongly accepts l, be it in clear or inside
// TLS.
func (p Profile) Accepts(l Lenient) bool { return slices.Contains(p.Lenient, l) }

// Ends returns what ends a message for the profile, inside TLS or not: a line
// end, a dot and a line end; CRLF.CRLF comes first.
func (p Profile) Ends(secure bool) []string {
	ends := []string{"\r\n.\r\n"}
	for _, e := range []struct {
		lenient Lenient
		end     string
	}{
		{LenientLFDotLF, "\n.\n"},
		{LenientLFDotCRLF, "\n.\r\n"},
		{LenientCRDotCR, "\r.\r"},
		{LenientCRLFDotLF, "\r\n.\n"},
		{LenientNULDot, "\r\n\x00.\r\n"},
	} {
		if p.Accepts(e.lenient) || secure && slices.Contains(p.LenientTLS, e.lenient) {
			ends = append(ends, e.end)
		}
	}
	return ends
}

// Refuses tells whether the profile wrongly refuses s.
func (p Profile) Refuses(s Strict) bool { return slices.Contains(p.Strict, s) }

// IdleTime is Idle, or DefaultIdle when that is 0.
func (p Profile) IdleTime() time.Duration {
	if p.Idle == 0 {
		return DefaultIdle
	}
	return p.Idle
}
