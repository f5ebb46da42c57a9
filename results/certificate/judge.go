package certificate

import (
	"fmt"
	"slices"

	"mailtls/results"
)

// Result is what a product achieved under a profile.
type Result string

// The results. Only success is a certificate.
const (
	Success Result = "success" // each required case was played and holds
	Partial Result = "partial" // none broke, and one or more could not be told
	Failed  Result = "failed"  // one or more broke, waived or not
)

// Results lists every result, the best first.
func Results() []Result { return []Result{Success, Partial, Failed} }

// Achieved is a profile's line in a certificate.
type Achieved struct {
	// Profile by name.
	Profile string `json:"profile"`
	// Result of it, and the ID that success gives.
	Result Result `json:"result"`
	ID     string `json:"id"`
	// Policies of a sender that were judged.
	Policies []string `json:"policies,omitempty"`
	// Required cases, of which so many Held; NotAsked are those besides that need
	// something the target does not claim.
	Required int `json:"required"`
	Held     int `json:"held"`
	NotAsked int `json:"not_asked"`
	// Against it are the required cases that did not hold, and what else kept it from
	// success, in words.
	Against []string `json:"against"`
}

// Judge says what the target of a report achieved under a profile; the ID is left
// empty. It takes the report's verdicts as they are.
//
// Whatever is required has to be executed and must not fail: a waived failure is a
// failure; what was skipped, is pending, inconclusive or in error leaves the result
// partial. A byte leaked under a policy that the profile judges is a failure too.
func Judge(p Profile, r *results.Report) Achieved {
	a := Achieved{Profile: p.Name, Result: Success, Against: []string{}}
	if err := p.Misfit(r.Roles, r.Claims); err != nil {
		a.against(Failed, err.Error())
		return a
	}
	a.Policies = p.Policies(r.Claims)
	for _, c := range r.Cases {
		if (c.Role == results.RoleSender) != p.ForSenders() {
			continue
		}
		if slices.Contains(a.Policies, c.Policy) && c.Leaked > 0 {
			a.against(Failed, fmt.Sprintf("%s: %d bytes leaked", c.Key(), c.Leaked))
		}
		if p.required(c, a.Policies) {
			a.count(c)
		}
	}
	if a.Required == 0 && a.Result == Success {
		a.against(Partial, "nothing that the profile requires was played")
	}
	return a
}

// required tells whether a line of the report is.
func (p Profile) required(c results.CaseResult, policies []string) bool {
	if _, excepted := p.Except[c.ID]; excepted {
		return false
	}
	return slices.ContainsFunc(p.Requires, func(r Requirement) bool {
		return (!p.ForSenders() || r.AnyPolicy || slices.Contains(policies, c.Policy)) && r.Selects(c.ID, c.Level)
	})
}

// count adds a required case.
func (a *Achieved) count(c results.CaseResult) {
	if c.Status == results.StatusNA {
		a.NotAsked++
		return
	}
	a.Required++
	switch c.Status {
	case results.StatusPass, results.StatusNonstrict, results.StatusInfo:
		a.Held++
	case results.StatusFail:
		a.against(Failed, fmt.Sprintf("%s: fail: %s", c.Key(), c.Got))
	case results.StatusWaived:
		a.against(Failed, fmt.Sprintf("%s: fail, which a waiver does not undo here: %s", c.Key(), c.Got))
	case results.StatusNA, results.StatusSkip, results.StatusPending, results.StatusInconclusive, results.StatusError:
		a.against(Partial, fmt.Sprintf("%s: %s: %s", c.Key(), c.Status, c.Reason))
	}
}

// against notes what stands against a result, and what is left of the result.
func (a *Achieved) against(r Result, why string) {
	if slices.Index(Results(), r) > slices.Index(Results(), a.Result) {
		a.Result = r
	}
	a.Against = append(a.Against, why)
}
