package bench

import (
	"encoding/csv"
	"strconv"
	"testing"
	"time"

	"mailtls/results"
)

func TestSinkLogsTheDelaysItApplied(t *testing.T) {
	for _, point := range results.DelayPoints() {
		t.Run(string(point), func(t *testing.T) {
			s := startSink(t, named(t, "opportunistic"), func(job *SinkJob) {
				job.Plan.Delay = results.Delay{Kind: results.DelayUniform, First: results.Span(2 * time.Millisecond), Second: results.Span(30 * time.Millisecond)}
				job.Plan.DelayAt, job.Plan.Seed = point, 5
			})
			const n = 40
			sent := load(t, &peer{addr: s.addr}, n, results.SessionPlan{Size: 300})
			run := s.stop(t)
			rows, err := csv.NewReader(&s.delays).ReadAll()
			if err != nil || len(rows) != n+1 || run.Delay.Count != n {
				t.Fatalf("%d rows, %d delays, %v", len(rows), run.Delay.Count, err)
			}
			names := map[string]bool{}
			h := results.NewHistogram()
			for _, row := range rows[1:] {
				index, _ := strconv.ParseInt(row[0], 10, 64)
				asked, _ := strconv.ParseInt(row[4], 10, 64)
				applied, _ := strconv.ParseInt(row[5], 10, 64)
				if want := run.Plan.Delay.Draw(evenly(5, index, 0)); asked != int64(want) || applied < asked || row[2] != string(point) {
					t.Errorf("row %v: want %d ns at %s, and no less applied", row, want, point)
				}
				names[row[1]] = true
				h.Record(time.Duration(applied))
			}
			if len(names) != n || !names["b7.bench.mailtls.example"] {
				t.Errorf("%d names, want those of %d sessions", len(names), n)
			}
			if !h.Equal(run.Delay.HDR) {
				t.Error("the log and the histogram differ")
			}
			phase := map[results.DelayPoint]results.Phase{
				results.DelayGreeting: results.PhaseGreeting, results.DelayStartTLS: results.PhaseStartTLS, results.DelayContent: results.PhaseMessage,
			}[point]
			saw := sent.Phases[phase]
			early := time.Microsecond
			if point == results.DelayGreeting { // the sink may accept a connection before its client knows that it has it
				early += sent.Phases[results.PhaseConnect].HDR.Quantile(1)
			}
			for _, q := range []float64{0, 0.25, 0.5, 0.75, 1} {
				if saw.HDR.Quantile(q) < h.Quantile(q)-h.Quantile(q)/500-early {
					t.Errorf("quantile %v of phase %s is %v, %v was applied", q, phase, saw.HDR.Quantile(q), h.Quantile(q))
				}
			}
		})
	}
}
