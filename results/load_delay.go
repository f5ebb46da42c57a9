package results

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// DelayKind is a distribution of delays.
type DelayKind string

// The distributions, with their parameters in order.
const (
	DelayConstant    DelayKind = "constant"    // DELAY
	DelayUniform     DelayKind = "uniform"     // FROM,TO
	DelayExponential DelayKind = "exponential" // MEAN
	DelayLognormal   DelayKind = "lognormal"   // MEDIAN,SIGMA of the logarithm
	DelayBimodal     DelayKind = "bimodal"     // USUAL,RARE,SHARE of the rare one
	DelayPareto      DelayKind = "pareto"      // LEAST,ALPHA
)

// MaxDelay is the longest delay: what is drawn beyond it is cut down to it.
const MaxDelay = time.Minute

// Delay is a distribution of delays, such as uniform:5ms,15ms. The zero value
// delays nothing.
type Delay struct {
	// Kind of the distribution; empty for none.
	Kind DelayKind
	// First and Second are its durations, in order; 0 where it has fewer.
	First, Second Span
	// Number is the parameter that is no duration, the last one; 0 where it has
	// none.
	Number float64
}

// delayForm says what parameters a distribution has.
type delayForm struct {
	kind   DelayKind
	spans  int
	number string // name of the number; empty without
	sample string
}

func delayForms() []delayForm {
	return []delayForm{
		{DelayConstant, 1, "", "constant:10ms"},
		{DelayUniform, 2, "", "uniform:5ms,15ms"},
		{DelayExponential, 1, "", "exponential:10ms"},
		{DelayLognormal, 1, "sigma", "lognormal:10ms,0.5"},
		{DelayBimodal, 2, "share", "bimodal:1ms,100ms,0.01"},
		{DelayPareto, 1, "alpha", "pareto:1ms,1.5"},
	}
}

// DelaySamples lists one delay of each kind, as text.
func DelaySamples() []string {
	var all []string
	for _, f := range delayForms() {
		all = append(all, f.sample)
	}
	return all
}

// form finds the parameters of a distribution.
func (k DelayKind) form() (delayForm, bool) {
	i := slices.IndexFunc(delayForms(), func(f delayForm) bool { return f.kind == k })
	if i < 0 {
		return delayForm{}, false
	}
	return delayForms()[i], true
}

// String is the delay's text; empty for none.
func (d Delay) String() string {
	f, known := d.Kind.form()
	if !known {
		return ""
	}
	parts := []string{d.First.String(), d.Second.String()}[:f.spans]
	if f.number != "" {
		parts = append(parts, strconv.FormatFloat(d.Number, 'g', -1, 64))
	}
	return string(d.Kind) + ":" + strings.Join(parts, ",")
}

// MarshalText gives String.
func (d Delay) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads KIND:PARAMETERS. Durations are 0 to MaxDelay; those that the
// logarithm is taken of are above 0.
func (d *Delay) UnmarshalText(text []byte) error {
	kind, rest, found := strings.Cut(string(text), ":")
	f, known := DelayKind(kind).form()
	if !found || !known {
		return fmt.Errorf("%q is no delay: want one like %s", text, strings.Join(DelaySamples(), ", "))
	}
	parsed := Delay{Kind: f.kind}
	if err := parsed.parameters(f, strings.Split(rest, ",")); err != nil {
		return fmt.Errorf("%q is no delay such as %s: %w", text, f.sample, err)
	}
	*d = parsed
	return nil
}

// parameters reads what stands behind the kind.
func (d *Delay) parameters(f delayForm, parts []string) error {
	want := f.spans
	if f.number != "" {
		want++
	}
	if len(parts) != want {
		return fmt.Errorf("it has %d parameters, want %d", len(parts), want)
	}
	for i, into := range []*Span{&d.First, &d.Second}[:f.spans] {
		if err := into.UnmarshalText([]byte(parts[i])); err != nil {
			return err
		}
		if *into > Span(MaxDelay) {
			return fmt.Errorf("%s is longer than %s", *into, MaxDelay)
		}
	}
	if f.number != "" {
		n, err := strconv.ParseFloat(parts[want-1], 64)
		if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
			return fmt.Errorf("%s %q is no number", f.number, parts[want-1])
		}
		d.Number = n
	}
	return d.fits()
}

// fits says which parameter makes no sense.
func (d Delay) fits() error {
	positive := d.Kind == DelayLognormal || d.Kind == DelayPareto
	switch {
	case positive && d.First == 0:
		return fmt.Errorf("the duration is 0")
	case d.Kind == DelayUniform && d.Second < d.First:
		return fmt.Errorf("%s is below %s", d.Second, d.First)
	case d.Kind == DelayLognormal && d.Number < 0:
		return fmt.Errorf("sigma %g is below 0", d.Number)
	case d.Kind == DelayBimodal && (d.Number < 0 || d.Number > 1):
		return fmt.Errorf("share %g is not between 0 and 1", d.Number)
	case d.Kind == DelayPareto && d.Number <= 0:
		return fmt.Errorf("alpha %g is not above 0", d.Number)
	}
	return nil
}

// Draw turns a number that is even between 0 and 1, both left out, into a delay of
// the distribution, up to MaxDelay: the quantile at u.
func (d Delay) Draw(u float64) time.Duration {
	const least = 1.0 / (1 << 53) // so that no logarithm is of 0
	u = min(max(u, least), 1-least)
	first, second := float64(d.First), float64(d.Second)
	var ns float64
	switch d.Kind {
	case DelayConstant:
		ns = first
	case DelayUniform:
		ns = first + u*(second-first)
	case DelayExponential:
		ns = -first * math.Log1p(-u)
	case DelayLognormal:
		ns = first * math.Exp(d.Number*math.Sqrt2*math.Erfinv(2*u-1))
	case DelayBimodal:
		if ns = first; u > 1-d.Number {
			ns = second
		}
	case DelayPareto:
		ns = first * math.Pow(1-u, -1/d.Number)
	}
	return time.Duration(min(ns, float64(MaxDelay)))
}

// DelayPoint is where in a session a delay is put.
type DelayPoint string

// The points; each is before our reply is written, and after all before it was.
const (
	DelayGreeting DelayPoint = "greeting" // before the greeting; with implicit TLS inside it, once a session
	DelayStartTLS DelayPoint = "starttls" // before the reply to STARTTLS, once a session
	DelayContent  DelayPoint = "content"  // before the reply to the content of a message, once a message
)

// DelayPoints lists every point.
func DelayPoints() []DelayPoint { return []DelayPoint{DelayGreeting, DelayStartTLS, DelayContent} }

// UnmarshalText reads a point.
func (p *DelayPoint) UnmarshalText(text []byte) error { return oneOf(p, text, DelayPoints()) }
