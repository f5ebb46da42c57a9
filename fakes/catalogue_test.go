package fakes_test

import (
	"cmp"
	"crypto/tls"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mailtls/fakes"
	"mailtls/fakes/pki"
	"mailtls/results"
)

// kebab is what names and each part of a model's name look like.
var kebab = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// sentence is what a doc looks like.
var sentence = regexp.MustCompile(`^([A-Z]|mailtls)[^\n]*\.$`)

// entry is an entry of a catalogue.
type entry struct{ name, doc string }

// catalogues lists each catalogue's entries.
func catalogues() map[string][]entry {
	all := map[string][]entry{}
	for _, p := range fakes.Receivers() {
		all["receivers"] = append(all["receivers"], entry{p.Name, p.Doc})
	}
	for _, p := range fakes.Senders() {
		all["senders"] = append(all["senders"], entry{p.Name, p.Doc})
	}
	for _, m := range models() {
		all["models"] = append(all["models"], entry{m.Name, m.Doc})
	}
	return all
}

// models are the honest ones, the twins, and those of products.
func models() []fakes.Model {
	return slices.Concat(fakes.Models(), fakes.Twins(), fakes.ProductModels())
}

// profiles are all profiles of the catalogues.
func profiles() []fakes.Profile {
	all := fakes.Receivers()
	for _, m := range models() {
		for _, p := range m.Profiles() {
			all = append(all, p)
		}
	}
	return all
}

func TestNamesAndDocs(t *testing.T) {
	for catalogue, entries := range catalogues() {
		seen := map[string]bool{}
		for _, e := range entries {
			if seen[e.name] {
				t.Errorf("%s: %q is there twice", catalogue, e.name)
			}
			seen[e.name] = true
			for _, part := range strings.Split(e.name, "/") {
				if !kebab.MatchString(part) {
					t.Errorf("%s: %q is not in kebab-case", catalogue, e.name)
				}
			}
			if !sentence.MatchString(e.doc) {
				t.Errorf("%s: the doc of %q is no sentence: %q", catalogue, e.name, e.doc)
			}
		}
		if len(entries) == 0 {
			t.Errorf("%s: nothing is in it", catalogue)
		}
	}
}

func TestPeersAreFoundByName(t *testing.T) {
	for _, want := range fakes.Receivers() {
		if got, err := fakes.Receiver(want.Name); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v", want.Name, got, err)
		}
	}
	for _, want := range fakes.Senders() {
		if got, err := fakes.Sender(want.Name); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v", want.Name, got, err)
		}
	}
	for _, find := range []func() error{
		func() error { _, err := fakes.Receiver("nobody"); return err },
		func() error { _, err := fakes.Sender("nobody"); return err },
	} {
		if err := find(); err == nil || !strings.Contains(err.Error(), "nobody") || !strings.Contains(err.Error(), "tls10-only") {
			t.Errorf("want an error that says what there is, got %v", err)
		}
	}
}

func TestProfilesHoldTogether(t *testing.T) {
	known := map[uint16]bool{}
	for _, s := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		known[s.ID] = true
	}
	for _, p := range profiles() {
		if p.Cert != "" && !slices.Contains(pki.Kinds(), p.Cert) {
			t.Errorf("%s: there is no certificate of kind %q", p.Name, p.Cert)
		}
		if !slices.Contains([]fakes.Offer{fakes.OfferNone, fakes.OfferStartTLS, fakes.OfferImplicit, fakes.OfferBroken}, p.Offer) {
			t.Errorf("%s: unknown offer %q", p.Name, p.Offer)
		}
		if lowest, highest := cmp.Or(p.MinTLS, tls.VersionTLS12), cmp.Or(p.MaxTLS, tls.VersionTLS13); lowest > highest {
			t.Errorf("%s: speaks nothing between %x and %x", p.Name, lowest, highest)
		}
		for _, s := range p.Suites {
			if !known[s] {
				t.Errorf("%s: unknown suite %#x", p.Name, s)
			}
		}
		if p.IdleTime() <= 0 {
			t.Errorf("%s: waits for %v", p.Name, p.IdleTime())
		}
		for _, g := range p.Gates {
			form := map[results.Protocol]string{results.IMAP: `^NO \[[A-Z]+\] .+`, results.POP3: `^-ERR .+`}[p.Protocol]
			if !regexp.MustCompile(cmp.Or(form, `^[45]\d\d [45]\.\d+\.\d+ .+`)).MatchString(g.Reply) {
				t.Errorf("%s: a gate refuses with %q", p.Name, g.Reply)
			}
		}
	}
	for _, s := range fakes.LegacySuites() {
		if !known[s] {
			t.Errorf("unknown suite %#x", s)
		}
	}
}

func TestModelsClaimWhatThereIs(t *testing.T) {
	for _, m := range models() {
		if f := m.Claims.Unknown(); f != "" {
			t.Errorf("%s claims %q, which is no feature", m.Name, f)
		}
		features := slices.Clone(m.Claims.Features)
		slices.Sort(features)
		if len(slices.Compact(features)) != len(m.Claims.Features) {
			t.Errorf("%s claims a feature twice: %v", m.Name, m.Claims.Features)
		}
		if _, listens := m.Profiles()[fakes.ListenSMTP]; !listens && len(m.Access) == 0 {
			t.Errorf("%s has no smtp listener, and serves no mailboxes", m.Name)
		}
		for l, p := range m.Profiles() {
			if own := p.Listener(); own != l && l != fakes.ListenSubmission {
				t.Errorf("%s: the peer %s stands behind the listener %s, and is for %s", m.Name, p.Name, l, own)
			}
		}
	}
}

// TestTwinsHaveADefect: each differs from every honest model that claims the
// same, in more than its name.
func TestTwinsHaveADefect(t *testing.T) {
	for _, twin := range fakes.Twins() {
		if !strings.HasPrefix(twin.Name, "twin/") {
			t.Errorf("%q, %q is no twin of any model", twin.Name, twin.Doc)
		}
		related := false
		for _, honest := range fakes.Models() {
			related = related || reflect.DeepEqual(honest.Claims, twin.Claims)
			same := twin
			same.Name, same.Doc, same.Receives.Name = honest.Name, honest.Doc, honest.Receives.Name
			if reflect.DeepEqual(same, honest) {
				t.Errorf("%s has no defect: it is %s", twin.Name, honest.Name)
			}
		}
		if !related {
			t.Errorf("%s claims what no honest model claims: %+v", twin.Name, twin.Claims)
		}
	}
}

func TestCataloguesAreFresh(t *testing.T) {
	for name, list := range map[string]func() any{
		"Receivers":     func() any { return fakes.Receivers() },
		"Senders":       func() any { return fakes.Senders() },
		"Models":        func() any { return fakes.Models() },
		"Twins":         func() any { return fakes.Twins() },
		"sending twins": func() any { return fakes.SendingTwins() },
		"Products":      func() any { return fakes.ProductModels() },
		"suites":        func() any { return fakes.LegacySuites() },
		"listeners":     func() any { return fakes.Listeners() },
	} {
		want := list()
		spoil(reflect.ValueOf(list()))
		if got := list(); !reflect.DeepEqual(got, want) {
			t.Errorf("%s hands out what it keeps: after a change it gives %+v", name, got)
		}
	}
}

// spoil overwrites all that can be reached from a value.
func spoil(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			spoil(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			spoil(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			spoil(v.Field(i))
		}
	default:
		if v.CanSet() {
			v.Set(reflect.Zero(v.Type()))
		}
	}
}
