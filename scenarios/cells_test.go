package scenarios_test

import (
	"slices"
	"testing"

	"mailtls/results"
	"mailtls/scenarios"
)

// TestCellsFillTheMatrix: a cell has one peer, which no other cell has, and is
// played under every policy.
func TestCellsFillTheMatrix(t *testing.T) {
	profiles := map[string]string{}
	for _, c := range scenarios.All() {
		if labelled := slices.Contains(c.Labels(), scenarios.LabelCell); labelled != c.Cell {
			t.Errorf("%s: labelled as a cell: %v, is one: %v", c.ID, labelled, c.Cell)
		}
		if !c.Cell {
			continue
		}
		if c.Role != results.RoleSender || c.Profile() == "" || c.Under.Is != nil || c.Needs != nil {
			t.Errorf("%s: a cell is a sender's, with a single peer, under every policy", c.ID)
		}
		if other := profiles[c.Profile()]; other != "" {
			t.Errorf("%s and %s fill the same column, %s", other, c.ID, c.Profile())
		}
		profiles[c.Profile()] = c.ID
	}
	if len(profiles) == 0 {
		t.Error("no case fills the matrix")
	}
}
