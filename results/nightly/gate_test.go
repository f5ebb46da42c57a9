package nightly

import (
	"bytes"
	"encoding/json"
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"mailtls/results"
)

func TestGate(t *testing.T) {
	for name, c := range map[string]struct {
		made
		want   Verdict // of the figure
		gate   Verdict
		exit   int
		reason string
	}{
		"a night like the others":                 {made{nights: 30, noise: 0.02}, OK, OK, 0, ""},
		"a night out of line":                     {made{nights: 30, noise: 0.02, target: from(29, 1.3)}, Worse, Worse, 1, "no night since"},
		"a night better than all":                 {made{nights: 30, noise: 0.02, target: from(29, 0.7)}, Better, OK, 0, ""},
		"less throughput":                         {made{nights: 30, noise: 0.02, metric: "throughput", target: from(29, 0.7)}, Worse, Worse, 1, "no night since"},
		"a little out of line, for sure":          {made{nights: 30, noise: 0.001, target: from(29, 1.01)}, OK, OK, 0, ""},
		"a change some nights ago":                {made{nights: 30, noise: 0.01, target: from(24, 1.1)}, Worse, Worse, 1, "since the night of 2026-08-25"},
		"a change long ago":                       {made{nights: 60, noise: 0.02, target: from(30, 1.1)}, OK, OK, 0, ""},
		"too few nights":                          {made{nights: 7, noise: 0.02}, Unknown, Unknown, 2, "there are 6 nights"},
		"just enough nights":                      {made{nights: 8, noise: 0.02}, OK, OK, 0, ""},
		"a slower machine in the night":           {made{nights: 30, noise: 0.02, target: from(29, 1.3), canary: from(29, 1.3)}, Machine, OK, 0, "bare handshakes"},
		"a slower machine, and a slower target":   {made{nights: 30, noise: 0.02, target: from(29, 1.9), canary: from(29, 1.3)}, Worse, Worse, 1, ""},
		"a slower target with a canary":           {made{nights: 30, noise: 0.02, target: from(29, 1.3), canary: usual}, Worse, Worse, 1, ""},
		"a slower target in a night without one":  {made{nights: 30, noise: 0.02, target: from(29, 1.3), canary: usual, without: 29}, Worse, Worse, 1, ""},
		"a slower machine since some nights":      {made{nights: 30, noise: 0.02, target: from(22, 1.2), canary: from(22, 1.2)}, OK, OK, 0, ""},
		"a machine that changes from day to day":  {made{nights: 40, noise: 0.01, common: 0.1, canary: usual}, OK, OK, 0, ""},
		"a night whose runs are all of no use":    {made{nights: 30, noise: 0.02, unsoundDay: 29}, Noisy, Noisy, 3, "9.0 %"},
		"a night before whose runs are of no use": {made{nights: 30, noise: 0.02, unsoundDay: 28}, OK, OK, 0, ""},
	} {
		g := GateOf(c.entries(), DefaultLimits())
		if len(g.Figures) != 1 || g.Figures[0].Verdict != c.want || g.Verdict != c.gate || g.ExitCode() != c.exit || !strings.Contains(g.Figures[0].Reason, c.reason) {
			t.Errorf("%s: %s, exit %d: %+q", name, g.Verdict, g.ExitCode(), g.Figures[0].row())
		}
	}
}

func TestGateOfASeriesWithoutAPast(t *testing.T) {
	entries := made{nights: 30, noise: 0.02}.entries()
	other := *entries[29].Like
	other.Go = "go1.27"
	entries[29].Like = &other
	g := GateOf(entries, DefaultLimits())
	if len(g.Figures) != 1 || g.ExitCode() != results.ExitUndecided || !strings.Contains(g.Figures[0].Reason, "Go is go1.26.8 and go1.27") {
		t.Errorf("%+v", g)
	}
	if len(g.Notes) != 1 || !strings.Contains(g.Notes[0], "has no run of the night; the last one like it is of 2026-08-29") {
		t.Errorf("notes %q", g.Notes)
	}
	if g := GateOf(nil, DefaultLimits()); g.ExitCode() != results.ExitUndecided {
		t.Errorf("an empty history: %+v", g)
	}
}

// How many nights of years without a change shut the gate by themselves.
func TestGateOfQuietYears(t *testing.T) {
	shut, nights := 0, 0
	for seed := range uint64(3) {
		entries := made{nights: 80, noise: 0.03, seed: seed}.entries()
		for n := 20; n <= len(entries); n++ {
			nights++
			g := GateOf(entries[:n], Limits{Stretch: 7})
			if g.Verdict == Worse {
				shut++
			}
		}
	}
	t.Logf("%d of %d nights", shut, nights)
	if shut > nights*3/1000 {
		t.Errorf("%d of %d quiet nights shut the gate", shut, nights)
	}
}

// reportOf is a report of a night with the statuses of MUST cases by id; those of
// should/... bind less.
func reportOf(night int, statuses map[string]results.Status) *results.Report {
	r := &results.Report{Schema: results.Schema, Started: nightAt(night), Target: results.TargetID{Name: "postfix", Variant: "default"}}
	for id, s := range statuses {
		c := results.CaseResult{ID: id, Level: results.Must, Role: results.RoleReceiver, Status: s, Got: "MAIL got 250"}
		if strings.HasPrefix(id, "should/") {
			c.Level = results.Should
		}
		r.Cases = append(r.Cases, c)
	}
	r.Summarize()
	return r
}

