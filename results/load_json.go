package results

import (
	"bytes"
	_ "embed" // for the schema
	"encoding/json"
	"fmt"
	"io"
)

//go:embed schema/run.schema.json
var runSchema string

// RunSchemaJSON is the JSON Schema (draft 2020-12) of run.json.
func RunSchemaJSON() []byte { return []byte(runSchema) }

// WriteRun writes a run as indented JSON. Equal runs give equal bytes.
func WriteRun(w io.Writer, r *Run) error {
	out := *r
	out.Started = r.Started.UTC()
	// Lists and maps that the schema requires are written even when they are empty.
	out.Generator.Reasons = append([]string{}, r.Generator.Reasons...)
	out.Intervals = append([]Interval{}, r.Intervals...)
	out.Thresholds = append([]ThresholdResult{}, r.Thresholds...)
	if out.Failed == nil {
		out.Failed = map[ErrorClass]int64{}
	}
	if out.Phases == nil {
		out.Phases = map[Phase]Summary{}
	}
	if r.Relay != nil && r.Relay.Lost == nil {
		relay := *r.Relay
		relay.Lost = map[LossClass]int64{}
		out.Relay = &relay
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(&out); err != nil {
		return fmt.Errorf("write run: %w", err)
	}
	return nil
}

// ReadRun reads what WriteRun wrote. It refuses another version of the document,
// fields and words that this one does not have, figures that are not those of
// their histogram, and anything behind the run.
func ReadRun(r io.Reader) (*Run, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read run: %w", err)
	}
	var version struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(data, &version); err != nil {
		return nil, fmt.Errorf("read run: %w", err)
	}
	if version.Schema != RunSchema {
		return nil, fmt.Errorf("read run: document is of version %q, this program reads %q", version.Schema, RunSchema)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var run Run
	if err := dec.Decode(&run); err != nil {
		return nil, fmt.Errorf("read run: %w", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fmt.Errorf("read run: something stands behind it")
	}
	if err := run.check(); err != nil {
		return nil, fmt.Errorf("read run: %w", err)
	}
	return &run, nil
}

// check refuses what does not add up.
func (r *Run) check() error {
	if n := r.Completed + r.Failures(); n != r.Attempted {
		return fmt.Errorf("%d attempted, and %d completed or failed", r.Attempted, n)
	}
	if l := r.Relay; l != nil && l.Arrived+l.Losses() != l.Accepted {
		return fmt.Errorf("%d messages accepted by the relay, and %d arrived or lost", l.Accepted, l.Arrived+l.Losses())
	}
	if r.Generator.Verdict == "" {
		return fmt.Errorf("there is no verdict on the generator")
	}
	for name, s := range r.Phases {
		if err := oneOf(new(Phase), []byte(name), Phases()); err != nil {
			return fmt.Errorf("phase %w", err)
		}
		if err := s.check(); err != nil {
			return fmt.Errorf("phase %s: %w", name, err)
		}
	}
	if err := r.Raw.check(); err != nil {
		return fmt.Errorf("raw: %w", err)
	}
	if err := r.Lag.check(); err != nil {
		return fmt.Errorf("lag: %w", err)
	}
	for i, interval := range r.Intervals {
		if err := interval.Session.check(); err != nil {
			return fmt.Errorf("interval %d: %w", i+1, err)
		}
	}
	return nil
}
