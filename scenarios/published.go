package scenarios

import "mailtls/results"

// published holds the cases about what a domain publishes about its TLS.
func published() []Case {
	const reason = "needs the target's published DNS records"
	starttls := results.FeatureStartTLS
	return []Case{
		{
			ID: "published/tlsa-mismatch", Row: "R-058", Pending: reason,
			Title:  "At every address of every MX a usable TLSA record matches the chain shown",
			Source: Source{"RFC 7672 §8.1; RFC 7672 §2.2", "The server presents a chain that one of its TLSA records matches; otherwise senders do not deliver."},
			Needs:  []results.Feature{starttls, results.FeatureDANE}, Levels: []LevelRule{must()},
		},
		{
			ID: "published/tlsa-without-rollover", Row: "R-059", Pending: reason,
			Title:  "Whether a second TLSA record stands by for the next key",
			Source: Source{"RFC 7671 §8", "Each combination of usage, selector and type always has a record for the chain in use, a change of keys included."},
			Needs:  []results.Feature{starttls, results.FeatureDANE}, Levels: []LevelRule{info()},
		},
		{
			ID: "published/policy-unfit", Row: "R-060", Pending: "needs the target's published DNS records and policy host",
			Title:  "One MTA-STS record, and a policy that can be fetched and covers all MXs",
			Source: Source{"RFC 8461 §3.1; RFC 8461 §3.2; RFC 8461 §3.3", "There is exactly one record; the policy host has a valid certificate and answers 200 with text/plain."},
			Needs:  []results.Feature{results.FeatureSTS}, Levels: []LevelRule{must()},
		},
		{
			ID: "published/addresses-differ", Row: "R-061", Pending: reason,
			Title:  "All addresses of all MXs behave alike",
			Source: Source{"RFC 5321 §5.1", "Senders try several hosts and addresses; what they find must not depend on which one answered."},
			Needs:  []results.Feature{starttls}, Levels: []LevelRule{should()},
		},
	}
}
