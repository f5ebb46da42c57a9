package overview_test

import (
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"mailtls/results"
	"mailtls/results/overview"
)

// scraped parses a document by the grammar of OpenMetrics 1.0.
func scraped(t *testing.T, text string) map[string]*dto.MetricFamily {
	t.Helper()
	d := expfmt.NewDecoder(strings.NewReader(text), expfmt.NewFormat(expfmt.TypeOpenMetrics).WithEscapingScheme(model.NoEscaping))
	all := map[string]*dto.MetricFamily{}
	for {
		var f dto.MetricFamily
		err := d.Decode(&f)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		if all[f.GetName()] != nil {
			t.Errorf("%s comes twice", f.GetName())
		}
		all[f.GetName()] = &f
	}
}

// value finds the sample with these labels, given as name=value.
func value(t *testing.T, f *dto.MetricFamily, labels ...string) float64 {
	t.Helper()
	for _, m := range f.GetMetric() {
		has := map[string]bool{}
		for _, l := range m.GetLabel() {
			has[l.GetName()+"="+l.GetValue()] = true
		}
		if !slices.ContainsFunc(labels, func(l string) bool { return !has[l] }) {
			return m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	t.Errorf("%s has no sample with %q: %v", f.GetName(), labels, f.GetMetric())
	return -1
}

func TestOpenMetricsIsParsed(t *testing.T) {
	text := written(t, sample(), "openmetrics")
	if !strings.HasSuffix(text, "\n# EOF\n") || strings.Count(text, "# EOF") != 1 {
		t.Errorf("the document ends with %q", text[max(0, len(text)-40):])
	}
	all := scraped(t, text)
	for _, c := range []struct {
		name   string
		labels []string
		want   float64
	}{
		{"mailtls_report_outcome", []string{"target=postfix/default", "outcome=nonconforming", "roles=receiver"}, 1},
		{"mailtls_report_outcome", []string{"target=postfix/default", "outcome=conforming"}, 0},
		{"mailtls_report_cases", []string{"target=postfix/default", "level=MUST", "status=fail"}, 2},
		{"mailtls_report_cases", []string{"target=exim/default", "level=MUST", "status=fail"}, 3},
		{"mailtls_report_leaked_bytes", []string{"target=postfix/default"}, 40},
		{"mailtls_report_duration_seconds", []string{"target=exim/default"}, 12.5},
		{"mailtls_report_start_timestamp_seconds", []string{"target=exim/default"}, float64(night.Unix())},
		{"mailtls_load_sessions", []string{"plan=nightly", "target=postfix/default", "result=completed"}, 100},
		{"mailtls_load_sessions", []string{"result=timeout"}, 10},
		{"mailtls_load_sessions_per_second", []string{"of=asked"}, 100},
		{"mailtls_load_target_session_cpu_seconds", nil, 0.0008},
		{"mailtls_load_threshold_kept", []string{"threshold=p99<50ms"}, 1},
	} {
		f := all[c.name]
		if f == nil {
			f = all[c.name+"_total"]
		}
		if f == nil {
			t.Errorf("there is no %s among %v", c.name, slices.Sorted(maps.Keys(all)))
			continue
		}
		if got := value(t, f, c.labels...); got != c.want {
			t.Errorf("%s of %v is %v, want %v", c.name, c.labels, got, c.want)
		}
	}
	if s := all["mailtls_load_phase_seconds"].GetMetric()[0].GetSummary(); s.GetSampleCount() != 100 || s.GetQuantile()[2].GetValue() < 0.008 || s.GetQuantile()[2].GetValue() > 0.0095 {
		t.Errorf("phases are %v", s)
	}
}

// Counted things end in _total, what has a unit in its unit, and every family has help.
func TestOpenMetricsNamesAreConventional(t *testing.T) {
	text := written(t, sample(), "openmetrics")
	counters, units := 0, 0
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		switch {
		case strings.HasPrefix(line, "# TYPE ") && fields[3] == "counter":
			counters++
			if !strings.Contains(text, "\n"+fields[2]+"_total{") {
				t.Errorf("%s has no _total", fields[2])
			}
		case strings.HasPrefix(line, "# UNIT "):
			units++
			if !strings.HasSuffix(fields[2], "_"+fields[3]) {
				t.Errorf("%s does not end in %s", fields[2], fields[3])
			}
		case strings.HasPrefix(line, "# HELP ") && len(fields) < 4:
			t.Errorf("%s has no help", fields[2])
		}
	}
	if counters < 2 || units < 6 {
		t.Errorf("%d counters, %d units in\n%s", counters, units, text)
	}
}

// Of several of the same, the newest counts, in whatever order they are given.
func TestOpenMetricsIsOfTheNewest(t *testing.T) {
	old, last := reportOn("exim", caseOf("hello/a", results.Must, results.StatusFail, "")), reportOn("exim", caseOf("hello/a", results.Must, results.StatusPass, ""))
	last.Started = night.Add(24 * time.Hour)
	for _, order := range [][]overview.Judged{{{Report: old}, {Report: last}}, {{Report: last}, {Report: old}}} {
		all := scraped(t, written(t, &overview.Overview{Reports: order}, "openmetrics"))
		if value(t, all["mailtls_report_outcome"], "outcome=conforming") != 1 || len(all["mailtls_report_leaked_bytes"].GetMetric()) != 1 {
			t.Errorf("%v", all)
		}
	}
}

func TestOpenMetricsTakesAnyName(t *testing.T) {
	r := reportOn(hostile, caseOf("hello/a", results.Must, results.StatusPass, ""))
	all := scraped(t, written(t, &overview.Overview{Reports: []overview.Judged{{Report: r}}}, "openmetrics"))
	if got := all["mailtls_report_leaked_bytes"].GetMetric()[0].GetLabel()[0].GetValue(); got != strings.ToValidUTF8(hostile, "�")+"/default" {
		t.Errorf("%q", got)
	}
	if all := scraped(t, written(t, &overview.Overview{}, "openmetrics")); len(all) != 0 {
		t.Errorf("%v", all)
	}
}
