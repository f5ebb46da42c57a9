package certificate_test

import (
	"context"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"mailtls/harness"
	"mailtls/harness/targets"
	"mailtls/results"
	"mailtls/results/certificate"
)

// earning is a run of the reference, or of the model of the product that a profile is
// named after, in a role; what it earns are profiles. A sender is run under one policy:
// all of them take minutes.
type earning struct {
	variant, policy string
	role            results.Role
	profiles        []string

	report *results.Report
	err    error
}

// run plays it into a folder; the mailboxes were run for the shared certificate.
func (e *earning) run(ctx context.Context, dir string) {
	if e.variant == "access" {
		e.report, e.err = storedRun(once().dir)
		return
	}
	e.report, e.err = harness.Run(ctx, harness.Options{
		Target: targets.Reference(), Variant: e.variant, Roles: []results.Role{e.role}, Out: dir,
		Filter: results.Filter{Policy: e.policy},
	})
}

// TestReferenceEarnsEachProfile plays two runs a core at once, for they mostly wait:
// parallel tests would be one a core. The longest runs come first.
func TestReferenceEarnsEachProfile(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it watches queues for up to a minute")
	}
	earnings := []*earning{
		{variant: "sender", policy: "may", role: results.RoleSender, profiles: []string{"sender-opportunistic"}},
		{variant: "sender", policy: "verify", role: results.RoleSender, profiles: []string{"sender-mandatory", "sender-verified"}},
		{variant: "default", role: results.RoleReceiver, profiles: []string{"receiver-core", "receiver-modern"}},
		{variant: "tls12-required", role: results.RoleReceiver, profiles: []string{"receiver-core", "receiver-enforcing", "receiver-modern"}},
		{variant: "tls10-only", role: results.RoleReceiver, profiles: []string{"legacy-exchange-2010"}},
		{variant: "submission", role: results.RoleReceiver, profiles: []string{"receiver-core", "submission", "lmtp"}},
		{variant: "access", role: results.RoleAccessServer, profiles: []string{"access-basic-after-tls", "lmtp"}},
	}
	var runs errgroup.Group
	runs.SetLimit(2 * runtime.GOMAXPROCS(0))
	dir := t.TempDir()
	for _, e := range earnings {
		runs.Go(func() error {
			e.run(t.Context(), filepath.Join(dir, e.variant+"-"+e.policy))
			return nil
		})
	}
	_ = runs.Wait() // each keeps its own error
	for _, e := range earnings {
		t.Run(strings.TrimSuffix(e.variant+"-"+e.policy, "-"), func(t *testing.T) {
			if e.err != nil {
				t.Fatal(e.err)
			}
			for _, name := range e.profiles {
				if a := certificate.Judge(profile(t, name), e.report); a.Result != certificate.Success {
					t.Errorf("%s: %s\n%s", name, a.Result, strings.Join(a.Against, "\n"))
				}
			}
		})
	}
	t.Run("all are there", func(t *testing.T) {
		var earned []string
		for _, e := range earnings {
			earned = append(earned, e.profiles...)
		}
		for _, p := range certificate.Profiles() {
			if !slices.Contains(earned, p.Name) {
				t.Errorf("nothing earns profile %s", p.Name)
			}
		}
	})
}
