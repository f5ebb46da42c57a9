package scenarios

import "mailtls/results"

// senderFallback holds the cases in which TLS cannot be had, in the ways that a
// matrix shows.
func senderFallback() []Case {
	return []Case{
		{
			ID: "dialogue/offered", Row: "S-001", Title: "TLS is used where it is offered with a good certificate", Cell: true,
			Source: Source{"RFC 3207 §6; RFC 7435 §4", "a sender that can do TLS does it where the next hop offers it"},
			Levels: []LevelRule{must().under(underMandatory), should()}, Placements: at("opportunistic"), Judge: encrypts(),
		},
		{
			ID: "dialogue/not-offered", Row: "S-015", Title: "Mail goes in clear where STARTTLS is not offered, unless the policy forbids it", Cell: true,
			Source: Source{"RFC 3207 §6", "what a client makes of a server without TLS is for its policy to say"},
			Levels: []LevelRule{must()}, Placements: at("tls-disabled"), Judge: reacts(results.TriggerNotOffered),
		},
		{
			ID: "refusals/454", Row: "S-020", Title: "STARTTLS that gets 454 is not there for the time being", Cell: true,
			Source: Source{"RFC 3207 §4", "after 454 a client goes on without TLS, or comes back later, as its policy says"},
			Levels: []LevelRule{must()}, Placements: at("starttls-454"), Judge: reacts(results.TriggerRefused4xx, onceAsked),
		},
		{
			ID: "handshake/reset", Row: "S-030", Title: "A connection that is reset in the handshake is over", Cell: true,
			Source: Source{"RFC 3207 §4.1", "behind the go-ahead only a handshake can follow, or the end of the connection"},
			Levels: []LevelRule{must()}, Placements: at("reset-after-220"), Judge: reacts(results.TriggerReset, quiet),
		},
	}
}

// Ordinarily is the delivery to an ordinary host that is made before and after the
// cases of a policy; when is a word for which of the two.
func Ordinarily(when string) Case {
	return Case{
		ID: "sanity/" + when, Role: results.RoleSender, Protocol: results.SMTP, Title: "An ordinary message is delivered",
		Levels: []LevelRule{must()}, Placements: at("opportunistic"), Judge: encrypts(),
	}
}
