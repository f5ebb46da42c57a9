package results

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Threshold is something that a run must keep, such as p99<50ms. Its text is
//
//	[PHASE.]pNN|max|mean  OP DURATION     of the session where no phase is named
//	errors[.CLASS]        OP NUMBER[%]    of the sessions attempted
//	resumed               OP NUMBER[%]    of the sessions completed
//	completed             OP NUMBER
//	rate                  OP RATE         sessions completed in a second
//	target.cpu            OP DURATION     of the target's CPU time a session
//
// where OP is <, <=, > or >=, PHASE is one of Phases, raw or lag, and CLASS one of
// the error classes.
type Threshold struct {
	// Of is a phase, "raw", "lag" or "target" of a duration, or the class of an
	// error; empty for the session, and for errors of any class.
	Of string
	// Metric is pNN, max, mean, cpu, errors, resumed, completed or rate.
	Metric string
	// Op compares what was measured with Value.
	Op string
	// Value in the unit's terms: µs, percent, a number, or sessions a second.
	Value float64
	// Unit of Value.
	Unit ThresholdUnit
}

// ThresholdUnit is what a threshold's value counts.
type ThresholdUnit string

// The units.
const (
	UnitMicros  ThresholdUnit = "us"
	UnitPercent ThresholdUnit = "%"
	UnitNumber  ThresholdUnit = ""
	UnitRate    ThresholdUnit = "/s"
)

// The parts of a run besides its phases that a threshold can be of.
const (
	ofRaw    = "raw"
	ofLag    = "lag"
	ofTarget = "target"
)

// What a threshold compares with is bounded, so that its text stands for the same
// number again.
const (
	maxThresholdValue = 1e12
	maxThresholdSpan  = Span(30 * 24 * time.Hour)
)

// String is the threshold's text.
func (t Threshold) String() string {
	name := t.Metric
	switch {
	case t.Metric == "errors" && t.Of != "":
		name += "." + t.Of
	case t.Of != "":
		name = t.Of + "." + name
	}
	return name + t.Op + t.Shown(t.Value)
}

// Shown writes a value in the threshold's unit.
func (t Threshold) Shown(value float64) string {
	if t.Unit == UnitMicros {
		return time.Duration(value * float64(time.Microsecond)).String()
	}
	return strconv.FormatFloat(value, 'f', -1, 64) + string(t.Unit)
}

// MarshalText gives String.
func (t Threshold) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads a threshold's text.
func (t *Threshold) UnmarshalText(text []byte) error {
	s := strings.Join(strings.Fields(string(text)), "")
	i := strings.IndexAny(s, "<>")
	if i <= 0 {
		return fmt.Errorf("%q is no threshold such as p99<50ms or errors<0.1%%", text)
	}
	op, value := s[i:i+1], s[i+1:]
	if rest, found := strings.CutPrefix(value, "="); found {
		op, value = op+"=", rest
	}
	parsed := Threshold{Op: op}
	if err := parsed.name(s[:i]); err != nil {
		return fmt.Errorf("read threshold %q: %w", text, err)
	}
	if err := parsed.value(value); err != nil {
		return fmt.Errorf("read threshold %q: %w", text, err)
	}
	*t = parsed
	return nil
}

// name reads what is measured.
func (t *Threshold) name(s string) error {
	if class, found := strings.CutPrefix(s, "errors."); found {
		var c ErrorClass
		t.Metric, t.Of = "errors", class
		return c.UnmarshalText([]byte(class))
	}
	if slices.Contains([]string{"errors", "resumed", "completed", "rate"}, s) {
		t.Metric = s
		return nil
	}
	of, metric, found := strings.Cut(s, ".")
	if _, numeric := quantileOf(s); numeric || !found { // the dot of p99.9 is not one that names a phase
		of, metric = "", s
	}
	if of == ofTarget && metric == "cpu" {
		t.Of, t.Metric = of, metric
		return nil
	}
	return t.duration(of, metric)
}

// duration reads a figure of how long something took.
func (t *Threshold) duration(of, metric string) error {
	t.Of, t.Metric = of, metric
	q, quantile := quantileOf(metric)
	switch {
	case of != "" && of != ofRaw && of != ofLag && !slices.Contains(Phases(), Phase(of)):
		return fmt.Errorf("%q is no phase, and none of raw, lag and target.cpu", of)
	case !quantile && metric != "max" && metric != "mean":
		return fmt.Errorf("%q is none of pNN, max, mean, errors, resumed, completed, rate and target.cpu", metric)
	case quantile:
		t.Metric = "p" + strconv.FormatFloat(q, 'f', -1, 64)
	}
	if of == string(PhaseSession) {
		t.Of = ""
	}
	return nil
}

