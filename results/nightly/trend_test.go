package nightly

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"mailtls/results"
)

// firstNight is when the first night of the tests' histories began.
var firstNight = time.Date(2026, 8, 1, 2, 30, 0, 0, time.UTC)

func nightAt(night int) time.Time { return firstNight.AddDate(0, 0, night) }

// made makes a history: each night a run with a figure, and a canary where there is
// one. Both are given as what the usual figure is multiplied with; noise is that of
// each by itself, common that of the machine.
type made struct {
	nights              int
	noise, common       float64
	target, canary      func(night int) float64
	metric              string
	without, unsoundDay int // the canary from this night on; nights that were too noisy
	seed                uint64
}

func usual(int) float64 { return 1 }

// from is a factor that holds from a night on.
func from(night int, factor float64) func(int) float64 {
	return func(n int) float64 {
		if n >= night {
			return factor
		}
		return 1
	}
}

func (m made) entries() []Entry {
	random := rand.New(rand.NewPCG(7, m.seed))
	like := results.Likeness{Machine: "linux/amd64", Go: "go1.26.8", Peer: "postfix/default", Connection: "TLS1.3"}
	if m.metric == "" {
		m.metric = "target-cpu"
	}
	if m.target == nil {
		m.target = usual
	}
	var all []Entry
	for n := range m.nights {
		machine := 1 + m.common*random.NormFloat64()
		e := Entry{
			Kind: KindRun, Started: nightAt(n), Subject: "nightly on postfix/default", Version: "postfix/default 3.7", Like: &like,
			Figures: map[string]float64{m.metric: 800 * m.target(n) * machine * (1 + m.noise*random.NormFloat64())},
		}
		if m.unsoundDay > 0 && n == m.unsoundDay {
			e.Unsound = "the verdict on its generator is noisy-host: the hypervisor took 9.0 %"
		}
		all = append(all, e)
		if m.canary != nil && (m.without == 0 || n < m.without) {
			all = append(all, Entry{
				Kind: KindCanary, Started: nightAt(n).Add(-time.Minute), Subject: "canary", Like: &results.Likeness{Machine: like.Machine, Go: like.Go, Peer: "canary"},
				Figures: map[string]float64{canaryMetric: 700 * m.canary(n) * machine * (1 + m.noise*random.NormFloat64())},
			})
		}
	}
	return all
}

// onlyLine is the one line of a history.
func onlyLine(t *testing.T, m made) TrendLine {
	t.Helper()
	trend := TrendOf(m.entries(), "")
	if len(trend.Lines) != 1 {
		t.Fatalf("%d lines", len(trend.Lines))
	}
	return trend.Lines[0]
}

func TestTrendNamesTheFirstBadNight(t *testing.T) {
	l := onlyLine(t, made{nights: 60, noise: 0.01, target: from(40, 1.08)})
	if len(l.Points) != 1 {
		t.Fatalf("points %+v", l.Points)
	}
	p := l.Points[0]
	if !p.At.Equal(nightAt(40)) || !p.Worse || p.Blame != BlameTarget || p.Canary != nil || p.Lo > 0.08 || p.Hi < 0.08 || p.Before > p.After {
		t.Errorf("%+v", p)
	}
}

func TestTrendTellsBetterFromWorse(t *testing.T) {
	if l := onlyLine(t, made{nights: 60, noise: 0.01, target: from(40, 0.9)}); len(l.Points) != 1 || l.Points[0].Worse || l.Points[0].Judgement() != "better" {
		t.Errorf("an improvement: %+v", l.Points)
	}
	if l := onlyLine(t, made{nights: 60, noise: 0.01, metric: "throughput", target: from(40, 0.9)}); len(l.Points) != 1 || !l.Points[0].Worse {
		t.Errorf("less throughput: %+v", l.Points)
	}
	if l := onlyLine(t, made{nights: 60, noise: 0.001, target: from(40, 1.01)}); len(l.Points) != 1 || l.Points[0].Worse || !l.Points[0].Small {
		t.Errorf("less than counts: %+v", l.Points)
	}
}

