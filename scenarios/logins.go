package scenarios

import (
	"mailtls/fakes"
	"mailtls/results"
)

// logins holds the cases about what a login is worth, and where.
func logins() []Case {
	starttls, auth := results.FeatureStartTLS, results.FeatureAuth
	return []Case{
		{
			ID: "auth/user-kept", Row: "R-015",
			Title:  "A login in clear does not count inside TLS",
			Source: Source{"RFC 3207 §4.2; RFC 4954 §4; RFC 4954 §6", "What the client said before TLS, its login included, is forgotten; a second AUTH after a login is an error, and so is a command that needs one."},
			Needs:  []results.Feature{starttls, auth}, Levels: []LevelRule{must()},
			Dialogues: []fakes.Dialogue{
				onSubmission("control", inside(), fakes.Say(markMail, "", "MAIL FROM:<{from}>\r\n"), fakes.Quit()),
				onSubmission("kept", greeted(), fakes.Say("auth", "235", "AUTH PLAIN {auth-plain}\r\n"),
					fakes.StartTLS(), fakes.Handshake(broad()), fakes.Ehlo(markEhloTLS), fakes.Say(markMail, "", "MAIL FROM:<{from}>\r\n"),
					fakes.Say("reset", "250", "RSET\r\n"), fakes.Say("again", "", "AUTH PLAIN {auth-plain}\r\n"), fakes.Quit()),
			},
			Judge: judgeUserKept,
		},
		{
			ID: "auth/starttls-in-exchange", Row: "R-024",
			Title:  "STARTTLS in place of a user name is no command",
			Source: Source{"RFC 4954 §4", "Behind a 334 the next line is a response in base64; what is none gets 501."},
			Needs:  []results.Feature{starttls, auth}, Levels: []LevelRule{must()},
			Dialogues: []fakes.Dialogue{
				onSubmission("clear", greeted(), exchange(), fakes.Quit()),
				onSubmission("tls", inside(), exchange(), fakes.Quit()),
			},
			Judge: judgeInExchange,
		},
		mechanism("CRAM-MD5", Case{
			ID: "auth/mechanism-in-clear/cram-md5", Levels: []LevelRule{should()},
			Source: Source{"RFC 4954 §4; RFC 4954 §6", "A mechanism that is had inside TLS only is not listed in clear, and gets 504 there."},
		}),
		mechanism("XOAUTH2", Case{
			ID: "auth/mechanism-in-clear/xoauth2", Levels: []LevelRule{should()},
			Source: Source{"RFC 4954 §4; RFC 4954 §6", "A mechanism that is had inside TLS only is not listed in clear, and gets 504 there."},
		}),
		mechanism("OAUTHBEARER", Case{
			ID: "auth/mechanism-in-clear/oauthbearer", Levels: []LevelRule{must()},
			Source: Source{"RFC 7628 §3; RFC 4954 §4", "Bearer tokens are used inside TLS only; a mechanism that needs encryption gets 504 without it."},
		}),
		{
			ID: "auth/mail-without-login", Row: "R-078",
			Title:  "A submission server refuses MAIL without a login, with 530",
			Source: Source{"RFC 6409 §4.3", "Without a login MAIL is refused unless the server is set otherwise; the code is 530."},
			Needs:  []results.Feature{starttls, results.FeatureSubmission}, Levels: []LevelRule{must()},
			Dialogues: []fakes.Dialogue{onSubmission("", inside(), fakes.Say(markMail, "", "MAIL FROM:<{from}>\r\n"),
				fakes.Say(markRcpt, "", "RCPT TO:<{rcpt}>\r\n"), fakes.Quit())},
			Judge: judgeMailWithoutLogin,
		},
	}
}

// onSubmission is a session on the submission listener.
func onSubmission(name string, parts ...fakes.Script) fakes.Dialogue {
	return fakes.Dialogue{Name: name, Listener: fakes.ListenSubmission, Script: fakes.Join(parts...)}
}

// exchange is a login in which STARTTLS stands where the user name is due.
func exchange() fakes.Script {
	return fakes.Join(fakes.Say("auth", "334", "AUTH LOGIN\r\n"), fakes.Say("response", "", "STARTTLS\r\n"))
}

// mechanism completes a case with a session that asks for a mechanism in clear.
// Nothing secret is sent: a server that goes along asks for it first.
func mechanism(name string, c Case) Case {
	c.Row, c.Title = "R-077", "AUTH "+name+" in clear is refused before a secret is asked for"
	c.Needs = []results.Feature{results.FeatureAuthAfterTLS}
	c.Dialogues = []fakes.Dialogue{onSubmission("", greeted(), fakes.Say("auth", "5", "AUTH "+name+"\r\n"), fakes.Quit())}
	c.Judge = judgeMechanism
	return c
}

