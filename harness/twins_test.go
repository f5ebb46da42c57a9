package harness_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"mailtls/fakes"
	"mailtls/harness"
	"mailtls/harness/targets"
	"mailtls/results"
	"mailtls/scenarios"
)

// TestMain plays more tests at once than there are processors: most of the time
// they wait.
func TestMain(m *testing.M) {
	if slice, isPeer := os.LookupEnv(burnVariable); isPeer {
		if err := playBurning(slice); err != nil {
			fmt.Fprintln(os.Stderr, "play peer:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == strconv.Itoa(runtime.GOMAXPROCS(0)) {
		_ = flag.Set("test.parallel", "12")
	}
	os.Exit(m.Run())
}

// alone is the label of the cases that would disturb what is measured elsewhere,
// and be disturbed.
const alone = "alone"

// run plays the selected cases against an in-process target.
func run(t *testing.T, target targets.Target, variant string, f results.Filter) *results.Report {
	t.Helper()
	return runInto(t, filepath.Join(t.TempDir(), "run"), target, variant, f)
}

// serving is the role in which a variant is tested as a server.
func serving(t *testing.T, target targets.Target, variant string) results.Role {
	t.Helper()
	v, err := target.Spec().Variant(variant)
	if err != nil {
		t.Fatal(err)
	}
	if v.Plays(results.RoleReceiver) {
		return results.RoleReceiver
	}
	return results.RoleAccessServer
}

// runInto is run that leaves its files in a folder.
func runInto(t *testing.T, out string, target targets.Target, variant string, f results.Filter) *results.Report {
	t.Helper()
	r, err := harness.Run(t.Context(), harness.Options{
		Target: target, Variant: variant, Roles: []results.Role{serving(t, target, variant)},
		Filter: f, Out: out,
		Tool: results.Tool{Name: "mailtls", Version: "test", Go: "test"}, Log: t.Output(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// capture is the case that must catch a twin, and what it must have seen.
type capture struct{ id, got string }

// captures by twin; a twin may break more than one case.
func captures() map[string][]capture {
	all := map[string][]capture{}
	for _, part := range []map[string][]capture{
		smtpCaptures(), dialogueCaptures(), contentCaptures(), helloCaptures(), recordCaptures(), sessionCaptures(), accessCaptures(), localCaptures(),
	} {
		maps.Copy(all, part)
	}
	return all
}

// smtpCaptures are the captures of the twins of that name in fakes.
func smtpCaptures() map[string][]capture {
	return map[string][]capture{
		"keyword-misplaced":      {{"offer/keyword-missing", "STARTTLS is not listed"}},
		"keyword-with-parameter": {{"offer/keyword-missing", "with the parameter REQUIRED"}},
		"closes-on-starttls":     {{"offer/starttls-while-off", "the target closed the connection"}},
		"argument-accepted":      {{"starttls/argument-accepted", "STARTTLS x got 220"}},
		"speaks-before-hello":    {{"handshake/speaks-first", "421 4.4.2 still there?"}},
		"second-greeting":        {{"tunnel/second-greeting", "220 mx ESMTP"}},
		"capabilities-kept":      {{"tunnel/starttls-listed-again", "STARTTLS is listed inside TLS"}},
		"starttls-twice":         {{"tunnel/starttls-accepted-again", "STARTTLS got 220"}},
		"helo-kept":              {{"state/helo-kept", "and the message says"}, {"state/helo-in-trace", "the message says"}},
		"helo-kept-late":         {{"state/helo-kept", "and the message says"}, {"state/helo-in-trace", "the message says"}},
		"envelope-kept":          {{"state/envelope-kept", "and a message arrived"}},
		"buffer-kept": {
			{"injection/same-segment", "unasked, the target sent"}, {"injection/second-segment", "unasked, the target sent"},
			{"injection/command-run/ehlo", "unasked, the target sent"}, {"injection/command-run/reset", "unasked, the target sent"},
			{"injection/command-run/transaction", "unasked, the target sent"}, {"injection/before-hello", "unasked, the target sent"},
		},
		"partial-line-kept":    {{"injection/partial-line", "EHLO inside TLS got 503"}},
		"clear-for-handshake":  {{"handshake/garbage-answered", "in clear"}, {"handshake/clear-command-served", "in clear"}, {"injection/before-hello", "in clear"}},
		"clear-after-tls":      {{"tunnel/clear-after-close", "in clear"}},
		"stall-unbounded":      {{"handshake/stall-unbounded", "stayed silent"}},
		"tls12-missing":        {{"version/tls12-missing", "protocol_version(70)"}},
		"tls13-missing":        {{"version/tls13-missing", "protocol_version(70)"}},
		"tls11-accepted":       {{"version/tls11-accepted", "TLS 1.1"}},
		"tls10-accepted":       {{"version/tls10-accepted", "TLS 1.0"}},
		"expired-certificate":  {{"certificate/chain-broken", "expired"}},
		"unknown-issuer":       {{"certificate/chain-broken", "unknown authority"}},
		"missing-intermediate": {{"certificate/chain-broken", "unknown authority"}},
		"demands-tls":          {{"policy/public-mx-demands-tls", "mail got 530"}, {"policy/plain-after-refused-version", "mail got 530"}},
		"drops-plain-mail":     {{"policy/public-mx-demands-tls", "was never delivered"}},
		"takes-plain-mail":     {{"policy/plain-mail-taken", "MAIL got 250"}, {"policy/plain-after-refused-version", "MAIL got 250"}},
		"refuses-noop":         {{"policy/escape-verbs-refused", "noop got 530"}},
		"auth-listed-in-clear": {{"auth/listed-in-clear", "in clear AUTH PLAIN LOGIN is listed"}},
		"auth-taken-in-clear":  {{"auth/accepted-in-clear", "AUTH plain got 235"}},
	}
}

func TestTwinsAreCaught(t *testing.T) {
	all := captures()
	for _, m := range fakes.Twins() {
		name := strings.TrimPrefix(m.Name, "twin/")
		want, known := all[name]
		if !known {
			t.Errorf("twin %q: no case is named that must catch it", name)
			continue
		}
		delete(all, name)
		t.Run(name, func(t *testing.T) {
			if !slices.ContainsFunc(want, burdens) {
				t.Parallel()
			}
			for _, w := range want {
				r := run(t, targets.NewInProcess("twin", m.Doc, m), name, results.Filter{Case: w.id})
				c := r.Cases[0]
				if c.Status != results.StatusFail || !strings.Contains(c.Got, w.got) {
					t.Errorf("%s is %s, %s got %q; want fail, got ...%q...", w.id, c.Status, c.Reason, c.Got, w.got)
				}
				if c.Level == results.Info {
					t.Errorf("%s is INFO: it catches nothing", w.id)
				}
			}
		})
	}
	for name := range all {
		t.Errorf("twin %q is not in the catalogue", name)
	}
}

// burdens tells whether a capture's case is played alone.
func burdens(w capture) bool {
	c, err := scenarios.Find(w.id)
	return err == nil && c.Alone
}

func TestEveryReadyCaseHasATwin(t *testing.T) {
	caught := map[string]bool{}
	for _, list := range captures() {
		for _, c := range list {
			caught[c.id] = true
		}
	}
	for _, c := range scenarios.All() {
		if c.Role != results.RoleSender && c.Pending == "" && c.Strongest() != results.Info && !caught[c.ID] {
			t.Errorf("%s: no twin shows that it can fail", c.ID)
		}
	}
}

func TestReferenceConforms(t *testing.T) {
	for _, v := range targets.Reference().Spec().Variants {
		if v.Plays(results.RoleSender) {
			continue
		}
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			conforms(t, run(t, targets.Reference(), v.Name, results.Filter{Label: "!" + alone}))
		})
	}
}

func TestReferenceBearsBurdens(t *testing.T) {
	for _, variant := range []string{targets.DefaultVariant, "access"} {
		conforms(t, run(t, targets.Reference(), variant, results.Filter{Label: alone}))
	}
}

// conforms demands that every case that applies was met.
func conforms(t *testing.T, r *results.Report) {
	t.Helper()
	if r.Outcome != results.Conforming || r.Executed == 0 {
		t.Errorf("outcome is %s with %d executed", r.Outcome, r.Executed)
	}
	for _, c := range r.Cases {
		switch c.Status {
		case results.StatusPass, results.StatusInfo, results.StatusNA, results.StatusPending:
		default:
			t.Errorf("%s is %s: %s got %q", c.ID, c.Status, c.Reason, c.Got)
		}
	}
	if r.Unattributed != 0 {
		t.Errorf("%d sessions of the collector fit no case", r.Unattributed)
	}
}
