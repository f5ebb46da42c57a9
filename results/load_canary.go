package results

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// CanarySchema is the version of the canary document.
const CanarySchema = "mailtls-canary/1"

// Canary is what bare TLS handshakes cost on a machine at a time. It tells a
// machine that became slower from a target that did.
type Canary struct {
	// Schema is CanarySchema.
	Schema string `json:"schema"`
	// Env is where it was measured; Target and Connection are those of the handshake.
	Env Env `json:"env"`
	// Started is when it began.
	Started time.Time `json:"started"`
	// Rounds are the CPU time of a handshake, both sides together, in µs, one for
	// each round.
	Rounds []float64 `json:"rounds_us_per_handshake"`
	// Handshakes in all rounds.
	Handshakes int64 `json:"handshakes"`
}

// WriteCanary writes a canary as indented JSON.
func WriteCanary(w io.Writer, c *Canary) error {
	out := *c
	out.Started = c.Started.UTC()
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(&out); err != nil {
		return fmt.Errorf("write canary: %w", err)
	}
	return nil
}

// ReadCanary reads what WriteCanary wrote, and refuses all else.
func ReadCanary(r io.Reader) (*Canary, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read canary: %w", err)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var c Canary
	if err := dec.Decode(&c); err != nil {
		return nil, fmt.Errorf("read canary: %w", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errors.New("read canary: something stands behind it")
	}
	if c.Schema != CanarySchema {
		return nil, fmt.Errorf("read canary: document is of version %q, this program reads %q", c.Schema, CanarySchema)
	}
	if len(c.Rounds) == 0 {
		return nil, errors.New("read canary: it has no rounds")
	}
	for _, r := range c.Rounds {
		if r <= 0 {
			return nil, fmt.Errorf("read canary: a handshake took %g µs", r)
		}
	}
	return &c, nil
}

// Likeness of a canary: the machine and Go are all that it depends on.
func (c *Canary) Likeness() Likeness {
	return Likeness{Machine: c.Env.machine(), Go: c.Env.Tool.Go, Peer: "canary", Connection: c.Env.Connection, Plan: map[string]string{}}
}
