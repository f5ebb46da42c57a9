package fakes

import (
	"crypto/tls"
	"fmt"
	"slices"
	"strings"

	"mailtls/results"
)

// usual is what an ordinary receiver lists besides STARTTLS.
func usual() []string {
	return []string{"PIPELINING", "SIZE 52428800", "8BITMIME", "ENHANCEDSTATUSCODES"}
}

// usualTLS is what it lists inside TLS.
func usualTLS() []string { return append(usual(), "CHUNKING") }

// usualAuth is usualTLS with the mechanisms that need TLS around them.
func usualAuth() []string { return append(usualTLS(), "AUTH PLAIN LOGIN") }

// MustTLS is the gate of a receiver that takes nothing in clear but what leads
// to TLS (RFC 3207 §4).
func MustTLS() Gate {
	return Gate{
		Phase:  PhaseClear,
		Except: []string{"EHLO", "NOOP", "STARTTLS", "QUIT"},
		Reply:  "530 5.7.0 Must issue a STARTTLS command first",
	}
}

// MustAuth is the gate of a submission server (RFC 6409 §4.3).
func MustAuth() Gate {
	return Gate{Only: []string{"MAIL"}, UntilLogin: true, Reply: "530 5.7.0 Authentication required"}
}

// Strong is the gate of a receiver for which TLS below a version is not enough
// (RFC 3207 §4.1).
func Strong(version uint16) Gate {
	return Gate{Phase: PhaseTLS, Below: version, Except: []string{"QUIT"}, Reply: "554 5.7.0 This TLS is too weak"}
}

// Receivers returns the catalogue of named receiving peers.
func Receivers() []Profile {
	return slices.Concat(ordinaryReceivers(), particularReceivers(), accessReceivers(), MisbehavingReceivers())
}

// ordinaryReceivers differ in when they do TLS, and for whom.
func ordinaryReceivers() []Profile {
	return []Profile{
		{
			Name: "tls-disabled", Doc: "Has no TLS: STARTTLS is neither listed nor known.",
			Offer: OfferNone, Clear: usual(),
		},
		{
			Name: "opportunistic", Doc: "Offers TLS 1.2 and 1.3, and takes plain mail all the same.",
			Offer: OfferStartTLS, Clear: usual(), TLS: usualTLS(),
		},
		{
			Name: "forgiving", Doc: "Offers TLS 1.0 and up, and takes what others refuse: a parameter of STARTTLS, and mail inside TLS without a new EHLO.",
			Offer: OfferStartTLS, Clear: usual(), TLS: usualTLS(), MinTLS: tls.VersionTLS10,
			Keep: []Keep{KeepHelo}, Lenient: []Lenient{LenientArgument},
		},
		{
			Name: "tls10-only", Doc: "Offers STARTTLS but speaks TLS 1.0 and nothing newer.",
			Offer: OfferStartTLS, Clear: usual(), TLS: usualTLS(),
			MinTLS: tls.VersionTLS10, MaxTLS: tls.VersionTLS10,
		},
		{
			Name: "tls12-required", Doc: "Takes mail only inside TLS 1.2 or later; plain mail gets 530.",
			Offer: OfferStartTLS, Gates: []Gate{MustTLS()}, Clear: usual(), TLS: usualTLS(),
			MinTLS: tls.VersionTLS12,
		},
		{
			Name: "enforcing", Doc: "Takes mail only inside TLS, whatever its version from 1.0 up; plain mail gets 530.",
			Offer: OfferStartTLS, Gates: []Gate{MustTLS()}, Clear: usual(), TLS: usualTLS(),
			MinTLS: tls.VersionTLS10,
		},
		{
			Name: "submission", Doc: "Takes mail from users who log in inside TLS.",
			Offer: OfferStartTLS, Gates: []Gate{MustTLS(), MustAuth()}, Clear: usual(), TLS: usualAuth(),
		},
		{
			Name: "clear-login", Doc: "Takes mail from users who log in, inside TLS or in clear.",
			Offer: OfferStartTLS, Gates: []Gate{MustAuth()}, Clear: usualAuth(), TLS: usualAuth(),
		},
		{
			Name: "smtps", Doc: "Speaks TLS before the greeting, as on port 465, and asks for a login.",
			Offer: OfferImplicit, Gates: []Gate{MustAuth()}, TLS: usualAuth(),
		},
	}
}

// particularReceivers want something of TLS that most do not.
func particularReceivers() []Profile {
	return []Profile{
		{
			Name: "certificate-missing", Doc: "Is to do TLS and has no certificate for it: STARTTLS is not listed and gets 454.",
			Offer: OfferBroken, Clear: usual(),
		},
		{
			Name: "minimum-strength", Doc: "Speaks TLS 1.0 and up, and answers 554 to all but QUIT below TLS 1.2.",
			Offer: OfferStartTLS, Gates: []Gate{Strong(tls.VersionTLS12)}, Clear: usual(), TLS: usual(),
			MinTLS: tls.VersionTLS10,
		},
		{
			Name: "certificate-asked-for", Doc: "Asks for a client certificate, and goes on whatever comes.",
			Offer: OfferStartTLS, Clear: usual(), TLS: usual(), ClientCert: ClientCertOptional,
		},
		{
			Name: "certificate-demanded", Doc: "Ends the handshake of clients without a certificate that verifies.",
			Offer: OfferStartTLS, Clear: usual(), TLS: usual(), ClientCert: ClientCertRequired,
		},
		{
			Name: "partner-bound", Doc: "Takes a partner's mail only inside TLS and with the partner's certificate.",
			Offer: OfferStartTLS, Clear: usual(), TLS: usual(), ClientCert: ClientCertOptional,
			Partners: []Partner{{Domain: PartnerDomain, Name: ClientName}},
		},
		{
			Name: "requiretls", Doc: "Lists REQUIRETLS inside TLS (RFC 8689), for a domain that has an MTA-STS policy, without which nobody could use it.",
			Offer: OfferStartTLS, Clear: usual(), TLS: append(usual(), "REQUIRETLS"),
		},
	}
}

