package scenarios

import (
	"strings"

	"mailtls/results"
)

// senderEnforced holds hosts that answer 530 to mail in clear.
func senderEnforced() []Case {
	const told = "Where the host demands TLS and the client has none, its sender is told what the host said."
	return []Case{
		{
			ID: "enforced/tls12-required", Row: "S-048", Title: "A host that demands TLS 1.2 gets mail inside it, or its 530 is passed on", Cell: true,
			Source: Source{"RFC 3207 §4; RFC 3464 §2.3.6", told},
			Levels: []LevelRule{should()}, Placements: at("tls12-required"), Judge: allOf(judgeEnforced),
		},
		{
			ID: "enforced/any-version", Row: "S-048", Title: "A host that demands TLS gets mail inside it, or its 530 is passed on",
			Source: Source{"RFC 3207 §4; RFC 3464 §2.3.6", told},
			Levels: []LevelRule{should()}, Placements: at("enforcing"), Judge: allOf(judgeEnforced),
		},
		{
			ID: "enforced/without-tls", Row: "S-049", Title: "A host that demands TLS and does not offer it gets no mail, and that has an end",
			Source: Source{"RFC 3207 §4; RFC 5321 §4.5.4.1", "A host that wants what it does not offer is broken; the mail goes back to its sender, at once or in the end."},
			Levels: []LevelRule{info()}, Placements: at("enforcing-without-tls"), Judge: settles(func(_ results.SenderPolicy, f results.Fate) results.Verdict {
				return note("recorded: given back, at once or in the end", saidOf(f))
			}),
		},
	}
}

// judgeEnforced looks for mail inside TLS, or without TLS for the host's own reply
// in the notification.
func judgeEnforced(t *results.Transcript, claims results.Claims) results.Verdict {
	if mine(t, claims).Level != results.LevelNone {
		return encrypted(t, claims)
	}
	const want = "given back, with the 530 of the host in the notification"
	f := fate(t, claims, 0)
	refs := fateRefs(t)
	switch {
	case f.Code == results.FateUnknown:
		return lost(t, claims, f)
	case f.DSN == "" && f.Code == results.FateDeferred:
		return note(want, saidOf(f), refs...)
	case strings.Contains(f.DSN, "530"):
		return pass(want, saidOf(f), refs...)
	}
	return fail(want, saidOf(f), refs...)
}
