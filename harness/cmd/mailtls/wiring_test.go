package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"mailtls/fakes"
	"mailtls/harness"
	"mailtls/harness/targets"
	"mailtls/results"
)

// claimsOf writes claims of the reference sender with some of its policies.
func claimsOf(t *testing.T, dir string, policies ...string) string {
	t.Helper()
	v, err := targets.Reference().Spec().Variant("", results.RoleSender)
	if err != nil {
		t.Fatal(err)
	}
	v.Claims.Policies = slices.DeleteFunc(slices.Clone(v.Claims.Policies), func(p results.SenderPolicy) bool { return !slices.Contains(policies, p.Name) })
	doc, err := yaml.Marshal(map[string]any{"name": "acme-mta", "version": "4.2", "roles": []string{"sender"}, "claims": v.Claims})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "claims.yaml")
	if err := os.WriteFile(file, doc, 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// routesOf reads the printed table as the owner of a sender does: domains, the
// first label of which may be a star, and where their mail goes.
func routesOf(t *testing.T, table string) map[string]fakes.NextHop {
	t.Helper()
	routes := map[string]fakes.NextHop{}
	for line := range strings.Lines(table) {
		if f := strings.Fields(line); len(f) == 5 && f[0] != "DOMAIN" {
			routes[f[0]] = fakes.NextHop{Name: f[3], Addr: f[4]}
		}
	}
	if len(routes) == 0 {
		t.Fatalf("no routes in %q", table)
	}
	return routes
}

// startConfigured starts the reference sender with routes, as software that
// somebody else runs, and returns where it takes mail.
func startConfigured(t *testing.T, wiring string, route func(domain string) []fakes.NextHop) string {
	t.Helper()
	root, err := os.ReadFile(filepath.Join(wiring+".ca", "root.pem"))
	if err != nil {
		t.Fatal(err)
	}
	reference := targets.Reference()
	v, err := reference.Spec().Variant("", results.RoleSender)
	if err != nil {
		t.Fatal(err)
	}
	running, err := reference.Start(t.Context(), v, targets.Wiring{
		Domain: harness.Domain, Host: "mx.acme.test", User: "user", Password: "secret", PeerRoots: root, Route: route, Log: io.Discard,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := running.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return running.Addrs[fakes.ListenSMTP]
}

// ownNet is an address that no other test uses.
func ownNet() string { return fmt.Sprintf("127.%d.%d.7", 130+rand.IntN(100), rand.IntN(250)) }

// TestRemoteSenderWithFixedRoutes: the sender is configured from what was printed,
// and judged.
func TestRemoteSenderWithFixedRoutes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, claims := filepath.Join(dir, "w.yaml"), claimsOf(t, dir, "may-clear-new", "verify")
	code, out, errs := call(t, "wiring", "--peers-at", ownNet()+":20000-20999", "--policies", claims, "--out", file, "--filter", "cell")
	if code != 0 {
		t.Fatalf("wiring: exit code %d: %s", code, errs)
	}
	routes := routesOf(t, out)
	submit := startConfigured(t, file, func(domain string) []fakes.NextHop {
		_, parent, _ := strings.Cut(domain, ".sender.")
		for _, key := range []string{domain, "*.sender." + parent} {
			if hop, found := routes[key]; found {
				return []fakes.NextHop{hop}
			}
		}
		return nil
	})
	run := filepath.Join(dir, "run")
	code, out, errs = call(t, "run", "--target", "remote", "--role", "sender", "--wiring", file, "--submit", submit, "--out", run)
	if code != 0 || !strings.Contains(out, "CONFORMING") {
		t.Errorf("run: exit code %d: %s %s", code, out, errs)
	}
	expectFates(t, run, map[string]results.FateCode{
		"dialogue/offered@may-clear-new": results.FateTLS13, "dialogue/not-offered@may-clear-new": results.FatePlainSame,
		"dialogue/offered@verify": results.FateTLS13, "dialogue/not-offered@verify": results.FateDeferred,
	})
	if code, out, errs := call(t, "judge", run); code != 0 || !strings.Contains(out, "the same verdicts") {
		t.Errorf("judge: exit code %d: %s %s", code, out, errs)
	}
}

// TestRemoteSenderWithOneHop plays everything through one address, notifications
// too: what is deferred is told by turning the host honest.
func TestRemoteSenderWithOneHop(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	at := ownNet() + ":20025"
	file, claims := filepath.Join(dir, "w.yaml"), claimsOf(t, dir, "may", "encrypt", "encrypt-bounce")
	code, _, errs := call(t, "wiring", "--peers-at", at, "--one-by-one", "--policies", claims, "--out", file, "--case", "dialogue/*offered")
	if code != 0 || !strings.Contains(errs, "one by one: ") {
		t.Fatalf("wiring: exit code %d: %s", code, errs)
	}
	submit := startConfigured(t, file, func(domain string) []fakes.NextHop {
		return []fakes.NextHop{{Name: "mx1." + domain, Addr: at}}
	})
	run := filepath.Join(dir, "run")
	code, out, errs := call(t, "run", "--target", "remote", "--wiring", file, "--submit", submit, "--out", run, "--one-by-one")
	if code != 0 || !strings.Contains(errs, "one by one: 6 cases and policies, ") {
		t.Errorf("run: exit code %d: %s %s", code, out, errs)
	}
	expectFates(t, run, map[string]results.FateCode{
		"dialogue/offered@may": results.FateTLS13, "dialogue/not-offered@may": results.FatePlainSame,
		"dialogue/offered@encrypt": results.FateTLS13, "dialogue/not-offered@encrypt": results.FateDeferred,
	})
}

// expectFates compares outcomes of a stored run.
func expectFates(t *testing.T, dir string, want map[string]results.FateCode) {
	t.Helper()
	r, err := harness.ReadReport(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range r.Cases {
		code, asked := want[c.Key()]
		if asked && (c.Fate == nil || c.Fate.Code != code) {
			t.Errorf("%s: outcome %+v, want %s", c.Key(), c.Fate, code)
		}
		delete(want, c.Key())
	}
	for key := range want {
		t.Errorf("%s was not played", key)
	}
	if r.Unattributed != 0 || r.Leaked != 0 {
		t.Errorf("%d sessions unattributed, %d bytes leaked", r.Unattributed, r.Leaked)
	}
}

func TestBadWiringInput(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	claims := claimsOf(t, dir, "may", "encrypt")
	out := func(name string) string { return filepath.Join(dir, name) }
	made, far := out("made.yaml"), out("far.yaml")
	for file, at := range map[string]string{made: "127.9.9.9:2000-2999", far: "192.0.2.7:2000-2999"} {
		if code, _, errs := call(t, "wiring", "--peers-at", at, "--policies", claims, "--out", file, "--case", "dialogue/offered"); code != 0 {
			t.Fatalf("wiring: exit code %d: %s", code, errs)
		}
	}
	data, err := os.ReadFile(made)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(out("old.yaml"), []byte(strings.ReplaceAll(string(data), "mx1.dialogue-offered", "mx1.another")), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(out("old.yaml.ca"), os.DirFS(made+".ca")); err != nil {
		t.Fatal(err)
	}
	run := func(more ...string) []string {
		return append([]string{"run", "--target", "remote", "--role", "sender", "--out", out("run")}, more...)
	}
	for name, tt := range map[string]struct {
		args []string
		want string
	}{
		"managed target": {[]string{"wiring", "--target", "postfix", "--out", out("x")}, "it is wired when it starts"},
		"no addresses":   {[]string{"wiring", "--out", out("x")}, "--peers-at and --policies are needed"},
		"bad dns":        {[]string{"wiring", "--peers-at", "127.9.0.0/16", "--dns", "here", "--policies", claims, "--out", out("x")}, `read --dns "here"`},
		"there already":  {[]string{"wiring", "--peers-at", "127.9.0.0/16", "--policies", claims, "--out", made}, "is there already"},
		"collector":      {[]string{"wiring", "--peers-at", "127.9.0.0/16", "--collector", "127.9.0.1:25", "--policies", claims, "--out", out("x")}, "--collector goes with --one-by-one"},
		"unknown print":  {[]string{"wiring", "--again", "--out", made, "--print", "sendmail"}, `print wiring as "sendmail"`},
		"nothing again":  {[]string{"wiring", "--again", "--out", out("nowhere")}, "read wiring"},
		"no wiring":      {run("--submit", "127.0.0.1:1", "--claims", claims), "go together"},
		"no submit":      {run("--smtp", "127.0.0.1:1", "--wiring", made), "go together"},
		"two addresses":  {run("--submit", "127.0.0.1:1", "--smtp", "127.0.0.1:1", "--wiring", made), "leave the other addresses out"},
		"far submit":     {run("--submit", "192.0.2.9:25", "--wiring", made), "give --authorized"},
		"far peers":      {run("--submit", "127.0.0.1:1", "--wiring", far), "listen on 192.0.2.7:2000: others could reach it"},
		"not one by one": {run("--submit", "127.0.0.1:1", "--wiring", made, "--one-by-one"), "--one-by-one goes with"},
		"other cases":    {run("--submit", "127.0.0.1:1", "--wiring", out("old.yaml")), "make it again"},
		"stray":          {[]string{"run", "--target", "reference", "--wiring", made}, "go with --target remote"},
	} {
		t.Run(name, func(t *testing.T) { refused(t, tt.args, tt.want) })
	}
}
