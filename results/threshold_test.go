package results_test

import (
	"strings"
	"testing"

	"mailtls/results"
)

func TestThresholdJudges(t *testing.T) {
	// The sample: 110 attempted, 100 completed, 7 timeouts and 3 alerts 40; sessions up to 8 ms, raw up to 30 ms, handshakes up
	// to 5 ms, lag up to 100 µs.
	r := sampleRun()
	for _, tt := range []struct {
		text, canonical string
		kept            bool
	}{
		{"p99<8ms", "", true},
		{"p99<7.9ms", "", false},
		{" p50 <= 4.1 ms", "p50<=4.1ms", true},
		{"p999<8.1ms", "p99.9<8.1ms", true},
		{"session.p99<8ms", "p99<8ms", true},
		{"handshake.p90<4.6ms", "", true},
		{"handshake.p90<4.4ms", "", false},
		{"ehlo-tls.max<7ms", "", true},
		{"raw.p99.9>29ms", "", true},
		{"raw.max<29ms", "", false},
		{"lag.p99<1ms", "", true},
		{"mean<4.1ms", "", true},
		{"errors<10%", "", true},
		{"errors<9%", "", false},
		{"errors<=10", "", true},
		{"errors<10", "", false},
		{"errors.timeout<8", "", true},
		{"errors.alert-40<3", "", false},
		{"errors.refused<1", "", true},
		{"resumed>=60%", "", true},
		{"resumed>60%", "", false},
		{"completed>=100", "", true},
		{"rate>=3000/m", "rate>=50/s", true},
		{"rate>50", "rate>50/s", false},
		{"target.cpu<1ms", "", true},
		{"target.cpu<700us", "target.cpu<700µs", false},
	} {
		th := threshold(tt.text)
		if want := tt.canonical; want == "" && th.String() != tt.text || want != "" && th.String() != want {
			t.Errorf("%s reads as %s", tt.text, th)
		}
		if got := th.Judge(r); got.Kept != tt.kept || got.Note != "" {
			t.Errorf("%s: measured %s, kept %t %s", tt.text, th.Shown(got.Measured), got.Kept, got.Note)
		}
	}
}

func TestThresholdOfWhatWasNotMeasuredIsNotKept(t *testing.T) {
	r := sampleRun()
	r.Target, r.Attempted, r.Phases = nil, 0, nil
	for _, text := range []string{"target.cpu>1us", "errors<1%", "p99<1h", "handshake.p99<1h"} {
		if got := threshold(text).Judge(r); got.Kept || got.Note == "" {
			t.Errorf("%s: kept %t, note %q", text, got.Kept, got.Note)
		}
	}
}

func TestThresholdRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                 "is no threshold",
		"p99":              "is no threshold",
		"<5ms":             "is no threshold",
		"p99=5ms":          "is no threshold",
		"p99<":             "no duration",
		"p99<5":            "no duration",
		"p99<-5ms":         "below 0",
		"p0<5ms":           `"p0" is none of`,
		"p101<5ms":         `"p101" is none of`,
		"median<5ms":       `"median" is none of`,
		"shake.p99<5ms":    `"shake" is no phase`,
		"handshake.cpu<1s": `"cpu" is none of`,
		"target.p99<1s":    `"target" is no phase`,
		"errors<x":         "no number",
		"errors<-1":        "no number",
		"errors<1e99":      "no number",
		"errors<NaN":       "no number",
		"errors.slow<1":    `"slow" is none of`,
		"errors.alert-1x<": `"alert-1x" is none of`,
		"completed>5%":     "completed is a number",
		"rate>5/d":         "no rate",
	} {
		var th results.Threshold
		if err := th.UnmarshalText([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", text, err, want)
		}
	}
}

// FuzzThreshold: what is read means the same when it is written and read again.
func FuzzThreshold(f *testing.F) {
	for _, text := range []string{"p99<50ms", "errors<0.1%", "handshake.p99.9>=1h2m", "errors.alert-40<=3", "rate>=3000/m", "raw.max<29ms", "p999999<1s", "target.cpu<1ms"} {
		f.Add(text)
	}
	r := sampleRun()
	f.Fuzz(func(t *testing.T, text string) {
		var first, second results.Threshold
		if first.UnmarshalText([]byte(text)) != nil {
			return
		}
		if err := second.UnmarshalText([]byte(first.String())); err != nil || second != first {
			t.Errorf("%q reads as %q, and that as %q, %v", text, first, second, err)
		}
		first.Judge(r)
	})
}