// Receiver finds a receiving peer by name, or the receiving side of a model.
func Receiver(name string) (Profile, error) {
	if p := mustReceiver(name); p.Name != "" {
		return p, nil
	}
	if p, found := modelProfile(name); found {
		return p, nil
	}
	var names []string
	for _, p := range Receivers() {
		names = append(names, p.Name)
	}
	return Profile{}, fmt.Errorf("find receiving peer %q: there are %s, and the models", name, strings.Join(names, ", "))
}

// mustReceiver finds a peer that the catalogue is known to hold. The large parts of
// it are made only when the small ones have no such peer.
func mustReceiver(name string) Profile {
	for _, part := range []func() []Profile{ordinaryReceivers, particularReceivers, accessReceivers, MisbehavingReceivers} {
		for _, p := range part() {
			if p.Name == name {
				return p
			}
		}
	}
	return Profile{}
}

// Models returns the catalogue of models that an in-process target can play.
func Models() []Model { return slices.Concat(referenceModels(), accessModels()) }

// referenceModels are our own engine, honest, as what receives and sends mail.
func referenceModels() []Model {
	return []Model{
		reference("default", "opportunistic", results.FeatureStartTLS, results.FeaturePublicMX, results.FeatureModern, results.FeatureTLS13),
		reference("tls-off", "tls-disabled", results.FeatureTLSOff, results.FeaturePublicMX),
		reference("tls10-only", "tls10-only", results.FeatureStartTLS, results.FeaturePublicMX, results.FeatureLegacyMX, results.FeatureLegacyOnly),
		reference("tls12-required", "tls12-required", results.FeatureStartTLS, results.FeatureRequireTLS, results.FeatureModern, results.FeatureTLS13),
		withLocal(withSubmission(reference("submission", "opportunistic", results.FeatureStartTLS, results.FeaturePublicMX, results.FeatureModern, results.FeatureTLS13))),
		reference("broken-cert", "certificate-missing", results.FeatureTLSBroken, results.FeaturePublicMX),
		reference("min-strength", "minimum-strength", results.FeatureStartTLS, results.FeaturePublicMX, results.FeatureMinStrength),
		reference("mtls", "certificate-asked-for", results.FeatureStartTLS, results.FeaturePublicMX, results.FeatureModern, results.FeatureMTLS),
		reference("mtls-required", "certificate-demanded", results.FeatureStartTLS, results.FeaturePublicMX, results.FeatureModern,
			results.FeatureMTLS, results.FeatureMTLSRequired),
		reference("partner", "partner-bound", results.FeatureStartTLS, results.FeaturePublicMX, results.FeatureModern,
			results.FeatureMTLS, results.FeaturePartner),
		reference("requiretls", "requiretls", results.FeatureStartTLS, results.FeaturePublicMX, results.FeatureModern,
			results.FeatureREQUIRETLS, results.FeatureSTS),
		withClearLogin(reference("auth-in-clear", "opportunistic", results.FeatureStartTLS, results.FeaturePublicMX, results.FeatureModern)),
		sendingModel(),
	}
}

// reference is our own engine, honest, as a target.
func reference(variant, peer string, features ...results.Feature) Model {
	p := mustReceiver(peer)
	features = append(features, results.FeatureReadback, results.FeaturePipelining)
	if slices.Contains(p.TLS, "CHUNKING") {
		features = append(features, results.FeatureChunking)
	}
	return Model{
		Name: "reference/" + variant, Doc: "mailtls's own engine, honest: " + p.Doc, Receives: p,
		Claims: results.Claims{
			Features:     features,
			StallSeconds: p.IdleTime().Seconds(),
		},
	}
}

func withSubmission(m Model) Model {
	submission, smtps := mustReceiver("submission"), mustReceiver("smtps")
	m.Submission, m.SMTPS = &submission, &smtps
	m.Claims.Features = append(m.Claims.Features, results.FeatureSubmission, results.FeatureSMTPS, results.FeatureAuth, results.FeatureAuthAfterTLS)
	return m
}

// withLocal adds a listener for local delivery.
func withLocal(m Model) Model {
	local := mustReceiver("lmtp-starttls")
	m.LMTP = &local
	m.Claims.Features = append(m.Claims.Features, results.FeatureLMTP)
	return m
}

// withClearLogin adds a submission listener that takes logins in clear as well.
func withClearLogin(m Model) Model {
	submission := mustReceiver("clear-login")
	m.Submission = &submission
	m.Claims.Features = append(m.Claims.Features, results.FeatureSubmission, results.FeatureAuth)
	return m
}
