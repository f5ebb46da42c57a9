package comparison_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mailtls/results"
	"mailtls/results/comparison"
)

var update = flag.Bool("update", false, "write the golden files anew")

// report on a target, with the cases' statuses by key; those of should/... bind
// less.
func report(target string, day int, statuses map[string]results.Status) *results.Report {
	r := &results.Report{
		Schema: results.Schema, Started: first.AddDate(0, 0, day), Target: results.TargetID{Name: target, Version: "1", Variant: "default"},
	}
	for _, id := range []string{"hello/a", "hello/b", "should/c", "state/d"} {
		if s := statuses[id]; s != "" {
			c := results.CaseResult{ID: id, Role: results.RoleReceiver, Level: results.Must, Status: s, Got: "MAIL got " + string(s)}
			if strings.HasPrefix(id, "should/") {
				c.Level = results.Should
			}
			r.Cases = append(r.Cases, c)
		}
	}
	return r
}

func TestVerdictsThatChange(t *testing.T) {
	for _, c := range []struct {
		id        string
		base, now results.Status
		want      comparison.Verdict
		changes   int
	}{
		{"hello/a", results.StatusPass, results.StatusPass, comparison.Same, 0},
		{"hello/a", results.StatusPass, results.StatusFail, comparison.Worse, 1},
		{"should/c", results.StatusPass, results.StatusFail, comparison.Worse, 1},
		{"hello/a", results.StatusNonstrict, results.StatusFail, comparison.Worse, 1},
		{"hello/a", results.StatusInconclusive, results.StatusFail, comparison.Worse, 1},
		{"hello/a", results.StatusWaived, results.StatusFail, comparison.Same, 1},
		{"hello/a", results.StatusPass, results.StatusNonstrict, comparison.Same, 1},
		{"hello/a", results.StatusPass, results.StatusWaived, comparison.Same, 1},
		{"hello/a", results.StatusPass, results.StatusError, comparison.Unknown, 1},
		{"hello/a", results.StatusPass, "", comparison.Unknown, 1},
		{"should/c", results.StatusPass, results.StatusInconclusive, comparison.Same, 1},
		{"hello/a", results.StatusFail, results.StatusPass, comparison.Better, 1},
		{"hello/a", results.StatusFail, results.StatusWaived, comparison.Same, 1},
		{"hello/a", results.StatusFail, results.StatusInconclusive, comparison.Same, 1},
		{"hello/a", results.StatusError, results.StatusPass, comparison.Better, 1},
	} {
		base := report("postfix", 0, map[string]results.Status{"state/d": results.StatusPass, c.id: c.base})
		now := report("postfix", 1, map[string]results.Status{"state/d": results.StatusPass, c.id: c.now})
		got, err := comparison.Verdicts([]*results.Report{base}, []*results.Report{now})
		if err != nil || got.Verdict != c.want || len(got.Changes) != c.changes {
			t.Errorf("%s from %q to %q: %+v, %v; want %s", c.id, c.base, c.now, got, err, c.want)
		}
	}
}

func TestVerdictsOfTheNewestReports(t *testing.T) {
	pass, fail := map[string]results.Status{"hello/a": results.StatusPass}, map[string]results.Status{"hello/a": results.StatusFail}
	c, err := comparison.Verdicts([]*results.Report{report("postfix", 3, pass), report("postfix", 1, fail), report("exim", 1, pass)},
		[]*results.Report{report("postfix", 4, fail), report("exim", 5, pass), report("exim", 4, fail)})
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Changes) != 1 || c.Changes[0].Target != "postfix/default" || !c.Changes[0].Passed.Equal(first.AddDate(0, 0, 3)) || c.Compared != 2 {
		t.Errorf("%+v", c)
	}
	if _, err := comparison.Verdicts([]*results.Report{report("postfix", 0, pass)}, []*results.Report{report("exim", 0, pass)}); err == nil ||
		!strings.Contains(err.Error(), "postfix/default") || !strings.Contains(err.Error(), "exim/default") {
		t.Errorf("two targets: %v", err)
	}
}

// A case that was not selected is not gone.
func TestVerdictsOfAnotherSelection(t *testing.T) {
	base := report("postfix", 0, map[string]results.Status{"hello/a": results.StatusPass, "hello/b": results.StatusPass})
	now := report("postfix", 1, map[string]results.Status{"hello/a": results.StatusPass, "state/d": results.StatusFail})
	now.Filter.Case = "hello/a"
	c, err := comparison.Verdicts([]*results.Report{base}, []*results.Report{now})
	if err != nil || c.Verdict != comparison.Same || len(c.Changes) != 0 || len(c.Notes) != 2 || !strings.Contains(c.Notes[1], "1 cases are new, of which 1 fail") {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestViews(t *testing.T) {
	random := rand.New(rand.NewPCG(8, 8))
	base, now := runs(random, 12, 200, 1, 0.01), runs(random, 12, 200, 1.10, 0.01)
	now[3].Started = first.Add(time.Hour)
	load, err := comparison.Unpaired(base, now, comparison.Options{})
	if err != nil {
		t.Fatal(err)
	}
	cases, err := comparison.Verdicts(
		[]*results.Report{report("postfix", 0, map[string]results.Status{"hello/a": results.StatusPass, "hello/b": results.StatusPass, "state/d": results.StatusFail})},
		[]*results.Report{report("postfix", 1, map[string]results.Status{"hello/a": results.StatusFail, "state/d": results.StatusPass})})
	if err != nil {
		t.Fatal(err)
	}
	cases.Changes[0].Got = "MAIL got 250 2.1.0 <b>|ok|</b>\x1b[2J"
	c := comparison.New(load, cases)
	for format, file := range map[string]string{"text": "comparison.txt", "markdown": "comparison.md", "json": "comparison.json"} {
		var b bytes.Buffer
		if err := c.Write(&b, format); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", file)
		if *update {
			if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(b.Bytes(), want) {
			t.Errorf("%s differs; got:\n%s", path, b.Bytes())
		}
		if format == "json" && !json.Valid(b.Bytes()) {
			t.Error("no JSON")
		}
	}
	if err := c.Write(new(bytes.Buffer), "html"); err == nil || !strings.Contains(err.Error(), "text, markdown or json") {
		t.Errorf("html: %v", err)
	}
	if none := comparison.New(nil, nil); none.ExitCode() != results.ExitUndecided {
		t.Errorf("nothing compared: %+v", none)
	}
}
