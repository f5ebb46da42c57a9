package fakes

import (
	"crypto/tls"

	"mailtls/results"
)

// eraSuites are those of a server of 2010: AES-CBC, 3DES and RC4, with ECDHE and
// without forward secrecy.
func eraSuites() []uint16 {
	return []uint16{
		tls.TLS_RSA_WITH_AES_128_CBC_SHA, tls.TLS_RSA_WITH_AES_256_CBC_SHA,
		tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA,
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA,
		tls.TLS_RSA_WITH_RC4_128_SHA, tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA,
	}
}

// newerSuites are eraSuites behind those that came with TLS 1.2.
func newerSuites() []uint16 {
	return append([]uint16{
		tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256,
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_RSA_WITH_AES_128_CBC_SHA256,
	}, eraSuites()...)
}

// undocumented ends the docs of models that send.
const undocumented = " What it does after an outbound handshake that failed is not documented: the model sends in clear at once on a new connection."

// exchange2010 are the models of Exchange Server 2010.
func exchange2010() []Model {
	receives := Profile{
		Name: "exchange-2010", Offer: OfferStartTLS, Clear: usual(), TLS: usualTLS(), RSA: true,
		MinTLS: tls.VersionTLS10, MaxTLS: tls.VersionTLS10, Suites: eraSuites(),
		Doc: "Receives as Exchange Server 2010 does: offers STARTTLS, speaks TLS 1.0 and nothing newer, and takes plain mail all the same.",
	}
	sends := modelled(results.LevelOpportunistic, "1.0", "1.0", goingOn(results.ReactClearNew))
	sends.Suites = eraSuites()
	m := Model{
		Name: "exchange-2010", Receives: receives, Sends: []Policy{sends},
		Doc: "Exchange Server 2010 before SP3 UR9, whose SMTP knows SSL 3.0 and TLS 1.0 alone, by default both ways and whatever Windows could do (KB3029667); SSL 3.0 cannot be spoken here, so TLS 1.0 is all there is." +
			undocumented,
	}
	newer := m
	newer.Name = "exchange-2010/tls12"
	newer.Doc = "Exchange Server 2010 from SP3 UR9 on, with TLS 1.1 and 1.2 switched on in Windows (KB3029667)." + undocumented
	newer.Receives.Name = newer.Name
	newer.Receives.Doc = "Receives as Exchange Server 2010 does with TLS 1.1 and 1.2 switched on: speaks TLS 1.0 to 1.2, and takes plain mail all the same."
	newer.Receives.MaxTLS, newer.Receives.Suites = tls.VersionTLS12, newerSuites()
	sends.Ceiling, sends.Suites = "1.2", newerSuites()
	newer.Sends = []Policy{sends}
	enforcing := m
	enforcing.Name, enforcing.Sends = "exchange-2010/inbound-enforcing", nil
	enforcing.Doc = "Exchange Server 2010 with a receive connector that demands TLS; it is a receiver only."
	enforcing.Receives.Name = enforcing.Name
	enforcing.Receives.Doc = "Receives as Exchange Server 2010 does where the connector demands TLS: TLS 1.0 and nothing newer, and plain mail gets 530."
	enforcing.Receives.Gates = []Gate{MustTLS()}
	legacy := []results.Feature{results.FeatureStartTLS, results.FeaturePublicMX, results.FeatureLegacyMX}
	return []Model{
		m.claiming(append(legacy, results.FeatureLegacyOnly)...), newer.claiming(legacy...),
		enforcing.claiming(results.FeatureStartTLS, results.FeatureRequireTLS, results.FeatureLegacyMX, results.FeatureLegacyOnly),
	}
}

// exchangeOnPremises are the models of Exchange Server with its send connectors.
func exchangeOnPremises() []Model {
	sends := modelled(results.LevelOpportunistic, "1.2", "1.2", goingOn(results.ReactClearNew))
	sends.Untrusted = "4.7.320"
	m := Model{
		Name: "exchange-onprem", Sends: []Policy{sends},
		Doc: "Exchange Server of today, with connectors as they are made: a receive connector that offers STARTTLS and takes plain mail, and send connectors with RequireTLS off (Set-ReceiveConnector, Set-SendConnector); its TLS is that of Windows, here 1.2." +
			undocumented,
		Receives: Profile{
			Name: "exchange-onprem", Offer: OfferStartTLS, Clear: usual(), TLS: usualTLS(), MaxTLS: tls.VersionTLS12,
			Doc: "Receives as Exchange Server does with a receive connector as it is made: offers STARTTLS, speaks TLS 1.2, and takes plain mail all the same.",
		},
	}
	const told = ", for the partner's domains (Set-SendConnector); what waits is tried again until it expires."
	return connected(m, []results.Feature{results.FeatureStartTLS, results.FeaturePublicMX, results.FeatureModern},
		routed{"connector-ignore-starttls", "with IgnoreSTARTTLS, so that no TLS is tried" + told, Connector{IgnoreSTARTTLS: true}},
		routed{"connector-encryption", "with RequireTLS and TlsAuthLevel EncryptionOnly, so that any certificate will do" + told,
			Connector{RequireTLS: true, TLSAuthLevel: AuthEncryptionOnly}},
		routed{"connector-certificate", "with RequireTLS and TlsAuthLevel CertificateValidation, so that the chain must hold" + told +
			" The product looks up whether a certificate is revoked too, the model does not.",
			Connector{RequireTLS: true, TLSAuthLevel: AuthCertificateValidation}},
		routed{"connector-domain", "with RequireTLS and TlsAuthLevel DomainValidation without TlsDomain, so that the certificate must be for the recipient's domain" + told,
			Connector{RequireTLS: true, TLSAuthLevel: AuthDomainValidation}},
	)
}

// routed is a variant with a send connector.
type routed struct {
	variant, doc string
	by           Connector
}

// connected is a model with its variants, each with a connector to the partner; they
// receive alike.
func connected(m Model, features []results.Feature, variants ...routed) []Model {
	all := []Model{m.claiming(features...)}
	for _, v := range variants {
		c := m
		c.Name, c.Doc = m.Name+"/"+v.variant, "As "+m.Name+", with a connector "+v.doc
		v.by.Name, v.by.Domains = "partner", []string{PartnerDomains}
		c.Connectors = []Connector{v.by}
		all = append(all, c.claiming(features...))
	}
	return all
}
