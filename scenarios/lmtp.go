package scenarios

import "mailtls/results"

// lmtp holds the cases about local delivery.
func lmtp() []Case {
	const pending = "needs the LMTP dialect"
	needs := []results.Feature{results.FeatureLMTP}
	return []Case{
		{
			ID: "lmtp/replies-missing", Row: "R-082",
			Title:    "Inside TLS each accepted recipient gets a reply of its own after DATA",
			Source:   Source{"RFC 2033 §4.2; RFC 3207 §4.2", "After the content there is one reply for each accepted recipient, in order, inside TLS as in clear."},
			Protocol: results.LMTP,
			Needs:    needs, Levels: []LevelRule{must()}, Pending: pending,
		},
		{
			ID: "lmtp/injection", Row: "R-083",
			Title:    "LHLO in the segment of STARTTLS is not run inside TLS",
			Source:   Source{"RFC 3207 §4; RFC 3207 §4.2; CVE-2011-0411", "What came in clear does not count inside TLS; what follows STARTTLS in the buffer is not run."},
			Protocol: results.LMTP,
			Needs:    needs, Levels: []LevelRule{must()}, Pending: pending,
		},
	}
}
