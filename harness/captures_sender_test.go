package harness_test

import "maps"

// inClear is what is seen of a sender that lets something out.
const inClear = "bytes in clear"

// toUntrusted is what is seen of a sender that trusts where it may not.
const toUntrusted = "bytes inside TLS to a peer without a certificate to trust"

// sendingCaptures are the captures of the twins of that name in fakes.
func sendingCaptures() map[string][]sendingCapture {
	all := map[string][]sendingCapture{}
	for _, part := range []map[string][]sendingCapture{
		dialogueSendingCaptures(), fallbackSendingCaptures(), handshakeSendingCaptures(), queueSendingCaptures(),
	} {
		maps.Copy(all, part)
	}
	return all
}

// each is a capture by several cases under one policy, of the same reason.
func each(policy, got string, ids ...string) []sendingCapture {
	var all []sendingCapture
	for _, id := range ids {
		all = append(all, sendingCapture{id, policy, got})
	}
	return all
}

func dialogueSendingCaptures() map[string][]sendingCapture {
	return map[string][]sendingCapture{
		"any-greeting": each("may", "STARTTLS on connection 1", "dialogue/greeting-354", "dialogue/greeting-500", "dialogue/greeting-501", "dialogue/greeting-530"),
		"lax-codes":    {{"dialogue/ehlo-354", "may", "MAIL on connection 1"}},
		"helo-in-clear": each("encrypt", inClear,
			"dialogue/ehlo-500", "dialogue/ehlo-502", "dialogue/ehlo-550", "dialogue/ehlo-501", "dialogue/ehlo-504", "dialogue/ehlo-530"),
		"never-upgrades": append(each("encrypt", inClear, "dialogue/offered", "mx/address-only", "uncommon/hello-request-in-data"),
			sendingCapture{"dialogue/offered", "may", "sent in clear without trying TLS"},
			sendingCapture{"certificate/wildcard", "verify", inClear},
			sendingCapture{"enforced/tls12-required", "may", "530 5.7.0"},
			sendingCapture{"enforced/any-version", "may", "530 5.7.0"},
		),
		"case-sensitive-keyword": {
			{"dialogue/starttls-lower-case", "may", "sent in clear without trying TLS"},
			{"dialogue/starttls-mixed-case", "encrypt", "deferred"},
		},
		"greeting-keyword": {{"dialogue/keyword-on-greeting-line", "encrypt", "STARTTLS on connection 1"}},
		"starttls-argument": {
			{"dialogue/starttls-line", "encrypt", `STARTTLS smtp\r\n`},
			{"dialogue/multi-line-220", "may", "sent in clear"},
			{"refusals/bare-220", "may", "sent in clear"},
		},
		"pipelines-behind": each("encrypt", "EHLO on connection 1", "dialogue/starttls-line", "dialogue/delayed-220", "dialogue/split-220"),
		"starts-early": append(each("encrypt", "taken for a go-ahead", "refusals/999", "refusals/underscore", "refusals/not-numeric"),
			sendingCapture{"dialogue/split-220", "encrypt", "deferred"}, sendingCapture{"refusals/354", "encrypt", "a ClientHello on connection 1"}),
		"loops-starttls":    {{"refusals/454", "may", "4 times on connection 1"}, {"refusals/530", "encrypt", "4 times on connection 1"}},
		"starttls-again":    {{"dialogue/starttls-inside-tls", "may", "2 times on connection 1"}},
		"no-ehlo-after-tls": {{"dialogue/no-ehlo-inside-tls", "encrypt", "MAIL on connection 1"}},
		"takes-354":         {{"refusals/354", "may", `"RECEIVED:" in clear`}, {"refusals/354", "encrypt", inClear}},
		"keep-capabilities": {
			{"dialogue/capabilities-before-tls-only", "encrypt", "given back (B)"},
			{"dialogue/auth-before-tls-only", "encrypt-creds", "AUTH inside TLS"},
		},
		"injected-reply":  {{"reply-injection/whole-line", "encrypt", "MAIL"}, {"reply-injection/verified", "verify", "MAIL"}},
		"partial-line":    {{"reply-injection/partial-line", "encrypt", "SIZE="}},
		"auth-in-clear":   {{"dialogue/auth-before-tls-only", "may-creds", "AUTH in clear"}, {"handshake/login-in-clear", "encrypt-creds", inClear}, {"queue/login-only-in-clear", "may-creds", "bytes of a login"}},
		"false-delivered": {{"reply-injection/extra-reply-after-rcpt", "encrypt", "neither delivered nor given back"}},
		"no-timeout":      {{"refusals/silent", "encrypt", "neither delivered nor given back"}},
		"reuse-across":    {{"reuse/unverified-then-verified", "may-reuse", toUntrusted}, {"reuse/clear-then-mandatory", "may-reuse", inClear}},
	}
}

