package harness_test

// sessionCaptures are the captures of the twins of that name in fakes.
func sessionCaptures() map[string][]capture {
	return map[string][]capture{
		"resumed-name-kept":        {{"resumption/state-kept", "MAIL without EHLO got 503"}},
		"resumed-login-kept":       {{"resumption/state-kept", "530 5.7.0 Authentication required in a session of its own, 250"}},
		"resumed-under-other-name": {{"resumption/other-name/tls12", "was resumed under"}, {"resumption/other-name/tls13", "was resumed under"}},
		"name-insisted-on":         {{"sni/name-insisted-on", "without a name there is no handshake"}},
		"http-answered": {
			{"crossprotocol/http-body-served/clear", "250"},
			{"crossprotocol/http-body-served/implicit-tls", "250"},
		},
		"certificate-not-demanded": {
			{"mtls/no-certificate", "rcpt got 250"},
			{"mtls/bad-certificate/expired", "rcpt got 250"},
		},
		"certificate-not-verified": {
			{"mtls/bad-certificate/expired", "rcpt got 250"},
			{"mtls/bad-certificate/unknown-issuer", "rcpt got 250"},
			{"mtls/bad-certificate/wrong-usage", "rcpt got 250"},
		},
		"certificate-insisted-on": {{"mtls/no-certificate", "alert"}, {"mtls/bad-certificate/expired", "alert"}},
		"partner-not-bound":       {{"partner/unbound-mail-taken", "in clear the partner's mail is taken"}},
		"partner-bound-in-name":   {{"partner/bound-client-refused", "mail got 550"}},
		"certificate-for-another": {{"certificate/name-differs", "wrong-name.invalid"}},
		"keyword-flickers":        {{"offer/keyword-flickers", "STARTTLS is not listed"}},
		"half-open":               {{"offer/broken-certificate", "STARTTLS got 220"}},
		"weak-tls-served":         {{"policy/weak-tls-served", "mail got 250"}},
		"trace-without-tls":       {{"trace/tls-not-named", "with ESMTP "}},
		"trace-without-cipher":    {{"trace/cipher-not-recorded", "nothing of TLS is recorded"}},
		"requiretls-unlisted":     {{"requiretls/keyword-missing", "is not listed inside TLS"}},
		"requiretls-in-clear":     {{"requiretls/taken-in-clear", "MAIL got 250"}},
	}
}
