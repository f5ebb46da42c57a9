package fakes

import (
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

// enforcingPeers demand TLS (RFC 3207 §4), and it cannot be had; or something
// else hangs on it.
func enforcingPeers() []Profile {
	const handshakeFailure = 40
	fails := closing(alert(fatal, handshakeFailure))
	return []Profile{
		peer("enforcing-without-tls", "Answers 530 to mail in clear, and has no TLS.", offering(OfferNone), gate(MustTLS())),
		peer("enforcing-alert-after-220", "Answers 530 to mail in clear, and any ClientHello with handshake_failure(40).", gate(MustTLS()), fails),
		peer("clear-login-alert-after-220", "Lists AUTH in clear, and answers any ClientHello with handshake_failure(40).", listing(usualAuth(), usualAuth()), fails),
	}
}
