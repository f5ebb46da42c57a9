package scenarios_test

import (
	"cmp"
	"crypto/tls"
	"fmt"
	"maps"
	"slices"
	"strings"

	"mailtls/fakes"
	"mailtls/results"
)

// notTold are the fields of models that the story does not tell of, and why.
func notTold() map[string]string {
	return map[string]string{
		"SenderPolicy.Name": "a name", "SenderPolicy.Doc": "a doc", "Connector.Name": "a name", "Profile.Name": "a name", "Profile.Doc": "a doc",
		"SenderPolicy.RetrySeconds": "our clock", "SenderPolicy.LaterSeconds": "our clock", "SenderPolicy.LifetimeSeconds": "our clock",
		"SenderPolicy.Credentials": "no host of the story takes a login", "Profile.Logins": "a table of its own tells of it",
		"SenderPolicy.TimeoutSeconds": "our clock", "SenderPolicy.Reuse": "one message shows nothing of it",
		"Policy.SenderPolicy": "its fields are told of", "Policy.TLSDomain": "comes of the connector", "Policy.Flaws": "models have none",
		"Profile.Protocol": "all is SMTP", "Profile.Clear": "not of TLS", "Profile.TLS": "not of TLS", "Profile.Groups": "the library's",
		"Profile.Partners": "models have none", "Profile.Keep": "models have none", "Profile.Lenient": "models have none", "Profile.Omit": "models have none",
		"Profile.LenientTLS": "models have none", "Profile.Strict": "models have none", "Profile.Faults": "models have none",
		"Profile.Weary": "models have none", "Profile.Idle": "our clock",
	}
}

// edit is a change of one field.
type edit[T any] struct {
	// field by type and name, and what becomes of it.
	field, to string
	do        func(*T)
	// before are the receivers, or senders, before which it must show.
	before string
}

const (
	anyway        = results.ReactClearNew
	floorsShown   = "exchange-2010 tls11-only exchange-onprem next-hop-name"
	ceilingsShown = "exchange-2010/tls12 exchange-online next-hop-name"
	verifyShown   = "self-signed self-signed-tls10 exchange-online exchange-2010"
	namesShown    = "self-signed wrong-name next-hop-name exchange-online"
	sendersShown  = "exchange-2010 exchange-2010/tls12 exchange-onprem exchange-online exchange-online/connector-certificate iis6-smtp iis6-smtp/tls"
)

// goesOn is what opportunistic senders do, and waits what mandatory ones do.
func goesOn() map[results.Trigger]results.Reaction {
	all := map[results.Trigger]results.Reaction{}
	for _, t := range results.Triggers() {
		all[t] = anyway
		if t.Possible(results.ReactClearSame) {
			all[t] = results.ReactClearSame
		}
	}
	return all
}

func waits() map[results.Trigger]results.Reaction {
	all := goesOn()
	for t := range all {
		all[t] = results.ReactDefer
	}
	return all
}

// levelEdits are the other levels, with what goes with each.
func levelEdits(p fakes.Policy) []edit[fakes.Policy] {
	set := func(l results.TLSLevel, fallback map[results.Trigger]results.Reaction) edit[fakes.Policy] {
		return edit[fakes.Policy]{"SenderPolicy.Level", string(l), func(p *fakes.Policy) { p.Level, p.Fallback = l, fallback },
			"tls-disabled exchange-online exchange-2010"}
	}
	all := []edit[fakes.Policy]{
		set(results.LevelNone, nil), set(results.LevelOpportunistic, goesOn()), set(results.LevelMandatory, waits()),
	}
	return slices.DeleteFunc(all, func(c edit[fakes.Policy]) bool { return c.to == string(p.Level) })
}

// tlsEdits are changes of what is agreed on.
func tlsEdits(p fakes.Policy) []edit[fakes.Policy] {
	var all []edit[fakes.Policy]
	if p.Level == results.LevelNone {
		return all
	}
	for _, v := range []string{"1.0", "1.1", "1.2", "1.3"} {
		if v != p.Floor {
			all = append(all, edit[fakes.Policy]{"SenderPolicy.Floor", v, func(p *fakes.Policy) { p.Floor = v }, floorsShown})
		}
		if v != p.Ceiling {
			all = append(all, edit[fakes.Policy]{"SenderPolicy.Ceiling", v, func(p *fakes.Policy) { p.Ceiling = v }, ceilingsShown})
		}
	}
	other := []uint16{tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256}
	return append(all, edit[fakes.Policy]{"Policy.Suites", "others", func(p *fakes.Policy) { p.Suites = other }, "exchange-2010 exchange-onprem next-hop-name"})
}

func verifyEdits(p fakes.Policy) []edit[fakes.Policy] {
	var all []edit[fakes.Policy]
	for _, v := range results.Verifies() {
		if p.Level != results.LevelNone && v != p.Verify {
			all = append(all, edit[fakes.Policy]{"SenderPolicy.Verify", string(v), func(p *fakes.Policy) { p.Verify = v }, verifyShown})
		}
	}
	return all
}

