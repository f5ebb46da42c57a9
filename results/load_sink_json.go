package results

import (
	"bytes"
	_ "embed" // for the schema
	"encoding/json"
	"fmt"
	"io"
)

//go:embed schema/sink.schema.json
var sinkSchema string

// SinkSchemaJSON is the JSON Schema (draft 2020-12) of sink.json.
func SinkSchemaJSON() []byte { return []byte(sinkSchema) }

// WriteSink writes a sink's run as indented JSON. Equal runs give equal bytes.
func WriteSink(w io.Writer, r *SinkRun) error {
	out := *r
	out.Started = r.Started.UTC()
	out.Sink.Reasons = append([]string{}, r.Sink.Reasons...)
	out.Intervals = append([]SinkInterval{}, r.Intervals...)
	if out.Failed == nil {
		out.Failed = map[ErrorClass]int64{}
	}
	if out.Phases == nil {
		out.Phases = map[Phase]Summary{}
	}
	if r.Sent != nil && r.Sent.Failed == nil {
		sent := *r.Sent
		sent.Failed = map[ErrorClass]int64{}
		out.Sent = &sent
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(&out); err != nil {
		return fmt.Errorf("write sink: %w", err)
	}
	return nil
}

// ReadSink reads what WriteSink wrote. It refuses another version of the document,
// fields and words that this one does not have, figures that are not those of
// their histogram, and anything behind it.
func ReadSink(r io.Reader) (*SinkRun, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read sink: %w", err)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var run SinkRun
	if err := dec.Decode(&run); err != nil {
		return nil, fmt.Errorf("read sink: %w", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fmt.Errorf("read sink: something stands behind it")
	}
	if err := run.check(); err != nil {
		return nil, fmt.Errorf("read sink: %w", err)
	}
	return &run, nil
}

// check refuses what does not add up.
func (r *SinkRun) check() error {
	if r.Schema != SinkSchema {
		return fmt.Errorf("document is of version %q, this program reads %q", r.Schema, SinkSchema)
	}
	if n := r.Completed + r.Failures(); n != r.Sessions {
		return fmt.Errorf("%d sessions, and %d completed or failed", r.Sessions, n)
	}
	if r.Sink.Verdict == "" {
		return fmt.Errorf("there is no verdict on the sink")
	}
	for name, s := range r.Phases {
		if err := oneOf(new(Phase), []byte(name), SinkPhases()); err != nil {
			return fmt.Errorf("phase %w", err)
		}
		if err := s.check(); err != nil {
			return fmt.Errorf("phase %s: %w", name, err)
		}
	}
	if err := r.Delay.check(); err != nil {
		return fmt.Errorf("delay: %w", err)
	}
	return nil
}
