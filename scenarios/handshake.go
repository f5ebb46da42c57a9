package scenarios

import (
	"fmt"
	"strings"
	"time"

	"mailtls/fakes"
	"mailtls/results"
)

// stalling is how long R-028 watches for the target to give up, in the worst
// case.
const stalling = 20 * time.Second

// handshake holds the cases about what happens between the go-ahead and the end
// of the handshake.
func handshake() []Case {
	return []Case{
		{
			ID: "handshake/speaks-first", Row: "R-008",
			Title:  "After 220 the server waits for the ClientHello and sends nothing",
			Source: Source{"RFC 3207 §4", "Once the go-ahead is given the client starts the handshake; nothing else has a place on the wire."},
			Needs:  []results.Feature{results.FeatureStartTLS}, Levels: []LevelRule{must()},
			Dialogues: one(greeted(), fakes.StartTLS(), listen("silence", 3*time.Second)),
			Judge:     judgeSpeaksFirst,
		},
		{
			ID: "handshake/garbage-answered", Row: "R-025",
			Title:  "Garbage in place of a ClientHello never gets a reply in clear",
			Source: Source{"RFC 3207 §4", "After the go-ahead only a TLS handshake may follow; the session does not fall back to SMTP in clear."},
			Needs:  []results.Feature{results.FeatureStartTLS}, Levels: []LevelRule{must()},
			Dialogues: one(greeted(), fakes.StartTLS(), below("clear", noise()), awaitClose(closing)),
			Judge:     judgeNoClearReply,
		},
		{
			ID: "handshake/clear-command-served", Row: "R-026",
			Title:  "A command in clear in place of a ClientHello is not served",
			Source: Source{"RFC 3207 §4; RFC 3207 §4.1", "After the go-ahead only a TLS handshake may follow; what it achieved is then judged by both sides."},
			Needs:  []results.Feature{results.FeatureStartTLS}, Levels: []LevelRule{must()},
			Dialogues: one(greeted(), fakes.StartTLS(), below("clear", "MAIL FROM:<{from}>\r\n"), awaitClose(closing)),
			Judge:     judgeNoClearReply,
		},
		{
			ID: "handshake/stall-unbounded", Row: "R-028",
			Title:  "A client that is silent after 220 is given up within the declared time",
			Source: Source{"RFC 5321 §4.5.3.2.7", "A server has a time after which it gives a silent client up; how long is its own to say."},
			Needs:  []results.Feature{results.FeatureStartTLS}, Levels: []LevelRule{should()},
			Dialogues: one(greeted(), fakes.StartTLS(), fakes.Script{{Mark: "stall", Do: fakes.MoveAwaitClose, For: stalling}}),
			Window:    stalling + 10*time.Second,
			Judge:     judgeStall,
		},
	}
}

// noise is 200 bytes that begin neither a TLS record nor a command; a line end
// stands last, so that a server which goes on in clear has a line to answer.
func noise() string {
	return strings.Repeat("\xff\x01\x8a{}~\xfe\x02", 25)[:198] + "\r\n"
}

func judgeSpeaksFirst(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "no byte for 3 s after the go-ahead"
	s, v, ok := begun(t, "")
	if !ok {
		return v
	}
	if a := reply(s, markStartTLS); len(a.rest) > 0 {
		return fail(want, fmt.Sprintf("with its go-ahead the target sent %q", clip(a.rest)), a.refs...)
	}
	for i, e := range s.Events {
		if e.Mark != "silence" || e.From != results.Server {
			continue
		}
		ref := results.EventRef{Session: s.ID, Event: i}
		switch e.Kind {
		case results.EventData:
			return fail(want, fmt.Sprintf("the target sent %q", clip(shown(e))), ref)
		case results.EventRecord, results.EventAlert:
			return fail(want, "the target sent a TLS record: "+e.Text, ref)
		case results.EventTLS, results.EventClose, results.EventNote:
		}
	}
	switch {
	case gone(s):
		return nonstrict("the target did not wait", want, ending(s), sent(s, markStartTLS)...)
	case s.End != results.EndOurs:
		return inconclusive("the session was over early: %s", ending(s))
	}
	return pass(want, "nothing was sent", sent(s, markStartTLS)...)
}

// judgeNoClearReply: what we sent in clear under the mark "clear" must get
// nothing in clear.
func judgeNoClearReply(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "an alert or a close, and no reply in clear"
	s, v, ok := begun(t, "")
	if !ok {
		return v
	}
	if !marked(s, "clear") {
		return inconclusive("the session ended before anything was sent in clear: %s", ending(s))
	}
	if b, refs := heard(s, "clear", false); len(b) > 0 {
		return fail(want, fmt.Sprintf("the target sent in clear: %q", clip(b)), refs...)
	}
	refs := append(sent(s, "clear"), handshakeRefs(s)...)
	got := ending(s)
	if a, found := alertFrom(facts(s)); found {
		got = fmt.Sprintf("alert %s(%d); %s", a.Name, a.Code, got)
	}
	if s.End == results.EndTimeout {
		return nonstrict("the connection was left open", want, got, refs...)
	}
	return pass(want, got, refs...)
}

func judgeStall(t *results.Transcript, claims results.Claims) results.Verdict {
	s, v, ok := begun(t, "")
	if !ok {
		return v
	}
	var began time.Duration
	for _, e := range s.Events {
		if e.Mark == markStartTLS && e.From == results.Server && e.Kind == results.EventData {
			began = e.At
		}
	}
	took := (s.EndAt - began).Seconds()
	got := fmt.Sprintf("%s after %.1f s", ending(s), took)
	refs := sent(s, markStartTLS)
	if claims.StallSeconds == 0 {
		return note("the time after which a silent client is given up; none is declared", got, refs...)
	}
	const grace = 2 // seconds for scheduling on both sides
	want := fmt.Sprintf("the connection ended within the declared %g s", claims.StallSeconds)
	switch {
	case s.End == results.EndTimeout && claims.StallSeconds+grace > stalling.Seconds():
		return note(want, got+"; it was not watched longer", refs...)
	case s.End != results.EndEOF && s.End != results.EndReset, took > claims.StallSeconds+grace:
		return fail(want, got, refs...)
	}
	return pass(want, got, refs...)
}
