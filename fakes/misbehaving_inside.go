package fakes

import (
	"crypto/tls"
	"fmt"
	"strings"

	"mailtls/results"
)

// insidePeers get the handshake right, and fail inside TLS.
func insidePeers() []Profile {
	all := []Profile{
		peer("ehlo-refused-after-tls", "Refuses EHLO inside TLS with 500; HELO is taken.",
			gate(Gate{Phase: PhaseTLS, Only: []string{"EHLO"}, Reply: "500 5.5.1 EHLO is not known"})),
		peer("ehlo-502-after-tls", "Refuses EHLO inside TLS with 502; HELO is taken.",
			gate(Gate{Phase: PhaseTLS, Only: []string{"EHLO"}, Reply: "502 5.5.1 EHLO is not there"})),
		peer("ehlo-421-after-tls", "Answers EHLO inside TLS with 421 4.7.66, as if the version were too old, and closes.",
			farewell(results.StageHello, PhaseTLS, "421 4.7.66 TLS 1.0 and 1.1 are not supported: upgrade, or come again")),
		peer("greeting-inside-tls", "Greets again inside TLS, before any command.",
			faults(results.StageHandshake, PhaseAny, Fault{When: After, Do: ActionReply, Text: "220 mx ESMTP mailtls\r\n"})),
		peer("extra-reply-after-rcpt", "Answers RCPT inside TLS twice, so that each later reply comes one too late.",
			strike(Fault{At: results.StageRcpt, Phase: PhaseTLS, When: After, Do: ActionReply, Text: "250 2.1.5 Ok\r\n"})),
		peer("fin-at-mail-tls10", "Closes the connection at MAIL inside TLS, and speaks TLS 1.0 and nothing newer.", speaking(tls.VersionTLS10, tls.VersionTLS10),
			strike(Fault{At: results.StageMail, Phase: PhaseTLS, Do: ActionFin})),
		peer("fin-without-close-notify", "Closes the connection inside TLS once it has taken a message and said so, without close_notify.",
			faults(results.StageBody, PhaseTLS, Fault{When: After, Do: ActionHalfClose}, Fault{When: After, Do: ActionStall})),
	}
	for _, end := range []struct {
		name, doc string
		do        Action
	}{{"fin", "Closes", ActionFin}, {"reset", "Resets", ActionReset}} {
		for _, at := range []struct {
			stage results.Stage
			verb  string
		}{{results.StageHello, "EHLO"}, {results.StageMail, "MAIL"}, {results.StageRcpt, "RCPT"}} {
			all = append(all, peer(fmt.Sprintf("%s-at-%s", end.name, strings.ToLower(at.verb)), fmt.Sprintf("%s the connection at %s inside TLS.", end.doc, at.verb),
				strike(Fault{At: at.stage, Phase: PhaseTLS, Do: end.do})))
		}
		all = append(all, peer(end.name+"-at-final-dot", end.doc+" the connection inside TLS once it has taken a message, in place of the reply.",
			faults(results.StageBody, PhaseTLS, Fault{Do: ActionRewrite}, Fault{When: After, Do: end.do})))
	}
	return all
}

// renewingPeers get all right, and make use of what TLS may do besides a plain
// handshake.
func renewingPeers() []Profile {
	ticket := Fault{When: After, Do: ActionSpareTicket}
	return []Profile{
		peer("hello-retry-request", "Takes P-384 for the key exchange and nothing else: in TLS 1.3 a client that sent no key share for it is asked again.",
			func(p *Profile) { p.Groups = []tls.CurveID{tls.CurveP384} }),
		peer("four-tickets", "Sends three tickets more than the usual one in TLS 1.3; they can resume nothing.",
			faults(results.StageHandshake, PhaseAny, ticket, ticket, ticket)),
		peer("key-update", "Changes its keys at MAIL and before the content in TLS 1.3, and asks for new ones of the client's.",
			strike(Fault{At: results.StageMail, Phase: PhaseTLS, When: Before, Do: ActionKeyUpdate}),
			strike(Fault{At: results.StageBody, Phase: PhaseTLS, When: Before, Do: ActionKeyUpdate})),
		peer("hello-request-in-data", "Asks for a renegotiation behind its 354, and ends the connection of a client that begins one; it speaks TLS 1.2 and nothing newer.",
			speaking(tls.VersionTLS12, tls.VersionTLS12),
			strike(Fault{At: results.StageBody, Phase: PhaseTLS, When: Before, Do: ActionHelloRequest})),
	}
}

// enforcingPeers demand TLS (RFC 3207 §4), and it cannot be had; or something
// else hangs on it.
func enforcingPeers() []Profile {
	const handshakeFailure = 40
	fails := closing(alert(fatal, handshakeFailure))
	return []Profile{
		peer("enforcing-without-tls", "Answers 530 to mail in clear, and has no TLS.", offering(OfferNone), gate(MustTLS())),
		peer("enforcing-tls10-only", "Answers 530 to mail in clear, and speaks TLS 1.0 and nothing newer.", gate(MustTLS()), speaking(tls.VersionTLS10, tls.VersionTLS10)),
		peer("smtps-relay", "Speaks TLS before the greeting, and takes mail without a login.", offering(OfferImplicit)),
		peer("clear-login-without-tls", "Lists AUTH in clear, and has no TLS.", offering(OfferNone), listing(usualAuth(), nil)),
		peer("enforcing-alert-after-220", "Answers 530 to mail in clear, and any ClientHello with handshake_failure(40).", gate(MustTLS()), fails),
		peer("clear-login-alert-after-220", "Lists AUTH in clear, and answers any ClientHello with handshake_failure(40).", listing(usualAuth(), usualAuth()), fails),
	}
}
