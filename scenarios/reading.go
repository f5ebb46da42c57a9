package scenarios

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"mailtls/fakes"
	"mailtls/fakes/dialect"
	"mailtls/results"
)

// probe returns the session of a dialogue; the name is empty for the only one.
// It is nil when the dialogue was never held.
func probe(t *results.Transcript, name string) *results.Session {
	for i, s := range t.Sessions {
		if s.Leg == results.LegProbe && s.Peer == peerName(name) {
			return &t.Sessions[i]
		}
	}
	return nil
}

// peerName is what a session's peer is called for a dialogue.
func peerName(dialogue string) string {
	if dialogue == "" {
		return "client"
	}
	return dialogue
}

// PeerName is the name under which a dialogue's session is recorded.
func PeerName(dialogue string) string { return peerName(dialogue) }

// probes returns the sessions of a dialogue that is repeated, as far as they are
// kept.
func probes(t *results.Transcript, name string) []*results.Session {
	var all []*results.Session
	for i, s := range t.Sessions {
		if s.Leg == results.LegProbe && s.Peer == peerName(name) {
			all = append(all, &t.Sessions[i])
		}
	}
	return all
}

// answer is the first reply under a mark, with the events that carried it.
type answer struct {
	dialect.Reply
	// found is true when a whole, well-formed reply was seen.
	found bool
	// why says what was seen in place of a reply.
	why string
	// rest are the server's bytes behind the reply.
	rest []byte
	refs []results.EventRef
	// secure is true when its first byte came inside TLS.
	secure bool
	// mute is true when no byte came at all.
	mute bool
}

// reply reads the first reply under a mark.
func reply(s *results.Session, mark string) answer {
	var a answer
	var b []byte
	whole := true
	for i, e := range s.Events {
		if e.Mark != mark || e.From != results.Server || e.Kind != results.EventData {
			continue
		}
		if len(b) == 0 {
			a.secure = e.Secure
		}
		if whole {
			b = append(b, shown(e)...)
		}
		whole = whole && e.Digest == nil
		a.refs = append(a.refs, results.EventRef{Session: s.ID, Event: i})
	}
	r, rest, err := dialect.Cut(protocolOf(s), b, commandUnder(s, mark))
	a.Reply, a.rest, a.found, a.mute = r, rest, err == nil, len(b) == 0
	switch {
	case len(b) == 0:
		a.why = "no reply (" + ending(s) + ")"
	case errors.Is(err, dialect.ErrIncomplete) && !whole:
		a.why = fmt.Sprintf("a reply too large to keep, %q (%s)", clip(b), ending(s))
	case errors.Is(err, dialect.ErrIncomplete):
		a.why = fmt.Sprintf("an unfinished reply %q (%s)", clip(b), ending(s))
	case err != nil:
		a.why = err.Error()
	}
	if len(a.refs) == 0 {
		a.refs = sent(s, mark)
	}
	return a
}

// protocolOf is what is spoken in a session.
func protocolOf(s *results.Session) results.Protocol { return fakes.Listener(s.Listener).Protocol() }

// commandUnder is the first command that was sent under a mark, or in IMAP the one
// whose content was; the zero value when none was.
func commandUnder(s *results.Session, mark string) dialect.Command {
	if command, content := strings.CutSuffix(mark, "-body"); content && protocolOf(s) == results.IMAP {
		mark = command
	}
	for _, ref := range sent(s, mark) {
		line, _, _ := strings.Cut(strings.ReplaceAll(string(shown(s.Events[ref.Event])), "\r\n", "\n"), "\n")
		return dialect.Parse(protocolOf(s), line)
	}
	return dialect.Command{}
}

// replies reads all the replies under some marks, in order, as a client does
// that sent several commands at once; what is no reply ends them.
func replies(s *results.Session, marks ...string) ([]dialect.Reply, []results.EventRef) {
	var b []byte
	var refs []results.EventRef
	for i, e := range s.Events {
		if slices.Contains(marks, e.Mark) && e.From == results.Server && e.Kind == results.EventData {
			b = append(b, shown(e)...)
			refs = append(refs, results.EventRef{Session: s.ID, Event: i})
		}
	}
	var all []dialect.Reply
	for {
		r, rest, err := dialect.CutReply(b)
		if err != nil {
			return all, refs
		}
		all, b = append(all, r), rest
	}
}

// String is the reply, or what was seen in its place.
func (a answer) String() string {
	if a.found {
		return a.Reply.String()
	}
	return a.why
}