// reactionEdits are all other reactions that are possible, or one a trigger.
func reactionEdits(p fakes.Policy, one bool) []edit[fakes.Policy] {
	shows := map[results.Trigger]string{
		results.TriggerNotOffered: "tls-disabled", results.TriggerRefused4xx: "starttls-454", results.TriggerRefused5xx: "starttls-554",
		results.TriggerFailed: "alert-after-220", results.TriggerReset: "reset-after-220", results.TriggerClosed: "fin-after-220",
		results.TriggerSilent: "silent-after-220", results.TriggerLostAfterTLS: "fin-at-mail fin-at-mail-tls10",
	}
	var all []edit[fakes.Policy]
	for _, t := range results.Triggers() {
		for _, r := range slices.Backward(results.Reactions()) {
			q := p.SenderPolicy
			q.Fallback = maps.Clone(p.Fallback)
			if p.Fallback[t] == r || p.Fallback[t] == "" {
				continue
			}
			if q.Fallback[t] = r; q.Check() != nil {
				continue
			}
			all = append(all, edit[fakes.Policy]{"SenderPolicy.Fallback", fmt.Sprintf("%s at %s", r, t), func(p *fakes.Policy) { p.Fallback = q.Fallback }, shows[t]})
			if one {
				break
			}
		}
	}
	return all
}

// connectorEdits are the other settings that make sense.
func connectorEdits(c fakes.Connector) []edit[fakes.Connector] {
	all := []edit[fakes.Connector]{
		{"Connector.Domains", "others", func(c *fakes.Connector) { c.Domains = []string{"*.elsewhere.example"} }, "tls-disabled exchange-online"},
		{"Connector.RequireTLS", fmt.Sprint(!c.RequireTLS), func(c *fakes.Connector) {
			*c = fakes.Connector{Name: c.Name, Domains: c.Domains, RequireTLS: !c.RequireTLS}
		}, "tls-disabled exchange-online"},
		{"Connector.IgnoreSTARTTLS", fmt.Sprint(!c.IgnoreSTARTTLS), func(c *fakes.Connector) {
			*c = fakes.Connector{Name: c.Name, Domains: c.Domains, IgnoreSTARTTLS: !c.IgnoreSTARTTLS}
		}, "tls-disabled exchange-online"},
	}
	if !c.RequireTLS {
		return all
	}
	for _, level := range fakes.TLSAuthLevels() {
		if level == c.TLSAuthLevel || level == fakes.AuthEncryptionOnly && c.TLSAuthLevel == "" { // which mean the same
			continue
		}
		all = append(all, edit[fakes.Connector]{"Connector.TLSAuthLevel", string(level), func(c *fakes.Connector) { c.TLSAuthLevel, c.TLSDomain = level, "" }, namesShown})
	}
	for _, domain := range []string{"", fakes.PartnerHosts, "*.elsewhere.example", "mail.elsewhere.example"} {
		if domain != c.TLSDomain && c.TLSAuthLevel == fakes.AuthDomainValidation {
			all = append(all, edit[fakes.Connector]{"Connector.TLSDomain", domain, func(c *fakes.Connector) { c.TLSDomain = domain }, namesShown})
		}
	}
	return all
}

// profileEdits are changes of how a model receives.
func profileEdits(p fakes.Profile) []edit[fakes.Profile] {
	var all []edit[fakes.Profile]
	add := func(field, to string, do func(*fakes.Profile)) {
		all = append(all, edit[fakes.Profile]{"Profile." + field, to, do, sendersShown})
	}
	for i := range p.Gates {
		add("Gates", fmt.Sprintf("without the %d.", i+1), func(p *fakes.Profile) { p.Gates = slices.Delete(slices.Clone(p.Gates), i, i+1) })
	}
	if p.Gates == nil {
		add("Gates", "TLS demanded", func(p *fakes.Profile) { p.Gates = []fakes.Gate{fakes.MustTLS()} })
	}
	if p.Offer == fakes.OfferNone {
		add("Offer", "starttls", func(p *fakes.Profile) { p.Offer = fakes.OfferStartTLS })
		return all
	}
	add("Offer", "none", func(p *fakes.Profile) { p.Offer = fakes.OfferNone })
	add("ClientCert", "required", func(p *fakes.Profile) { p.ClientCert = fakes.ClientCertRequired })
	add("Suites", "others", func(p *fakes.Profile) { p.Suites = []uint16{tls.TLS_RSA_WITH_AES_256_GCM_SHA384} })
	for i, s := range p.Suites {
		if strings.Contains(tls.CipherSuiteName(s), "RC4") && p.MaxTLS == tls.VersionTLS10 && p.Gates == nil {
			add("Suites", "without RC4", func(p *fakes.Profile) { p.Suites = slices.Delete(slices.Clone(p.Suites), i, i+1) })
		}
	}
	if p.RSA {
		add("RSA", "false", func(p *fakes.Profile) { p.RSA = false })
	}
	if p.MaxTLS > tls.VersionTLS10 && !strings.HasSuffix(p.Name, "/submission") { // nobody of the story verifies in TLS 1.0, and no user does
		add("Cert", "self-signed", func(p *fakes.Profile) { p.Cert = fakes.CertSelfSigned })
	}
	for v := uint16(tls.VersionTLS10); v <= tls.VersionTLS13; v++ {
		if v != cmp.Or(p.MinTLS, tls.VersionTLS12) {
			add("MinTLS", tls.VersionName(v), func(p *fakes.Profile) { p.MinTLS = v })
		}
		if v != p.MaxTLS {
			add("MaxTLS", tls.VersionName(v), func(p *fakes.Profile) { p.MaxTLS = v })
		}
	}
	return all
}
