package overview

import (
	"cmp"
	"io"
	"maps"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"mailtls/results"
)

// openMetrics writes the figures in the text format of OpenMetrics 1.0. Times are in
// seconds, and a name ends in its unit or, for what is counted, in _total.
//
// A series is named by what it is of (target and roles, or plan and target), not by
// when it was measured, so that the next night goes on with it. Where there are
// several of the same, the one that began last is written.
func (o *Overview) openMetrics(w io.Writer) error {
	m := metrics{families: map[string]*dto.MetricFamily{}}
	for _, r := range newest(o.reports(), reportSeries, func(a, b *results.Report) int { return a.Started.Compare(b.Started) }) {
		m.report(r)
	}
	for _, r := range newest(o.runs(), runSeries, func(a, b *results.Run) int { return a.Started.Compare(b.Started) }) {
		m.run(r)
	}
	for _, name := range m.order {
		if _, err := expfmt.MetricFamilyToOpenMetrics(w, m.families[name]); err != nil {
			return err
		}
	}
	_, err := expfmt.FinalizeOpenMetrics(w)
	return err
}

// newest keeps the last of those with the same labels, in the order in which their
// labels were met first.
func newest[T any](all []T, labels func(T) []string, byTime func(a, b T) int) []T {
	at := map[string]int{}
	var kept []T
	for _, one := range all {
		key := strings.Join(labels(one), "\x00")
		i, met := at[key]
		switch {
		case !met:
			at[key] = len(kept)
			kept = append(kept, one)
		case byTime(one, kept[i]) > 0:
			kept[i] = one
		}
	}
	return kept
}

// reportSeries are the labels of all series of a report.
func reportSeries(r *results.Report) []string {
	roles := make([]string, len(r.Roles))
	for i, role := range r.Roles {
		roles[i] = string(role)
	}
	return []string{"target", r.Target.String(), "roles", strings.Join(roles, ",")}
}

// runSeries are the labels of all series of a load run; the version of the target is
// not among them.
func runSeries(r *results.Run) []string {
	target, _, _ := strings.Cut(r.Env.Target, " ")
	return []string{"plan", loadName(r), "target", cmp.Or(target, r.Plan.Target, r.Plan.Peer, r.Plan.Addr)}
}

// metrics are families in the order in which they were begun.
type metrics struct {
	families map[string]*dto.MetricFamily
	order    []string
}

// family finds or begins one; kind and help are of the first call.
func (m *metrics) family(name string, kind dto.MetricType, unit, help string) *dto.MetricFamily {
	f := m.families[name]
	if f == nil {
		f = &dto.MetricFamily{Name: &name, Type: &kind, Help: &help}
		if unit != "" {
			f.Unit = &unit
		}
		m.families[name] = f
		m.order = append(m.order, name)
	}
	return f
}

// gauge adds a sample of what goes up and down.
func (m *metrics) gauge(name, unit, help string, value float64, labels ...string) {
	f := m.family(name, dto.MetricType_GAUGE, unit, help)
	f.Metric = append(f.Metric, &dto.Metric{Label: pairs(labels), Gauge: &dto.Gauge{Value: &value}})
}

// counter adds a sample of what was counted; its name ends in _total.
func (m *metrics) counter(name, help string, value float64, labels ...string) {
	f := m.family(name, dto.MetricType_COUNTER, "", help)
	f.Metric = append(f.Metric, &dto.Metric{Label: pairs(labels), Counter: &dto.Counter{Value: &value}})
}

// pairs makes labels of names and values in turn; bytes that are no UTF-8 are
// replaced, for the format has none.
func pairs(labels []string) []*dto.LabelPair {
	var all []*dto.LabelPair
	for pair := range slices.Chunk(labels, 2) {
		value := strings.ToValidUTF8(pair[1], "�")
		all = append(all, &dto.LabelPair{Name: &pair[0], Value: &value})
	}
	return all
}

