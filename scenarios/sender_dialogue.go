package scenarios

import "mailtls/results"

// senderDialogue holds what a sender says and makes of what is said, up to STARTTLS and behind the handshake.
func senderDialogue() []Case {
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
	}
}
