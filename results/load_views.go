package results

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// WriteIntervals writes the intervals as CSV, one a line under a line of names.
func WriteIntervals(w io.Writer, r *Run) error {
	out := csv.NewWriter(w)
	rows := [][]string{{
		"at_s", "length_s", "attempted", "completed", "failed", "in_flight", "p50_us", "p90_us", "p99_us", "p999_us", "max_us",
		"lag_p99_us", "cpu_share", "run_queue", "steal", "gc",
	}}
	for _, i := range r.Intervals {
		row := []string{decimal(i.At), decimal(i.Length)}
		for _, n := range []int64{i.Attempted, i.Completed, i.Failed, i.InFlight} {
			row = append(row, strconv.FormatInt(n, 10))
		}
		s := i.Session
		for _, f := range []float64{s.P50, s.P90, s.P99, s.P999, s.Max, i.LagP99, i.CPUShare, i.RunQueue, i.Steal, i.GC} {
			row = append(row, decimal(f))
		}
		rows = append(rows, row)
	}
	if err := out.WriteAll(rows); err != nil {
		return fmt.Errorf("write intervals: %w", err)
	}
	return nil
}

func decimal(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// named are the parts of a run that have a summary, in order.
func (r *Run) named() []struct {
	name string
	Summary
} {
	type part = struct {
		name string
		Summary
	}
	var all []part
	for _, p := range Phases() {
		if s, met := r.Phases[p]; met {
			all = append(all, part{string(p), s})
		}
	}
	return append(all, part{ofRaw, r.Raw}, part{ofLag, r.Lag})
}

// WriteBenchmark writes the run in the Go benchmark format, for benchstat. ns/op
// is the mean of the whole session, the other figures say what they are.
func WriteBenchmark(w io.Writer, r *Run) error {
	b := bufio.NewWriter(w)
	for _, l := range [][2]string{
		{"goos", r.Env.OS}, {"goarch", r.Env.Arch}, {"pkg", "mailtls/bench"}, {"cpu", r.Env.CPU}, {"kernel", r.Env.Kernel},
		{"target", r.Env.Target}, {"connection", r.Env.Connection}, {"close", string(r.Plan.Close)}, {"verdict", string(r.Generator.Verdict)},
	} {
		if text := strings.Join(strings.Fields(l[1]), " "); text != "" {
			_, _ = fmt.Fprintf(b, "%s: %s\n", l[0], text)
		}
	}
	_, _ = b.WriteString("Unit sessions/s better=higher\nUnit errors better=lower\n")
	_, _ = fmt.Fprintf(b, "BenchmarkBench/%s-%d\t%d", benchName(r.Plan), max(r.Env.Procs, 1), r.Completed)
	metric := func(value float64, unit string) { _, _ = fmt.Fprintf(b, "\t%s %s", decimal(value), unit) }
	metric(r.Phases[PhaseSession].Mean*1e3, "ns/op")
	metric(r.Rate.Completed, "sessions/s")
	metric(float64(r.Failures()), "errors")
	metric(r.Generator.CPU*1e3, "generator-cpu-ns/op")
	metric(r.Generator.Allocs, "allocs/op")
	metric(r.Wire.Sent, "sent-B/op")
	metric(r.Wire.Received, "received-B/op")
	if r.Target != nil {
		metric(r.Target.CPU*1e3, "target-cpu-ns/op")
	}
	for _, p := range r.named() {
		metric(p.P50*1e3, p.name+"-p50-ns/op")
		metric(p.P99*1e3, p.name+"-p99-ns/op")
	}
	_, _ = b.WriteString("\n")
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write benchmark: %w", err)
	}
	return nil
}

// benchName names a plan by what is compared: its name, or its kinds.
func benchName(p Plan) string {
	name := p.Name
	if name == "" {
		var kinds []string
		for _, s := range p.Sessions {
			kinds = append(kinds, string(s.Kind))
		}
		name = "kind=" + strings.Join(kinds, "+")
	}
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r == 0x7f {
			return '_'
		}
		return r
	}, name)
}

// WritePrometheus writes the run in the text format of Prometheus 0.0.4, as a
// push gateway or the node exporter's textfile collector take it.
func WritePrometheus(w io.Writer, r *Run) error {
	b := bufio.NewWriter(w)
	family := func(name, kind, help string) {
		_, _ = fmt.Fprintf(b, "# HELP mailtls_%s %s\n# TYPE mailtls_%s %s\n", name, help, name, kind)
	}
	sample := func(name string, value float64, labels ...string) {
		_, _ = fmt.Fprintf(b, "mailtls_%s%s %s\n", name, labelled(labels), strconv.FormatFloat(value, 'g', -1, 64))
	}
	family("run_info", "gauge", "What was loaded and how the generator did.")
	sample("run_info", 1, "plan", benchName(r.Plan), "target", r.Env.Target, "verdict", string(r.Generator.Verdict))
	family("sessions_total", "counter", "Sessions by what became of them.")
	sample("sessions_total", float64(r.Completed), "result", "completed")
	for _, class := range slices.Sorted(maps.Keys(r.Failed)) {
		sample("sessions_total", float64(r.Failed[class]), "result", string(class))
	}
	family("sessions_resumed_total", "counter", "Completed sessions that resumed an earlier one.")
	sample("sessions_resumed_total", float64(r.Resumed))
	family("session_rate", "gauge", "Sessions in a second.")
	sample("session_rate", r.Rate.Asked, "of", "asked")
	sample("session_rate", r.Rate.Achieved, "of", "achieved")
	sample("session_rate", r.Rate.Completed, "of", "completed")
	family("phase_seconds", "summary", "How long the parts of a session took; session counts from when it was due, raw from when it began.")
	for _, p := range r.named() {
		for _, q := range []struct {
			q string
			v float64
		}{{"0.5", p.P50}, {"0.9", p.P90}, {"0.99", p.P99}, {"0.999", p.P999}} {
			sample("phase_seconds", q.v/1e6, "phase", p.name, "quantile", q.q)
		}
		sample("phase_seconds_sum", p.Mean*float64(p.Count)/1e6, "phase", p.name)
		sample("phase_seconds_count", float64(p.Count), "phase", p.name)
	}
	family("generator_cpu_seconds_per_session", "gauge", "CPU time of the generator.")
	sample("generator_cpu_seconds_per_session", r.Generator.CPU/1e6)
	family("generator_allocations_per_session", "gauge", "Objects that the generator put on the heap.")
	sample("generator_allocations_per_session", r.Generator.Allocs)
	family("wire_bytes_per_session", "gauge", "Bytes that passed in a completed session.")
	sample("wire_bytes_per_session", r.Wire.Sent, "direction", "sent")
	sample("wire_bytes_per_session", r.Wire.Received, "direction", "received")
	if r.Target != nil {
		family("target_cpu_seconds_per_session", "gauge", "CPU time of the target.")
		sample("target_cpu_seconds_per_session", r.Target.CPU/1e6)
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write metrics: %w", err)
	}
	return nil
}

// labelled writes labels, given as names and values in turn.
func labelled(labels []string) string {
	if len(labels) == 0 {
		return ""
	}
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
	var parts []string
	for pair := range slices.Chunk(labels, 2) {
		parts = append(parts, pair[0]+`="`+escape.Replace(pair[1])+`"`)
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// seconds turns seconds into a duration.
func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