// report adds the figures of a report.
func (m *metrics) report(r *results.Report) {
	of := reportSeries(r)
	with := func(labels ...string) []string { return append(slices.Clone(of), labels...) }
	m.gauge("mailtls_report_info", "", "What was judged and with what.", 1,
		with("version", r.Target.Version, "mailtls", r.Tool.Version)...)
	for _, out := range results.Outcomes() {
		m.gauge("mailtls_report_outcome", "", "1 for the outcome of the newest report, 0 for the others.", flag(r.Outcome == out), with("outcome", string(out))...)
	}
	for _, level := range results.Levels() {
		for _, s := range results.Statuses() {
			n := count(r, func(c *results.CaseResult) bool { return c.Level == level && c.Status == s })
			m.gauge("mailtls_report_cases", "", "Cases by level and status.", float64(n), with("level", string(level), "status", string(s))...)
		}
	}
	m.gauge("mailtls_report_leaked_bytes", "bytes", "Bytes let out that the policy forbids to.", float64(r.Leaked), of...)
	m.gauge("mailtls_report_duration_seconds", "seconds", "How long it took to judge.", r.Elapsed, of...)
	m.gauge("mailtls_report_start_timestamp_seconds", "seconds", "When the judging began, since 1970.", float64(r.Started.UnixMilli())/1e3, of...)
}

// flag is 1 for true.
func flag(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// run adds the figures of a load run.
func (m *metrics) run(r *results.Run) {
	of := runSeries(r)
	with := func(labels ...string) []string { return append(slices.Clone(of), labels...) }
	m.gauge("mailtls_load_info", "", "What was loaded and with what.", 1, with("version", r.Env.Target, "mailtls", r.Env.Tool.Version)...)
	for _, v := range results.RunVerdicts() {
		m.gauge("mailtls_load_verdict", "", "1 for what the generator says of itself in the newest run, 0 for the rest.", flag(r.Generator.Verdict == v), with("verdict", string(v))...)
	}
	m.counter("mailtls_load_sessions_total", "Sessions by what became of them.", float64(r.Completed), with("result", "completed")...)
	for _, class := range slices.Sorted(maps.Keys(r.Failed)) {
		m.counter("mailtls_load_sessions_total", "", float64(r.Failed[class]), with("result", string(class))...)
	}
	m.counter("mailtls_load_sessions_resumed_total", "Completed sessions that resumed an earlier one.", float64(r.Resumed), of...)
	for _, rate := range []struct {
		of    string
		value float64
	}{{"asked", r.Rate.Asked}, {"achieved", r.Rate.Achieved}, {"completed", r.Rate.Completed}} {
		m.gauge("mailtls_load_sessions_per_second", "per_second", "Sessions asked for, begun and completed in a second.", rate.value, with("of", rate.of)...)
	}
	m.latencies(r, with)
	m.gauge("mailtls_load_generator_session_cpu_seconds", "seconds", "CPU time of the generator for a session.", r.Generator.CPU/1e6, of...)
	if r.Target != nil {
		m.gauge("mailtls_load_target_session_cpu_seconds", "seconds", "CPU time of the target for a session.", r.Target.CPU/1e6, of...)
	}
	for _, t := range r.Thresholds {
		m.gauge("mailtls_load_threshold_kept", "", "1 for a threshold that was kept, 0 for one that was not.", flag(t.Kept), with("threshold", t.Threshold.String())...)
	}
	if r.Relay != nil {
		m.counter("mailtls_load_relay_messages_total", "Messages that the target accepted, by what became of them.", float64(r.Relay.Arrived), with("result", "arrived")...)
		for _, class := range slices.Sorted(maps.Keys(r.Relay.Lost)) {
			m.counter("mailtls_load_relay_messages_total", "", float64(r.Relay.Lost[class]), with("result", string(class))...)
		}
	}
	m.gauge("mailtls_load_start_timestamp_seconds", "seconds", "When the load began, since 1970.", float64(r.Started.UnixMilli())/1e3, of...)
}

// latencies adds how long the parts of a session took.
func (m *metrics) latencies(r *results.Run, with func(...string) []string) {
	f := m.family("mailtls_load_phase_seconds", dto.MetricType_SUMMARY, "seconds",
		"How long the parts of a session took; session counts from when it was due, raw from when it began.")
	add := func(name string, s results.Summary) {
		if s.Count == 0 {
			return
		}
		n, sum := uint64(s.Count), s.Mean*float64(s.Count)/1e6
		summary := &dto.Summary{SampleCount: &n, SampleSum: &sum}
		for _, q := range []struct{ at, us float64 }{{0.5, s.P50}, {0.9, s.P90}, {0.99, s.P99}, {0.999, s.P999}} {
			value := q.us / 1e6
			summary.Quantile = append(summary.Quantile, &dto.Quantile{Quantile: &q.at, Value: &value})
		}
		f.Metric = append(f.Metric, &dto.Metric{Label: pairs(with("phase", name)), Summary: summary})
	}
	for _, p := range results.Phases() {
		add(string(p), r.Phases[p])
	}
	add("raw", r.Raw)
	add("lag", r.Lag)
}
