package results_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"mailtls/results"
)

// schemaObject is the part of a JSON Schema that this test reads.
type schemaObject struct {
	Description          string
	AdditionalProperties any
	Required             []string
	Properties           map[string]*schemaObject
	Enum                 []string
	Items                *schemaObject
	Const                string
	Ref                  string                   `json:"$ref"`
	Defs                 map[string]*schemaObject `json:"$defs"`
}

func parsedSchema(t *testing.T) *schemaObject {
	t.Helper()
	schema := &schemaObject{}
	if err := json.Unmarshal(results.ReportSchema(), schema); err != nil {
		t.Fatal(err)
	}
	return schema
}

// TestSchemaHasEveryField: the schema and the types name the same fields, and
// agree on which may be absent.
func TestSchemaHasEveryField(t *testing.T) {
	schema := parsedSchema(t)
	for _, tt := range []struct {
		name   string
		object *schemaObject
		value  any
	}{
		{"report", schema, results.Report{}},
		{"tool", schema.Properties["tool"], results.Tool{}},
		{"target", schema.Properties["target"], results.TargetID{}},
		{"claims", schema.Properties["claims"], results.Claims{}},
		{"filter", schema.Properties["filter"], results.Filter{}},
		{"case", schema.Defs["case"], results.CaseResult{}},
		{"waiver", schema.Defs["waiver"], results.Waiver{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fields, required := jsonFields(tt.value)
			same(t, "properties", keys(tt.object.Properties), fields)
			same(t, "required", tt.object.Required, required)
			if tt.object.AdditionalProperties != false {
				t.Error("additionalProperties is not false")
			}
			for name, p := range tt.object.Properties {
				if p.Description == "" && schema.Defs[strings.TrimPrefix(p.Ref, "#/$defs/")].Description == "" {
					t.Errorf("%s has no description", name)
				}
			}
		})
	}
}

// TestSchemaHasEveryWord: the schema's enumerations are those of the package.
func TestSchemaHasEveryWord(t *testing.T) {
	schema := parsedSchema(t)
	summary := schema.Properties["summary"]
	for name, tt := range map[string]struct{ got, want []string }{
		"roles":            {schema.Defs["role"].Enum, words(results.Roles())},
		"levels":           {schema.Defs["level"].Enum, words(results.Levels())},
		"statuses":         {schema.Defs["status"].Enum, words(results.Statuses())},
		"summary":          {keys(summary.Properties), words(results.Statuses())},
		"required summary": {summary.Required, words(results.Statuses())},
		"outcomes":         {schema.Properties["outcome"].Enum, words(results.Outcomes())},
		"features":         {schema.Properties["claims"].Properties["features"].Items.Enum, words(results.Features())},
		"version":          {[]string{schema.Properties["schema"].Const}, []string{results.Schema}},
	} {
		same(t, name, tt.got, tt.want)
	}
}

// jsonFields are the names of a struct's fields in JSON, and of those that are
// always written.
func jsonFields(v any) (all, required []string) {
	typ := reflect.TypeOf(v)
	for i := range typ.NumField() {
		name, options, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
		all = append(all, name)
		if options != "omitempty" && options != "omitzero" {
			required = append(required, name)
		}
	}
	return all, required
}

// same compares two lists without regard to order.
func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	got, want = slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))
	if !slices.Equal(got, want) {
		t.Errorf("%s: schema has %v, package has %v", what, got, want)
	}
}

func keys[V any](m map[string]V) []string {
	var list []string
	for k := range m {
		list = append(list, k)
	}
	return list
}
