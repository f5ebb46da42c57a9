package overview_test

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"mailtls/results"
	"mailtls/results/overview"
)

// sarifLog is the part of SARIF that these tests read.
type sarifLog struct {
	Version string
	Runs    []struct {
		Tool struct {
			Driver struct {
				Name, Version string
				Rules         []sarifRule
			}
		}
		Invocations []struct {
			ExecutionSuccessful        bool
			ToolExecutionNotifications []struct {
				Level          string
				AssociatedRule struct{ ID string }
			}
		}
		Results []sarifResult
	}
}

type sarifRule struct {
	ID, HelpURI          string
	Help                 struct{ Text, Markdown string }
	DefaultConfiguration struct{ Level string }
}

type sarifResult struct {
	RuleID, Level string
	RuleIndex     int
	Message       struct{ Text string }
	Locations     []struct {
		PhysicalLocation struct {
			ArtifactLocation struct{ URI, URIBaseID string }
		}
	}
	PartialFingerprints map[string]string
	Suppressions        []struct{ Kind, Status, Justification string }
}

// at is the place of the only location.
func (r sarifResult) at() string { return r.Locations[0].PhysicalLocation.ArtifactLocation.URI }

// sarifOf writes an overview as SARIF and reads it back.
func sarifOf(t *testing.T, o *overview.Overview) sarifLog {
	t.Helper()
	var log sarifLog
	if err := json.Unmarshal([]byte(written(t, o, "sarif")), &log); err != nil {
		t.Fatal(err)
	}
	if len(log.Runs) != 1 || log.Version != "2.1.0" {
		t.Fatalf("%d runs of version %s", len(log.Runs), log.Version)
	}
	return log
}

// TestSARIFKeepsTheSchema holds what is written against the schema of OASIS (version
// 2.1.0, errata 01).
func TestSARIFKeepsTheSchema(t *testing.T) {
	text, err := os.ReadFile("testdata/sarif-schema-2.1.0.json")
	if err != nil {
		t.Fatal(err)
	}
	schema := compiled(t, text)
	for name, o := range map[string]*overview.Overview{"all": sample(), "nothing": {}, "loads": {Runs: sample().Runs}} {
		document, err := jsonschema.UnmarshalJSON(strings.NewReader(written(t, o, "sarif")))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(document); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	broken := strings.Replace(written(t, sample(), "sarif"), `"level": "error"`, `"level": "fatal"`, 1)
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(broken))
	if err != nil || schema.Validate(document) == nil {
		t.Errorf("the schema takes a level that there is not (%v)", err)
	}
}

// compiled reads a schema, with others that it refers to by their ids.
func compiled(t *testing.T, text []byte, others ...[]byte) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	for i, one := range append(others, text) {
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(one))
		if err != nil {
			t.Fatal(err)
		}
		var head struct {
			ID string `json:"$id"`
		}
		if err := json.Unmarshal(one, &head); err != nil {
			t.Fatal(err)
		}
		where := head.ID
		if i == len(others) {
			where = "urn:the-schema"
		}
		if err := c.AddResource(where, document); err != nil {
			t.Fatal(err)
		}
	}
	schema, err := c.Compile("urn:the-schema")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func TestSARIFTellsOfFindings(t *testing.T) {
	run := sarifOf(t, sample()).Runs[0]
	levels := map[string]string{}
	for _, r := range run.Results {
		levels[r.RuleID] = r.Level
		if rule := run.Tool.Driver.Rules[r.RuleIndex]; rule.ID != r.RuleID {
			t.Errorf("%s refers to the rule %s", r.RuleID, rule.ID)
		}
		if (len(r.Suppressions) == 1) != (r.RuleID == "hello/waived") {
			t.Errorf("%s has the suppressions %v", r.RuleID, r.Suppressions)
		}
	}
	for id, want := range map[string]string{
		"hello/broken": "error", "hello/should": "warning", "hello/may": "note", "hello/nonstrict": "note", "hello/waived": "error",
		"hello/good": "", "hello/open": "", "hello/fault": "", "hello/info": "", "hello/na": "",
	} {
		if levels[id] != want {
			t.Errorf("%s has level %q, want %q", id, levels[id], want)
		}
	}
	i := slices.IndexFunc(run.Results, func(r sarifResult) bool { return r.RuleID == "hello/waived" })
	if s := run.Results[i].Suppressions[0]; s.Kind != "external" || s.Status != "accepted" || s.Justification != "known since 4.1" {
		t.Errorf("suppressed by %+v", s)
	}
	call := run.Invocations[0]
	if call.ExecutionSuccessful || len(call.ToolExecutionNotifications) != 2 {
		t.Errorf("the undecided are told of as %+v", call)
	}
	if (sarifOf(t, &overview.Overview{Reports: sample().Reports[1:]})).Runs[0].Invocations[0].ExecutionSuccessful == false {
		t.Error("a run without faults is told of as failed")
	}
}

func TestSARIFRulesExplain(t *testing.T) {
	rules := sarifOf(t, sample()).Runs[0].Tool.Driver.Rules
	i := slices.IndexFunc(rules, func(r sarifRule) bool { return r.ID == "hello/broken" })
	if i < 0 {
		t.Fatal("there is no rule hello/broken")
	}
	rule := rules[i]
	if !strings.Contains(rule.Help.Text, "RFC 3207 §4.2") || !strings.Contains(rule.Help.Text, "forgotten") || rule.HelpURI != "https://www.rfc-editor.org/rfc/rfc3207#section-4.2" ||
		rule.DefaultConfiguration.Level != "error" {
		t.Errorf("%+v", rule)
	}
	if slices.ContainsFunc(rules, func(r sarifRule) bool { return r.ID == "hello/na" }) {
		t.Error("a case that was not played is a rule")
	}
}

func TestSARIFPointsToTranscripts(t *testing.T) {
	var at []string
	prints := map[string]int{}
	for _, r := range sarifOf(t, sample()).Runs[0].Results {
		place := r.at()
		if base := r.Locations[0].PhysicalLocation.ArtifactLocation.URIBaseID; (base == "%SRCROOT%") != !strings.HasPrefix(place, "file://") {
			t.Errorf("%s is relative to %q", place, base)
		}
		at = append(at, place)
		prints[r.PartialFingerprints["primaryLocationLineHash"]]++
	}
	for _, want := range []string{"runs/postfix%20one/transcripts/hello/broken.txt", "file:///srv/runs/exim/transcripts/queue/broken.txt"} {
		if !slices.Contains(at, want) {
			t.Errorf("no result is at %s, all are at %v", want, at)
		}
	}
	for print, n := range prints {
		if n > 1 || !regexp.MustCompile(`^[0-9a-f]{32}:1$`).MatchString(print) {
			t.Errorf("fingerprint %q of %d results", print, n)
		}
	}
}

// A finding is the same one the night after, with another version and other words.
func TestSARIFFingerprintsLast(t *testing.T) {
	o := &overview.Overview{Reports: []overview.Judged{{Report: reportOn("exim", caseOf("hello/broken", results.Must, results.StatusFail, ""))}}}
	before := sarifOf(t, o).Runs[0].Results[0].PartialFingerprints
	r := o.Reports[0].Report
	r.Target.Version, r.Cases[0].Got, o.Reports[0].Dir = "4.98", "451", "elsewhere"
	if after := sarifOf(t, o).Runs[0].Results[0].PartialFingerprints; after["mailtls/v1"] != before["mailtls/v1"] || before["mailtls/v1"] == "" {
		t.Errorf("%v and %v", before, after)
	}
}
