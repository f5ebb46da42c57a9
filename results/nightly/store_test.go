package nightly_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"mailtls/results"
	"mailtls/results/nightly"
)

// first is when the first night began.
var first = time.Date(2026, 8, 1, 2, 30, 0, 0, time.UTC)

// run is a run of a night whose target needs so many µs of CPU a session.
func run(night int, cpu float64) *results.Run {
	h := results.NewHistogram()
	h.Record(time.Duration(10*cpu) * time.Microsecond)
	s := results.Summarized(h)
	return &results.Run{
		Schema: results.RunSchema, Started: first.AddDate(0, 0, night), Elapsed: 10,
		Plan: results.Plan{Name: "nightly", Target: "postfix", Workers: 2, Duration: results.Span(10 * time.Second)}.Filled(),
		Env: results.Env{
			Tool: results.Tool{Name: "mailtls", Version: "v1", Go: "go1.26.8"}, OS: "linux", Arch: "amd64", CPU: "Example CPU", Procs: 2,
			Target: "postfix/default 3.7", Connection: "TLS1.3",
		},
		Attempted: 1, Completed: 1, Rate: results.RunRate{Completed: 400}, Raw: s, Lag: s, Phases: map[results.Phase]results.Summary{results.PhaseSession: s},
		Generator: results.Generator{Verdict: results.RunOK, CPU: 400}, Target: &results.TargetUse{CPU: cpu},
	}
}

// document is what stores a run.
func document(t *testing.T, r *results.Run) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := results.WriteRun(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func add(t *testing.T, dir string, documents ...[]byte) []nightly.Added {
	t.Helper()
	added, err := nightly.Open(dir).Add(t.Context(), documents...)
	if err != nil {
		t.Fatal(err)
	}
	return added
}

func contents(t *testing.T, dir string) *nightly.Contents {
	t.Helper()
	c, err := nightly.Open(dir).Contents()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// cpus are the figures of the entries, in order.
func cpus(c *nightly.Contents) []float64 {
	var all []float64
	for _, e := range c.Entries {
		all = append(all, e.Figures["target-cpu"])
	}
	return all
}

func TestWhatIsAddedIsThere(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "history")
	if c := contents(t, dir); len(c.Entries)+len(c.Faults) != 0 {
		t.Errorf("a history that nobody made: %+v", c)
	}
	later, earlier := document(t, run(1, 820)), document(t, run(0, 810))
	added := add(t, dir, later)
	if len(added) != 1 || added[0].Before || added[0].Subject != "nightly on postfix/default" || added[0].ID[:20] != "20260802T023000Z-run" {
		t.Errorf("%+v", added)
	}
	if again := add(t, dir, earlier, later); again[0].Before || !again[1].Before {
		t.Errorf("%+v", again)
	}
	c := contents(t, dir)
	if !slices.Equal(cpus(c), []float64{810, 820}) || len(c.Faults) != 0 {
		t.Errorf("%+v", c)
	}
	if data, err := nightly.Open(dir).Document(c.Entries[1]); err != nil || !bytes.Equal(data, later) {
		t.Errorf("the document is not what was added: %v", err)
	}
}

func TestWhatIsNoDocumentIsRefused(t *testing.T) {
	dir := t.TempDir()
	good := document(t, run(0, 800))
	for _, c := range []struct{ name, document, says string }{
		{"cut", string(good[:len(good)/2]), "ends in the middle, after " + strconv.Itoa(len(good)/2)},
		{"empty", "", "ends in the middle, after 0"},
		{"text", "hello", "no JSON document"},
		{"other", `{"schema": "mailtls-run/9"}`, `of version "mailtls-run/9"`},
		{"foreign", `{"name": "left-pad"}`, `of version ""`},
		{"not adding up", strings.Replace(string(good), `"attempted": 1`, `"attempted": 2`, 1), "2 attempted"},
	} {
		_, err := nightly.Open(dir).Add(t.Context(), good, []byte(c.document))
		if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "document 2 of 2") {
			t.Errorf("%s: %v; want it to say %q", c.name, err, c.says)
		}
	}
	if n := len(contents(t, dir).Entries); n != 0 {
		t.Errorf("%d of what was refused are there", n)
	}
}

