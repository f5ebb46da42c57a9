package scenarios_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"mailtls/results"
	"mailtls/scenarios"
)

var update = flag.Bool("update", false, "write CATALOGUE.md anew")

// published is the catalogue as it is read by people.
const published = "CATALOGUE.md"

func TestPublishedCatalogueIsInStep(t *testing.T) {
	got := scenarios.Markdown(scenarios.All())
	if *update {
		if err := os.WriteFile(published, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(published)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is not what the cases say: run go test ./scenarios -run Published -update", published)
	}
}

func TestMarkdownTellsLevelsWithTheirClaims(t *testing.T) {
	got := scenarios.Markdown([]scenarios.Case{
		{
			ID: "a/x", Row: "R-001", Title: "One | two", Source: scenarios.Source{Clause: "RFC 3207 §4", Text: "Why."},
			Needs: []results.Feature{results.FeatureStartTLS},
			Levels: []scenarios.LevelRule{
				{Needs: []results.Feature{results.FeatureModern}, Level: results.Must}, {Level: results.Info},
			},
		},
		{ID: "b/y", Row: "R-002", Title: "Three", Source: scenarios.Source{Clause: "RFC 3207 §5", Text: "Why."}, Pending: "no peer"},
	})
	for _, want := range []string{
		"2 cases, 1 MUST, 1 INFO.\n",
		"## a\n\n| row | id | level | requirement | source |\n|---|---|---|---|---|\n" +
			"| R-001 | `a/x` | MUST [starttls, modern]; INFO [starttls] | One \\| two. Why. | RFC 3207 §4 |\n",
		"## b\n",
		"| Three. Why. Not played yet: no peer. |",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
}