// newestFirst hands reports out, the newest first, and counts them.
func newestFirst(reports []*results.Report, read *int) iter.Seq2[*results.Report, error] {
	return func(yield func(*results.Report, error) bool) {
		for _, r := range slices.Backward(reports) {
			*read++
			if !yield(r, nil) {
				return
			}
		}
	}
}

func TestGateOfCases(t *testing.T) {
	const pass, fail, waived, na, broken = results.StatusPass, results.StatusFail, results.StatusWaived, results.StatusNA, results.StatusError
	for name, c := range map[string]struct {
		history      []results.Status // of hello/a, night by night
		want         Verdict
		cases        int
		passed, fail int // nights
	}{
		"passes":                     {[]results.Status{pass, pass, pass}, OK, 0, 0, 0},
		"fails since tonight":        {[]results.Status{pass, pass, fail}, Worse, 1, 1, 2},
		"fails since some nights":    {[]results.Status{pass, fail, na, fail}, Worse, 1, 0, 1},
		"always failed":              {[]results.Status{fail, fail, fail}, OK, 0, 0, 0},
		"failed, passed and fails":   {[]results.Status{fail, pass, fail}, Worse, 1, 1, 2},
		"was waived":                 {[]results.Status{pass, waived, fail}, OK, 0, 0, 0},
		"is undecided":               {[]results.Status{pass, pass, broken}, Unknown, 1, 1, 2},
		"is gone":                    {[]results.Status{pass, pass, ""}, Unknown, 1, 1, 2},
		"fails since before a break": {append([]results.Status{pass}, slices.Repeat([]results.Status{fail}, 30)...), OK, 1, 0, 1},
	} {
		var reports []*results.Report
		for night, s := range c.history {
			statuses := map[string]results.Status{"state/d": pass}
			if s != "" {
				statuses["hello/a"] = s
			}
			reports = append(reports, reportOf(night, statuses))
		}
		last := len(reports) - 1
		g := GateOf([]Entry{{Kind: KindReport, Started: reports[last].Started}}, DefaultLimits())
		read := 0
		if err := g.AddCases(newestFirst(reports, &read), DefaultLimits()); err != nil {
			t.Fatal(err)
		}
		if g.Verdict != c.want || len(g.Cases) != c.cases {
			t.Errorf("%s: %s, %+v", name, g.Verdict, g.Cases)
			continue
		}
		if c.cases > 0 && (!g.Cases[0].Passed.Equal(nightAt(c.passed)) || !g.Cases[0].Failed.Equal(nightAt(c.fail)) || g.Cases[0].Case != "hello/a") {
			t.Errorf("%s: %+v", name, g.Cases)
		}
		if c.want == OK && c.cases == 0 && c.history[last] == pass && read > 2 {
			t.Errorf("%s: %d reports were read", name, read)
		}
	}
}

func TestGateOfOldAndBrokenReports(t *testing.T) {
	g := GateOf([]Entry{{Kind: KindReport, Started: nightAt(9)}}, DefaultLimits())
	read := 0
	if err := g.AddCases(newestFirst([]*results.Report{reportOf(5, map[string]results.Status{"hello/a": results.StatusFail})}, &read), DefaultLimits()); err != nil || len(g.Notes) != 1 || g.Verdict != Unknown {
		t.Errorf("%+v, %v", g, err)
	}
	broken := errors.New("it is damaged")
	err := g.AddCases(func(yield func(*results.Report, error) bool) { yield(nil, broken) }, DefaultLimits())
	if !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}

func TestGateWrites(t *testing.T) {
	g := GateOf(made{nights: 30, noise: 0.01, target: from(24, 1.1)}.entries(), DefaultLimits())
	read := 0
	reports := []*results.Report{reportOf(28, map[string]results.Status{"hello/a": results.StatusPass}), reportOf(29, map[string]results.Status{"hello/a": results.StatusFail})}
	if err := g.AddCases(newestFirst(reports, &read), DefaultLimits()); err != nil {
		t.Fatal(err)
	}
	for format, says := range map[string][]string{
		"text":     {"night of 2026-08-30", "nightly on postfix/default  target-cpu", "WORSE", "since the night of 2026-08-25", "hello/a", "2026-08-29", "verdict: WORSE"},
		"markdown": {"### Night of 2026-08-30: WORSE", "| postfix/default | hello/a | MUST | fail | 2026-08-29 | 2026-08-30 | WORSE |"},
		"json":     {`"verdict": "worse"`, `"last_passed": "2026-08-29T02:30:00Z"`},
	} {
		var b bytes.Buffer
		if err := g.Write(&b, format); err != nil {
			t.Fatal(err)
		}
		for _, s := range says {
			if !strings.Contains(b.String(), s) {
				t.Errorf("%s lacks %q: %s", format, s, b.String())
			}
		}
		if format == "json" && !json.Valid(b.Bytes()) {
			t.Error("no JSON")
		}
	}
}

func TestNightsAreHalfADayApart(t *testing.T) {
	like := results.Likeness{}
	entry := func(at time.Duration) Entry {
		return Entry{Kind: KindRun, Started: firstNight.Add(at), Like: &like, Figures: map[string]float64{"target-cpu": 1}}
	}
	s := SeriesOf([]Entry{entry(0), entry(11 * time.Hour), entry(12 * time.Hour)})
	if len(s) != 1 || len(s[0].Nights) != 2 || s[0].Nights[0].Runs != 2 {
		t.Errorf("%+v", s)
	}
}
