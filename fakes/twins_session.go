package fakes

import "mailtls/results"

// sessionTwins are the broken twins for the cases about resumption and client certificates.
func sessionTwins() []Model {
	return append(publishedTwins(), []Model{
		twin("resumed-name-kept", "default", "Knows a client by its EHLO of the session whose ticket it shows.", keep(KeepTicket)),
		twin("resumed-login-kept", "submission", "Takes a client for logged in when the session was whose ticket it shows.", func(m *Model) {
			m.Submission.Keep = []Keep{KeepTicket}
		}),
		twin("resumed-under-other-name", "default", "Resumes a TLS session under whatever server name.", lenient(LenientTicketName)),
		twin("name-insisted-on", "default", "Ends the handshake of clients that do not ask for its name.", omit(OmitDefaultName)),
		twin("http-answered", "submission", "Answers the lines of an HTTP request, one by one.", lenient(LenientHTTP), func(m *Model) {
			m.SMTPS.Lenient = []Lenient{LenientHTTP}
		}),
		twin("certificate-not-demanded", "mtls-required", "Claims to demand client certificates, and only asks.", clientCert(ClientCertOptional)),
		twin("certificate-not-verified", "mtls-required", "Demands a client certificate, and takes any.", clientCert(ClientCertAny)),
		twin("certificate-insisted-on", "mtls", "Claims to go on without a client certificate, and does not.", clientCert(ClientCertRequired)),
		twin("partner-not-bound", "partner", "Takes the partner's mail from anybody.", partner()),
		twin("partner-bound-in-name", "partner", "Knows another certificate for the partner than the partner has.",
			partner(Partner{Domain: PartnerDomain, Name: "other.sender.mailtls.example"})),
	}...)
}

// publishedTwins are the broken twins for the cases about what a receiver lists
// and writes down.
func publishedTwins() []Model {
	return []Model{
		twin("certificate-for-another", "requiretls", "Shows a certificate for another name.", cert(CertWrongName)),
		twin("keyword-flickers", "default", "Leaves STARTTLS out in every seventh session.", fault(Fault{
			At: results.StageHello, Phase: PhaseClear, Every: 7, Do: ActionRewrite, Text: "250-mx\r\n250 8BITMIME\r\n",
		})),
		twin("half-open", "broken-cert", "Gives a go-ahead to STARTTLS that it cannot follow up.",
			fault(Fault{At: results.StageStartTLS, Do: ActionReply, Text: "220 2.0.0 Ready to start TLS\r\n"}),
			fault(Fault{At: results.StageStartTLS, When: After, Do: ActionFin})),
		twin("weak-tls-served", "min-strength", "Takes mail inside TLS that it claims to be too weak.", func(m *Model) { m.Receives.Gates = nil }),
		twin("trace-without-tls", "default", "Writes ESMTP for mail that came inside TLS.", omit(OmitTraceTLS)),
		twin("trace-without-cipher", "submission", "Writes nothing of TLS down for submitted mail.", func(m *Model) {
			m.Submission.Omit = []Omit{OmitTraceTLS, OmitTraceCipher}
		}),
		twin("requiretls-unlisted", "requiretls", "Claims REQUIRETLS and never lists it.", func(m *Model) { m.Receives.TLS = usual() }),
		twin("requiretls-in-clear", "requiretls", "Ignores parameters of MAIL that it did not list.", lenient(LenientParameters)),
	}
}

func omit(o Omit) func(*Model) {
	return func(m *Model) { m.Receives.Omit = append(m.Receives.Omit, o) }
}

func clientCert(c ClientCert) func(*Model) {
	return func(m *Model) { m.Receives.ClientCert = c }
}

func partner(bound ...Partner) func(*Model) {
	return func(m *Model) { m.Receives.Partners = bound }
}
