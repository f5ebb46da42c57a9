package harness_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mailtls/harness"
	"mailtls/results"
	"mailtls/results/comparison"
	"mailtls/results/nightly"
)

// put writes a document below a folder.
func put(t *testing.T, dir, name string, write func(*bytes.Buffer) error) {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

func putJSON(t *testing.T, dir, name string, v any) {
	t.Helper()
	put(t, dir, name, func(b *bytes.Buffer) error { return json.NewEncoder(b).Encode(v) })
}

// pageReport is a report of one case with its transcript.
func pageReport(t *testing.T, dir, target string) {
	t.Helper()
	r := &results.Report{
		Schema: results.Schema, Tool: results.Tool{Name: "mailtls", Version: "v1"}, Target: results.TargetID{Name: target, Version: "1"},
		Roles: []results.Role{results.RoleReceiver}, Started: time.Date(2026, 11, 5, 8, 0, 0, 0, time.UTC), ClockFactor: 1,
		Cases: []results.CaseResult{{
			ID: "offer/none", Row: "R-001", Title: "No offer", Role: results.RoleReceiver, Level: results.Must, Source: "RFC 3207 §4", Status: results.StatusPass,
			Want: "an offer", Got: "an offer", Transcript: "transcripts/offer-none.txt",
		}},
	}
	r.Summarize()
	put(t, dir, harness.ReportFile, func(b *bytes.Buffer) error { return results.WriteReport(b, r) })
	put(t, dir, r.Cases[0].Transcript, func(b *bytes.Buffer) error {
		return results.WriteTranscript(b, &results.Transcript{
			Case: "offer/none", Target: target, Started: r.Started, Window: time.Second, ClockFactor: 1, Ended: results.Ended{Why: results.EndSettled, At: time.Second},
		})
	})
}

// storedViews is a folder with everything but reports and runs.
func storedViews(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	fate := results.MatrixCell{Profile: "honest", Code: results.FateTLS13}
	putJSON(t, dir, "a/"+harness.MatrixFile, results.Matrix{Targets: []results.MatrixTarget{{Target: "matrixed", Rows: []results.MatrixRow{{Policy: "may", Cells: []results.MatrixCell{fate}}}}}})
	putJSON(t, dir, "a/"+harness.ModelsFile, results.ModelMatrix{Senders: []string{"model-a"}, Receivers: []string{"model-b"}})
	putJSON(t, dir, "b/"+harness.InteropFile, results.Interop{Pairs: []results.InteropPair{{Sender: "one", Receiver: "two", Policy: "may", Code: results.FatePlain}}})
	putJSON(t, dir, "b/"+harness.ComparisonFile, &comparison.Comparison{Schema: comparison.Schema, Verdict: comparison.Same, Cases: &comparison.Cases{Verdict: comparison.Same}})
	history := filepath.Join(dir, "history")
	old := &results.Report{
		Schema: results.Schema, Tool: results.Tool{Name: "mailtls", Version: "v1"}, Target: results.TargetID{Name: "in-history", Version: "1"},
		Roles: []results.Role{results.RoleReceiver}, Started: time.Date(2026, 11, 5, 8, 0, 0, 0, time.UTC), ClockFactor: 1,
	}
	old.Summarize()
	var b bytes.Buffer
	if err := results.WriteReport(&b, old); err != nil {
		t.Fatal(err)
	}
	if _, err := nightly.Open(history).Add(t.Context(), b.Bytes()); err != nil {
		t.Fatal(err)
	}
	return dir
}

func pageOf(t *testing.T, paths ...string) string {
	t.Helper()
	var b bytes.Buffer
	if err := harness.WritePage(&b, paths); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestPageGathersWhatIsStored(t *testing.T) {
	dir := storedViews(t)
	pageReport(t, filepath.Join(dir, "runs", "one"), "judged-one")
	pageReport(t, filepath.Join(dir, "runs", "two"), "judged-two")
	text := pageOf(t, dir, filepath.Join(dir, "runs", "one"), filepath.Join(dir, "a", harness.MatrixFile))
	for _, want := range []string{"judged-one", "judged-two", "matrixed", "model-a", "id=\"interop\"", "id=\"changes\"", "id=\"chunk-0\">0,1;"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in the page", want)
		}
	}
	if n := strings.Count(text, "<tr><th scope=\"row\">judged-one</th><td class=\"o-"); n != 1 {
		t.Errorf("a report that two paths lead to is shown %d times", n)
	}
	if strings.Contains(text, "in-history") {
		t.Error("a document of a history is shown as a report")
	}
}

func TestPageSaysWhichFileIsWrong(t *testing.T) {
	for name, spoil := range map[string]func(dir string) (file string){
		"nothing there": func(dir string) string { _ = os.MkdirAll(filepath.Join(dir, "empty"), 0o755); return "empty" },
		"cut short": func(dir string) string {
			_ = os.WriteFile(filepath.Join(dir, "run.json"), []byte(`{"schema":"mailtls-run/1",`), 0o600)
			return "run.json"
		},
		"something else": func(dir string) string {
			_ = os.WriteFile(filepath.Join(dir, "matrix.json"), []byte(`{}`), 0o600)
			return "matrix.json"
		},
		"of another version": func(dir string) string {
			_ = os.WriteFile(filepath.Join(dir, "report.json"), []byte(`{"schema":"mailtls-report/99"}`), 0o600)
			return "report.json"
		},
		"two comparisons": func(dir string) string {
			_ = os.Mkdir(filepath.Join(dir, "z"), 0o755)
			for _, f := range []string{"comparison.json", "z/comparison.json"} {
				_ = os.WriteFile(filepath.Join(dir, f), []byte(`{"schema":"`+comparison.Schema+`"}`), 0o600)
			}
			return "z/comparison.json"
		},
		"altered transcript": func(dir string) string {
			pageReport(t, dir, "judged")
			file := filepath.Join(dir, "transcripts", "offer-none.txt")
			_ = os.WriteFile(file, []byte("nonsense\n"), 0o600)
			return "transcripts/offer-none.txt"
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			file := spoil(dir)
			path := dir
			if file == "empty" {
				path = filepath.Join(dir, file)
			}
			err := harness.WritePage(&bytes.Buffer{}, []string{path})
			if err == nil || !strings.Contains(err.Error(), filepath.Base(file)) || !strings.Contains(err.Error(), dir) {
				t.Errorf("got %v, want one that names %s", err, file)
			}
		})
	}
}

// TestPageWithoutTranscripts: a report that was stored alone has a page, which names the files.
func TestPageWithoutTranscripts(t *testing.T) {
	dir := t.TempDir()
	pageReport(t, dir, "judged")
	if err := os.RemoveAll(filepath.Join(dir, "transcripts")); err != nil {
		t.Fatal(err)
	}
	if text := pageOf(t, dir); !strings.Contains(text, "judged") || strings.Contains(text, "id=\"chunk-") {
		t.Error("the page is not that of a report without transcripts")
	}
}
