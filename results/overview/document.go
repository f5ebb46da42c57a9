package overview

import (
	"bytes"
	"encoding/json"
	"io"

	"mailtls/results"
)

// Schema is the version of the JSON document; results/schema/overview.schema.json
// describes it.
const Schema = "mailtls-overview/1"

// document is the overview as JSON.
type document struct {
	Schema  string          `json:"schema"`
	Tool    results.Tool    `json:"tool"`
	Outcome results.Outcome `json:"outcome,omitempty"`
	Reports []reportEntry   `json:"reports"`
	Runs    []runEntry      `json:"runs"`
}

type reportEntry struct {
	Folder string          `json:"folder"`
	Report json.RawMessage `json:"report"`
}

type runEntry struct {
	Folder string          `json:"folder"`
	Run    json.RawMessage `json:"run"`
}

// json writes all reports and runs in full.
func (o *Overview) json(w io.Writer) error {
	d := document{Schema: Schema, Tool: o.Tool, Outcome: o.Outcome(), Reports: []reportEntry{}, Runs: []runEntry{}}
	for _, j := range o.Reports {
		var b bytes.Buffer
		if err := results.WriteReport(&b, j.Report); err != nil {
			return err
		}
		d.Reports = append(d.Reports, reportEntry{j.Dir, b.Bytes()})
	}
	for _, l := range o.Runs {
		var b bytes.Buffer
		if err := results.WriteRun(&b, l.Run); err != nil {
			return err
		}
		d.Runs = append(d.Runs, runEntry{l.Dir, b.Bytes()})
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(d)
}
