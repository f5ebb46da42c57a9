package targets

import (
	"slices"

	"mailtls/fakes"
	"mailtls/results"
)

func (c *checker) variants() {
	if len(c.m.Variants) == 0 {
		c.faultAt(at("variants"), "no variants; want at least one, named %s", DefaultVariant)
		return
	}
	if c.m.Variants[0].Name != DefaultVariant {
		c.faultAt(at("variants", 0, "name"), "the first variant is %q; put the one named %s first",
			c.m.Variants[0].Name, DefaultVariant)
	}
	seen := map[string]bool{}
	for i := range c.m.Variants {
		v, where := &c.m.Variants[i], at("variants", i)
		if !isName(v.Name) {
			c.faultAt(where.and("name"), "variant name %q; want small letters and digits, with single dashes between", v.Name)
		}
		if seen[v.Name] {
			c.faultAt(where.and("name"), "variant %s is there twice; rename or remove one", v.Name)
		}
		seen[v.Name] = true
		c.variant(where, v)
	}
}

func (c *checker) variant(where spot, v *variantSpec) {
	if v.Doc == "" {
		c.faultAt(where.and("doc"), "variant %s has no doc; say in a sentence how it is configured", v.Name)
	}
	c.roles(where.and("roles"), v)
	c.claims(where.and("claims"), v)
	c.policies(where.and("claims"), v)
	if v.Listen != nil {
		c.listeners(where.and("listen"), v.Listen)
	}
	if v.Certificate != nil {
		if c.m.Certificate == nil {
			c.faultAt(where.and("certificate"), "the target has no certificate to change; say at the top level where it goes")
		}
		c.certKind(where.and("certificate"), *v.Certificate)
	}
	for i, f := range v.Files {
		c.file(where.and("files", i), f)
	}
	for i, p := range v.Prepare {
		c.run(where.and("prepare", i, "run"), p.Run)
	}
}

func (c *checker) claims(where spot, v *variantSpec) {
	seen := map[results.Feature]bool{}
	for i, f := range v.Claims.Features {
		one := results.Claims{Features: []results.Feature{f}}
		switch {
		case one.Unknown() != "":
			c.faultAt(where.and("features", i), "unknown feature %q; there are %s", f, list(results.Features()))
		case seen[f]:
			c.faultAt(where.and("features", i), "feature %s is claimed twice; remove one", f)
		}
		seen[f] = true
	}
	if s := v.Claims.StallSeconds; s < 0 || s > 3600 {
		c.faultAt(where.and("stall_seconds"), "stall_seconds %v; want 0 (not declared) to 3600", s)
	}
	for _, need := range []struct {
		feature  results.Feature
		listener fakes.Listener
	}{
		{results.FeatureSubmission, fakes.ListenSubmission},
		{results.FeatureSMTPS, fakes.ListenSMTPS},
		{results.FeatureLMTP, fakes.ListenLMTP},
		{results.FeatureIMAP, fakes.ListenIMAP},
		{results.FeatureIMAPStartTLS, fakes.ListenIMAP},
		{results.FeatureIMAPS, fakes.ListenIMAPS},
		{results.FeaturePOP3, fakes.ListenPOP3},
		{results.FeaturePOP3STLS, fakes.ListenPOP3},
		{results.FeaturePOP3S, fakes.ListenPOP3S},
	} {
		if _, ok := c.m.listen(v)[need.listener]; v.Claims.Has(need.feature) && !ok {
			c.faultAt(where.and("features"), "variant %s claims %s without a listener %s; add it to listen",
				v.Name, need.feature, need.listener)
		}
	}
}

// roles checks that the target has the roles of its variant.
func (c *checker) roles(where spot, v *variantSpec) {
	for i, role := range v.Roles {
		switch {
		case !slices.Contains(results.Roles(), role):
			c.faultAt(where.and(i), "unknown role %q; there are %s", role, list(results.Roles()))
		case !slices.Contains(c.m.Roles, role):
			c.faultAt(where.and(i), "variant %s is a %s and the target is none; add it to the target's roles", v.Name, role)
		case slices.Contains(v.Roles[:i], role):
			c.faultAt(where.and(i), "role %s is there twice; remove one", role)
		}
	}
}

// policies checks what a variant says of itself as a sender.
func (c *checker) policies(where spot, v *variantSpec) {
	sends, policies := v.plays(results.RoleSender), v.Claims.Policies
	switch {
	case sends && len(policies) == 0:
		c.faultAt(where.and("policies"), "variant %s is a sender and claims no policies; say under which it sends", v.Name)
	case !sends && len(policies) > 0:
		c.faultAt(where.and("policies"), "variant %s claims policies and is no sender; add sender to its roles", v.Name)
	}
	checkPolicies(c.document, where.and("policies"), policies)
}

// checkPolicies notes what is wrong with policies each on its own, and names that
// are taken.
func checkPolicies(doc *document, where spot, policies []results.SenderPolicy) {
	for i, p := range policies {
		spot := where.and(i)
		switch err := p.Check(); {
		case err != nil:
			doc.faultAt(spot, "%w", err)
		case !isName(p.Name):
			doc.faultAt(spot.and("name"), "policy name %q; want small letters and digits, with single dashes between", p.Name)
		case slices.ContainsFunc(policies[:i], func(o results.SenderPolicy) bool { return o.Name == p.Name }):
			doc.faultAt(spot.and("name"), "policy %s is there twice; rename or remove one", p.Name)
		}
	}
}
