package scenarios

import "mailtls/results"

// senderRefusals holds the cases in which STARTTLS gets another answer than 220.
func senderRefusals() []Case {
	return []Case{
		{
			ID: "refusals/454", Row: "S-020", Title: "STARTTLS that gets 454 is not there for the time being", Cell: true,
			Source: Source{"RFC 3207 §4", "after 454 a client goes on without TLS, or comes back later, as its policy says"},
			Levels: []LevelRule{must()}, Placements: at("starttls-454"), Judge: reacts(results.TriggerRefused4xx, onceAsked),
		},
	}
}
