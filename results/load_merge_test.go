package results_test

import (
	"bytes"
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
