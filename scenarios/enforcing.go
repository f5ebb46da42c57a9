package scenarios

import (
	"fmt"
	"strings"
	"time"

	"mailtls/fakes"
	"mailtls/results"
)

// enforcing holds the cases about receivers that take mail inside TLS only.
func enforcing() []Case {
	const rule = "A receiver outside the public MX that demands TLS answers 530 to all but NOOP, EHLO, STARTTLS and QUIT."
	return []Case{
		{
			ID: "policy/plain-mail-taken", Row: "R-066",
			Title:  "A receiver that demands TLS refuses MAIL in clear, with 530",
			Source: Source{"RFC 3207 §4", rule},
			Needs:  []results.Feature{results.FeatureRequireTLS}, Levels: []LevelRule{must()},
			Dialogues: one(greeted(), fakes.Transaction(), fakes.Quit()),
			Fence:     true,
			Judge:     judgePlainRefused,
		},
		{
			ID: "policy/escape-verbs-refused", Row: "R-067",
			Title:  "A receiver that demands TLS still answers NOOP, EHLO, STARTTLS and QUIT in clear",
			Source: Source{"RFC 3207 §4", rule},
			Needs:  []results.Feature{results.FeatureRequireTLS}, Levels: []LevelRule{must()},
			Dialogues: []fakes.Dialogue{
				{Name: "quit", Script: fakes.Join(fakes.Greet(), fakes.Say(markNoop, "", "NOOP\r\n"), fakes.Say(markEhlo, "", "EHLO {helo}\r\n"), fakes.Quit())},
				{Name: "starttls", Script: fakes.Join(inside(), fakes.Quit())},
			},
			Judge: judgeEscapeVerbs,
		},
		{
			ID: "policy/verbs-served-in-clear", Row: "R-068",
			Title:  "A receiver that demands TLS answers 530 to RSET, VRFY, EXPN, ETRN, BDAT, AUTH and RCPT in clear",
			Source: Source{"RFC 3207 §4", rule},
			Needs:  []results.Feature{results.FeatureRequireTLS}, Levels: []LevelRule{should()},
			Dialogues: one(greeted(), barred(), fakes.Quit()),
			Judge:     judgeBarred,
		},
		{
			ID: "policy/pipelined-mail-taken", Row: "R-069",
			Title:  "A receiver that demands TLS takes no mail that is sent in clear in one go",
			Source: Source{"RFC 3207 §4; RFC 2920 §3.2", rule + " Commands that came together are answered in order."},
			Needs:  []results.Feature{results.FeatureRequireTLS}, Levels: []LevelRule{must()},
			Dialogues: one(greeted(), fakes.Say("group", "", hasty+hasty+"{message}\r\n.\r\n"), listen("rest", 2*time.Second), fakes.Quit()),
			Fence:     true,
			Judge:     judgeHasty,
		},
	}
}

func judgePlainRefused(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "530 to MAIL in clear, and nothing queued"
	s, v, ok := reach(t, "", markGreeting, markEhlo)
	if !ok {
		return v
	}
	a := reply(s, markMail)
	none, unsaid := unanswered(s, a, "MAIL", want)
	switch {
	case len(mail(t)) > 0:
		return fail(want, "MAIL got "+a.String()+", and a message arrived", append(a.refs, bodyRef(t, mail(t)[0]))...)
	case unsaid:
		return none
	case a.is("4"):
		return inconclusive("MAIL got %s", a)
	case !a.is("5"):
		return fail(want, "MAIL got "+a.String(), a.refs...)
	case !a.is("530"):
		return nonstrict("refused, but not with 530", want, "MAIL got "+a.String(), a.refs...)
	}
	return pass(want, "MAIL got "+a.String(), a.refs...)
}

func judgeEscapeVerbs(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "250 to NOOP and EHLO, 221 to QUIT, 220 to STARTTLS and a handshake"
	first, v, ok := reach(t, "quit", markGreeting)
	if !ok {
		return v
	}
	second, v, ok := reach(t, "starttls", markGreeting)
	if !ok {
		return v
	}
	for _, step := range []struct {
		s          *results.Session
		mark, code string
	}{{first, markNoop, "250"}, {first, markEhlo, "250"}, {first, markQuit, "221"}, {second, markEhlo, "250"}, {second, markStartTLS, "220"}} {
		if a := reply(step.s, step.mark); !a.is(step.code) {
			return fail(want, step.mark+" got "+a.String(), a.refs...)
		}
	}
	if !facts(second).Complete {
		return fail(want, "no handshake: "+handshakeOutcome(second), handshakeRefs(second)...)
	}
	return pass(want, "all were answered", sent(first, markNoop)...)
}

// hasty is a transaction up to DATA. Sent twice, the second is the content of the
// first, and a transaction of its own where the first was refused and its content
// is run.
const hasty = "MAIL FROM:<{from}>\r\nRCPT TO:<{rcpt}>\r\nDATA\r\n"

// barredVerbs are commands that lead nowhere before TLS, by mark.
func barredVerbs() []struct{ mark, text string } {
	return []struct{ mark, text string }{
		{"rset", "RSET"}, {"vrfy", "VRFY <{rcpt}>"}, {"expn", "EXPN {canary}"}, {"etrn", "ETRN {helo}"},
		{"bdat", "BDAT 0 LAST"}, {"auth", "AUTH PLAIN"}, {"rcpt", "RCPT TO:<{rcpt}>"},
	}
}

// barred says each of them.
func barred() fakes.Script {
	var script fakes.Script
	for _, c := range barredVerbs() {
		script = append(script, fakes.Say(c.mark, "", c.text+"\r\n")...)
	}
	return script
}

func judgeBarred(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "530 to each"
	s, v, ok := reach(t, "", markGreeting, markEhlo)
	if !ok {
		return v
	}
	var others []string
	var refs []results.EventRef
	for _, c := range barredVerbs() {
		a := reply(s, c.mark)
		verb, _, _ := strings.Cut(c.text, " ")
		switch {
		case a.is("2", "3"):
			return fail(want, verb+" got "+a.String(), a.refs...)
		case !a.found, a.is("4"):
			return inconclusive("%s got %s", verb, a)
		case !a.is("530"):
			others = append(others, verb+" got "+a.String())
		}
		refs = append(refs, a.refs...)
	}
	if len(others) > 0 {
		return nonstrict("refused, but not all with 530", want, strings.Join(others, "; "), refs...)
	}
	return pass(want, "each got 530", refs...)
}

func judgeHasty(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "530 to MAIL, RCPT and DATA, none of what follows served, and nothing queued"
	s, v, ok := reach(t, "", markGreeting, markEhlo)
	if !ok {
		return v
	}
	all, refs := replies(s, "group", "rest")
	if got := mail(t); len(got) > 0 {
		return fail(want, "a message arrived", append(refs, bodyRef(t, got[0]))...)
	}
	var codes []string
	strict := len(all) >= 3
	for i, r := range all {
		codes = append(codes, r.Code)
		strict = strict && (i >= 3 || r.Code == "530")
		if r.Class() == '3' || r.Class() == '2' && r.Code != "221" {
			return fail(want, fmt.Sprintf("the reply of number %d is %s", i+1, r), refs...)
		}
	}
	got := "the replies are " + strings.Join(codes, " ")
	switch {
	case len(all) == 0 && !gone(s):
		return fail(want, "no reply ("+ending(s)+")", sent(s, "group")...)
	case len(all) == 0:
		return nonstrict("refused without a reply", want, ending(s), sent(s, "group")...)
	case !strict:
		return nonstrict("refused, but not with 530", want, got, refs...)
	}
	return pass(want, got, refs...)
}
