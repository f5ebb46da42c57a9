package overview_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"mailtls/results"
	"mailtls/results/overview"
)

func TestEqualInputGivesEqualBytes(t *testing.T) {
	for _, format := range overview.Formats() {
		if a, b := written(t, sample(), format), written(t, sample(), format); a != b || a == "" {
			t.Errorf("%s differs, or is empty", format)
		}
	}
	if err := sample().Write(io.Discard, "pdf"); err == nil || !strings.Contains(err.Error(), "sarif") {
		t.Errorf("pdf: %v", err)
	}
}

// full takes nothing.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestWriteTellsOfFullDisks(t *testing.T) {
	for _, format := range overview.Formats() {
		if err := sample().Write(full{}, format); err == nil {
			t.Errorf("%s: no error", format)
		}
	}
}

func TestJSONKeepsTheSchema(t *testing.T) {
	text, err := os.ReadFile("../schema/overview.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	schema := compiled(t, text, results.ReportSchema(), results.RunSchemaJSON())
	for name, o := range map[string]*overview.Overview{"all": sample(), "nothing": {Tool: sample().Tool}} {
		o.Tool.Name = "mailtls"
		document, err := jsonschema.UnmarshalJSON(strings.NewReader(written(t, o, "json")))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(document); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	var d struct {
		Outcome string
		Reports []struct {
			Folder string
			Report json.RawMessage
		}
		Runs []struct{ Run json.RawMessage }
	}
	if err := json.Unmarshal([]byte(written(t, sample(), "json")), &d); err != nil || d.Outcome != "nonconforming" || len(d.Runs) != 2 {
		t.Fatalf("%v: %+v", err, d)
	}
	if r, err := results.ReadReport(bytes.NewReader(d.Reports[1].Report)); err != nil || r.Target.Name != "exim" || d.Reports[1].Folder != "/srv/runs/exim" {
		t.Errorf("%v, %v", r, err)
	}
	if r, err := results.ReadRun(bytes.NewReader(d.Runs[0].Run)); err != nil || r.Completed != 100 {
		t.Errorf("%v, %v", r, err)
	}
}

func TestTextShowsWhatDecidesFirst(t *testing.T) {
	text := written(t, sample(), "text")
	if !strings.HasPrefix(text, "NONCONFORMING: 2 TARGETS, 5 MUST FAILED, 40 BYTES LEAKED\n") {
		t.Error(text)
	}
	inOrder(t, text, "postfix/default", "exim/default", "FAIL", "hello/broken", "queue/broken", "ERROR", "INCONCLUSIVE", "hello/should", "nonstrict", "waived",
		"100/s", "kept", "BROKEN p99<50ms", "note: postfix/default: a note on postfix")
	for _, want := range []string{"postfix/default, exim/default", "exim/default (may, encrypt)"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if strings.Contains(text, "\x1b") || strings.Contains(text, "\xff") {
		t.Error("a terminal would obey the target")
	}
}

// inOrder tells whether the words come one after the other.
func inOrder(t *testing.T, text string, words ...string) {
	t.Helper()
	rest := text
	for _, w := range words {
		_, after, found := strings.Cut(rest, w)
		if !found {
			t.Errorf("%q does not come where it should in\n%s", w, text)
			return
		}
		rest = after
	}
}

func TestMarkdownShowsWhatDecidesFirst(t *testing.T) {
	page := written(t, sample(), "markdown")
	inOrder(t, page, "## mailtls: NONCONFORMING", "| FAIL | MUST | hello/broken | postfix/default, exim/default |", "| target | version |", "### Load", "1 finding waived", "hello/waived",
		"2 notes", "FAIL MUST hello/broken", "want: 503", "got: 250 of hello/broken", "s1e4 in runs/postfix one/transcripts/hello/broken.txt")
	if strings.Count(page, "<details>") != strings.Count(page, "</details>") || strings.Contains(strings.ReplaceAll(page, `\<`, ""), "<b>") || strings.Contains(page, "left out") {
		t.Error(page)
	}
	if page := written(t, &overview.Overview{Runs: sample().Runs}, "markdown"); !strings.HasPrefix(page, "## mailtls: Load\n") || strings.Contains(page, "target | version") {
		t.Error(page)
	}
}

// A page that would be too long for a job's page is cut between rows, and says so.
func TestMarkdownIsCutWhereJobPagesEnd(t *testing.T) {
	var cases []results.CaseResult
	for i := range 3000 {
		c := caseOf(fmt.Sprintf("hello/case-%04d", i), results.Must, results.StatusFail, "")
		c.Got = strings.Repeat("very long ", 80)
		cases = append(cases, c)
	}
	o := &overview.Overview{Reports: []overview.Judged{{Report: reportOn("postfix", cases...), Dir: "runs"}}}
	page := written(t, o, "markdown")
	if len(page) > overview.MaxMarkdown || len(page) < overview.MaxMarkdown*9/10 || !strings.Contains(page[len(page)-200:], "are left out") {
		t.Errorf("%d bytes, ending in %q", len(page), page[len(page)-200:])
	}
	if strings.Count(page, "<details>") != strings.Count(page, "</details>") {
		t.Error("a fold is left open")
	}
}

func TestJUnitHoldsAll(t *testing.T) {
	var doc struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
		Suites   []struct {
			Name  string `xml:"name,attr"`
			Cases []struct {
				Name    string `xml:"name,attr"`
				Failure *struct {
					Message string `xml:"message,attr"`
				} `xml:"failure"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal([]byte(written(t, sample(), "junit")), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Tests != 11+3+2*2 || doc.Failures != 2+3+1 || doc.Errors != 2 || len(doc.Suites) != 4 {
		t.Errorf("%+v", doc)
	}
	last := doc.Suites[3]
	if last.Name != "load nightly on postfix/default 3.7.11" || last.Cases[1].Name != "p99<50ms" || last.Cases[1].Failure == nil || doc.Suites[2].Cases[1].Failure != nil {
		t.Errorf("%+v", last)
	}
}
