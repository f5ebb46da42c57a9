package scenarios

import "mailtls/results"

// senderDialogue holds what a sender says and makes of what is said, up to STARTTLS and behind the handshake.
func senderDialogue() []Case {
	all := []Case{
		{
			ID: "dialogue/offered", Row: "S-001", Title: "TLS is used where it is offered with a good certificate", Cell: true,
			Source: Source{"RFC 3207 §6; RFC 7435 §4", "A sender that can do TLS does it where the next hop offers it."},
			Levels: []LevelRule{must().under(underMandatory), should()}, Placements: at("opportunistic"), Judge: encrypts(),
		},
		{
			ID: "dialogue/no-ehlo-inside-tls", Row: "S-002", Title: "The first command inside TLS is EHLO",
			Source: Source{"RFC 3207 §4.2", "Behind the handshake the session begins anew, which a client does with EHLO."},
			Levels: []LevelRule{should()}, Under: underTLS, Placements: at("forgiving"), Judge: allOf(judgeFirstInside),
		},
		{
			ID: "dialogue/capabilities-before-tls-only", Row: "S-003", Title: "What is listed in clear only is not used inside TLS",
			Source: Source{"RFC 3207 §4.2", "What a client learnt of the server before TLS it forgets, the list of extensions included."},
			Levels: []LevelRule{must()}, Under: underTLS, Placements: at("capabilities-before-tls-only"),
			Judge: allOf(judgeForgotten, unpipelined, unsized),
		},
		{
			ID: "dialogue/auth-before-tls-only", Row: "S-004", Title: "No login is tried where AUTH is listed in clear only",
			Source: Source{"RFC 3207 §4.2; RFC 4954 §4", "That AUTH was listed before TLS counts for nothing inside."},
			Levels: []LevelRule{must()}, Under: underCredentials, Placements: at("auth-before-tls-only"),
			Judge: allOf(judgeForgotten, noLoginInClear, noLogin),
		},
		{
			ID: "dialogue/starttls-inside-tls", Row: "S-005", Title: "STARTTLS that is listed inside TLS is not sent there",
			Source: Source{"RFC 3207 §4.2", "A client does not ask for TLS once it is active, whatever is listed."},
			Levels: []LevelRule{must()}, Under: underTLS, Placements: at("starttls-inside-tls"), Judge: allOf(encrypts(), onceAsked),
		},
	}
	all = append(all, goAheadDialogue()...)
	all = append(all, keywordDialogue()...)
	return append(all, refusedDialogue()...)
}

// goAheadDialogue holds how STARTTLS is said, and how the go-ahead is awaited.
func goAheadDialogue() []Case {
	return []Case{
		{
			ID: "dialogue/delayed-220", Row: "S-007", Title: "The handshake waits for a go-ahead that is late",
			Source: Source{"RFC 3207 §4", "A client begins the handshake once it has been given 220, and sends nothing before."},
			Levels: []LevelRule{must()}, Under: underTLS, Placements: at("delayed-220"), Judge: allOf(encrypts(), onceAsked, lastSaid),
		},
		{
			ID: "dialogue/split-220", Row: "S-007", Title: "The handshake waits for the whole of a go-ahead that comes in pieces",
			Source: Source{"RFC 3207 §4; RFC 5321 §4.2", "A reply ends with its line, not with its code."},
			Levels: []LevelRule{must()}, Under: underTLS, Placements: at("split-220"), Judge: allOf(encrypts(), onceAsked, lastSaid),
		},
		{
			ID: "dialogue/starttls-line", Row: "S-008", Title: "STARTTLS is sent without a parameter, and as the last of what is sent together",
			Source: Source{"RFC 3207 §4; RFC 2920 §3.1", "The command has no parameter, and what comes after it depends on its reply, so that it ends a group."},
			Levels: []LevelRule{must()}, Under: underTLS, Placements: at("opportunistic"), Judge: allOf(judgeStartTLSLine, lastSaid),
		},
		{
			ID: "dialogue/multi-line-220", Row: "S-009", Title: "A go-ahead of two lines is one go-ahead",
			Source: Source{"RFC 5321 §4.2; RFC 5321 §4.2.1", "A reply may have several lines, and is over with the one that has a space behind the code."},
			Levels: []LevelRule{must()}, Under: underTLS, Placements: at("multi-line-220"), Judge: allOf(encrypts(), onceAsked),
		},
	}
}

// keywordDialogue holds what counts as an offer of STARTTLS.
func keywordDialogue() []Case {
	const anyCase = "Keywords are to be recognized whatever the case of their letters."
	return []Case{
		{
			ID: "dialogue/starttls-lower-case", Row: "S-010", Title: "STARTTLS that is listed in lower case is an offer",
			Source: Source{"RFC 5321 §4.1.1.1; RFC 5321 §2.4", anyCase},
			Levels: []LevelRule{must()}, Under: underTLS, Placements: at("starttls-lower-case"), Judge: encrypts(),
		},
		{
			ID: "dialogue/starttls-mixed-case", Row: "S-010", Title: "STARTTLS that is listed as StartTLS is an offer",
			Source: Source{"RFC 5321 §4.1.1.1; RFC 5321 §2.4", anyCase},
			Levels: []LevelRule{must()}, Under: underTLS, Placements: at("starttls-mixed-case"), Judge: encrypts(),
		},
		{
			ID: "dialogue/keyword-on-greeting-line", Row: "S-011", Title: "STARTTLS on the first line of the reply to EHLO is no offer",
			Source: Source{"RFC 5321 §4.1.1.1", "The first line holds the server's name and a greeting; keywords stand on the lines behind it."},
			Levels: []LevelRule{must()}, Under: underTLS, Placements: at("keyword-on-greeting-line"), Judge: reacts(results.TriggerNotOffered, neverAsked),
		},
		{
			ID: "dialogue/keyword-masked", Row: "S-012", Title: "A keyword that was masked on the way is no offer",
			Source: Source{"RFC 3207 §6", "An attacker can take STARTTLS out of the list; what then happens is for the client's policy to say."},
			Levels: []LevelRule{must()}, Under: underTLS, Placements: at("keyword-masked"), Judge: reacts(results.TriggerNotOffered, neverAsked),
		},
		{
			ID: "dialogue/keyword-with-parameter", Row: "S-013", Title: "STARTTLS that is listed with a parameter: an offer or not",
			Source: Source{"RFC 3207 §3", "The keyword has no parameters; what a client makes of one is left open."},
			Levels: []LevelRule{info()}, Under: underTLS, Placements: at("keyword-with-parameter"), Judge: settles(func(_ results.SenderPolicy, f results.Fate) results.Verdict {
				return note("recorded: whether it is taken as an offer", saidOf(f))
			}),
		},
		{
			ID: "dialogue/not-offered", Row: "S-015", Title: "Mail goes in clear where STARTTLS is not offered, unless the policy forbids it", Cell: true,
			Source: Source{"RFC 3207 §6", "What a client makes of a server without TLS is for its policy to say."},
			Levels: []LevelRule{must()}, Placements: at("tls-disabled"), Judge: reacts(results.TriggerNotOffered),
		},
	}
}