// is tells whether the code begins with one of the prefixes.
func (a answer) is(prefixes ...string) bool {
	for _, p := range prefixes {
		if a.found && strings.HasPrefix(a.Code, p) {
			return true
		}
	}
	return false
}

// hasStatus tells whether the reply's text begins with an enhanced status code
// (RFC 2034 §3) of that beginning.
func hasStatus(a answer, prefix string) bool {
	return len(a.Lines) > 0 && strings.HasPrefix(a.Lines[0], prefix)
}

// sent points at what we sent under a mark.
func sent(s *results.Session, mark string) []results.EventRef {
	var refs []results.EventRef
	for i, e := range s.Events {
		if e.Mark == mark && e.From == results.Client && e.Kind == results.EventData {
			refs = append(refs, results.EventRef{Session: s.ID, Event: i})
		}
	}
	return refs
}

// heard returns the server's data under a mark that passed inside TLS or not.
func heard(s *results.Session, mark string, secure bool) ([]byte, []results.EventRef) {
	var b []byte
	var refs []results.EventRef
	for i, e := range s.Events {
		if e.Mark == mark && e.From == results.Server && e.Kind == results.EventData && e.Secure == secure {
			b = append(b, shown(e)...)
			refs = append(refs, results.EventRef{Session: s.ID, Event: i})
		}
	}
	return b, refs
}

// shown are the bytes of an event, or the first of a payload too large to keep.
func shown(e results.Event) []byte {
	if e.Digest != nil {
		return e.Digest.Head
	}
	return e.Bytes
}

// marked tells whether the script came as far as the mark.
func marked(s *results.Session, mark string) bool {
	for _, e := range s.Events {
		if e.Mark == mark {
			return true
		}
	}
	return false
}

// ending says in words how a session ended.
func ending(s *results.Session) string {
	switch s.End {
	case results.EndRefused:
		return "the connection was refused"
	case results.EndEOF:
		return "the target closed the connection"
	case results.EndReset:
		return "the target reset the connection"
	case results.EndTimeout:
		return "the target stayed silent"
	case results.EndMissed:
		return "the script ended here: " + s.LastNote()
	case results.EndCancelled:
		return "the run ended first"
	case results.EndBroken:
		return "our own engine failed: " + s.LastNote()
	case results.EndOurs:
		return "we closed the connection"
	}
	return string(s.End)
}

// gone tells whether the target ended the connection.
func gone(s *results.Session) bool { return s.End == results.EndEOF || s.End == results.EndReset }

// facts returns the facts of the session's last handshake; the zero value when
// none was tried.
func facts(s *results.Session) results.TLSFacts {
	if len(s.TLS) == 0 {
		return results.TLSFacts{}
	}
	return s.TLS[len(s.TLS)-1]
}

// alertFrom returns the first alert that the server sent other than
// close_notify.
func alertFrom(f results.TLSFacts) (results.Alert, bool) {
	for _, a := range f.Alerts {
		if a.From == results.Server && a.Code != closeNotify {
			return a, true
		}
	}
	return results.Alert{}, false
}

// Alert numbers that judges ask about (RFC 8446 §6).
const (
	closeNotify     = 0
	protocolVersion = 70
	noRenegotiation = 100
)

// handshakeRefs points at the alerts and at how the handshake ended.
func handshakeRefs(s *results.Session) []results.EventRef {
	var refs []results.EventRef
	for i, e := range s.Events {
		if e.Kind == results.EventAlert || e.Kind == results.EventTLS {
			refs = append(refs, results.EventRef{Session: s.ID, Event: i})
		}
	}
	return refs
}

// clip shortens what is shown of bytes.
func clip(b []byte) string {
	const most = 60
	if len(b) > most {
		return string(b[:most]) + "..."
	}
	return string(b)
}

// content is what was read back of a message: its header and body.
func content(t *results.Transcript, m results.Message) []byte {
	var b []byte
	for _, s := range t.Sessions {
		if s.ID != m.Session {
			continue
		}
		for _, e := range s.Events {
			if e.Mark == m.Mark && e.Stage == results.StageBody && e.From == results.Client && e.Kind == results.EventData {
				b = append(b, e.Bytes...)
			}
		}
	}
	return b
}

// mail returns the messages that were read back, other than the fence.
func mail(t *results.Transcript) []results.Message {
	var got []results.Message
	for _, m := range t.Messages {
		if !m.Fence {
			got = append(got, m)
		}
	}
	return got
}
