package scenarios

import (
	"slices"
	"strings"

	"mailtls/fakes"
	"mailtls/results"
)

// starttls holds the cases about the command itself.
func starttls() []Case { return slices.Concat(spellings(), places(), neighbours()) }

// spellings are the cases about the line that it is.
func spellings() []Case {
	return []Case{
		command(Case{
			ID: "starttls/argument-accepted", Row: "R-004",
			Title:  "STARTTLS with a parameter gets 501, and a proper STARTTLS then works",
			Source: Source{"RFC 3207 §4", "The command has no parameters; with one it is a syntax error, 501."},
			Levels: []LevelRule{must()},
			Dialogues: one(greeted(), fakes.Say("argument", "5", "STARTTLS x\r\n"), fakes.StartTLS(), fakes.Handshake(broad()),
				fakes.Ehlo(markEhloTLS), fakes.Quit()),
			Judge: judgeThenServed("STARTTLS x", "argument", "501"),
		}),
		command(Case{
			ID: "starttls/case-sensitive", Row: "R-005",
			Title:     "STARTTLS is known in any mixture of capitals and small letters",
			Source:    Source{"RFC 5321 §2.4", "Verbs are the same in capitals and in small letters."},
			Levels:    []LevelRule{must()},
			Dialogues: one(greeted(), fakes.Say(markStartTLS, "220", "sTaRtTlS\r\n"), fakes.Handshake(broad()), fakes.Ehlo(markEhloTLS), fakes.Quit()),
			Judge:     judgeMixedCase,
		}),
		command(Case{
			ID: "starttls/trailing-byte/nul", Row: "R-006",
			Title:     "STARTTLS with a NUL behind it is refused",
			Source:    Source{"RFC 5321 §4.1.1; RFC 3207 §4", "White space may stand before the line end of a command, and nothing else; STARTTLS has no parameters."},
			Levels:    []LevelRule{should()},
			Dialogues: one(greeted(), fakes.Say("nul", "5", "STARTTLS\x00\r\n"), fakes.Quit()),
			Judge:     judgeTrailingNUL,
		}),
		command(Case{
			ID: "starttls/trailing-byte/tab", Row: "R-006",
			Title:     "STARTTLS with a tab behind it is served or refused",
			Source:    Source{"RFC 5321 §4.1.1", "White space before the line end of a command is tolerated."},
			Levels:    []LevelRule{info()},
			Dialogues: twoWays(greeted(), "STARTTLS\t\r\n"),
			Judge:     judgeTwoWays(markGreeting, markEhlo),
		}),
	}
}

// places are the cases about where in a session it stands.
func places() []Case {
	return []Case{
		command(Case{
			ID: "starttls/after-helo", Row: "R-002",
			Title:     "STARTTLS after HELO is served or refused, and the session stays alive",
			Source:    Source{"RFC 3207 §4", "The extension is found by EHLO; nothing is said of a client that said HELO."},
			Levels:    []LevelRule{info()},
			Dialogues: twoWays(fakes.Join(fakes.Greet(), fakes.Say("hello", "250", "HELO {helo}\r\n")), "STARTTLS\r\n"),
			Judge:     judgeTwoWays(markGreeting),
		}),
		command(Case{
			ID: "starttls/before-hello", Row: "R-003",
			Title:     "STARTTLS before any EHLO or HELO is served or refused, without a hang",
			Source:    Source{"RFC 3207 §4; RFC 5321 §4.1.4", "The extension is found by EHLO; nothing is said of a client that did not ask."},
			Levels:    []LevelRule{info()},
			Dialogues: twoWays(fakes.Greet(), "STARTTLS\r\n"),
			Judge:     judgeTwoWays(markGreeting),
		}),
		command(Case{
			ID: "starttls/early-talk", Row: "R-097",
			Title:  "STARTTLS before the greeting is refused or served, without a mix-up of states",
			Source: Source{"RFC 5321 §4.3.1", "The client waits for the greeting; what a server does with one that does not is its own to say."},
			Levels: []LevelRule{info()},
			Dialogues: []fakes.Dialogue{
				{Name: "served", Script: fakes.Join(early(), fakes.Script{{Mark: markStartTLS, Do: fakes.MoveExpect, Want: "220"}},
					fakes.Handshake(broad()), fakes.Ehlo(markEhloTLS), fakes.Quit())},
				{Name: "refused", Script: fakes.Join(early(), fakes.Script{{Mark: "refusal", Do: fakes.MoveExpect, Want: "5"}},
					fakes.Ehlo(markEhlo), served())},
			},
			Judge: judgeEarlyTalk,
		}),
	}
}

