package fakes_test

import (
	"reflect"
	"strings"
	"testing"

	"mailtls/fakes"
	"mailtls/results"
)

// base is a policy that goes in clear where it must.
func base() fakes.Policy {
	m, _ := fakes.ProductModel("exchange-online")
	return m.Sends[0]
}

func TestConnectorsBecomePolicies(t *testing.T) {
	domains := []string{"*"}
	type want struct {
		level     results.TLSLevel
		verify    results.Verify
		tlsDomain string
		clear     bool
	}
	for name, c := range map[string]struct {
		by   fakes.Connector
		want want
	}{
		"as it is made": {fakes.Connector{}, want{level: results.LevelOpportunistic, clear: true}},
		"RequireTLS":    {fakes.Connector{RequireTLS: true}, want{level: results.LevelMandatory}},
		"encryption": {fakes.Connector{RequireTLS: true, TLSAuthLevel: fakes.AuthEncryptionOnly},
			want{level: results.LevelMandatory}},
		"certificate": {fakes.Connector{RequireTLS: true, TLSAuthLevel: fakes.AuthCertificateValidation},
			want{level: results.LevelMandatory, verify: results.VerifyChain}},
		"domain": {fakes.Connector{RequireTLS: true, TLSAuthLevel: fakes.AuthDomainValidation},
			want{level: results.LevelMandatory, verify: results.VerifyNextHop}},
		"domain by name": {fakes.Connector{RequireTLS: true, TLSAuthLevel: fakes.AuthDomainValidation, TLSDomain: "*.example.com"},
			want{level: results.LevelMandatory, verify: results.VerifyNextHop, tlsDomain: "*.example.com"}},
		"IgnoreSTARTTLS": {fakes.Connector{IgnoreSTARTTLS: true}, want{level: results.LevelNone}},
	} {
		c.by.Name, c.by.Domains = "partner", domains
		p, err := c.by.Policy(base())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err := p.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		got := want{p.Level, p.Verify, p.TLSDomain, p.Fallback[results.TriggerFailed] == results.ReactClearNew}
		if got != c.want || p.Name != "partner" || p.LifetimeSeconds != base().LifetimeSeconds {
			t.Errorf("%s: got %+v of %+v, want %+v", name, got, p, c.want)
		}
	}
}

func TestConnectorsThatContradictThemselves(t *testing.T) {
	for name, c := range map[string]struct {
		by   fakes.Connector
		says string
	}{
		"both":          {fakes.Connector{RequireTLS: true, IgnoreSTARTTLS: true}, "exclude each other"},
		"level alone":   {fakes.Connector{TLSAuthLevel: fakes.AuthEncryptionOnly}, "needs RequireTLS"},
		"level unknown": {fakes.Connector{RequireTLS: true, TLSAuthLevel: "Whatever"}, "unknown TlsAuthLevel"},
		"name alone":    {fakes.Connector{RequireTLS: true, TLSDomain: "example.com"}, "needs TlsAuthLevel DomainValidation"},
		"name of chain": {fakes.Connector{RequireTLS: true, TLSAuthLevel: fakes.AuthCertificateValidation, TLSDomain: "example.com"}, "needs TlsAuthLevel"},
		"inner star":    {fakes.Connector{RequireTLS: true, TLSAuthLevel: fakes.AuthDomainValidation, TLSDomain: "mail.*.example.com"}, "star elsewhere"},
		"no domains":    {fakes.Connector{Name: "x", RequireTLS: true}, "domains are needed"},
	} {
		if c.by.Name == "" {
			c.by.Name, c.by.Domains = "partner", []string{"*"}
		}
		p, err := c.by.Policy(base())
		if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") || !reflect.DeepEqual(p, fakes.Policy{}) {
			t.Errorf("%s: got %+v, %v", name, p, err)
		}
		m := fakes.Model{Sends: []fakes.Policy{base()}, Connectors: []fakes.Connector{c.by}}
		if _, err := m.Toward("example.com"); err == nil && name != "no domains" {
			t.Errorf("%s: a model sends by it", name)
		}
	}
}

func TestTheClosestConnectorCounts(t *testing.T) {
	to := func(name string, domains ...string) fakes.Connector {
		return fakes.Connector{Name: name, Domains: domains, RequireTLS: true}
	}
	m := fakes.Model{Sends: []fakes.Policy{base()}, Connectors: []fakes.Connector{
		to("below", "*.partner.example"), to("one", "mail.partner.example", "Other.Example"), to("deep", "*.mail.partner.example"),
	}}
	for domain, want := range map[string]string{
		"partner.example": "default", "a.partner.example": "below", "a.b.partner.example": "below", "mail.partner.example": "one",
		"x.mail.partner.example": "deep", "other.example": "one", "OTHER.example.": "one", "elsewhere.example": "default",
		"notpartner.example": "default", ".partner.example": "default", "": "default",
	} {
		if p, err := m.Toward(domain); err != nil || p.Name != want {
			t.Errorf("%q goes by %s, %v; want %s", domain, p.Name, err, want)
		}
	}
	m.Connectors = append(m.Connectors, to("all", "*"))
	if p, _ := m.Toward("elsewhere.example"); p.Name != "all" {
		t.Errorf("a star leaves out what nothing else is for: %s", p.Name)
	}
	if p, _ := m.Toward("a.partner.example"); p.Name != "below" {
		t.Errorf("a star comes before what is closer: %s", p.Name)
	}
}

func TestModelsAreFoundByName(t *testing.T) {
	for _, want := range fakes.ProductModels() {
		if got, err := fakes.ProductModel(want.Name); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v", want.Name, got, err)
		}
		for _, p := range want.Profiles() {
			if got, err := fakes.Receiver(p.Name); err != nil || !reflect.DeepEqual(got, p) {
				t.Errorf("%s: its profile %s is %+v, %v", want.Name, p.Name, got, err)
			}
		}
	}
	if _, err := fakes.ProductModel("nobody"); err == nil || !strings.Contains(err.Error(), "exchange-2010") {
		t.Errorf("want an error that says what there is, got %v", err)
	}
}

func TestModelsSendByWhatMakesSense(t *testing.T) {
	for _, m := range fakes.ProductModels() {
		all, err := m.Policies()
		if err != nil || len(all) != len(m.Sends)+len(m.Connectors) || len(m.Claims.Policies) != len(all) {
			t.Errorf("%s sends by %+v, %v; it claims %+v", m.Name, all, err, m.Claims.Policies)
		}
		for _, p := range all {
			if err := p.Check(); err != nil {
				t.Errorf("%s: %v", m.Name, err)
			}
		}
	}
}

func TestModelReceiversAreThereOnce(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range fakes.ModelReceivers() {
		if p.Name == "" || seen[p.Name] {
			t.Errorf("%q is nobody, or twice among the receivers", p.Name)
		}
		seen[p.Name] = true
	}
}
