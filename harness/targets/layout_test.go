package targets

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mailtls/results"
)

// layoutPolicies are of every kind that is configured in a way of its own.
func layoutPolicies() []results.SenderPolicy {
	const may, must = results.LevelOpportunistic, results.LevelMandatory
	return []results.SenderPolicy{
		{Name: "none", Level: results.LevelNone},
		{Name: "may", Level: may},
		{Name: "may-tls12", Level: may, Floor: "1.2", Ceiling: "1.2", Fallback: map[results.Trigger]results.Reaction{results.TriggerRefused4xx: results.ReactDefer}},
		{Name: "may-creds", Level: may, Credentials: true},
		{Name: "encrypt-reuse", Level: must, Reuse: true},
		{Name: "chain", Level: must, Verify: results.VerifyChain},
		{Name: "verify", Level: must, Verify: results.VerifyMXName, Floor: "1.2"},
		{Name: "secure", Level: must, Verify: results.VerifyNextHop},
		{Name: "unused", Level: must},
	}
}

// sampleLayout has a case under each policy but the last, and one with two hosts.
func sampleLayout() *Layout {
	l := &Layout{Claims: "/claims.yaml", Domain: "mailtls.test", SenderDomain: "sender.example", Collector: "192.0.2.1:2500", Authority: "/w.ca"}
	for i, p := range layoutPolicies()[:8] {
		port := string(rune('1' + i))
		l.Units = append(l.Units, LayoutUnit{Case: "area/defect", Policy: p.Name, Hosts: []LayoutHost{{
			Domain: "area-defect." + p.Name + ".mailtls.test", Name: "mx1.area-defect." + p.Name + ".mailtls.test", Policy: p.Name, At: "192.0.2.1:250" + port,
		}}})
	}
	return l
}

