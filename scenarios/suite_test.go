package scenarios_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"mailtls/harness"
	"mailtls/harness/targets"
	"mailtls/results"
)

// What the suite is told by the environment.
const (
	envTarget = "MAILTLS_TARGET" // as --target; the reference when empty
	envCase   = "MAILTLS_CASE"   // as --case
	envFilter = "MAILTLS_FILTER" // as --filter
	envOut    = "MAILTLS_OUT"    // as --out; a folder that goes away when empty
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

// judged is the report of the one run that every spec looks at.
var judged struct {
	dir    string
	report results.Report
}

var _ = SynchronizedBeforeSuite(func(ctx SpecContext) []byte {
	name, variant := targets.Split(targetName())
	target, err := targets.Find(name)
	Expect(err).NotTo(HaveOccurred())
	out := os.Getenv(envOut)
	if out == "" {
		out = filepath.Join(GinkgoT().TempDir(), "run")
	}
	_, err = harness.Run(ctx, harness.Options{
		Target: target, Variant: variant, Filter: selection(), Out: out,
		Tool: results.Tool{Name: "mailtls", Version: targets.ToolVersion()}, Log: GinkgoWriter,
	})
	Expect(err).NotTo(HaveOccurred())
	return []byte(out)
}, func(dir []byte) {
	judged.dir = string(dir)
	r, err := harness.ReadReport(judged.dir)
	Expect(err).NotTo(HaveOccurred())
	judged.report = *r
})

func selection() results.Filter {
	return results.Filter{Case: os.Getenv(envCase), Label: os.Getenv(envFilter)}
}

// lineOf is the report's line for a case; it is false when the case was not
// selected.
func lineOf(id, policy string) (results.CaseResult, bool) {
	for _, c := range judged.report.Cases {
		if c.ID == id && c.Policy == policy {
			return c, true
		}
	}
	return results.CaseResult{}, false
}

// attach puts a case's transcript into the suite's report.
func attach(c results.CaseResult) {
	if c.Transcript == "" {
		return
	}
	b, err := os.ReadFile(filepath.Join(judged.dir, c.Transcript))
	Expect(err).NotTo(HaveOccurred())
	AddReportEntry(c.Key()+" transcript", ReportEntryVisibilityFailureOrVerbose, string(b))
}

// asJSON shows a line of the report.
func asJSON(c results.CaseResult) string {
	b, err := json.MarshalIndent(c, "", "  ")
	Expect(err).NotTo(HaveOccurred())
	return string(b)
}