// eight writers at once, several documents each, one of them shared by all.
func TestWritersAtOnce(t *testing.T) {
	const writers, each = 8, 5
	dir := t.TempDir()
	shared := document(t, run(999, 1))
	var wait sync.WaitGroup
	for w := range writers {
		wait.Go(func() {
			for i := range each {
				if _, err := nightly.Open(dir).Add(context.Background(), document(t, run(w*each+i, 800+float64(w*each+i))), shared); err != nil {
					t.Error(err)
				}
			}
		})
		wait.Go(func() { // readers meanwhile see whole documents only
			for range each {
				if c, err := nightly.Open(dir).Contents(); err != nil || len(c.Faults) != 0 {
					t.Errorf("%+v, %v", c, err)
				}
			}
		})
	}
	wait.Wait()
	c := contents(t, dir)
	if len(c.Entries) != writers*each+1 || len(c.Faults) != 0 {
		t.Fatalf("%d entries, faults %q", len(c.Entries), c.Faults)
	}
	for i, cpu := range cpus(c)[:writers*each] {
		if cpu != 800+float64(i) {
			t.Errorf("night %d has %g", i, cpu)
		}
	}
}

// writerEnv has this test binary append to a history until it is killed.
const writerEnv = "MAILTLS_TEST_HISTORY_WRITER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(writerEnv); dir != "" {
		appendUntilKilled(dir)
	}
	os.Exit(m.Run())
}

// appendUntilKilled says which nights it has added.
func appendUntilKilled(dir string) {
	for night := 0; ; night++ {
		var b bytes.Buffer
		if err := results.WriteRun(&b, run(night, 800+float64(night))); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		if _, err := nightly.Open(dir).Add(context.Background(), b.Bytes()); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("added", night)
	}
}

// A writer that is killed at any moment loses nothing that it said was added, and
// leaves no half of anything.
func TestWriterKilled(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for try := range 8 {
		dir := t.TempDir()
		cmd := exec.Command(program)
		cmd.Env = append(os.Environ(), writerEnv+"="+dir)
		var out bytes.Buffer
		cmd.Stdout = &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		untilAppending(t, dir, 2+try)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // killed
		said := strings.Count(out.String(), "added")
		c := contents(t, dir)
		if len(c.Entries) < said || len(c.Entries) > said+1 || len(c.Faults) != 0 {
			t.Errorf("it said that it added %d, there are %d; faults %q; %s", said, len(c.Entries), c.Faults, out.String())
		}
		for i, cpu := range cpus(c) {
			if cpu != 800+float64(i) {
				t.Errorf("night %d has %g", i, cpu)
			}
		}
		added := add(t, dir, document(t, run(5000, 1)))
		if after := contents(t, dir); added[0].Before || len(after.Entries) != len(c.Entries)+1 {
			t.Errorf("after it: %d entries of %d", len(after.Entries), len(c.Entries)+1)
		}
		if left, _ := filepath.Glob(filepath.Join(dir, "*", ".new-*")); len(left) > 0 {
			t.Errorf("left behind: %q", left)
		}
	}
}

// untilAppending waits until a history has so many documents, and is about to get
// another one: in the middle of its document, or between it and the index.
func untilAppending(t *testing.T, dir string, documents int) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		files, _ := os.ReadDir(filepath.Join(dir, "documents"))
		if writing := len(files) > 0 && strings.HasPrefix(files[0].Name(), ".new-"); len(files) >= documents && writing == (documents%2 == 0) {
			return
		}
	}
	t.Error("the writer is too slow")
}