// quantileOf reads pNN as a percentage: p99.9, and p999 for the same.
func quantileOf(metric string) (float64, bool) {
	number, found := strings.CutPrefix(metric, "p")
	if !found || number == "" || strings.Trim(number, "0123456789.") != "" {
		return 0, false
	}
	if len(number) > 2 && strings.Trim(number, "9") == "" {
		number = number[:2] + "." + number[2:]
	}
	q, err := strconv.ParseFloat(number, 64)
	return q, err == nil && q > 0 && q <= 100
}

// value reads what it is compared with.
func (t *Threshold) value(s string) error {
	switch t.Metric {
	case "errors", "resumed", "completed":
		number, percent := strings.CutSuffix(s, "%")
		n, err := strconv.ParseFloat(number, 64)
		switch {
		case err != nil || !(n >= 0 && n <= maxThresholdValue) || strings.Trim(number, "0123456789.") != "":
			return fmt.Errorf("%q is no number of sessions", s)
		case percent && t.Metric == "completed":
			return fmt.Errorf("%q: completed is a number", s)
		case percent:
			t.Unit = UnitPercent
		}
		t.Value = n
	case "rate":
		var r Rate
		if err := r.UnmarshalText([]byte(s)); err != nil {
			return err
		}
		t.Value, t.Unit = float64(r), UnitRate
	default:
		var d Span
		if err := d.UnmarshalText([]byte(s)); err != nil {
			return err
		}
		if d > maxThresholdSpan {
			return fmt.Errorf("%s is longer than %s", d, maxThresholdSpan)
		}
		t.Value, t.Unit = micros(time.Duration(d)), UnitMicros
	}
	return nil
}

// ThresholdResult is what became of a threshold.
type ThresholdResult struct {
	// Threshold that was asked for.
	Threshold Threshold `json:"threshold"`
	// Measured value in the threshold's unit, us for durations; 0 when nothing was.
	Measured float64 `json:"measured"`
	// Kept tells whether it holds. A threshold of which nothing was measured does
	// not.
	Kept bool `json:"kept"`
	// Note says why nothing was measured; empty where something was.
	Note string `json:"note,omitempty"`
}

// Judge compares a run with the threshold.
func (t Threshold) Judge(r *Run) ThresholdResult {
	out := ThresholdResult{Threshold: t}
	value, note := t.measure(r)
	if out.Note = note; note != "" {
		return out
	}
	out.Measured = value
	switch t.Op {
	case "<":
		out.Kept = value < t.Value
	case "<=":
		out.Kept = value <= t.Value
	case ">":
		out.Kept = value > t.Value
	default:
		out.Kept = value >= t.Value
	}
	return out
}

// measure finds the value in a run, or says why there is none.
func (t Threshold) measure(r *Run) (value float64, note string) {
	switch t.Metric {
	case "errors":
		if t.Of != "" {
			return t.share(r.Failed[ErrorClass(t.Of)], r.Attempted)
		}
		return t.share(r.Failures(), r.Attempted)
	case "resumed":
		return t.share(r.Resumed, r.Completed)
	case "completed":
		return float64(r.Completed), ""
	case "rate":
		return r.Rate.Completed, ""
	case "cpu":
		if r.Target == nil {
			return 0, "the target's CPU time could not be measured"
		}
		return r.Target.CPU, ""
	}
	s := r.summary(t.Of)
	if s.HDR == nil || s.Count == 0 {
		return 0, "nothing was measured"
	}
	switch t.Metric {
	case "max":
		return s.Max, ""
	case "mean":
		return s.Mean, ""
	}
	q, _ := quantileOf(t.Metric)
	return micros(s.HDR.Quantile(q / 100)), ""
}

// share is a number, or its percentage of all.
func (t Threshold) share(n, all int64) (float64, string) {
	switch {
	case t.Unit != UnitPercent:
		return float64(n), ""
	case all == 0:
		return 0, "there were no sessions"
	}
	return 100 * float64(n) / float64(all), ""
}
