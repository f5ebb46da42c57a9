package harness_test

// contentCaptures are the captures of the twins of that name in fakes.
func contentCaptures() map[string][]capture {
	all := map[string][]capture{
		"weary":            {{"robustness/slow-after-resets", "afterwards "}},
		"lf-dot-lf-late":   {{"smuggling/lf-dot-lf/clear", "the hidden message arrived"}},
		"lf-dot-lf-in-tls": {{"smuggling/differs-in-tls", "bare LF: 250 in clear, 250 250 250 354 250 inside TLS"}},
	}
	for _, end := range []string{"lf-dot-lf", "lf-dot-crlf", "cr-dot-cr", "crlf-dot-lf", "nul-dot"} {
		all[end] = []capture{
			{"smuggling/" + end + "/clear", "the hidden message arrived"},
			{"smuggling/" + end + "/tls", "the hidden message arrived"},
		}
	}
	return all
}
