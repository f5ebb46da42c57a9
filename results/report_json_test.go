package results_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"mailtls/results"
)

// reportJSON is the stored form of a report.
func reportJSON(t *testing.T, r *results.Report) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := results.WriteReport(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// compiled is the schema, formats asserted.
func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(results.ReportSchema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("report.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("report.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// valid asks the schema about a document.
func valid(t *testing.T, schema *jsonschema.Schema, text []byte) error {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(doc)
}

func TestReportGolden(t *testing.T) {
	text := reportJSON(t, sampleReport())
	golden(t, "report.json", text)
	if err := valid(t, compiled(t), text); err != nil {
		t.Error(err)
	}
}

func TestReportRoundTrip(t *testing.T) {
	want := sampleReport()
	want.Cases[2].Got = "NUL \x00, escape \x1b, <>&, \u2028" // what JSON can hold
	text := reportJSON(t, want)
	got, err := results.ReadReport(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("read back differs:\n got %#v\nwant %#v", got, want)
	}
	if again := reportJSON(t, got); !bytes.Equal(again, text) {
		t.Errorf("written again differs:\n got %s\nwant %s", again, text)
	}
}

func TestReportOfNothingIsValid(t *testing.T) {
	r := &results.Report{
		Schema: results.Schema, Tool: results.Tool{Name: "mailtls"}, Target: results.TargetID{Name: "x"}, ClockFactor: 1,
	}
	r.Summarize()
	if err := valid(t, compiled(t), reportJSON(t, r)); err != nil {
		t.Error(err)
	}
	if r.Roles != nil || r.Claims.Features != nil || r.Cases != nil {
		t.Error("WriteReport changed the report")
	}
}

func TestSchemaRefuses(t *testing.T) {
	schema := compiled(t)
	for name, change := range map[string]func(doc, first map[string]any){
		"other version":     func(doc, _ map[string]any) { doc["schema"] = "mailtls-report/2" },
		"unknown field":     func(doc, _ map[string]any) { doc["extra"] = 1 },
		"missing field":     func(doc, _ map[string]any) { delete(doc, "outcome") },
		"outcome":           func(doc, _ map[string]any) { doc["outcome"] = "ok" },
		"role":              func(doc, _ map[string]any) { doc["roles"] = []any{"mta"} },
		"null list":         func(doc, _ map[string]any) { doc["roles"] = nil },
		"time":              func(doc, _ map[string]any) { doc["started"] = "today" },
		"unknown claim":     func(doc, _ map[string]any) { doc["claims"] = map[string]any{"features": []any{"magic"}} },
		"summary":           func(doc, _ map[string]any) { delete(doc["summary"].(map[string]any), "pass") },
		"negative leak":     func(doc, _ map[string]any) { doc["leaked_bytes"] = -1 },
		"unknown case part": func(_, first map[string]any) { first["extra"] = 1 },
		"missing case part": func(_, first map[string]any) { delete(first, "want") },
		"id":                func(_, first map[string]any) { first["id"] = "Case 1" },
		"level":             func(_, first map[string]any) { first["level"] = "must" },
		"status":            func(_, first map[string]any) { first["status"] = "ok" },
		"no reason":         func(_, first map[string]any) { first["status"] = "skip" },
		"evidence":          func(_, first map[string]any) { first["evidence"] = []any{"s0e1"} },
		"hash":              func(_, first map[string]any) { first["sha256"] = "00" },
	} {
		t.Run(name, func(t *testing.T) {
			var doc map[string]any
			if err := json.Unmarshal(reportJSON(t, sampleReport()), &doc); err != nil {
				t.Fatal(err)
			}
			change(doc, doc["cases"].([]any)[0].(map[string]any))
			text, err := json.Marshal(doc)
			if err != nil {
				t.Fatal(err)
			}
			if valid(t, schema, text) == nil {
				t.Error("accepted")
			}
		})
	}
}

func TestReadReportRefuses(t *testing.T) {
	good := string(reportJSON(t, sampleReport()))
	for _, tt := range []struct{ name, old, new, want string }{
		{"older version", "mailtls-report/1", "mailtls-report/0", `document is of version "mailtls-report/0", this program reads "mailtls-report/1"`},
		{"no version", `"schema"`, `"scheme"`, `document is of version ""`},
		{"unknown field", `"executed"`, `"executedd"`, `unknown field "executedd"`},
		{"unknown case field", `"row"`, `"rows"`, `unknown field "rows"`},
		{"outcome", `"outcome": "nonconforming"`, `"outcome": "fine"`, `unknown outcome "fine"`},
		{"feature", `"starttls"`, `"startls"`, `unknown feature "startls"`},
		{"summary", `"fail": `, `"failed": `, `summary of unknown status "failed"`},
		{"id", `"id": "starttls/offered"`, `"id": ""`, "case 1 (): has no id"},
		{"role", `"role": "receiver"`, `"role": "mta"`, `case 1 (starttls/offered): unknown role "mta"`},
		{"level", `"level": "MUST"`, `"level": "must"`, `unknown level "must"`},
		{"status", `"status": "pass"`, `"status": "passed"`, `unknown status "passed"`},
		{"more behind", "\n}\n", "\n}\n{}", "after top-level value"},
		{"cut", "\n}\n", "", "unexpected end"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := strings.Replace(good, tt.old, tt.new, 1)
			if text == good {
				t.Fatal("nothing was changed")
			}
			_, err := results.ReadReport(strings.NewReader(text))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}
