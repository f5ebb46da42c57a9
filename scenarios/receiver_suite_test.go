package scenarios_test

import (
	"fmt"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	gomega "github.com/onsi/gomega/types"

	"mailtls/results"
	"mailtls/scenarios"
)

var _ = Describe("A receiving mail server", func() {
	for _, c := range scenarios.All() {
		if c.Role != results.RoleReceiver {
			continue
		}
		It(c.Title+" ["+c.ID+"]", Label(c.Labels()...), func() {
			holdsUp(results.RoleReceiver, c.ID, "")
		})
	}
})

// HoldUp succeeds for a verdict that says nothing against the target.
func HoldUp() gomega.GomegaMatcher { return holdUp{} }

type holdUp struct{}

// Match looks at a results.CaseResult.
func (holdUp) Match(actual any) (bool, error) {
	c, ok := actual.(results.CaseResult)
	if !ok {
		return false, fmt.Errorf("HoldUp looks at a results.CaseResult, not a %T", actual)
	}
	return c.Status.Executed() && c.Status != results.StatusFail, nil
}

// FailureMessage shows want, got and evidence.
func (holdUp) FailureMessage(actual any) string {
	c := actual.(results.CaseResult)
	return fmt.Sprintf("%s %s (%s, %s)\n  reason  %s\n  want    %s\n  got     %s\n  see     %s of %s\n%s",
		strings.ToUpper(string(c.Status)), c.Key(), c.Level, c.Source, c.Reason, c.Want, c.Got,
		strings.Join(c.Evidence, " "), c.Transcript, asJSON(c))
}

// NegatedFailureMessage shows what held up.
func (holdUp) NegatedFailureMessage(actual any) string {
	return "wanted a verdict against the target, got:\n" + asJSON(actual.(results.CaseResult))
}