// TestLayoutPrints compares what is to be configured with what it was when
// somebody last looked at it.
func TestLayoutPrints(t *testing.T) {
	t.Parallel()
	resolved, one := sampleLayout(), sampleLayout()
	resolved.Resolver = "192.0.2.1:53"
	resolved.Units = append(resolved.Units, LayoutUnit{Case: "mx/two", Policy: "may", Hosts: []LayoutHost{
		{Domain: "mx-two.may.mailtls.test", Name: "mx1.mx-two.may.mailtls.test", Preference: 10, Policy: "may", At: "192.0.2.8:25"},
		{Domain: "mx-two.may.mailtls.test", Name: "mx2.mx-two.may.mailtls.test", Preference: 20, Policy: "may", At: "192.0.2.9:25"},
	}})
	one.OneByOne, one.Collector, one.Units = true, "", one.Units[1:3]
	for i := range one.Units {
		one.Units[i].Hosts[0].At = "[2001:db8::1]:25"
	}
	for name, l := range map[string]*Layout{"resolver": resolved, "fixed": sampleLayout(), "one-by-one": one} {
		for _, format := range LayoutFormats() {
			var b bytes.Buffer
			err := l.Print(&b, format, layoutPolicies())
			if format == "resolver" && l.Resolver == "" {
				if err == nil || !strings.Contains(err.Error(), "made without one") {
					t.Errorf("%s: resolver lines without a resolver: %v", name, err)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s as %s: %v", name, format, err)
			}
			checkGolden(t, filepath.Join("testdata", "golden", "layout", name+"."+format+".txt"), b.String())
		}
	}
	if err := resolved.Print(&bytes.Buffer{}, "sendmail", nil); err == nil || !strings.Contains(err.Error(), "there are table") {
		t.Errorf("an unknown format: %v", err)
	}
	if err := resolved.Print(fullDisk{}, "table", nil); err == nil {
		t.Error("a full disk goes unnoticed")
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestLayoutIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "w.yaml")
	l := sampleLayout()
	l.Resolver, l.Authority = "192.0.2.1:53", "w.ca"
	if err := l.Write(file); err != nil {
		t.Fatal(err)
	}
	got, err := ReadLayout(file)
	if err != nil {
		t.Fatal(err)
	}
	if got.Authority != filepath.Join(filepath.Dir(file), "w.ca") || got.Claims != "/claims.yaml" {
		t.Errorf("paths are %s and %s", got.Authority, got.Claims)
	}
	if u, found := got.Unit("area/defect", "verify"); !found || u.Hosts[0] != l.Units[6].Hosts[0] {
		t.Errorf("unit is %+v", u)
	}
	if _, found := got.Unit("area/defect", "unused"); found {
		t.Error("a unit that is not there is found")
	}
	if all := got.Addresses(); len(all) != 10 {
		t.Errorf("addresses are %v", all)
	}
}

// TestBadLayout: whatever is wrong is named with its place.
func TestBadLayout(t *testing.T) {
	t.Parallel()
	const head = "claims: c.yaml\ndomain: a.test\nsender_domain: b.test\nauthority: w.ca\n"
	unit := func(at string) string {
		return "units:\n- case: a/b\n  policy: may\n  hosts:\n  - {domain: d, name: n, preference: 0, policy: may, at: \"" + at + "\"}\n"
	}
	for name, tt := range map[string]struct{ text, want string }{
		"empty":         {"", "units are needed"},
		"no units":      {head, "units are needed"},
		"no port":       {head + unit("192.0.2.1"), `9:54: address "192.0.2.1"; want ADDRESS:PORT`},
		"unknown field": {head + "colour: red\n" + unit("192.0.2.1:25"), `5:1: unknown field "colour"`},
		"resolver":      {head + "resolver: here\n" + unit("192.0.2.1:25"), `5:1: address "here"`},
		"no hosts":      {head + "units:\n- {case: a/b, policy: may, hosts: []}\n", "no hosts"},
		"twice":         {head + unit("192.0.2.1:25") + strings.TrimPrefix(unit("192.0.2.1:26"), "units:\n"), "a/b@may is there twice"},
	} {
		file := filepath.Join(t.TempDir(), "w.yaml")
		if err := os.WriteFile(file, []byte(tt.text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadLayout(file); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}

// TestRemoteSender: a sender has a variant of its own, and says under which
// policies it sends.
func TestRemoteSender(t *testing.T) {
	t.Parallel()
	const policies = "claims:\n  policies:\n  - {name: may, level: opportunistic}\n"
	for name, tt := range map[string]struct{ text, want string }{
		"sender":      {"name: x\nroles: [sender]\n" + policies, "default [sender]"},
		"both":        {"name: x\nroles: [receiver, sender]\n" + policies, "default [receiver], sender [sender]"},
		"receiver":    {"name: x\nroles: [receiver]\n", "default [receiver]"},
		"no policies": {"name: x\nroles: [sender]\n", "role sender goes with policies"},
		"no sender":   {"name: x\nroles: [receiver]\n" + policies, "role sender goes with policies"},
		"no login":    {"name: x\nroles: [sender]\nclaims:\n  policies:\n  - {name: may, level: opportunistic, credentials: true}\n", "give user and password"},
		"twice":       {"name: x\nroles: [sender]\n" + policies + "  - {name: may, level: none}\n", "policy may is there twice"},
		"bad name":    {"name: x\nroles: [sender]\nclaims:\n  policies:\n  - {name: may be, level: none}\n", `policy name "may be"`},
	} {
		file := filepath.Join(t.TempDir(), "c.yaml")
		if err := os.WriteFile(file, []byte(tt.text), 0o644); err != nil {
			t.Fatal(err)
		}
		r, err := NewRemote(RemoteConfig{ClaimsFile: file})
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			var all []string
			for _, v := range r.Spec().Variants {
				all = append(all, v.Name+" ["+string(v.Played()[0])+"]")
			}
			got = strings.Join(all, ", ")
		}
		if err == nil && got != tt.want || !strings.Contains(got, tt.want) {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
}
