package fakes

import "time"

// contentTwins are the broken twins for the cases about content and robustness.
func contentTwins() []Model {
	return []Model{
		twin("weary", "default", "Gets slow once 1,000 clients have broken the handshake off.", func(m *Model) { m.Receives.Weary = 995 }),
		twin("lf-dot-lf", "default", "Takes LF.LF for the end of a message.", lenient(LenientLFDotLF)),
		twin("lf-dot-crlf", "default", "Takes LF.CRLF for the end of a message.", lenient(LenientLFDotCRLF)),
		twin("cr-dot-cr", "default", "Takes CR.CR for the end of a message.", lenient(LenientCRDotCR)),
		twin("crlf-dot-lf", "default", "Takes CRLF.LF for the end of a message.", lenient(LenientCRLFDotLF)),
		twin("nul-dot", "default", "Takes CRLF NUL.CRLF for the end of a message.", lenient(LenientNULDot)),
		twin("lf-dot-lf-late", "default", "Takes LF.LF for the end of a message, and lets later mail overtake what was hidden.",
			lenient(LenientLFDotLF), func(m *Model) { m.Late, m.LateSecond = 3*time.Second, true }),
		twin("lf-dot-lf-in-tls", "default", "Takes LF.LF for the end of a message inside TLS, and not in clear.", func(m *Model) {
			m.Receives.LenientTLS = []Lenient{LenientLFDotLF}
		}),
	}
}
