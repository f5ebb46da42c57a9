package fakes

import (
	"fmt"
	"slices"
	"strings"

	"mailtls/results"
)

// The clock of the models, in seconds: short, so that a queue's whole life can be
// watched. What the products' own clocks are is in the docs.
const (
	modelRetry    = 2
	modelLater    = 2
	modelLifetime = 8
	modelTimeout  = 3
)

// PartnerDomains are the recipients' domains that the connectors of the models are
// for; PartnerHosts is what their MX hosts are called, and TlsDomain of the models.
const (
	PartnerDomains = "*.mailtls.test"
	PartnerHosts   = "*.hosts.mailtls.example"
)

// ProductModels returns the models of mail servers that are known by their
// documentation. Where that is silent the doc of the model says so.
func ProductModels() []Model {
	return slices.Concat(exchange2010(), exchangeOnPremises(), exchangeOnline(), iis6(), exchangeMailbox(), fallbackClasses())
}

// ProductModel finds a model by name.
func ProductModel(name string) (Model, error) {
	var names []string
	for _, m := range ProductModels() {
		if m.Name == name {
			return m, nil
		}
		names = append(names, m.Name)
	}
	return Model{}, fmt.Errorf("find model %q: there are %s", name, strings.Join(names, ", "))
}

// StoryPeers are the ordinary and misbehaving peers that models are put before,
// besides each other: the least that tells any two policies apart.
func StoryPeers() []string {
	return []string{
		"tls-disabled", "tls10-only", "tls11-only", "tls12-required", "enforcing", "enforcing-without-tls", "enforcing-tls10-only",
		"self-signed", "self-signed-tls10", "wrong-name", "next-hop-name",
		"starttls-454", "starttls-554", "alert-after-220", "reset-after-220", "fin-after-220", "silent-after-220", "fin-at-mail", "fin-at-mail-tls10",
	}
}

// ModelReceivers are the profiles that models are put before: those by which the
// models receive, each once, and the StoryPeers.
func ModelReceivers() []Profile {
	var all []Profile
	for _, m := range ProductModels() {
		known := func(p Profile) bool { return p.Name == m.Receives.Name }
		if m.Receives.Name == m.Name && !slices.ContainsFunc(all, known) {
			all = append(all, m.Receives)
		}
	}
	for _, name := range StoryPeers() {
		all = append(all, mustReceiver(name))
	}
	return all
}

// modelProfile finds the profile of a model's listener by name.
func modelProfile(name string) (Profile, bool) {
	for _, m := range ProductModels() {
		for _, p := range m.Profiles() {
			if p.Name == name {
				return p, true
			}
		}
	}
	return Profile{}, false
}

// modelled is a model's policy for the domains that no connector is for.
func modelled(level results.TLSLevel, floor, ceiling string, fallback reactions) Policy {
	p := Policy{SenderPolicy: results.SenderPolicy{
		Name: "default", Level: level, Floor: floor, Ceiling: ceiling, Fallback: fallback,
		RetrySeconds: modelRetry, LifetimeSeconds: modelLifetime, TimeoutSeconds: modelTimeout,
	}}
	for _, r := range fallback {
		if r == results.ReactClearLater {
			p.LaterSeconds = modelLater
		}
	}
	return p
}

// claiming gives a model the claims that follow from what it is, with those of how
// it receives.
func (m Model) claiming(features ...results.Feature) Model {
	features = append(slices.Clip(features), results.FeatureReadback, results.FeaturePipelining)
	if slices.Contains(m.Receives.TLS, "CHUNKING") {
		features = append(features, results.FeatureChunking)
	}
	m.Claims = results.Claims{Features: features, StallSeconds: m.Receives.IdleTime().Seconds()}
	all, _ := m.Policies() // the connectors of the models hold together
	for _, p := range all {
		m.Claims.Policies = append(m.Claims.Policies, p.SenderPolicy)
	}
	return m
}
