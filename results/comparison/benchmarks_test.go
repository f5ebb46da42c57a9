package comparison_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"mailtls/results"
	"mailtls/results/comparison"
)

// head is how go test -bench begins.
const head = "goos: linux\ngoarch: amd64\npkg: mailtls/bench\ncpu: Example CPU\n"

// marks are what go test -bench -count prints: a time with a noise of 1 %, and memory.
func marks(random *rand.Rand, count int, ns float64, bytes, allocs int) string {
	var b strings.Builder
	b.WriteString(head)
	for range count {
		fmt.Fprintf(&b, "BenchmarkHandshake/kind=full-2 \t 1000\t %.0f ns/op\t %d B/op\t %d allocs/op\n", ns*math.Exp(0.01*random.NormFloat64()), bytes, allocs)
	}
	return b.String() + "PASS\nok  \tmailtls/bench\t4.2s\n"
}

// read reads benchmarks that are known to be good.
func read(t *testing.T, name, text string) *comparison.Benchmarks {
	t.Helper()
	b, err := comparison.ReadBenchmarks(strings.NewReader(text), name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// measured compares two texts.
func measured(t *testing.T, base, now string) *comparison.Measured {
	t.Helper()
	m, err := comparison.Measurements(read(t, "old.txt", base), read(t, "new.txt", now), comparison.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// verdicts lists the verdicts by unit.
func verdicts(m *comparison.Measured) map[string]comparison.Verdict {
	all := map[string]comparison.Verdict{}
	for _, f := range m.Figures {
		all[f.Metric] = f.Verdict
	}
	return all
}

func TestBenchmarksOfTwoVersions(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 5))
	for name, c := range map[string]struct {
		ns             float64
		bytes, allocs  int
		time, size, no comparison.Verdict
		all            comparison.Verdict
	}{
		"slower":      {220000, 4096, 30, comparison.Worse, comparison.Same, comparison.Same, comparison.Worse},
		"faster":      {180000, 4096, 30, comparison.Better, comparison.Same, comparison.Same, comparison.Better},
		"as ever":     {200000, 4096, 30, comparison.Same, comparison.Same, comparison.Same, comparison.Same},
		"one more":    {200000, 4112, 31, comparison.Same, comparison.Worse, comparison.Worse, comparison.Worse},
		"one less":    {200000, 4096, 29, comparison.Same, comparison.Same, comparison.Better, comparison.Better},
		"from nought": {200000, 4096, 0, comparison.Same, comparison.Same, comparison.Better, comparison.Better},
	} {
		m := measured(t, marks(random, 10, 200000, 4096, 30), marks(random, 10, c.ns, c.bytes, c.allocs))
		got := verdicts(m)
		if got["sec/op"] != c.time || got["B/op"] != c.size || got["allocs/op"] != c.no || m.Verdict != c.all {
			t.Errorf("%s: %v, in all %s", name, got, m.Verdict)
		}
	}
}

// The figures are those of the U test, on the ratio: ten values above ten others give
// p = 2/184756, three times that of the three units corrected for together.
func TestBenchmarksAreTestedAsRuns(t *testing.T) {
	base, now := head, head
	for i := range 10 {
		base += fmt.Sprintf("BenchmarkA-2 1 %d ns/op\n", 1000+i)
		now += fmt.Sprintf("BenchmarkA-2 1 %d ns/op\n", 1100+i)
	}
	f := measured(t, base, now).Figures[0]
	if math.Abs(f.P-2.0/184756) > 1e-9 || math.Abs(f.Effect-0.0995) > 0.001 || f.Base != 1004.5e-9 || f.Benchmark != "A-2" || f.Package != "mailtls/bench" || *f.Results != [2]int{10, 10} {
		t.Errorf("%+v", f)
	}
}

func TestBenchmarksTooFewSayNothing(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 6))
	m := measured(t, marks(random, 3, 200000, 4096, 30), marks(random, 3, 400000, 4096, 30))
	if got := verdicts(m); got["sec/op"] != comparison.Unknown || got["allocs/op"] != comparison.Same {
		t.Errorf("%v", got)
	}
	// Memory that does not vary needs no more than one result.
	m = measured(t, marks(random, 1, 200000, 4096, 30), marks(random, 1, 200000, 4096, 31))
	if got := verdicts(m); got["allocs/op"] != comparison.Worse || m.Verdict != comparison.Worse {
		t.Errorf("%v", got)
	}
}

