package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"mailtls/fakes"
	"mailtls/results"
)

// Sizes of the cases that burden a target.
const (
	// resets is how many clients break off in R-029, and calm how many ordinary
	// sessions are timed before and after.
	resets, calm = 1000, 12
	// noticeable is how slow a session must be at the least to count as slow.
	noticeable = 50 * time.Millisecond
	// flood is how many sessions are opened at once in R-095.
	flood = 300
)

// robustness holds the cases about clients that burden a server or break off.
func robustness() []Case {
	startTLS := []results.Feature{results.FeatureStartTLS}
	ordinary := fakes.Join(inside(), fakes.Quit())
	return []Case{
		{
			ID: "robustness/slow-after-resets", Row: "R-029",
			Title:  "1,000 clients that reset the connection right after 220 leave the server as fast as it was",
			Source: Source{"RFC 3207 §4", "A client that cannot start the handshake drops the connection; a server has to bear it, however often."},
			Needs:  startTLS, Levels: []LevelRule{should()},
			Dialogues: []fakes.Dialogue{
				{Name: "before", Repeat: calm, Script: ordinary},
				{Name: "resets", Repeat: resets, Script: fakes.Join(greeted(), fakes.StartTLS(), fakes.Script{{Mark: "reset", Do: fakes.MoveReset}})},
				{Name: "after", Repeat: calm, Script: ordinary},
			},
			Window: 2 * time.Minute, Intrusive: true, Alone: true,
			Judge: judgeSlowAfterResets,
		},
		{
			ID: "robustness/lost-reply", Row: "R-088",
			Title:  "A message whose reply the client did not see and that it sends again arrives once or twice",
			Source: Source{"RFC 5321 §4.5.3.2.6", "A client that does not get the reply to the final dot sends the message again; a server that replies late makes duplicates."},
			Needs:  []results.Feature{results.FeatureStartTLS, results.FeatureReadback}, Levels: []LevelRule{info()},
			Dialogues: []fakes.Dialogue{
				{Name: "lost", Script: fakes.Join(inside(),
					fakes.Say(markMail, "250", "MAIL FROM:<{from}>\r\n"), fakes.Say(markRcpt, "250", "RCPT TO:<{rcpt}>\r\n"),
					fakes.Say(markData, "354", "DATA\r\n"),
					fakes.Script{{Mark: markBody, Do: fakes.MoveSend, Text: []string{"{message}\r\n.\r\n"}}, {Mark: "drop", Do: fakes.MoveReset}})},
				{Name: "again", Script: fakes.Join(inside(), fakes.Transaction(), fakes.Quit())},
			},
			Fence: true,
			Judge: judgeLostReply,
		},
		{
			ID: "robustness/flood", Row: "R-095",
			Title:  "More TLS sessions at once than a server takes are turned away with 421 or 454, and it recovers",
			Source: Source{"RFC 3207 §4; RFC 5321 §3.8", "A server that cannot do TLS for now says 454, one that ends the session 421."},
			Needs:  startTLS, Levels: []LevelRule{info()},
			Dialogues: []fakes.Dialogue{
				{Name: "flood", Repeat: flood, Parallel: true, Script: fakes.Join(inside(), listen("hold", time.Second), fakes.Quit())},
				{Name: "after", Script: ordinary},
			},
			Window: time.Minute, Intrusive: true, Alone: true,
			Judge: judgeFlood,
		},
		{
			ID: "robustness/half-close", Row: "R-099",
			Title:  "A client that closes its direction right after 220 is given up in a bounded time",
			Source: Source{"RFC 3207 §4", "After the go-ahead only a handshake may follow, and this client can send none."},
			Needs:  startTLS, Levels: []LevelRule{info()},
			Dialogues: one(greeted(), fakes.StartTLS(), fakes.Script{{Mark: "half", Do: fakes.MoveHalfClose}}, awaitClose(stalling)),
			Judge:     judgeHalfClose,
		},
	}
}