func TestASlowerMachineIsNotTheTargets(t *testing.T) {
	l := onlyLine(t, made{nights: 60, noise: 0.01, target: from(40, 1.2), canary: from(40, 1.2)})
	if len(l.Points) != 1 || l.Points[0].Worse || l.Points[0].Blame != BlameMachine || l.Points[0].Canary == nil {
		t.Errorf("both slower: %+v", l.Points)
	}
	l = onlyLine(t, made{nights: 60, noise: 0.01, target: from(40, 1.3), canary: from(40, 1.1)})
	if len(l.Points) != 1 || !l.Points[0].Worse || l.Points[0].Blame != BlameTarget {
		t.Errorf("the target more than the machine: %+v", l.Points)
	}
	l = onlyLine(t, made{nights: 60, noise: 0.01, target: from(40, 1.2), canary: usual})
	if len(l.Points) != 1 || !l.Points[0].Worse || l.Points[0].Blame != BlameTarget {
		t.Errorf("the target alone: %+v", l.Points)
	}
	l = onlyLine(t, made{nights: 60, noise: 0.01, metric: "throughput", target: from(40, 0.8), canary: from(40, 1.25)})
	if len(l.Points) != 1 || l.Points[0].Worse || l.Points[0].Blame != BlameMachine {
		t.Errorf("less throughput on a slower machine: %+v", l.Points)
	}
}

func TestAFasterMachineDoesNotHideTheTarget(t *testing.T) {
	l := onlyLine(t, made{nights: 60, noise: 0.01, canary: from(40, 0.85)})
	if len(l.Points) != 1 || !l.Points[0].Worse || l.Points[0].Blame != BlameHidden || !l.Points[0].At.Equal(nightAt(40)) {
		t.Errorf("%+v", l.Points)
	}
	if l := onlyLine(t, made{nights: 60, noise: 0.01, canary: from(40, 0.85), without: 50}); len(l.Points) != 0 {
		t.Errorf("nights without a canary tell nothing of it: %+v", l.Points)
	}
}

func TestTrendDrawsAndWrites(t *testing.T) {
	trend := TrendOf(made{nights: 200, noise: 0.01, target: from(120, 1.1), canary: usual}.entries(), "target-cpu")
	written := map[string]string{}
	for _, format := range []string{"text", "markdown", "json"} {
		var b bytes.Buffer
		if err := trend.Write(&b, format); err != nil {
			t.Fatal(err)
		}
		written[format] = b.String()
	}
	text := written["text"]
	if !strings.Contains(text, "WORSE: 2026-11-29: +") || !strings.Contains(text, "200 nights from 2026-08-01 to 2027-02-16") || !strings.Contains(text, "bare handshakes") {
		t.Error(text)
	}
	lines := strings.Split(text, "\n")
	if mark := lines[1+chartHeight]; strings.Count(text, "*") != chartWidth || strings.IndexByte(mark, '^') != len("          | ")+120*chartWidth/200 {
		t.Error(text)
	}
	if !strings.Contains(written["markdown"], "- **WORSE**: 2026-11-29") || !json.Valid([]byte(written["json"])) {
		t.Error(written["markdown"])
	}
	var b bytes.Buffer
	if err := TrendOf(nil, "").Write(&b, "text"); err != nil || b.String() != "no runs\n" {
		t.Errorf("%q, %v", b.String(), err)
	}
	if got := chart([]float64{5, 5, 5}, nil); !strings.Contains(got, "| ***\n") {
		t.Error(got)
	}
}

func TestSeriesAreOfRunsThatCanBeCompared(t *testing.T) {
	entries := made{nights: 3}.entries()
	other := *entries[2].Like
	other.Go = "go1.27"
	again := entries[2]
	again.Started = again.Started.Add(time.Hour)
	again.Figures = map[string]float64{"target-cpu": 1000}
	another := entries[2]
	another.Like = &other
	another.Started = another.Started.Add(2 * time.Hour)
	all := SeriesOf(append(entries, again, another, Entry{Kind: KindReport, Started: nightAt(2)}))
	if len(all) != 2 || len(all[0].Nights)+len(all[1].Nights) != 4 {
		t.Fatalf("%+v", all)
	}
	if all[0].Like.Go != "go1.27" {
		t.Errorf("the newest is not first: %+v", all[0])
	}
	if n := all[1].Nights[2]; n.Runs != 2 || n.Figures["target-cpu"] != 900 {
		t.Errorf("two runs in a night: %+v", n)
	}
}
