package results

import (
	"bytes"
	_ "embed" // for the schema
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

//go:embed schema/report.schema.json
var reportSchema string

// ReportSchema is the JSON Schema (draft 2020-12) of report.json.
func ReportSchema() []byte {
	return []byte(reportSchema)
}

// WriteReport writes a report as indented JSON. Equal reports give equal bytes;
// text that is not valid UTF-8 is repaired, as JSON asks for.
func WriteReport(w io.Writer, r *Report) error {
	out := *r
	out.Started = r.Started.UTC()
	// Lists that the schema requires are written even when they are empty.
	out.Roles = append([]Role{}, r.Roles...)
	out.Cases = append([]CaseResult{}, r.Cases...)
	out.Claims.Features = append([]Feature{}, r.Claims.Features...)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(&out); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// ReadReport reads what WriteReport wrote. It refuses another version of the
// document, fields and values that this one does not have, and anything behind
// the report.
func ReadReport(r io.Reader) (*Report, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read report: %w", err)
	}
	var version struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(data, &version); err != nil {
		return nil, fmt.Errorf("read report: %w", err)
	}
	if version.Schema != Schema {
		return nil, fmt.Errorf("read report: document is of version %q, this program reads %q", version.Schema, Schema)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var report Report
	if err := dec.Decode(&report); err != nil {
		return nil, fmt.Errorf("read report: %w", err)
	}
	if err := checkReport(&report); err != nil {
		return nil, fmt.Errorf("read report: %w", err)
	}
	return &report, nil
}

// checkReport refuses words that are not in the vocabulary.
func checkReport(r *Report) error {
	if !slices.Contains(Outcomes(), r.Outcome) {
		return fmt.Errorf("unknown outcome %q", r.Outcome)
	}
	if f := r.Claims.Unknown(); f != "" {
		return fmt.Errorf("unknown feature %q", f)
	}
	for s := range r.Summary {
		if !slices.Contains(Statuses(), s) {
			return fmt.Errorf("summary of unknown status %q", s)
		}
	}
	for i := range r.Cases {
		if err := checkCase(&r.Cases[i]); err != nil {
			return fmt.Errorf("case %d (%s): %w", i+1, r.Cases[i].Key(), err)
		}
	}
	return nil
}

func checkCase(c *CaseResult) error {
	switch {
	case c.ID == "":
		return errors.New("has no id")
	case !slices.Contains(Roles(), c.Role):
		return fmt.Errorf("unknown role %q", c.Role)
	case !slices.Contains(Levels(), c.Level):
		return fmt.Errorf("unknown level %q", c.Level)
	case !slices.Contains(Statuses(), c.Status):
		return fmt.Errorf("unknown status %q", c.Status)
	default:
		return nil
	}
}
