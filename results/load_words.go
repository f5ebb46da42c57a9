package results

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// SessionKind says how a session under load comes by TLS.
type SessionKind string

// The kinds of session.
const (
	KindPlain           SessionKind = "plain"            // no TLS
	KindStartTLS        SessionKind = "starttls"         // upgrade in the session
	KindImplicit        SessionKind = "implicit"         // TLS before the greeting
	KindStartTLSResumed SessionKind = "starttls-resumed" // as starttls, with a ticket of an earlier session
	KindFallback        SessionKind = "fallback"         // TLS that must fail, then all in clear on a new connection
)

// SessionKinds lists every kind of session.
func SessionKinds() []SessionKind {
	return []SessionKind{KindPlain, KindStartTLS, KindImplicit, KindStartTLSResumed, KindFallback}
}

// UsesTLS tells whether a session of the kind begins TLS.
func (k SessionKind) UsesTLS() bool { return k != KindPlain }

// UnmarshalText reads a kind.
func (k *SessionKind) UnmarshalText(text []byte) error { return oneOf(k, text, SessionKinds()) }

// UnmarshalText reads a protocol.
func (p *Protocol) UnmarshalText(text []byte) error {
	return oneOf(p, text, []Protocol{SMTP, LMTP, IMAP, POP3})
}

// Checking says what a load session makes of the target's certificate.
type Checking string

// The ways to check. The signature of the handshake is checked in each.
const (
	CheckNone  Checking = "none"  // nothing
	CheckChain Checking = "chain" // chain, name and dates; the chain of a certificate that was seen is not walked again
	CheckEvery Checking = "every" // all of it in every session
)

// Checkings lists every way to check.
func Checkings() []Checking { return []Checking{CheckNone, CheckChain, CheckEvery} }

// UnmarshalText reads a way to check.
func (c *Checking) UnmarshalText(text []byte) error { return oneOf(c, text, Checkings()) }

// CloseMode says how a session under load ends; it decides who keeps the port for
// a while after (TIME_WAIT, RFC 9293 §3.3.2).
type CloseMode string

// The ways to end.
const (
	CloseQuit  CloseMode = "quit"  // QUIT, then the server closes
	CloseReset CloseMode = "reset" // RST at once, without QUIT and close_notify
)

// CloseModes lists every way to end.
func CloseModes() []CloseMode { return []CloseMode{CloseQuit, CloseReset} }

// UnmarshalText reads a way to end.
func (c *CloseMode) UnmarshalText(text []byte) error { return oneOf(c, text, CloseModes()) }

// Phase of a session under load, with a histogram of its own.
type Phase string

// The phases in the order a session meets them. Those of the dialogue last from
// the command to the end of its reply.
const (
	PhaseConnect   Phase = "connect"   // TCP
	PhaseGreeting  Phase = "greeting"  // until the greeting is read; inside TLS with implicit TLS
	PhaseHello     Phase = "ehlo"      // the first EHLO or LHLO
	PhaseStartTLS  Phase = "starttls"  // STARTTLS and its reply
	PhaseHandshake Phase = "handshake" // the TLS handshake
	PhaseHelloTLS  Phase = "ehlo-tls"  // EHLO again after STARTTLS
	PhaseMessage   Phase = "message"   // from MAIL to the last reply to the content
	PhaseSession   Phase = "session"   // the whole session, from when it was due
	PhaseRelay     Phase = "relay"     // through a relay: from when the session was due to the final dot behind the relay
)

// Phases lists every phase.
func Phases() []Phase {
	return []Phase{
		PhaseConnect, PhaseGreeting, PhaseHello, PhaseStartTLS, PhaseHandshake, PhaseHelloTLS, PhaseMessage, PhaseSession,
		PhaseRelay,
	}
}

// SinkPhases lists the phases that a sink measures: starttls from the accepted
// connection to the command, handshake, ehlo-tls from its end to the second EHLO,
// message from MAIL to the reply to the content, session from the accepted
// connection to its end.
func SinkPhases() []Phase {
	return []Phase{PhaseStartTLS, PhaseHandshake, PhaseHelloTLS, PhaseMessage, PhaseSession}
}

// ErrorClass says why a session under load failed.
type ErrorClass string

// The classes, besides one for each TLS alert: see AlertClass.
const (
	FailRefused     ErrorClass = "refused"        // the connection was refused
	FailReset       ErrorClass = "reset"          // the connection was reset
	FailClosed      ErrorClass = "closed"         // the other side closed before its time
	FailTimeout     ErrorClass = "timeout"        // the session took longer than the plan allows
	FailUnreachable ErrorClass = "unreachable"    // no route to the address
	FailNoPorts     ErrorClass = "out-of-ports"   // no local port was free
	FailNoFiles     ErrorClass = "out-of-files"   // no file descriptor was free
	FailReply4      ErrorClass = "reply-4xx"      // a reply of class 4
	FailReply5      ErrorClass = "reply-5xx"      // a reply of class 5; NO, BAD, BYE and -ERR
	FailReply       ErrorClass = "reply-broken"   // a reply that makes no sense here, or is none
	FailCommand     ErrorClass = "command-broken" // at a sink: what came is no dialogue of mail
	FailNotOffered  ErrorClass = "not-offered"    // STARTTLS or PIPELINING is not listed
	FailHandshake   ErrorClass = "handshake"      // the handshake failed, with no alert from the other side
	FailCertificate ErrorClass = "certificate"    // the certificate was not accepted
	FailNotResumed  ErrorClass = "not-resumed"    // a ticket was shown and a full handshake done
	FailNotRefused  ErrorClass = "not-refused"    // TLS came about where the plan wants it to fail
	FailInterrupted ErrorClass = "interrupted"    // the run was stopped
	FailOther       ErrorClass = "other"          // anything else
	alertPrefix                = "alert-"         // with the number of the alert
)

// ErrorClasses lists every class but those of alerts.
func ErrorClasses() []ErrorClass {
	return []ErrorClass{
		FailRefused, FailReset, FailClosed, FailTimeout, FailUnreachable, FailNoPorts, FailNoFiles, FailReply4, FailReply5, FailReply, FailCommand,
		FailNotOffered, FailHandshake, FailCertificate, FailNotResumed, FailNotRefused, FailInterrupted, FailOther,
	}
}

// AlertClass is the class of a TLS alert from the other side, by its number (RFC
// 8446 §6): alert-40 is handshake_failure.
func AlertClass(number uint8) ErrorClass {
	return ErrorClass(alertPrefix + strconv.Itoa(int(number)))
}

// UnmarshalText reads a class.
func (c *ErrorClass) UnmarshalText(text []byte) error {
	if number, found := strings.CutPrefix(string(text), alertPrefix); found {
		n, err := strconv.ParseUint(number, 10, 8)
		if err == nil && AlertClass(uint8(n)) == ErrorClass(text) {
			*c = ErrorClass(text)
			return nil
		}
	}
	return oneOf(c, text, ErrorClasses())
}

// oneOf reads a word of a closed set.
func oneOf[T ~string](into *T, text []byte, set []T) error {
	if !slices.Contains(set, T(text)) {
		var names []string
		for _, w := range set {
			names = append(names, string(w))
		}
		return fmt.Errorf("%q is none of %s", text, strings.Join(names, ", "))
	}
	*into = T(text)
	return nil
}
