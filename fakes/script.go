package fakes

import (
	"crypto/tls"
	"strings"
	"time"

	"mailtls/results"
)

// Listener is the kind of door that a session knocks at.
type Listener string

// The listeners.
const (
	ListenSMTP       Listener = "smtp"
	ListenSubmission Listener = "submission"
	ListenSMTPS      Listener = "smtps"
	ListenLMTP       Listener = "lmtp"
	ListenIMAP       Listener = "imap"
	ListenIMAPS      Listener = "imaps"
	ListenPOP3       Listener = "pop3"
	ListenPOP3S      Listener = "pop3s"
)

// Listeners lists every kind of listener.
func Listeners() []Listener {
	return []Listener{
		ListenSMTP, ListenSubmission, ListenSMTPS, ListenLMTP,
		ListenIMAP, ListenIMAPS, ListenPOP3, ListenPOP3S,
	}
}

// Implicit tells whether TLS comes first on the listener (RFC 8314 §3).
func (l Listener) Implicit() bool {
	return l == ListenSMTPS || l == ListenIMAPS || l == ListenPOP3S
}

// Protocol is the dialect that is spoken on the listener.
func (l Listener) Protocol() results.Protocol {
	switch l {
	case ListenLMTP:
		return results.LMTP
	case ListenIMAP, ListenIMAPS:
		return results.IMAP
	case ListenPOP3, ListenPOP3S:
		return results.POP3
	default:
		return results.SMTP
	}
}

// Dialogue is one session that a sending peer plays. A missed expectation ends
// it; what that means is for a judge to say.
type Dialogue struct {
	// Name tells the dialogues of a case apart; empty when there is one.
	Name string
	// Listener it goes to; the zero value is smtp. Submission falls back to
	// smtp for a target that has no submission listener.
	Listener Listener
	// Repeat plays it that many times; 0 and 1 mean once.
	Repeat int
	// Parallel plays the repetitions at once rather than one after the other.
	Parallel bool
	// Tickets names a store of TLS sessions that the case's dialogues of the
	// same name share, in order; empty shares nothing.
	Tickets string
	// Script is what it does.
	Script Script
}

// Script is what a sending peer does, step by step.
type Script []Step

// Step is one move of a script.
type Step struct {
	// Mark names the step for judges: the events seen from here until the next
	// marked step carry it. An empty mark continues the one before.
	Mark string
	// Do is the move.
	Do Move
	// Text is what is sent, one segment for each element, in which
	// placeholders such as {helo}, {from}, {rcpt}, {hidden}, {canary}, {message},
	// {message-size}, {head} (its header with the empty line), {head-size}, {user},
	// {password} and {auth-plain} are filled in.
	Text []string
	// Body is the stretch of the generated body that is sent behind Text.
	Body Part
	// RecordSize cuts what is sent inside TLS into records of so many bytes, the
	// last of each segment excepted; 0 makes one of up to 16 KiB.
	RecordSize int
	// Gap is the pause between two segments.
	Gap time.Duration
	// Below sends under TLS, in clear, even when TLS is up.
	Below bool
	// Want is the beginning of the reply's code: "250", "2"; "OK", "NO", "BAD" or
	// "+" in IMAP, "+OK", "-ERR" or "+" in POP3; empty takes any.
	Want string
	// Hello is how the handshake is done; nil means DefaultHello.
	Hello *Hello
	// Raw is the ClientHello of a MoveHello.
	Raw *RawHello
	// For is how long a silence or an awaited close lasts at the most.
	For time.Duration
}

// Move is what a step does.
type Move string

// The moves.
const (
	MoveSend        Move = "send"         // send Text, await nothing
	MoveExpect      Move = "expect"       // await one reply
	MoveSay         Move = "say"          // send Text and await one reply
	MoveHandshake   Move = "handshake"    // the client's part of a TLS handshake
	MoveHello       Move = "hello"        // send Raw, and await the server's flight, an alert, clear text or the close
	MoveListen      Move = "listen"       // send nothing for a time, write down what comes
	MoveAwaitClose  Move = "await-close"  // write down what comes until the far end closes
	MoveCloseNotify Move = "close-notify" // say close_notify, leave TCP open
	MoveHalfClose   Move = "half-close"   // close our direction of TCP
	MoveReset       Move = "reset"        // reset the connection

	// MoveKeyUpdate changes our keys in TLS 1.3 and asks the far end to change
	// its own; MoveRekey only changes ours.
	MoveKeyUpdate Move = "key-update"
	MoveRekey     Move = "rekey"
	// MoveRenegotiate sends a ClientHello inside TLS 1.2 that is bound to the
	// handshake before (RFC 5746 §3.5), MoveRenegotiateUnbound one that is not.
	MoveRenegotiate        Move = "renegotiate"
	MoveRenegotiateUnbound Move = "renegotiate-unbound"
)

// Hello is how a sending peer does a TLS handshake.
type Hello struct {
	// Min and Max are crypto/tls version numbers; 0 means TLS 1.2 and 1.3.
	Min, Max uint16
	// Suites for TLS 1.2 and below; nil means the library's choice, with the
	// old ones added when Max is below TLS 1.2.
	Suites []uint16
	// NoSNI leaves the server name out; SNI is sent in place of the target's
	// own name when it is not empty.
	NoSNI bool
	SNI   string
	// Groups for key exchange; nil means the library's choice.
	Groups []tls.CurveID
	// Cert is the kind of client certificate shown when one is asked for;
	// empty shows the one that is usual for the target, which is a good one
	// where it claims to ask; CertNone shows none.
	Cert Cert
	// Records cuts the handshake messages in clear into records of at most so
	// many bytes (RFC 8446 §5.1 allows it), and Segment what is written during
	// the handshake into TCP segments of at most so many; 0 leaves them whole.
	Records, Segment int
	// Gap is the pause after the first segment, so that the server is sure to
	// see it alone.
	Gap time.Duration
	// ALPN protocols offered.
	ALPN []string
}

// Vars fill in the placeholders of a script.
type Vars map[string]string

// Fill replaces {name} by the value of each variable; unknown placeholders
// stay as they are.
func (v Vars) Fill(text string) string {
	if !strings.Contains(text, "{") {
		return text
	}
	pairs := make([]string, 0, 2*len(v))
	for k, val := range v {
		pairs = append(pairs, "{"+k+"}", val)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}