// neighbours are the cases about what is said before and beside it.
func neighbours() []Case {
	return []Case{
		command(Case{
			ID: "starttls/after-long-line", Row: "R-007",
			Title:  "A command of 4 KiB gets an error and does not stand in the way of STARTTLS",
			Source: Source{"RFC 5321 §4.5.3.1.4; RFC 5321 §4.5.3.1.9; RFC 5321 §3.8", "A line may be too long, which is answered with an error; a command that is not known does not end the session."},
			Levels: []LevelRule{should()},
			Dialogues: one(greeted(), fakes.Say("junk", "5", "JUNK"+strings.Repeat("x", 4<<10)+"\r\n"), fakes.StartTLS(), fakes.Handshake(broad()),
				fakes.Ehlo(markEhloTLS), fakes.Quit()),
			Judge: judgeThenServed("a command of 4 KiB", "junk", "500"),
		}),
		command(Case{
			ID: "starttls/group-refused", Row: "R-023",
			Title:  "STARTTLS as the last command of a group is served or refused",
			Source: Source{"RFC 2920 §3.1; RFC 3207 §4", "A group may end in STARTTLS where pipelining is offered; this one comes before that could be known."},
			Levels: []LevelRule{info()},
			Dialogues: one(fakes.Greet(), fakes.Say(markEhlo, "250", "EHLO {helo}\r\nSTARTTLS\r\n"),
				fakes.Script{{Mark: markStartTLS, Do: fakes.MoveExpect, Want: "220"}}, fakes.Handshake(broad()), fakes.Ehlo(markEhloTLS), fakes.Quit()),
			Judge: judgeGroup,
		}),
		command(Case{
			ID: "starttls/second-refused", Row: "R-096",
			Title:  "STARTTLS works after a failed STARTTLS and after RSET as it does at first",
			Source: Source{"RFC 3207 §4; RFC 5321 §4.1.4; RFC 5321 §4.1.1.5", "A command that failed, 501 or 454, changes nothing; RSET drops the transaction and nothing else."},
			Levels: []LevelRule{must()},
			Dialogues: []fakes.Dialogue{
				{Name: "after-501", Script: fakes.Join(greeted(), fakes.Say("before", "", "STARTTLS x\r\n"), served())},
				{Name: "after-reset", Script: fakes.Join(greeted(), fakes.Say("before", "", "RSET\r\n"), served())},
			},
			Judge: judgeSecond,
		}),
	}
}

// command completes a case about STARTTLS.
func command(c Case) Case {
	c.Needs = []results.Feature{results.FeatureStartTLS}
	return c
}

// served is STARTTLS and what follows where it works.
func served() fakes.Script {
	return fakes.Join(fakes.StartTLS(), fakes.Handshake(broad()), fakes.Ehlo(markEhloTLS), fakes.Quit())
}

// twoWays is a command after which a target may give its go-ahead or refuse: a
// session that goes on to TLS, and one that goes on in clear.
func twoWays(before fakes.Script, text string) []fakes.Dialogue {
	return []fakes.Dialogue{
		{Name: "served", Script: fakes.Join(before, fakes.Say(markStartTLS, "220", text), fakes.Handshake(broad()), fakes.Ehlo(markEhloTLS), fakes.Quit())},
		{Name: "refused", Script: fakes.Join(before, fakes.Say(markStartTLS, "5", text), fakes.Say(markNoop, "", "NOOP\r\n"), fakes.Quit())},
	}
}

// early is STARTTLS sent before the greeting was read.
func early() fakes.Script {
	return fakes.Join(fakes.Script{{Mark: "early", Do: fakes.MoveSend, Text: []string{"STARTTLS\r\n"}}}, fakes.Greet())
}
