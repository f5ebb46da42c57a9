package results_test

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"time"

	"mailtls/results"
)

// shard is the sample as a shard of three, without what cannot be merged.
func shard(i int) *results.Run {
	r := sampleRun()
	r.Plan.Shard = results.Shard{Index: i, Of: 3}
	r.Search = nil
	r.Started = r.Started.Add(time.Duration(i) * time.Millisecond)
	return r
}

// mergedShards are the three shards, each different, and what they merge to.
func mergedShards(t *testing.T) *results.Run {
	t.Helper()
	a, b, c := shard(2), shard(0), shard(1)
	b.Generator.Verdict, b.Generator.Reasons, b.Generator.CPU = results.RunGeneratorLimited, []string{"late"}, 821
	c.Phases[results.PhaseHandshake] = spread(100, time.Second)
	c.Intervals = c.Intervals[:1]
	m, err := results.MergeRuns([]*results.Run{a, b, c})
	if err != nil {
		t.Fatal(err)
	}
	if a.Phases[results.PhaseHandshake].Count != 100 {
		t.Error("merging changed a run")
	}
	return m
}

func TestMergeAddsUp(t *testing.T) {
	m := mergedShards(t)
	if m.Attempted != 330 || m.Completed != 300 || m.Failed["alert-40"] != 9 || m.Failed["timeout"] != 21 || m.Resumed != 180 {
		t.Errorf("%d attempted, %d completed, failed %v, %d resumed", m.Attempted, m.Completed, m.Failed, m.Resumed)
	}
	if m.Rate.Asked != 165 || m.Elapsed != 2 || m.Plan.Shard != (results.Shard{}) || !m.Started.Equal(shard(0).Started) {
		t.Errorf("rate %+v in %v s, shard %v, started %v", m.Rate, m.Elapsed, m.Plan.Shard, m.Started)
	}
	if m.Target != nil {
		t.Errorf("target %v: the shards may have measured one target three times", m.Target)
	}
	if _, err := results.ReadRun(bytes.NewReader(runJSON(t, m))); err != nil {
		t.Error(err)
	}
}

func TestMergeMergesHistogramsAndNeverPercentiles(t *testing.T) {
	m := mergedShards(t)
	if h := m.Phases[results.PhaseHandshake]; h.Count != 300 || h.P99 < 960_000 || m.Raw.Count != 300 || m.Lag.Count != 330 {
		t.Errorf("handshake %+v", h)
	}
	if n := m.Intervals; len(n) != 2 || n[0].Attempted != 180 || n[0].Session.Count != 150 || n[1].Attempted != 100 {
		t.Errorf("intervals %+v", n)
	}
}

func TestMergeKeepsTheWorstOfTheGenerators(t *testing.T) {
	m := mergedShards(t)
	g := m.Generator
	if g.Verdict != results.RunGeneratorLimited || len(g.Reasons) != 1 || g.Reasons[0] != "shard 0/3: late" || len(m.Thresholds) != 0 {
		t.Errorf("%s because of %v, thresholds %v", g.Verdict, g.Reasons, m.Thresholds)
	}
	if g.MaxInFlight != 27 || g.ListenOverflows != 1 || g.CPU != (2*410.5+821)/3 {
		t.Errorf("generator %+v", g)
	}
}

func TestMergedThresholdsAreJudged(t *testing.T) {
	m, err := results.MergeRuns([]*results.Run{shard(0), shard(1), shard(2)})
	if err != nil || len(m.Thresholds) != 2 || !m.Thresholds[0].Kept || m.Thresholds[1].Kept {
		t.Errorf("%v, thresholds %+v", err, m.Thresholds)
	}
}

func TestMergeRunsRefuses(t *testing.T) {
	other := shard(1)
	other.Plan.Seed = 5
	four := shard(1)
	four.Plan.Shard.Of = 4
	search := shard(1)
	search.Search = &results.Search{}
	for want, runs := range map[string][]*results.Run{
		"there are none":                nil,
		"run 2 has another plan":        {shard(0), other},
		"run 2 is shard 1/4, the first": {shard(0), four},
		"shard 1/3 is there twice":      {shard(1), shard(1)},
		"shard 2/3 is missing":          {shard(0), shard(1)},
		"searches cannot be merged":     {search},
	} {
		if _, err := results.MergeRuns(runs); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func TestRunsOneAfterTheOtherAreJoined(t *testing.T) {
	a, b := sampleRun(), sampleRun()
	a.Search, b.Search = nil, nil
	b.Attempted, b.Failed, b.Completed = 20, map[results.ErrorClass]int64{}, 20
	b.Elapsed, b.Rate.Completed = 6, 10
	b.Generator.CPU, b.Generator.Allocs, b.Generator.Steal, b.Generator.MaxInFlight = 1000, 500, 0.010, 40
	b.Wire, b.Target = results.Wire{Sent: 1000, Received: 2000}, &results.TargetUse{CPU: 50, CPUShare: 0.4}
	j := results.JoinRuns([]*results.Run{a, b})
	if j.Attempted != 130 || j.Completed != 120 || j.Failures() != 10 || j.Elapsed != 8 || j.Rate.Completed != 20 || !j.Started.Equal(a.Started) {
		t.Errorf("%d attempted, %d completed in %v s at %v/s", j.Attempted, j.Completed, j.Elapsed, j.Rate.Completed)
	}
	near := func(what string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-9*want {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	near("CPU of the generator", j.Generator.CPU, (410.5*110+1000*20)/130)
	near("allocations", j.Generator.Allocs, (320.25*110+500*20)/130)
	near("CPU of the target", j.Target.CPU, (700.0*110+50*20)/130)
	near("CPU share of the target", j.Target.CPUShare, 0.04/4+0.4*3/4)
	near("sent", j.Wire.Sent, (771.5*100+1000*20)/120)
	near("steal", j.Generator.Steal, 0.002/4+0.010*3/4)
	if j.Generator.MaxInFlight != 40 || len(j.Intervals) != 4 || j.Intervals[2].At != 2 || j.Raw.Count != 200 {
		t.Errorf("generator %+v, %d intervals, raw %d", j.Generator, len(j.Intervals), j.Raw.Count)
	}
	if a.Raw.Count != 100 || len(a.Intervals) != 2 {
		t.Error("joining changed a run")
	}
}
