package scenarios_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/onsi/ginkgo/v2/types"

	"mailtls/results"
	"mailtls/scenarios"
)

func TestNamesAreWellFormedAndNobodyElses(t *testing.T) {
	id := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*(/[a-z0-9]+(-[a-z0-9]+)*){1,2}$`)
	row := regexp.MustCompile(`^[RSAP]-[0-9]{2}[0-9A-Z]$`)
	ids, rows, labels := map[string]bool{}, map[string]string{}, map[string]bool{}
	for _, c := range scenarios.All() {
		if !id.MatchString(c.ID) || ids[c.ID] {
			t.Errorf("%s: the id is no area/defect in kebab-case, or another's", c.ID)
		}
		if area, taken := rows[c.Row]; !row.MatchString(c.Row) || taken && area != c.Area() {
			t.Errorf("%s: the row %q is none, or another area's", c.ID, c.Row)
		}
		if label := scenarios.DNSLabel(c.ID); len(label) > 63 || labels[label] {
			t.Errorf("%s: the DNS label %q is too long, or another's", c.ID, label)
		}
		ids[c.ID], rows[c.Row], labels[scenarios.DNSLabel(c.ID)] = true, c.Area(), true
	}
}

func TestCasesAreComplete(t *testing.T) {
	clause := regexp.MustCompile(`^((RFC \d+ (§|App\. )[A-Z0-9.]+|CVE-\d{4}-\d+)(; )?)+$`)
	for _, c := range scenarios.All() {
		if !clause.MatchString(c.Source.Clause) || !strings.HasSuffix(c.Source.Text, ".") {
			t.Errorf("%s: the source is not spelled as RFC 3207 §4, with a sentence: %+v", c.ID, c.Source)
		}
		if c.Title == "" || c.Role == "" || c.Protocol == "" || len(c.Levels) == 0 {
			t.Errorf("%s: title, role, protocol and levels are needed: %+v", c.ID, c)
		}
		if c.Pending == "" && (c.Judge == nil || len(c.Dialogues)+len(c.Placements) == 0 && c.Lay == nil) {
			t.Errorf("%s: a ready case has dialogues or placements, and a judge", c.ID)
		}
		for _, f := range c.Needs {
			if !slices.Contains(results.Features(), f) {
				t.Errorf("%s: needs the unknown feature %q", c.ID, f)
			}
		}
	}
}

func TestLabelsCanBeFiltered(t *testing.T) {
	c, err := scenarios.Find("injection/same-segment")
	if err != nil {
		t.Fatal(err)
	}
	for filter, want := range map[string]bool{
		"level:must":                     true,
		"level:should":                   false,
		"rfc3207 && role:receiver":       true,
		"row:R-016":                      true,
		"area:injection && !needs:smtps": true,
		"area:auth || area:version":      false,
	} {
		match, err := types.ParseLabelFilter(filter)
		if err != nil {
			t.Fatal(err)
		}
		if match(c.Labels()) != want {
			t.Errorf("%q selects %v: %v, want %v", filter, c.Labels(), !want, want)
		}
	}
	for _, c := range scenarios.All() {
		for _, l := range c.Labels() {
			if _, err := types.ValidateAndCleanupLabel(l, types.CodeLocation{}); err != nil {
				t.Errorf("%s: label %q: %v", c.ID, l, err)
			}
		}
	}
}

func TestLongIdsKeepApart(t *testing.T) {
	long := strings.Repeat("a", 60)
	a, b := scenarios.DNSLabel("x/"+long+"1"), scenarios.DNSLabel("x/"+long+"2")
	if a == b || len(a) != 57 || len(b) != 57 {
		t.Errorf("labels are %q and %q", a, b)
	}
}