func fallbackSendingCaptures() map[string][]sendingCapture {
	fallsBack := each("encrypt", inClear,
		"dialogue/keyword-masked", "handshake/reset", "handshake/fin", "handshake/silent", "handshake/http",
		"handshake/alert-40", "handshake/alert-70", "handshake/alert-80", "handshake/alert-112",
		"handshake/server-hello-then-close", "handshake/wrong-finished", "handshake/bad-signature", "handshake/clear-retry-refused",
		"lost/fin-at-ehlo", "lost/reset-at-ehlo", "lost/fin-at-mail", "lost/fin-at-rcpt", "lost/reset-at-mail", "lost/reset-at-rcpt", "lost/ehlo-421",
		"suite/export-only", "suite/null-only", "suite/dhe-512", "suite/dhe-1024", "memory/tls-vanished",
		"reply-injection/pipelined-replies", "reply-injection/bye", "reply-injection/not-available", "reply-injection/greeting-inside-tls",
		"mx/none-with-tls", "mx/address-only-without-tls")
	fallsBack = append(fallsBack, each("verify", inClear,
		"suite/anonymous-only", "certificate/cn-only", "certificate/u-label", "certificate/leaf-as-ca", "certificate/path-length",
		"certificate/name-constraint", "certificate/rsa-1024", "certificate/sha1-signature")...)
	return map[string][]sendingCapture{
		"falls-back": append(fallsBack, sendingCapture{"handshake/reset", "may-never", "sent in clear on a new connection"}),
		"clear-same": each("encrypt", inClear, "handshake/garbage", "version/ssl3-chosen", "version/not-offered", "version/downgrade-sentinel",
			"suite/signature-scheme-not-offered"),
		"parses-after-220":        {{"handshake/cleartext-454", "encrypt", inClear}, {"handshake/cleartext-reply", "may", "MAIL on connection 1"}},
		"clear-at-421":            {{"refusals/421", "encrypt", inClear}},
		"clear-after-tls-success": each("encrypt", inClear, "lost/fin-at-final-dot", "lost/reset-at-final-dot"),
	}
}

func handshakeSendingCaptures() map[string][]sendingCapture {
	return map[string][]sendingCapture{
		"ignores-floor": {
			{"version/tls11-only", "encrypt-tls12", "TLS 1.1"}, {"version/tls10-only", "encrypt-tls12", "TLS 1.0"},
			{"client-hello/old-versions", "verify", "offered: 1.3, 1.2, 1.1, 1.0"},
			{"reuse/ticket-below-the-floor", "encrypt", "sent in TLS 1.1"},
		},
		"tls12-missing": each("may", "sent in clear", "version/tls12-only", "version/tls13-only", "uncommon/hello-retry-request",
			"uncommon/long-chain", "uncommon/four-tickets", "uncommon/key-update", "uncommon/certificate-asked-for"),
		"offers-rc4": {
			{"client-hello/weak-suites", "may", "TLS_RSA_WITH_RC4_128_SHA"}, {"suite/rc4-only", "may", "RC4_128_SHA"},
			{"suite/3des-only", "encrypt", "3DES_EDE_CBC_SHA"}, {"suite/static-rsa-only", "encrypt", "TLS_RSA_WITH"},
		},
		"any-name": append(each("verify", toUntrusted, "certificate/wrong-name", "certificate/wildcard-double", "certificate/nul-in-name", "certificate/next-hop-name"),
			sendingCapture{"mx/elsewhere", "verify-next-hop", toUntrusted}),
		"any-issuer":        each("verify", toUntrusted, "certificate/self-signed", "certificate/unknown-ca", "certificate/missing-intermediate", "memory/certificate-changed"),
		"any-date":          each("verify", toUntrusted, "certificate/expired", "certificate/not-yet-valid"),
		"any-usage":         {{"certificate/client-certificate", "verify", toUntrusted}},
		"wildcard-deep":     {{"certificate/wildcard-deep", "verify", toUntrusted}},
		"wildcard-partial":  {{"certificate/wildcard-partial", "verify", toUntrusted}},
		"sni-address":       {{"client-hello/address-as-name", "encrypt", "the server name is 127."}},
		"resume-unverified": {{"reuse/ticket-of-unverified-session", "may", toUntrusted}},
	}
}

func queueSendingCaptures() map[string][]sendingCapture {
	const gone, back = "neither delivered nor given back", "given back (B)"
	return map[string][]sendingCapture{
		"loses": append(each("may", gone, "dialogue/greeting-221", "dialogue/ehlo-220", "dialogue/ehlo-221"),
			sendingCapture{"dialogue/not-offered", "encrypt", gone}, sendingCapture{"queue/per-destination", "encrypt", ""}),
		"twice": append(each("encrypt", "was taken over 2 times", "dialogue/offered", "dialogue/ehlo-refused-after-tls", "dialogue/ehlo-502-after-tls"),
			sendingCapture{"reuse/hundred-messages", "encrypt-reuse", "was taken over 2 times"}),
		"only-first-mx": {
			{"mx/first-without-tls", "encrypt", "deferred"}, {"mx/one-address-broken", "encrypt", "deferred"}, {"handshake/next-host", "encrypt", "deferred"},
		},
		"bounces-454":       each("encrypt", back, "refusals/454", "refusals/450", "refusals/451"),
		"bounces-untrusted": {{"certificate/self-signed", "verify", back}},
		"retries-forever":   {{"dialogue/not-offered", "encrypt", gone}},
		"never-retries": append(each("may", back, "dialogue/greeting-421", "dialogue/ehlo-421", "dialogue/unsolicited-ehlo-reply", "refusals/fin", "refusals/reset"),
			each("encrypt", back, "dialogue/not-offered", "handshake/repaired")...),
		"no-notice":    {{"dialogue/greeting-554", "may", gone}},
		"retries-late": {{"queue/first-retry", "encrypt", "tried again after"}},
		"vague-notice": {{"queue/expiry-notice", "encrypt", "could not be delivered"}},
	}
}
