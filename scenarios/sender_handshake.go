package scenarios

import "mailtls/results"

// senderHandshake holds the cases in which the handshake fails, or TLS is lost behind it.
func senderHandshake() []Case {
	return []Case{
		{
			ID: "handshake/reset", Row: "S-030", Title: "A connection that is reset in the handshake is over", Cell: true,
			Source: Source{"RFC 3207 §4.1", "behind the go-ahead only a handshake can follow, or the end of the connection"},
			Levels: []LevelRule{must()}, Placements: at("reset-after-220"), Judge: reacts(results.TriggerReset, quiet),
		},
	}
}
