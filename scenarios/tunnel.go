package scenarios

import (
	"fmt"
	"time"

	"mailtls/fakes"
	"mailtls/results"
)

// tunnel holds the cases about what happens inside TLS, and when it is closed.
func tunnel() []Case {
	return []Case{
		{
			ID: "tunnel/second-greeting", Row: "R-009",
			Title:  "No second greeting is sent inside TLS",
			Source: Source{"RFC 3207 §4.2", "After the handshake the client speaks first, with EHLO; the server does not greet again."},
			Needs:  []results.Feature{results.FeatureStartTLS}, Levels: []LevelRule{must()},
			Dialogues: one(upgraded(), listen("silence", 3*time.Second), fakes.Ehlo(markEhloTLS), fakes.Quit()),
			Judge:     judgeSecondGreeting,
		},
		{
			ID: "tunnel/starttls-listed-again", Row: "R-010",
			Title:  "STARTTLS is not listed inside TLS",
			Source: Source{"RFC 3207 §4.2", "A server whose client is in TLS already does not list the keyword."},
			Needs:  []results.Feature{results.FeatureStartTLS}, Levels: []LevelRule{must()},
			Dialogues: one(inside(), fakes.Quit()),
			Judge:     judgeListedAgain,
		},
		{
			ID: "tunnel/starttls-accepted-again", Row: "R-011",
			Title:  "STARTTLS inside TLS is refused, and the session goes on",
			Source: Source{"RFC 3207 §4.2; RFC 5321 §4.1.4", "STARTTLS has no place inside TLS; a command out of place gets an error and changes nothing."},
			Needs:  []results.Feature{results.FeatureStartTLS}, Levels: []LevelRule{must()},
			Dialogues: one(inside(), fakes.Say("again", "", "STARTTLS\r\n"), fakes.Say(markNoop, "", "NOOP\r\n"), fakes.Quit()),
			Judge:     judgeAcceptedAgain,
		},
		{
			ID: "tunnel/clear-after-close", Row: "R-027",
			Title:  "A command in clear after TLS was closed is not served",
			Source: Source{"RFC 3207 §4.2", "A session that was upgraded is not continued in clear."},
			Needs:  []results.Feature{results.FeatureStartTLS}, Levels: []LevelRule{must()},
			Dialogues: one(inside(), fakes.Script{{Mark: "close", Do: fakes.MoveCloseNotify}},
				below("clear", "MAIL FROM:<{from}>\r\n"), awaitClose(closing)),
			Judge: judgeNoClearReply,
		},
	}
}

func judgeSecondGreeting(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "no byte inside TLS for 3 s, then 250 to EHLO"
	s, v, ok := reach(t, "", markGreeting, markEhlo, markStartTLS, markHandshake)
	if !ok {
		return v
	}
	for _, mark := range []string{markHandshake, "silence"} {
		if b, refs := heard(s, mark, true); len(b) > 0 {
			return fail(want, fmt.Sprintf("the target sent %q", clip(b)), refs...)
		}
	}
	a := reply(s, markEhloTLS)
	if !a.is("250") {
		return fail(want, "EHLO got "+a.String(), a.refs...)
	}
	return pass(want, "nothing was sent; EHLO got "+a.Code, a.refs...)
}

func judgeListedAgain(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "an EHLO reply inside TLS without STARTTLS"
	s, v, ok := reach(t, "", markGreeting, markEhlo, markStartTLS, markHandshake)
	if !ok {
		return v
	}
	a := reply(s, markEhloTLS)
	_, listed := a.Keywords()["STARTTLS"]
	switch {
	case !a.is("250"):
		return fail(want, "EHLO inside TLS got "+a.String(), a.refs...)
	case listed:
		return fail(want, "STARTTLS is listed inside TLS: "+a.String(), a.refs...)
	}
	return pass(want, "STARTTLS is not listed", a.refs...)
}

func judgeAcceptedAgain(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "a 5xx reply to STARTTLS inside TLS, then 250 to NOOP"
	s, v, ok := reach(t, "", markGreeting, markEhlo, markStartTLS, markHandshake, markEhloTLS)
	if !ok {
		return v
	}
	again, noop := reply(s, "again"), reply(s, markNoop)
	switch {
	case !again.is("5"):
		return fail(want, "STARTTLS got "+again.String(), again.refs...)
	case !noop.is("250"):
		return fail(want, "STARTTLS got "+again.String()+"; NOOP then got "+noop.String(), noop.refs...)
	}
	return pass(want, "STARTTLS got "+again.String(), again.refs...)
}
