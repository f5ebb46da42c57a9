package results_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"mailtls/results"
)

// delay reads one that is known to be good.
func delay(text string) results.Delay {
	var d results.Delay
	if err := d.UnmarshalText([]byte(text)); err != nil {
		panic(err)
	}
	return d
}

func TestDelaysHaveTheQuantilesOfTheirDistribution(t *testing.T) {
	for text, want := range map[string]map[float64]time.Duration{
		"constant:10ms":          {0.001: 10 * time.Millisecond, 0.999: 10 * time.Millisecond},
		"uniform:5ms,15ms":       {0.25: 7500 * time.Microsecond, 0.5: 10 * time.Millisecond, 0.9: 14 * time.Millisecond},
		"exponential:10ms":       {0.5: 6931472 * time.Nanosecond, 0.99: 46051702 * time.Nanosecond},
		"lognormal:10ms,0.5":     {0.5: 10 * time.Millisecond, 0.8413447460685429: 16487213 * time.Nanosecond, 0.15865525393145707: 6065307 * time.Nanosecond},
		"bimodal:1ms,100ms,0.01": {0.5: time.Millisecond, 0.989: time.Millisecond, 0.991: 100 * time.Millisecond},
		"pareto:1ms,1.5":         {0.5: 1587401 * time.Nanosecond, 0.99: 21544347 * time.Nanosecond, 1 - 1e-12: results.MaxDelay},
	} {
		d := delay(text)
		if d.String() != text {
			t.Errorf("%s is written %s", text, d)
		}
		for u, want := range want {
			if got := d.Draw(u); math.Abs(float64(got-want)) > 2 {
				t.Errorf("%s at %v: %v, want %v", text, u, got, want)
			}
		}
	}
	if d := (results.Delay{}); d.Draw(0.9) != 0 || d.String() != "" {
		t.Errorf("no delay is %q and draws %v", d, d.Draw(0.9))
	}
}

func TestDelaysAreReadStrictly(t *testing.T) {
	for text, want := range map[string]string{
		"":                     "is no delay: want one like constant:10ms",
		"10ms":                 "want one like",
		"normal:10ms":          "want one like",
		"constant:":            "is no duration",
		"constant:-1ms":        "is below 0",
		"constant:10":          "is no duration",
		"constant:1ms,2ms":     "it has 2 parameters, want 1",
		"constant:2m":          "is longer than 1m0s",
		"uniform:5ms":          "it has 1 parameters, want 2",
		"uniform:15ms,5ms":     "5ms is below 15ms",
		"lognormal:10ms,x":     `sigma "x" is no number`,
		"lognormal:10ms,NaN":   "is no number",
		"lognormal:0s,1":       "the duration is 0",
		"lognormal:10ms,-1":    "sigma -1 is below 0",
		"bimodal:1ms,2ms,1.5":  "share 1.5 is not between 0 and 1",
		"pareto:1ms,0":         "alpha 0 is not above 0",
		"pareto:1ms,1e999":     "is no number",
		"bimodal:1ms, 2ms,0.5": "is no duration",
	} {
		d := delay("constant:7ms")
		if err := d.UnmarshalText([]byte(text)); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: error %v, want %q on one line", text, err, want)
		}
		if d != delay("constant:7ms") {
			t.Errorf("%q: left %s behind", text, d)
		}
	}
	for _, text := range results.DelaySamples() {
		if d := delay(text); d.String() != text {
			t.Errorf("%s is written %s", text, d)
		}
	}
	var p results.DelayPoint
	if err := p.UnmarshalText([]byte("greeting")); err != nil || !slices.Contains(results.DelayPoints(), p) {
		t.Error(err)
	}
	if err := p.UnmarshalText([]byte("dot")); err == nil {
		t.Error("a point that is none was read")
	}
}

func FuzzDelay(f *testing.F) {
	for _, text := range results.DelaySamples() {
		f.Add(text, 0.5)
	}
	f.Fuzz(func(t *testing.T, text string, u float64) {
		var d results.Delay
		if d.UnmarshalText([]byte(text)) != nil {
			return
		}
		if again := delay(d.String()); again != d {
			t.Errorf("%q is read as %s, and that as %s", text, d, again)
		}
		if !(u > 0 && u < 1) {
			return
		}
		if drawn := d.Draw(u); drawn < 0 || drawn > results.MaxDelay {
			t.Errorf("%s at %v gives %v", d, u, drawn)
		}
	})
}
