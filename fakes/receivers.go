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

// Receivers returns the catalogue of named receiving peers.
func Receivers() []Profile {
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
			Name: "smtps", Doc: "Speaks TLS before the greeting, as on port 465, and asks for a login.",
			Offer: OfferImplicit, Gates: []Gate{MustAuth()}, TLS: usualAuth(),
		},
	}
}

// Receiver finds a receiving peer by name.
func Receiver(name string) (Profile, error) {
	var names []string
	for _, p := range Receivers() {
		if p.Name == name {
			return p, nil
		}
		names = append(names, p.Name)
	}
	return Profile{}, fmt.Errorf("find receiving peer %q: there are %s", name, strings.Join(names, ", "))
}

// mustReceiver finds a peer that the catalogue is known to hold.
func mustReceiver(name string) Profile {
	p, _ := Receiver(name)
	return p
}

// Models returns the catalogue of models that an in-process target can play.
func Models() []Model {
	return []Model{
		reference("default", "opportunistic", results.FeatureStartTLS, results.FeaturePublicMX, results.FeatureModern, results.FeatureTLS13),
		reference("tls-off", "tls-disabled", results.FeatureTLSOff, results.FeaturePublicMX),
		reference("tls10-only", "tls10-only", results.FeatureStartTLS, results.FeaturePublicMX, results.FeatureLegacyMX),
		reference("tls12-required", "tls12-required", results.FeatureStartTLS, results.FeatureRequireTLS, results.FeatureModern, results.FeatureTLS13),
		withSubmission(reference("submission", "opportunistic", results.FeatureStartTLS, results.FeaturePublicMX, results.FeatureModern, results.FeatureTLS13)),
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
	m.Claims.Features = append(m.Claims.Features, results.FeatureSubmission, results.FeatureSMTPS, results.FeatureAuthAfterTLS)
	return m
}
