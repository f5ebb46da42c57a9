package fakes

import (
	"crypto/tls"

	"mailtls/results"
)

// exchangeOnline are the models of Exchange Online.
func exchangeOnline() []Model {
	sends := modelled(results.LevelOpportunistic, "1.2", "1.3", goingOn(results.ReactClearNew))
	sends.Untrusted = "4.7.320"
	submission := onlineSubmission()
	m := Model{
		Name: "exchange-online", Sends: []Policy{sends}, Submission: &submission,
		Doc: "Exchange Online: opportunistic both ways with TLS 1.2 and 1.3, in clear where the other side offers no TLS, and plain mail is taken from whoever could not agree on TLS; the product tries mail that waits for 24 hours." +
			undocumented,
		Receives: Profile{
			Name: "exchange-online", Offer: OfferStartTLS, Clear: usual(), TLS: usualTLS(), MinTLS: tls.VersionTLS12, MaxTLS: tls.VersionTLS13,
			Doc: "Receives as Exchange Online does: offers STARTTLS, refuses handshakes below TLS 1.2, and takes plain mail all the same.",
		},
	}
	features := []results.Feature{
		results.FeatureStartTLS, results.FeaturePublicMX, results.FeatureModern, results.FeatureTLS13, results.FeatureSubmission,
		results.FeatureAuth, results.FeatureAuthAfterTLS,
	}
	enforcing := m
	enforcing.Name, enforcing.Sends, enforcing.Submission = "exchange-online/inbound-enforcing", nil, nil
	enforcing.Doc = "Exchange Online with an inbound connector that demands TLS of the partner; it is a receiver only, and every sender is the partner."
	enforcing.Receives.Name = enforcing.Name
	enforcing.Receives.Doc = "Receives as Exchange Online does from a partner of whom a connector demands TLS: TLS 1.2 or 1.3, and plain mail gets 530."
	enforcing.Receives.Gates = []Gate{MustTLS()}
	const told = ", for the partner's domains (Set-OutboundConnector); what waits is tried again until it expires."
	all := connected(m, features,
		routed{"connector-forced", "that forces TLS, so that any certificate will do" + told, Connector{RequireTLS: true}},
		routed{"connector-certificate", "with TlsSettings CertificateValidation, so that the chain must hold" + told,
			Connector{RequireTLS: true, TLSAuthLevel: AuthCertificateValidation}},
		routed{"connector-domain", "with TlsSettings DomainValidation and TlsDomain " + PartnerHosts + ", so that the certificate must be for a host of the partner's" + told,
			Connector{RequireTLS: true, TLSAuthLevel: AuthDomainValidation, TLSDomain: PartnerHosts}},
	)
	return append(all, enforcing.claiming(results.FeatureStartTLS, results.FeatureRequireTLS, results.FeatureModern, results.FeatureTLS13))
}

// onlineSubmission refuses old versions inside TLS, and not in the handshake.
func onlineSubmission() Profile {
	return Profile{
		Name: "exchange-online/submission", Offer: OfferStartTLS, Clear: usual(), TLS: usualAuth(), MinTLS: tls.VersionTLS10, MaxTLS: tls.VersionTLS13,
		Gates: []Gate{
			MustTLS(),
			{Phase: PhaseTLS, Below: tls.VersionTLS12, Reply: "421 4.7.66 TLS 1.0 and 1.1 are not supported: use TLS 1.2 or later"},
			MustAuth(),
		},
		Doc: "Takes mail from users as Exchange Online does: a login inside TLS, and in TLS 1.0 or 1.1, once the handshake is done, 421 4.7.66.",
	}
}
