package results

import "time"

// Transcript is everything that was seen while one case was played. Judges see
// a transcript and the claims, and nothing else.
type Transcript struct {
	// Case is the id of the case.
	Case string
	// Policy under which a sender was asked to send; empty for other roles.
	Policy string
	// Target is the name and variant, "postfix/default".
	Target string
	// Version that the software gave of itself; empty when it gave none.
	Version string
	// Started is the wall clock at the transcript's time zero.
	Started time.Time
	// Window is how long the case was watched at the most.
	Window time.Duration
	// ClockFactor tells how much the target's queue clock was shortened: 60
	// means that an hour was played in a minute. 1 when it was not.
	ClockFactor float64
	// Submissions handed in for the case.
	Submissions []Submission
	// Sanity tells how ordinary conversations went around the case.
	Sanity Sanity
	// Sessions in the order in which they began.
	Sessions []Session
	// Queries that the target asked of DNS and of the policy host.
	Queries []Query
	// Messages that arrived at peers, collectors and bounce hosts.
	Messages []Message
	// DSNs that came back to the envelope senders.
	DSNs []DSN
	// Ended tells why and when watching ended.
	Ended Ended
}

// Submission is one message handed to the target on purpose.
type Submission struct {
	// Canary is the unique mark in its envelope and content.
	Canary string
	// Policy of the recipient's domain; empty where the transcript's holds.
	Policy string
	// Recipient it was addressed to.
	Recipient string
	// At is the time since the transcript began.
	At time.Duration
	// Reply is the target's final answer; empty when there was none.
	Reply string
	// Fence is true for the ordinary message sent after the stimulus.
	Fence bool
}

// Sanity is the outcome of the ordinary conversations before and after a
// misbehaving case: "ok", or what went wrong. Empty when none was held.
type Sanity struct {
	Before, After string
}

// SanityOK is the outcome of an ordinary conversation that went well.
const SanityOK = "ok"

// Query is one question that the target asked.
type Query struct {
	At     time.Duration
	Kind   string // "dns" or "https"
	Name   string // name asked for, or URL
	Type   string // record type, or method
	Answer string // code and short content
}

// Message points at one message that arrived.
type Message struct {
	// Session is the ID of the session it arrived on.
	Session int
	// Mark is the mark of its events in that session, such as "t1".
	Mark string
	// From is the envelope sender, To the recipients that were accepted.
	From string
	To   []string
	// BodyLength in bytes and BodySHA256 in lower-case hexadecimal of what stands
	// behind the first empty line of the content; 0 and empty when it has none.
	BodyLength int64
	BodySHA256 string
	// Fence is true for the ordinary message sent after the stimulus.
	Fence bool
}

// Ended tells why and when watching ended.
type Ended struct {
	Why EndReason
	At  time.Duration
}

// EndReason is why watching ended.
type EndReason string

// The reasons.
const (
	EndSettled     EndReason = "settled"     // everything expected was seen and the queue is empty
	EndQuiet       EndReason = "quiet"       // no queue could be asked; it was quiet long enough
	EndWindow      EndReason = "window"      // the window closed first
	EndNoFence     EndReason = "no-fence"    // the fence never arrived
	EndInterrupted EndReason = "interrupted" // the user stopped the run
	EndFault       EndReason = "fault"       // the harness failed; see Note events
)

// Session is one TCP connection and everything seen on it.
type Session struct {
	// ID numbers the sessions of a transcript from 1.
	ID int
	// Leg is what the session was for.
	Leg Leg
	// Peer is the name of our end: a script or a profile.
	Peer string
	// Host is the name that our end goes by; empty when it has none of its own.
	Host string
	// Listener is the kind of listener: smtp, submission, smtps, ...
	Listener string
	// Client and Server are the addresses of the two ends; empty when no
	// connection came about.
	Client, Server string
	// TLS holds the facts of the handshakes in order; most sessions have at
	// most one.
	TLS []TLSFacts
	// Events in the order in which they were seen.
	Events []Event
	// End tells how the connection ended.
	End SessionEnd
	// EndAt is the time since the transcript began.
	EndAt time.Duration
	// Alike is how many more sessions went as this one did and are not kept; 0
	// for most. Of a dialogue that is repeated often only some are kept.
	Alike int
}

// LastNote is what our engine noted last; empty when it noted nothing.
func (s Session) LastNote() string {
	for i := len(s.Events) - 1; i >= 0; i-- {
		if e := s.Events[i]; e.Kind == EventNote {
			return e.Text
		}
	}
	return ""
}

// SessionEnd is how a connection ended.
type SessionEnd string

// The ends. "by peer" is the far end, whichever role it plays.
const (
	EndRefused   SessionEnd = "refused"   // no connection came about
	EndOurs      SessionEnd = "ours"      // our end closed it
	EndEOF       SessionEnd = "eof"       // the far end closed it
	EndReset     SessionEnd = "reset"     // the far end reset it
	EndTimeout   SessionEnd = "timeout"   // the far end stayed silent when something was awaited
	EndMissed    SessionEnd = "missed"    // an expectation of the script was missed; our end closed it
	EndCancelled SessionEnd = "cancelled" // the run ended first
	EndBroken    SessionEnd = "broken"    // our engine failed
)

// Event is one thing seen on a connection.
type Event struct {
	// At is the time since the transcript began, monotonic.
	At time.Duration
	// From is the end that it came from; Harness for notes.
	From Side
	// Kind is what it is.
	Kind EventKind
	// Secure is true when it was carried inside TLS.
	Secure bool
	// Stage of the conversation.
	Stage Stage
	// Mark is the script step or transaction that it belongs to; may be empty.
	Mark string
	// Bytes that passed, exactly, one event a segment; nil when a digest stands
	// for them.
	Bytes []byte
	// Digest stands for a large payload; nil otherwise.
	Digest *Digest
	// Text describes events that are not data: a record, an alert, a note.
	Text string
}

// EventKind is what an event is.
type EventKind string

// The kinds.
const (
	EventData   EventKind = "data"   // application bytes, in clear or inside TLS
	EventRecord EventKind = "record" // a TLS record below: type, version, length
	EventAlert  EventKind = "alert"  // a TLS alert, in clear or decrypted: "fatal protocol_version(70)"
	EventTLS    EventKind = "tls"    // a handshake began, was finished or failed
	EventClose  EventKind = "close"  // FIN, RST or half-close
	EventNote   EventKind = "note"   // what the harness did or noticed
)

// Digest stands for a payload too large to keep.
type Digest struct {
	// Length in bytes, SHA256 in lower-case hexadecimal.
	Length int64
	SHA256 string
	// Segments it came in.
	Segments int
	// Head and Tail are its first and last bytes.
	Head, Tail []byte
	// Canaries are the offsets at which the case's canary begins.
	Canaries []int64
}