// judgeSlowAfterResets compares the fastest session afterwards with the median
// before: a busy machine makes some sessions slow, a target that has become slow
// all of them.
func judgeSlowAfterResets(t *results.Transcript, _ results.Claims) results.Verdict {
	before, after := probes(t, "before"), probes(t, "after")
	broken, others := 0, ""
	for _, s := range probes(t, "resets") {
		if a := reply(s, markStartTLS); a.is(carriedOut(protocolOf(s), markStartTLS)...) {
			broken += 1 + s.Alike
		} else {
			others = lastWords(s)
		}
	}
	if len(before) < 2 || !wentThrough(before...) {
		return inconclusive("the ordinary sessions before the resets did not go through")
	}
	if broken < resets {
		return inconclusive("only %d of %d sessions got as far as the go-ahead: %s", broken, resets, others)
	}
	times := took(before)
	slices.Sort(times)
	base := times[len(times)/2]
	want := fmt.Sprintf("ordinary sessions at most twice as long as before, or shorter than %v", noticeable)
	if i := slices.IndexFunc(after, func(s *results.Session) bool { return !wentThrough(s) }); i >= 0 {
		return fail(want, fmt.Sprintf("the ordinary session %d afterwards did not go through: %s", i+1, lastWords(after[i])), lastHeard(after[i])...)
	}
	if len(after) < 2 {
		return inconclusive("no ordinary sessions were held afterwards")
	}
	last := after[len(after)-1]
	quickest := slices.Min(took(after))
	got := fmt.Sprintf("before %.1f ms, afterwards %.1f ms", millis(base), millis(quickest))
	if quickest > max(2*base, noticeable) {
		return fail(want, got, lastHeard(last)...)
	}
	return pass(want, got, lastHeard(last)...)
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// took are the times of sessions that were held one after the other, connecting
// included; the first has nothing to be told from.
func took(sessions []*results.Session) []time.Duration {
	var times []time.Duration
	for i := 1; i < len(sessions); i++ {
		times = append(times, sessions[i].EndAt-sessions[i-1].EndAt)
	}
	return times
}

// wentThrough tells whether every session came to the end of its script.
func wentThrough(sessions ...*results.Session) bool {
	return !slices.ContainsFunc(sessions, func(s *results.Session) bool { return s.End != results.EndOurs })
}

// lastHeard points at the last that the target sent in a session, or at its last
// event.
func lastHeard(s *results.Session) []results.EventRef {
	for i := len(s.Events) - 1; i >= 0; i-- {
		if e := s.Events[i]; e.From == results.Server && e.Kind == results.EventData {
			return []results.EventRef{{Session: s.ID, Event: i}}
		}
	}
	return []results.EventRef{{Session: s.ID, Event: max(0, len(s.Events)-1)}}
}

func judgeLostReply(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "one copy, or two"
	if _, v, ok := reach(t, "lost", beforeBody(true)...); !ok {
		return v
	}
	s, v, ok := reach(t, "again", append(beforeBody(true), markBody)...)
	if !ok {
		return v
	}
	return note(want, fmt.Sprintf("copies read back: %d", len(mail(t))), lastHeard(s)...)
}

func judgeFlood(t *results.Transcript, _ results.Claims) results.Verdict {
	want := fmt.Sprintf("TLS for each of %d sessions at once, or 421 or 454; then TLS again", flood)
	counts := map[string]int{}
	var refs []results.EventRef
	for _, s := range probes(t, "flood") {
		how := outcome(s)
		if counts[how] == 0 {
			refs = append(refs, lastHeard(s)...)
		}
		counts[how] += 1 + s.Alike
	}
	if len(counts) == 0 {
		return inconclusive("the flood was not held")
	}
	var got []string
	for how, n := range counts {
		got = append(got, fmt.Sprintf("%d %s", n, how))
	}
	slices.Sort(got)
	after := "afterwards nothing was tried"
	if s := probe(t, "after"); s != nil {
		after = "afterwards: " + handshakeOutcome(s)
	}
	return note(want, strings.Join(got, ", ")+"; "+after, refs...)
}

// outcome is what became of a session that should be served: in a word, and with
// the code of the last reply.
func outcome(s *results.Session) string {
	var last results.Event
	if ref := lastHeard(s)[0]; ref.Event < len(s.Events) {
		last = s.Events[ref.Event]
	}
	switch {
	case wentThrough(s):
		return "served"
	case last.From == results.Server && last.Kind == results.EventData:
		return fmt.Sprintf("%s after %.3s", s.End, shown(last))
	}
	return string(s.End)
}

func judgeHalfClose(t *results.Transcript, _ results.Claims) results.Verdict {
	want := fmt.Sprintf("the connection ended within %g s", stalling.Seconds())
	s, v, ok := reach(t, "", markGreeting, markEhlo, markStartTLS)
	if !ok {
		return v
	}
	var closed time.Duration
	for _, e := range s.Events {
		if e.Mark == "half" {
			closed = e.At
			break
		}
	}
	return note(want, fmt.Sprintf("%s after %.1f s", ending(s), (s.EndAt-closed).Seconds()), sent(s, markStartTLS)...)
}