func TestBenchmarksKnowWhichWayIsBetter(t *testing.T) {
	lines := func(value int) string {
		text := head + "Unit answers better=higher\nUnit leaks better=lower assume=exact\n"
		for i := range 10 {
			text += fmt.Sprintf("BenchmarkA-2 1 %d answers %d sessions/s %d leaks %d weights\n", 1000*value+i, 1000*value+i, value-1, value)
		}
		return text
	}
	m := measured(t, lines(1), lines(2))
	if got := verdicts(m); got["answers"] != comparison.Better || got["sessions/s"] != comparison.Better || got["leaks"] != comparison.Worse || got["weights"] != "" {
		t.Errorf("%v", got)
	}
	if notes := strings.Join(m.Notes, "\n"); !strings.Contains(notes, `"Unit weights better=lower"`) {
		t.Error(notes)
	}
}

func TestBenchmarksThatCannotBeCompared(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	base := marks(random, 10, 200000, 4096, 30)
	for name, c := range map[string]struct {
		now    string
		says   string
		aspect results.Aspect
	}{
		"machine":    {strings.Replace(base, "Example CPU", "Other CPU", 1), "cpu is Example CPU and Other CPU", results.AspectMachine},
		"connection": {strings.Replace(base, "cpu:", "connection: TLS1.2\ncpu:", 1), "connection is unknown and TLS1.2", results.AspectConnection},
		"noise":      {strings.Replace(base, "cpu:", "verdict: noisy-host\ncpu:", 1), "noisy-host of new.txt", ""},
		"others":     {strings.ReplaceAll(base, "Handshake", "Shakehand"), "no benchmark and unit in common", ""},
		"package":    {strings.Replace(base, "mailtls/bench", "mailtls/fakes", 1), "no benchmark and unit in common", ""},
	} {
		old, now := read(t, "old.txt", base), read(t, "new.txt", c.now)
		if _, err := comparison.Measurements(old, now, comparison.Options{}); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := comparison.Measurements(old, now, comparison.Options{Allow: []results.Aspect{c.aspect}}); (err == nil) != (c.aspect != "") {
			t.Errorf("%s, allowed: %v", name, err)
		}
	}
	for _, wrong := range []map[string]float64{{"ns/op": 0.02}, {"sec/op": 1}, {"sec/op": -1}} {
		if _, err := comparison.Measurements(read(t, "a", base), read(t, "b", base), comparison.Options{MinEffects: wrong}); err == nil {
			t.Errorf("%v is taken", wrong)
		}
	}
	if _, err := comparison.ReadBenchmarks(strings.NewReader("PASS\n"), "empty.txt"); err == nil || !strings.Contains(err.Error(), "empty.txt") {
		t.Errorf("nothing: %v", err)
	}
}

func TestBenchmarksAreShown(t *testing.T) {
	random := rand.New(rand.NewPCG(8, 8))
	other := strings.ReplaceAll(strings.Replace(marks(random, 1, 5000, 8, 1), "mailtls/bench", "mailtls/fakes", 1), "Handshake", "Peer")
	c := comparison.NewOfBenchmarks(measured(t, marks(random, 10, 200000, 4096, 0)+"BenchmarkBroken-2 one\n"+other, marks(random, 10, 240000, 4096, 2)))
	for format, want := range map[string][]string{
		"text": {"old.txt", "Handshake/kind=full-2", "10, 10", "µ sec/op", "4.000Ki B/op", "+2 allocs/op", "WORSE", "note: Peer/kind=full-2 in sec/op is on one side only",
			"note: old.txt:17: ", "verdict: WORSE"},
		"markdown": {"### Comparison: WORSE", "| benchmark | results | base |"},
		"json":     {`"benchmark": "Handshake/kind=full-2"`, `"verdict": "worse"`},
	} {
		var b strings.Builder
		if err := c.Write(&b, format); err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(b.String(), w) {
				t.Errorf("%s: %q is not in\n%s", format, w, b.String())
			}
		}
		if format == "json" && !json.Valid([]byte(b.String())) {
			t.Error(b.String())
		}
	}
	if c.ExitCode() != results.ExitNonconforming {
		t.Errorf("exit code %d", c.ExitCode())
	}
}
