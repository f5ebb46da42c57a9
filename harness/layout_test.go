package harness_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mailtls/harness"
	"mailtls/harness/targets"
	"mailtls/results"
)

// remoteSender claims two policies.
func remoteSender(t *testing.T) targets.Target {
	t.Helper()
	file := filepath.Join(t.TempDir(), "c.yaml")
	text := "name: x\nroles: [sender]\nclaims:\n  policies:\n  - {name: may, level: opportunistic}\n  - {name: encrypt, level: mandatory, lifetime_seconds: 60}\n"
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	r, err := targets.NewRemote(targets.RemoteConfig{ClaimsFile: file})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestLayOut: each host has an address of its own, and what cannot be played so
// has none.
func TestLayOut(t *testing.T) {
	t.Parallel()
	target := remoteSender(t)
	fixed, err := harness.LayOut(harness.LayoutConfig{Target: target, PeersAt: "192.0.2.7:2000-9999"})
	if err != nil {
		t.Fatal(err)
	}
	network, err := harness.LayOut(harness.LayoutConfig{Target: target, PeersAt: "198.18.0.0/16", Resolver: "198.18.0.1:53"})
	if err != nil {
		t.Fatal(err)
	}
	one, err := harness.LayOut(harness.LayoutConfig{Target: target, PeersAt: "192.0.2.7:25", OneByOne: true})
	if err != nil {
		t.Fatal(err)
	}
	for name, l := range map[string]*targets.Layout{"fixed": fixed, "network": network} {
		hostsApart(t, l)
		for _, key := range []string{"dialogue/offered", "sanity/before", "sanity/after"} {
			if _, found := l.Unit(key, "encrypt"); !found {
				t.Errorf("%s: %s@encrypt has no host", name, key)
			}
		}
	}
	if len(network.Units) <= len(fixed.Units) || len(fixed.Units) < len(one.Units) {
		t.Errorf("%d units by the DNS, %d by fixed routes, %d by one hop: each should leave out more", len(network.Units), len(fixed.Units), len(one.Units))
	}
	if all := one.Addresses(); len(all) != 1 {
		t.Errorf("one hop has %v", all)
	}
	v, err := target.Spec().Variant("")
	if err != nil {
		t.Fatal(err)
	}
	if n, most := harness.Longest(one, v.Claims); n != len(one.Units)-4 || most <= 0 {
		t.Errorf("%d cases in %s, of %d units", n, most, len(one.Units))
	}
}

// hostsApart checks that each host has an address of its own, and in a network one
// that a host can have.
func hostsApart(t *testing.T, l *targets.Layout) {
	t.Helper()
	used := map[string]string{}
	for _, u := range l.Units {
		for _, h := range u.Hosts {
			if other := used[h.At]; other != "" && other != h.Name {
				t.Errorf("%s and %s are both at %s", other, h.Name, h.At)
			}
			used[h.At] = h.Name
			host, inNet := strings.CutPrefix(h.At, "198.18.")
			if inNet && (!strings.HasSuffix(host, ":25") || strings.HasSuffix(host, ".0:25") || strings.HasSuffix(host, ".255:25")) {
				t.Errorf("address %s", h.At)
			}
		}
	}
}

func TestBadLayOut(t *testing.T) {
	t.Parallel()
	target := remoteSender(t)
	for name, tt := range map[string]struct {
		config harness.LayoutConfig
		want   string
	}{
		"no address":   {harness.LayoutConfig{PeersAt: "here"}, "want a network"},
		"one port":     {harness.LayoutConfig{PeersAt: "192.0.2.7:25"}, "want a network"},
		"downwards":    {harness.LayoutConfig{PeersAt: "192.0.2.7:30-20"}, "want a network"},
		"port 0":       {harness.LayoutConfig{PeersAt: "192.0.2.7:0-20"}, "want a network"},
		"too few":      {harness.LayoutConfig{PeersAt: "192.0.2.7:2000-2001"}, "more hosts than addresses"},
		"small net":    {harness.LayoutConfig{PeersAt: "192.0.2.0/30"}, "more hosts than addresses"},
		"one of many":  {harness.LayoutConfig{PeersAt: "192.0.2.7:20-30", OneByOne: true}, "one for all"},
		"MX and ports": {harness.LayoutConfig{PeersAt: "192.0.2.7:2000-2999", Resolver: "192.0.2.7:53"}, "MX records know no ports"},
		"no case":      {harness.LayoutConfig{PeersAt: "192.0.2.7:2000-2999", Filter: results.Filter{Case: "nothing/*"}}, "no case is selected"},
		"no policy":    {harness.LayoutConfig{PeersAt: "192.0.2.7:2000-2999", Filter: results.Filter{Policy: "odd"}}, "no case is selected"},
	} {
		tt.config.Target = target
		if _, err := harness.LayOut(tt.config); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}
