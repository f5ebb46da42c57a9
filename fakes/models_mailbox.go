package fakes

import (
	"fmt"

	"mailtls/results"
)

// exchangeMailbox are the POP3 and IMAP4 services of Exchange, by the login type
// that is set for them (Set-PopSettings and Set-ImapSettings -LoginType): what may
// be told in clear differs, not the TLS.
func exchangeMailbox() []Model {
	var all []Model
	for _, t := range []struct {
		name, doc string
		logins    Logins
		claim     results.Feature
	}{
		{"plain-text-login", "PlainTextLogin: no login needs TLS.", PlainTextLogin(), results.FeaturePlainLogin},
		{"plain-text-authentication", "PlainTextAuthentication: basic logins need TLS, those that do not show the password need none.",
			PlainTextAuthentication(), results.FeatureBasicAfterTLS},
		{"secure-login", "SecureLogin, which is the default: every login needs TLS.", SecureLogin(), results.FeatureBasicAfterTLS},
	} {
		m := Model{
			Name: "exchange-mailbox/" + t.name,
			Doc: "POP3 and IMAP4 of Exchange with the login type " + t.doc +
				" The types are documented with the two commands; what TLS versions there are is for the machine, here 1.2 and up.",
			Access: map[Listener]Profile{},
			Claims: results.Claims{
				Features: []results.Feature{
					results.FeatureIMAP, results.FeatureIMAPS, results.FeatureIMAPStartTLS, results.FeaturePOP3, results.FeaturePOP3S,
					results.FeaturePOP3STLS, results.FeatureModern, results.FeatureTLS13, t.claim,
				},
				StallSeconds: DefaultIdle.Seconds(),
			},
		}
		for listener, peer := range map[Listener]string{
			ListenIMAP: "imap-basic-after-tls", ListenPOP3: "pop3-basic-after-tls", ListenIMAPS: "imaps", ListenPOP3S: "pop3s",
		} {
			p := mustReceiver(peer)
			p.Name, p.Logins = fmt.Sprintf("%s/%s", m.Name, listener), t.logins
			p.Doc = "Exchange's " + string(listener) + " with the login type " + t.doc
			m.Access[listener] = p
		}
		all = append(all, m)
	}
	return all
}