// judgeUserKept compares MAIL after a login in clear with MAIL without any. Where
// MAIL needs no login a second AUTH tells: it is an error for who is logged in.
func judgeUserKept(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "the client is a stranger inside TLS: MAIL refused as it is without a login, or a second AUTH accepted"
	s, v, ok := reach(t, "kept", markGreeting, markEhlo)
	if !ok {
		return v
	}
	login := reply(s, "auth")
	_, listed := reply(s, markEhlo).Keywords()["AUTH"]
	switch {
	case !login.is("235") && !listed:
		return moot("AUTH is not offered in clear, and got " + login.String() + ": no login can be kept")
	case !login.is("235"):
		return inconclusive("the login in clear got %s", login)
	}
	if s, v, ok = reach(t, "kept", markStartTLS, markHandshake, markEhloTLS); !ok {
		return v
	}
	control, v, ok := reach(t, "control", markGreeting, markEhlo, markStartTLS, markHandshake, markEhloTLS)
	if !ok {
		return v
	}
	needed, a, again := reply(control, markMail), reply(s, markMail), reply(s, "again")
	refs := append(append(login.refs, needed.refs...), a.refs...)
	switch {
	case !needed.found:
		return inconclusive("without a login MAIL got %s", needed)
	case a.is("5"):
		return pass(want, "MAIL inside TLS got "+a.String(), refs...)
	case a.is("2") && needed.is("5"):
		return fail(want, "MAIL inside TLS got "+a.String()+"; without a login it gets "+needed.String(), refs...)
	case !a.is("2") || !needed.is("2"):
		return inconclusive("MAIL inside TLS got %s; without a login it got %s", a, needed)
	case again.is("503"):
		return fail(want, "a second AUTH inside TLS got "+again.String(), append(refs, again.refs...)...)
	case again.is("235"):
		return pass(want, "a second AUTH inside TLS got "+again.String(), append(refs, again.refs...)...)
	}
	return inconclusive("MAIL needs no login, and a second AUTH inside TLS got %s", again)
}

func judgeInExchange(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "334, 501 or 535 to STARTTLS behind a 334, and never 220"
	got := ""
	var refs []results.EventRef
	strict := true
	for _, d := range []struct{ dialogue, where string }{{"clear", "in clear"}, {"tls", "inside TLS"}} {
		s, v, ok := reach(t, d.dialogue, markGreeting, markEhlo)
		if !ok {
			return v
		}
		if d.dialogue == "tls" {
			if s, v, ok = reach(t, d.dialogue, markStartTLS, markHandshake, markEhloTLS); !ok {
				return v
			}
		}
		if !reply(s, "auth").is("334") {
			continue
		}
		a := reply(s, "response")
		seen := d.where + " STARTTLS got " + a.String()
		if a.is("2") {
			return fail(want, seen, a.refs...)
		}
		strict = strict && a.is("334", "501", "535")
		got, refs = got+seen+"; ", append(refs, a.refs...)
	}
	switch {
	case got == "":
		return moot("AUTH LOGIN gets no 334, in clear or inside TLS: there is no exchange")
	case !strict:
		return nonstrict("refused in another way", want, got[:len(got)-2], refs...)
	}
	return pass(want, got[:len(got)-2], refs...)
}

func judgeMechanism(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "504, 530, 538 or another 5xx, and no 334"
	s, v, ok := reach(t, "", markGreeting, markEhlo)
	if !ok {
		return v
	}
	a := reply(s, "auth")
	switch {
	case a.is("4"):
		return inconclusive("AUTH got a temporary refusal: %s", a)
	case a.is("535"):
		return nonstrict("refused as a wrong password is", want, "AUTH got "+a.String(), a.refs...)
	case !a.is("5"):
		return fail(want, "AUTH got "+a.String(), a.refs...)
	}
	return pass(want, "AUTH got "+a.String(), a.refs...)
}

func judgeMailWithoutLogin(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "530 to MAIL inside TLS"
	s, v, ok := reach(t, "", markGreeting, markEhlo, markStartTLS, markHandshake, markEhloTLS)
	if !ok {
		return v
	}
	a := reply(s, markMail)
	switch {
	case a.is("4"):
		return inconclusive("MAIL got a temporary refusal: %s", a)
	case a.is("530"):
		return pass(want, "MAIL got "+a.String(), a.refs...)
	case a.is("5"):
		return nonstrict("refused, but not with 530", want, "MAIL got "+a.String(), a.refs...)
	}
	rcpt := reply(s, markRcpt)
	return fail(want, "MAIL got "+a.String()+"; RCPT then got "+rcpt.String(), append(a.refs, rcpt.refs...)...)
}
