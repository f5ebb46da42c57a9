package harness_test

// dialogueCaptures are the captures of the twins of that name in fakes.
func dialogueCaptures() map[string][]capture {
	return map[string][]capture{
		"capitals-only":          {{"starttls/case-sensitive", "sTaRtTlS got 500"}},
		"nul-overlooked":         {{"starttls/trailing-byte/nul", "it got 220"}},
		"closes-on-junk":         {{"starttls/after-long-line", "got no reply (the target closed the connection)"}},
		"starttls-once":          {{"starttls/second-refused", "after 501 to STARTTLS x, STARTTLS got 503"}},
		"bare-lf-kept":           {{"injection/bare-lf", "unasked, the target sent"}},
		"submission-buffer-kept": {{"injection/victim-captured", "holds what the client said inside TLS: \"EHLO t-"}},
		"user-kept":              {{"auth/user-kept", "without a login it gets 530"}},
		"user-kept-open":         {{"auth/user-kept", "a second AUTH inside TLS got 503"}},
		"commands-in-exchange":   {{"auth/starttls-in-exchange", "in clear STARTTLS got 220"}},
		"mechanisms-in-clear": {
			{"auth/mechanism-in-clear/cram-md5", "AUTH got 334"},
			{"auth/mechanism-in-clear/xoauth2", "AUTH got 334"},
			{"auth/mechanism-in-clear/oauthbearer", "AUTH got 334"},
		},
		"login-not-needed":      {{"auth/mail-without-login", "MAIL got 250"}},
		"verify-in-clear":       {{"policy/verbs-served-in-clear", "VRFY got 252"}},
		"refuses-once":          {{"policy/pipelined-mail-taken", "a message arrived"}},
		"smtps-greets-in-clear": {{"implicit/speaks-in-clear", "220 mx ESMTP"}},
		"smtps-lists-starttls":  {{"implicit/starttls-offered", "STARTTLS is listed"}},
		"smtps-starttls":        {{"implicit/starttls-offered", "STARTTLS got 220"}},
		"smtps-buffer-kept":     {{"implicit/injection", "unasked, the target sent"}},
	}
}
