package nightly

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"mailtls/results"
)

// Kind of a document.
type Kind string

// The kinds.
const (
	KindRun    Kind = "run"    // a load run
	KindReport Kind = "report" // the verdicts on a target
	KindCanary Kind = "canary" // bare handshakes on the machine
)

// canaryMetric is the one figure of a canary.
const canaryMetric = "handshake-cpu"

// Entry is a document of the history, with what is asked of it most.
type Entry struct {
	// ID names the document: when it began, its kind, the beginning of its digest.
	ID   string `json:"id"`
	Kind Kind   `json:"kind"`
	// SHA256 and Size in bytes of the document.
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
	// Started is when what it tells of began.
	Started time.Time `json:"started"`
	// Subject is what it is of: plan and target, target, or canary.
	Subject string `json:"subject"`
	// Version of the target, as far as known.
	Version string `json:"version"`
	// Like says which documents it can be compared with; nil for reports.
	Like *results.Likeness `json:"like,omitempty"`
	// Unsound says why its figures are not the target's; empty when they are.
	Unsound string `json:"unsound,omitempty"`
	// Figures by metric.
	Figures map[string]float64 `json:"figures,omitempty"`
	// Outcome of a report.
	Outcome results.Outcome `json:"outcome,omitempty"`
}

// read tells what a document is.
func read(data []byte) (Entry, error) {
	var head struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) && syntax.Offset >= int64(len(data)) {
			return Entry{}, fmt.Errorf("it ends in the middle, after %d bytes", len(data))
		}
		return Entry{}, fmt.Errorf("it is no JSON document: %w", err)
	}
	var e Entry
	var err error
	switch head.Schema {
	case results.RunSchema:
		e, err = ofRun(data)
	case results.Schema:
		e, err = ofReport(data)
	case results.CanarySchema:
		e, err = ofCanary(data)
	default:
		err = fmt.Errorf("it is of version %q, which is none of %s, %s and %s", head.Schema, results.RunSchema, results.Schema, results.CanarySchema)
	}
	if err != nil {
		return Entry{}, err
	}
	sum := sha256.Sum256(data)
	e.SHA256, e.Size, e.Started = hex.EncodeToString(sum[:]), int64(len(data)), e.Started.UTC()
	e.ID = fmt.Sprintf("%s-%s-%s", e.Started.Format("20060102T150405Z"), e.Kind, e.SHA256[:12])
	return e, nil
}

func ofRun(data []byte) (Entry, error) {
	r, err := results.ReadRun(bytes.NewReader(data))
	if err != nil {
		return Entry{}, err
	}
	like := r.Likeness()
	e := Entry{Kind: KindRun, Started: r.Started, Subject: like.Peer, Version: r.Env.Target, Like: &like, Figures: map[string]float64{}}
	if r.Plan.Name != "" {
		e.Subject = r.Plan.Name + " on " + like.Peer
	}
	if err := r.Sound(); err != nil {
		e.Unsound = err.Error()
	}
	for _, m := range results.Metrics() {
		if v, has := m.Of(r); has {
			e.Figures[m.Name] = v
		}
	}
	return e, nil
}

func ofReport(data []byte) (Entry, error) {
	r, err := results.ReadReport(bytes.NewReader(data))
	if err != nil {
		return Entry{}, err
	}
	return Entry{Kind: KindReport, Started: r.Started, Subject: r.Target.String(), Version: r.Target.Version, Outcome: r.Outcome}, nil
}

func ofCanary(data []byte) (Entry, error) {
	c, err := results.ReadCanary(bytes.NewReader(data))
	if err != nil {
		return Entry{}, err
	}
	like := c.Likeness()
	return Entry{
		Kind: KindCanary, Started: c.Started, Subject: "canary", Version: c.Env.Tool.Go, Like: &like,
		Figures: map[string]float64{canaryMetric: median(c.Rounds)},
	}, nil
}

// median of values; there is one at least.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// ours tells whether a file's name is that of a document.
func ours(name string) bool {
	parts := strings.Split(strings.TrimSuffix(name, ".json"), "-")
	return strings.HasSuffix(name, ".json") && len(parts) == 3 && len(parts[2]) == 12 &&
		slices.Contains([]Kind{KindRun, KindReport, KindCanary}, Kind(parts[1]))
}
