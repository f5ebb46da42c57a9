package fakes

import (
	"crypto/tls"
	"slices"

	"mailtls/results"
)

// imapWords is what an ordinary IMAP server lists besides what its TLS and its
// logins add.
func imapWords() []string {
	return []string{"IMAP4rev1", "IMAP4rev2", "SASL-IR", "LITERAL+", "ID", "ENABLE", "NAMESPACE"}
}

// pop3Words is what an ordinary POP3 server lists (RFC 2449 §6).
func pop3Words() []string { return []string{"TOP", "UIDL", "RESP-CODES", "PIPELINING"} }

// accessReceivers are the honest peers that serve mailboxes, and those for local
// delivery.
func accessReceivers() []Profile {
	var all []Profile
	for _, service := range []struct {
		protocol results.Protocol
		name     string
		words    []string
	}{{results.IMAP, "IMAP", imapWords()}, {results.POP3, "POP3", pop3Words()}} {
		for _, p := range []Profile{
			{
				Name: "-basic-after-tls", Doc: "takes logins inside TLS, and none in clear.",
				Offer: OfferStartTLS, Logins: BasicAfterTLS(),
			},
			{
				Name: "-plain-login", Doc: "offers TLS, and takes logins in clear all the same.",
				Offer: OfferStartTLS, Logins: BasicAnywhere(),
			},
			{
				Name: "-tls-off", Doc: "has no TLS, and takes logins in clear.",
				Offer: OfferNone, Logins: BasicAnywhere(),
			},
			{
				Name: "-tls12-required", Doc: "takes nothing in clear but what leads to TLS 1.2 or later.",
				Offer: OfferStartTLS, Gates: []Gate{MustTLSAccess(service.protocol)}, Logins: BasicAfterTLS(), MinTLS: tls.VersionTLS12,
			},
			{
				Name: "-tls10-only", Doc: "takes logins inside TLS 1.0, which is the newest it speaks, and none in clear.",
				Offer: OfferStartTLS, Logins: BasicAfterTLS(), MinTLS: tls.VersionTLS10, MaxTLS: tls.VersionTLS10,
			},
			{
				Name: "s", Doc: "speaks TLS before the greeting, and takes logins.",
				Offer: OfferImplicit, Logins: BasicAfterTLS(),
			},
			{
				Name: "-client-certificate", Doc: "takes logins inside TLS, and asks there for a certificate that is one too.",
				Offer: OfferStartTLS, Logins: byCertificate(), ClientCert: ClientCertOptional,
			},
			{
				Name: "s-client-certificate", Doc: "speaks TLS before the greeting, takes logins, and asks for a certificate that is one too.",
				Offer: OfferImplicit, Logins: byCertificate(), ClientCert: ClientCertOptional,
			},
			{
				Name: "s-tls10-only", Doc: "speaks TLS 1.0 before the greeting and nothing newer, and takes logins.",
				Offer: OfferImplicit, Logins: BasicAfterTLS(), MinTLS: tls.VersionTLS10, MaxTLS: tls.VersionTLS10,
			},
		} {
			p.Name, p.Doc = string(service.protocol)+p.Name, "As a server of "+service.name+" it "+p.Doc
			p.Protocol, p.Clear, p.TLS = service.protocol, service.words, service.words
			all = append(all, p)
		}
	}
	return append(all, localReceivers()...)
}

// localReceivers are for local delivery (RFC 2033).
func localReceivers() []Profile {
	return []Profile{
		{
			Name: "lmtp", Doc: "Takes mail by LMTP and has no TLS.", Protocol: results.LMTP,
			Offer: OfferNone, Clear: usual(),
		},
		{
			Name: "lmtp-starttls", Doc: "Takes mail by LMTP, and offers TLS.", Protocol: results.LMTP,
			Offer: OfferStartTLS, Clear: usual(), TLS: usualTLS(),
		},
	}
}

// MustTLSAccess is the gate of a server of mailboxes that takes nothing in clear
// but what leads to TLS (RFC 9051 §7.1: PRIVACYREQUIRED).
func MustTLSAccess(p results.Protocol) Gate {
	g := Gate{Phase: PhaseClear, Except: []string{"CAPA", "STLS", "NOOP", "QUIT"}, Reply: "-ERR TLS comes first"}
	if p == results.IMAP {
		g.Except = []string{"CAPABILITY", "STARTTLS", "NOOP", "LOGOUT"}
		g.Reply = "NO [PRIVACYREQUIRED] TLS comes first"
	}
	return g
}

// accessModels are our own engine, honest, as servers of mailboxes.
func accessModels() []Model {
	modern := slices.Clip([]results.Feature{results.FeatureModern, results.FeatureTLS13})
	return []Model{
		accessModel("access", "-basic-after-tls", "", "takes logins inside TLS only.", append(modern, results.FeatureBasicAfterTLS)...),
		accessModel("access-plain-login", "-plain-login", "", "takes logins in clear as well.", append(modern, results.FeaturePlainLogin)...),
		accessModel("access-tls-off", "-tls-off", "", "has no TLS.", results.FeatureTLSOff, results.FeaturePlainLogin),
		accessModel("access-tls12-required", "-tls12-required", "", "takes nothing in clear but what leads to TLS 1.2 or later.", append(modern, results.FeatureBasicAfterTLS)...),
		accessModel("access-tls10-only", "-tls10-only", "-tls10-only", "speaks TLS 1.0 and nothing newer, and takes logins inside it only.",
			results.FeatureLegacyOnly, results.FeatureBasicAfterTLS),
		accessModel("access-mtls", "-client-certificate", "-client-certificate", "takes logins inside TLS only, by client certificate too (RFC 8314 §4.2).",
			append(modern, results.FeatureBasicAfterTLS, results.FeatureMTLS)...),
	}
}

// accessModel serves mailboxes by the peers of the catalogue whose names end as
// given: those that are clear at first, and those with implicit TLS.
func accessModel(variant, kind, implicit, doc string, features ...results.Feature) Model {
	m := Model{
		Name: "reference/" + variant, Doc: "mailtls's own engine, honest, as a server of mailboxes: it " + doc,
		Access: map[Listener]Profile{},
	}
	local := "lmtp-starttls"
	features = append([]results.Feature{results.FeatureIMAP, results.FeaturePOP3}, features...)
	m.Access[ListenIMAP], m.Access[ListenPOP3] = mustReceiver("imap"+kind), mustReceiver("pop3"+kind)
	if m.Access[ListenIMAP].Offer == OfferNone {
		local = "lmtp"
	} else {
		m.Access[ListenIMAPS], m.Access[ListenPOP3S] = mustReceiver("imaps"+implicit), mustReceiver("pop3s"+implicit)
		features = append(features, results.FeatureIMAPStartTLS, results.FeaturePOP3STLS, results.FeatureIMAPS, results.FeaturePOP3S, results.FeatureLMTP)
	}
	lmtp := mustReceiver(local)
	lmtp.MinTLS, lmtp.MaxTLS = m.Access[ListenIMAP].MinTLS, m.Access[ListenIMAP].MaxTLS
	m.LMTP = &lmtp
	m.Claims = results.Claims{Features: features, StallSeconds: lmtp.IdleTime().Seconds()}
	return m
}
