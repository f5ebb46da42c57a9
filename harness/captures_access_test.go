package harness_test

import "maps"

// accessCaptures are the captures of the twins of that name in fakes.
func accessCaptures() map[string][]capture {
	all := imapCaptures()
	maps.Copy(all, pop3Captures())
	return all
}

func imapCaptures() map[string][]capture {
	const behind = "unasked, the target sent"
	return map[string][]capture{
		"imap-starttls-unlisted": {{"imap/starttls-missing", "STARTTLS is not listed"}},
		"imap-greeting-differs":  {{"imap/starttls-missing", "the greeting lists"}},
		"imap-disabled-unlisted": {{"imap/login-listed", "a login with name and password"}},
		"imap-plain-in-clear": {
			{"imap/login-listed", "SASL PLAIN"},
			{"imap/authenticate-in-clear/challenge", "the login got +"}, {"imap/authenticate-in-clear/initial-response", "the login got OK"},
		},
		"imap-login-in-clear": {
			{"imap/login-in-clear", "the right password got OK"}, {"imap/login-pipelined", "OK Welcome"},
			{"imap/authenticate-in-clear/challenge", "the login got +"}, {"imap/authenticate-in-clear/initial-response", "the login got OK"},
		},
		"imap-password-told":       {{"imap/login-in-clear", "this password will do"}},
		"imap-mechanism-unlisted":  {{"imap/mechanism-in-clear", "NTLM is not listed, and got +"}},
		"imap-capabilities-kept":   {{"imap/plain-missing", "LOGINDISABLED is listed inside TLS"}, {"imap/starttls-listed-again", "STARTTLS is listed inside TLS"}},
		"imap-preauth":             {{"imap/preauth-in-clear", "PREAUTH"}},
		"imap-compress":            {{"imap/compress-unknown-client", "COMPRESS got OK"}},
		"imap-starttls-twice":      {{"imap/starttls-accepted-again", "STARTTLS got OK"}},
		"imap-starttls-late":       {{"imap/starttls-after-login", "STARTTLS got OK"}},
		"imap-speaks-before-hello": {{"imap/speaks-before-hello", "* OK still there?"}},
		"imap-second-greeting":     {{"imap/speaks-in-tls", "* OK mx"}},
		"imap-buffer-kept": {
			{"imap/injection/same-segment", behind}, {"imap/injection/second-segment", behind}, {"imap/injection/login", "the client was logged in"},
		},
		"imap-partial-line-kept":       {{"imap/injection/partial-line", "X BAD"}},
		"imap-bare-lf":                 {{"imap/injection/bare-lf", behind}},
		"imap-literal-split":           {{"imap/injection/literal", behind}},
		"imap-identity-kept":           {{"imap/identity-kept", "ID inside TLS got"}},
		"imap-clear-for-handshake":     {{"imap/garbage-answered", "in clear"}, {"imap/clear-command-served", "clear OK"}},
		"imap-stall-unbounded":         {{"imap/stall-unbounded", "stayed silent"}},
		"imaps-greets-in-clear":        {{"imap/implicit/speaks-in-clear", "* OK mx"}},
		"imaps-starttls":               {{"imap/implicit/starttls", "STARTTLS got OK"}},
		"imap-append-truncated":        {{"imap/append-truncated", "beside the one that came whole"}},
		"imap-resumed-login-kept":      {{"imap/resumed-login/starttls", "SELECT INBOX got OK"}, {"imap/resumed-login/implicit-tls", "SELECT INBOX got OK"}},
		"imap-external-missing":        {{"imap/external-login", "with certificate good the login got NO"}},
		"imap-expired-certificate":     {{"imap/certificate/chain", "expired"}},
		"imap-certificate-for-another": {{"imap/certificate/name", "wrong-name.invalid"}},
		"imap-old-versions": {
			{"imap/tls10-accepted/starttls", "TLS 1.0"}, {"imap/tls10-accepted/implicit-tls", "TLS 1.0"},
			{"imap/tls11-accepted/starttls", "TLS 1.1"}, {"imap/tls11-accepted/implicit-tls", "TLS 1.1"},
		},
	}
}

func pop3Captures() map[string][]capture {
	const behind = "unasked, the target sent"
	return map[string][]capture{
		"pop3-stls-unlisted": {{"pop3/starttls-missing", "STLS is not listed"}},
		"pop3-user-listed":   {{"pop3/login-listed", "a login with name and password"}},
		"pop3-login-in-clear": {
			{"pop3/login-in-clear", "the right password got +OK"},
			{"pop3/auth-in-clear/challenge", "the login got +"}, {"pop3/auth-in-clear/initial-response", "the login got +OK"},
		},
		"pop3-password-told":     {{"pop3/login-in-clear", "this password will do"}},
		"pop3-user-kept":         {{"pop3/user-kept", "PASS inside TLS got +OK"}},
		"pop3-stls-late":         {{"pop3/starttls-after-login", "STLS got +OK"}},
		"pop3-capabilities-kept": {{"pop3/starttls-listed-again", "STLS is listed inside TLS"}},
		"pop3-stls-twice":        {{"pop3/starttls-accepted-again", "STLS got +OK"}},
		"pop3-buffer-kept": {
			{"pop3/injection/same-segment", behind}, {"pop3/injection/second-segment", behind}, {"pop3/injection/login", "OK Welcome"},
		},
		"pop3-partial-line-kept":    {{"pop3/injection/partial-line", "the first command inside TLS got -ERR"}},
		"pop3-stall-unbounded":      {{"pop3/stall-unbounded", "stayed silent"}},
		"pop3-weary":                {{"pop3/slow-after-resets", "afterwards"}},
		"pop3s-greets-in-clear":     {{"pop3/implicit/speaks-in-clear", "+OK mx"}},
		"pop3s-stls":                {{"pop3/implicit/starttls", "STLS got +OK"}},
		"pop3-deleted-without-quit": {{"pop3/deleted-without-quit", "is gone"}},
	}
}
