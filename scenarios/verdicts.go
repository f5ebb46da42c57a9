package scenarios

import (
	"fmt"

	"mailtls/fakes"
	"mailtls/results"
)

// pass, nonstrict, fail, note and inconclusive build verdicts.
func pass(want, got string, refs ...results.EventRef) results.Verdict {
	return results.Verdict{Status: results.StatusPass, Want: want, Got: got, Evidence: refs}
}

func nonstrict(reason, want, got string, refs ...results.EventRef) results.Verdict {
	return results.Verdict{Status: results.StatusNonstrict, Reason: reason, Want: want, Got: got, Evidence: refs}
}

func fail(want, got string, refs ...results.EventRef) results.Verdict {
	return results.Verdict{Status: results.StatusFail, Want: want, Got: got, Evidence: refs}
}

func note(want, got string, refs ...results.EventRef) results.Verdict {
	return results.Verdict{Status: results.StatusInfo, Want: want, Got: got, Evidence: refs}
}

func inconclusive(format string, args ...any) results.Verdict {
	return results.Verdict{Status: results.StatusInconclusive, Reason: fmt.Sprintf(format, args...)}
}

// moot is the verdict where the target gives no occasion for what the case is
// about, though its claims leave room for one.
func moot(reason string) results.Verdict {
	return results.Verdict{Status: results.StatusNA, Reason: reason}
}

// unanswered concludes where a command got no reply: the end of the connection
// refuses it, if not in words; silence tells nothing.
func unanswered(s *results.Session, a answer, command, want string) (results.Verdict, bool) {
	switch {
	case a.mute && gone(s):
		return nonstrict("ended without a reply", want, command+" got "+a.String(), a.refs...), true
	case !a.found && s.End == results.EndTimeout:
		return inconclusive("%s got %s", command, a), true
	}
	return results.Verdict{}, false
}

// reach tells whether a dialogue was held and came through all the marks, each
// answered as its command is when it is carried out or, for the handshake,
// completed. When it did not, the verdict says where it stopped: nothing can
// then be told.
func reach(t *results.Transcript, dialogue string, marks ...string) (*results.Session, results.Verdict, bool) {
	s := probe(t, dialogue)
	if s == nil {
		return nil, inconclusive("the dialogue %s was not held", peerName(dialogue)), false
	}
	for _, m := range marks {
		if m == markHandshake {
			if !facts(s).Complete {
				return s, inconclusive("the handshake failed: %s", handshakeOutcome(s)), false
			}
			continue
		}
		if a := reply(s, m); !a.is(carriedOut(protocolOf(s), m)...) {
			return s, inconclusive("the session did not get past %s: %s", m, a), false
		}
	}
	return s, results.Verdict{}, true
}

// begun is reach up to the go-ahead to TLS, in whatever protocol; on a listener
// where TLS comes first it is the session.
func begun(t *results.Transcript, dialogue string) (*results.Session, results.Verdict, bool) {
	marks := []string{markGreeting, markEhlo, markStartTLS}
	if s := probe(t, dialogue); s != nil {
		switch l := fakes.Listener(s.Listener); {
		case l.Implicit():
			marks = nil
		case l.Protocol() == results.IMAP, l.Protocol() == results.POP3:
			marks = []string{markGreeting, markStartTLS}
		}
	}
	return reach(t, dialogue, marks...)
}

// secured is reach up to the end of the handshake, in whatever protocol.
func secured(t *results.Transcript, dialogue string) (*results.Session, results.Verdict, bool) {
	s, v, ok := begun(t, dialogue)
	if !ok {
		return s, v, false
	}
	return reach(t, dialogue, markHandshake)
}

// carriedOut are the codes of the reply to a command that was carried out (RFC
// 5321 §4.3.2, RFC 3207 §4; RFC 9051 §7.1, RFC 1939 §3).
func carriedOut(p results.Protocol, mark string) []string {
	switch {
	case p == results.IMAP:
		return []string{"OK", "+"}
	case p == results.POP3:
		return []string{"+"}
	case mark == markGreeting, mark == markStartTLS:
		return []string{"220"}
	case mark == markEhlo, mark == markEhloTLS, mark == markLhlo, mark == markLhloTLS:
		return []string{"250"}
	}
	return []string{"2", "3"}
}

// handshakeOutcome says in words how a handshake went.
func handshakeOutcome(s *results.Session) string {
	f := facts(s)
	switch a, alerted := alertFrom(f); {
	case f.Complete:
		return fmt.Sprintf("TLS %s, %s", f.Version, f.Suite)
	case alerted:
		return fmt.Sprintf("the target sent alert %s(%d)", a.Name, a.Code)
	case f.Error != "":
		return f.Error + " (" + ending(s) + ")"
	}
	return "no handshake was tried (" + ending(s) + ")"
}

// intact tells whether so many messages were read back, each with the body that
// was generated for it; when not, the verdict says what was seen.
func intact(t *results.Transcript, want string, n int, p fakes.Part) (results.Verdict, bool) {
	got := mail(t)
	switch {
	case len(got) < n && !settled(t):
		return inconclusive("%d of %d messages arrived before watching ended (%s)", len(got), n, t.Ended.Why), false
	case len(got) < n:
		return fail(want, fmt.Sprintf("%d messages were accepted, %d arrived", n, len(got)), acceptedRefs(t)...), false
	case len(got) > n:
		return fail(want, fmt.Sprintf("%d messages were accepted, %d arrived", n, len(got)), bodyRef(t, got[n])), false
	}
	for _, m := range got {
		switch {
		case m.BodyLength != int64(p.To-p.From):
			return fail(want, fmt.Sprintf("a body of %d bytes arrived as one of %d", p.To-p.From, m.BodyLength), bodyRef(t, m)), false
		case m.BodySHA256 != p.SHA256():
			return fail(want, "the body that arrived has the length of the one sent and another content", bodyRef(t, m)), false
		}
	}
	return results.Verdict{}, true
}

// acceptedRefs points at what was sent as content.
func acceptedRefs(t *results.Transcript) []results.EventRef {
	var refs []results.EventRef
	for _, s := range t.Sessions {
		for i, e := range s.Events {
			if s.Leg == results.LegProbe && e.From == results.Client && e.Kind == results.EventData &&
				(e.Stage == results.StageBody || e.Stage == results.StageBdat) {
				refs = append(refs, results.EventRef{Session: s.ID, Event: i})
			}
		}
	}
	return refs
}
