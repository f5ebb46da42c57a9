package scenarios_test

import (
	. "github.com/onsi/ginkgo/v2"

	"mailtls/results"
	"mailtls/scenarios"
)

var _ = Describe("A server of mailboxes", func() {
	for _, c := range scenarios.All() {
		if !c.For(results.RoleAccessServer) {
			continue
		}
		It(c.Title+" ["+c.ID+"]", Label(c.Labels()...), func() {
			holdsUp(results.RoleAccessServer, c.ID, "")
		})
	}
})
