package scenarios_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sync/errgroup"

	"mailtls/harness"
	"mailtls/harness/targets"
	"mailtls/results"
)

// What the suite is told by the environment.
const (
	envTarget = "MAILTLS_TARGET" // as --target; the reference when empty
	envRole   = "MAILTLS_ROLE"   // as --role; when empty those of the variant, or every role where none is named
	envCase   = "MAILTLS_CASE"   // as --case
	envFilter = "MAILTLS_FILTER" // as --filter
	envPolicy = "MAILTLS_POLICY" // as --policy
	envOut    = "MAILTLS_OUT"    // as --out, with a folder a role in it; a folder that goes away when empty
)

func TestScenarios(t *testing.T) {
	RegisterFailHandler(Fail)
	suite, reporter := GinkgoConfiguration()
	suite.FailOnEmpty = true
	RunSpecs(t, "scenarios against "+targetName(), suite, reporter)
}

func targetName() string {
	if name := os.Getenv(envTarget); name != "" {
		return name
	}
	return "reference"
}

// judged are the reports of the runs that every spec looks at: one a role, since a
// sender has a run of its own.
var judged = map[results.Role]*judgedRun{}

type judgedRun struct {
	Dir    string
	report *results.Report
}

// rolesPlayed are the roles that have a run each.
func rolesPlayed(target targets.Target, variant string) ([]results.Role, error) {
	if role := os.Getenv(envRole); role != "" {
		return []results.Role{results.Role(role)}, nil
	}
	if variant == "" {
		return target.Spec().Roles, nil
	}
	v, err := target.Spec().Variant(variant)
	return v.Played(), err
}

var _ = SynchronizedBeforeSuite(func(ctx SpecContext) []byte {
	name, variant := targets.Split(targetName())
	target, err := targets.Find(name)
	Expect(err).NotTo(HaveOccurred())
	roles, err := rolesPlayed(target, variant)
	Expect(err).NotTo(HaveOccurred())
	out := os.Getenv(envOut)
	if out == "" {
		out = GinkgoT().TempDir()
	}
	dirs := map[results.Role]*judgedRun{}
	var empty error
	var group errgroup.Group
	if !target.Spec().Direct {
		group.SetLimit(1) // a root has one run at a time
	}
	var mu sync.Mutex
	for _, role := range roles {
		group.Go(func() error {
			dir := filepath.Join(out, string(role))
			_, err := harness.Run(ctx, harness.Options{
				Target: target, Variant: variant, Roles: []results.Role{role}, Filter: selection(role), Out: dir,
				Tool: results.Tool{Name: "mailtls", Version: targets.ToolVersion()}, Log: GinkgoWriter,
			})
			mu.Lock()
			defer mu.Unlock()
			if errors.Is(err, harness.ErrEmpty) && len(roles) > 1 {
				empty = err
				return nil
			}
			dirs[role] = &judgedRun{Dir: dir}
			return err
		})
	}
	Expect(group.Wait()).To(Succeed())
	if len(dirs) == 0 {
		Expect(empty).NotTo(HaveOccurred())
	}
	b, err := json.Marshal(dirs)
	Expect(err).NotTo(HaveOccurred())
	return b
}, func(dirs []byte) {
	Expect(json.Unmarshal(dirs, &judged)).To(Succeed())
	for _, run := range judged {
		r, err := harness.ReadReport(run.Dir)
		Expect(err).NotTo(HaveOccurred())
		run.report = r
	}
})

// selection is the filter of a role's run; policies are a sender's.
func selection(role results.Role) results.Filter {
	f := results.Filter{Case: os.Getenv(envCase), Label: os.Getenv(envFilter)}
	if role == results.RoleSender {
		f.Policy = os.Getenv(envPolicy)
	}
	return f
}

// lineOf is the report's line for a case; it is false when the case was not
// selected.
func lineOf(role results.Role, id, policy string) (results.CaseResult, bool) {
	if judged[role] == nil {
		return results.CaseResult{}, false
	}
	for _, c := range judged[role].report.Cases {
		if c.ID == id && c.Policy == policy {
			return c, true
		}
	}
	return results.CaseResult{}, false
}

// holdsUp is what every spec of a case does: the verdict of the run is the spec's.
func holdsUp(role results.Role, id, policy string) {
	line, selected := lineOf(role, id, policy)
	if !selected {
		Skip("not selected")
	}
	attach(role, line)
	switch line.Status {
	case results.StatusNA, results.StatusSkip, results.StatusPending:
		Skip(string(line.Status) + ": " + line.Reason)
	default:
	}
	if line.Status == results.StatusFail && line.Level != results.Must {
		AddReportEntry(fmt.Sprintf("%s not met", line.Level), line.Got)
		return
	}
	Expect(line).To(HoldUp())
}

// attach puts a case's transcript, from the run of a role, into the suite's report.
func attach(role results.Role, c results.CaseResult) {
	if c.Transcript == "" {
		return
	}
	b, err := os.ReadFile(filepath.Join(judged[role].Dir, c.Transcript))
	Expect(err).NotTo(HaveOccurred())
	AddReportEntry(c.Key()+" transcript", ReportEntryVisibilityFailureOrVerbose, string(b))
}

// asJSON shows a line of the report.
func asJSON(c results.CaseResult) string {
	b, err := json.MarshalIndent(c, "", "  ")
	Expect(err).NotTo(HaveOccurred())
	return string(b)
}
