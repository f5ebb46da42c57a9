package harness_test

// recordCaptures are the captures of the twins of that name in fakes.
func recordCaptures() map[string][]capture {
	return map[string][]capture{
		"goes-along-with-renegotiation": {
			{"records/renegotiation-accepted/unbound", "answered with a ServerHello"},
			{"records/renegotiation-accepted/client", "answered with a ServerHello"},
		},
		"early-data-permitted":    {{"records/early-data-permitted", "permits 16384 bytes of early data"}},
		"ends-at-key-update":      {{"records/key-update-breaks", "behind the KeyUpdate the message got no reply"}},
		"pipelined-input-dropped": {{"content/pipelined-batch-lost", "one-record: the group got 250 (the target "}},
		"bdat-dots-taken-off":     {{"content/chunks-altered", "a body of 40960 bytes arrived as one of"}},
		"keeps-half": {
			{"content/big-body-altered", "a body of 26214400 bytes arrived as one of"},
			{"records/key-update-breaks", "a body of 16384 bytes arrived as one of"},
		},
		"truncated-taken": {{"content/truncated-taken", "the message that was cut short got 250"}},
	}
}
