package nightly_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mailtls/results/nightly"
)

// write puts a file into a history behind its back.
func write(t *testing.T, dir, file, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Whatever happens to the folder, what was recorded is still told of, and what
// happened is said.
func TestDamagedFolders(t *testing.T) {
	for name, c := range map[string]struct {
		damage func(t *testing.T, dir string, first nightly.Entry)
		says   string // "" for no fault
		nights []float64
		mended bool // by the next one to add
	}{
		"no index":    {func(t *testing.T, dir string, _ nightly.Entry) { remove(t, dir, "index.json") }, "", []float64{800, 810, 820}, true},
		"empty index": {func(t *testing.T, dir string, _ nightly.Entry) { write(t, dir, "index.json", "") }, "index.json cannot be read", []float64{800, 810, 820}, true},
		"torn index": {func(t *testing.T, dir string, _ nightly.Entry) { cut(t, dir, "index.json") }, "index.json cannot be read",
			[]float64{800, 810, 820}, true},
		"foreign index": {func(t *testing.T, dir string, _ nightly.Entry) { write(t, dir, "index.json", `{"a": 1}`) }, "index.json is none of a history",
			[]float64{800, 810, 820}, true},
		"index that lacks one": {func(t *testing.T, dir string, _ nightly.Entry) {
			write(t, dir, "index.json", `{"schema": "mailtls-history/1", "entries": []}`)
		}, "", []float64{800, 810, 820}, true},
		"cut document": {func(t *testing.T, dir string, e nightly.Entry) { cut(t, dir, "documents/"+e.ID+".json") }, "is damaged: it has",
			[]float64{800, 810, 820}, false},
		"removed document": {func(t *testing.T, dir string, e nightly.Entry) { remove(t, dir, "documents/"+e.ID+".json") }, "is gone",
			[]float64{800, 810, 820}, false},
		"foreign file": {func(t *testing.T, dir string, _ nightly.Entry) { write(t, dir, "documents/notes.json", "{}") }, "documents/notes.json is none of the history's documents",
			[]float64{800, 810, 820}, false},
		"cut document and torn index": {func(t *testing.T, dir string, e nightly.Entry) {
			cut(t, dir, "documents/"+e.ID+".json")
			cut(t, dir, "index.json")
		}, "ends in the middle, after", []float64{810, 820}, false},
		"half-written file": {func(t *testing.T, dir string, _ nightly.Entry) { write(t, dir, "documents/.new-1", "{") }, "", []float64{800, 810, 820}, true},
		"document under another name": {func(t *testing.T, dir string, e nightly.Entry) {
			if err := os.Rename(filepath.Join(dir, "documents", e.ID+".json"), filepath.Join(dir, "documents", "20200101T000000Z-run-0123456789ab.json")); err != nil {
				t.Fatal(err)
			}
		}, "its content belongs in", []float64{800, 810, 820}, false},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			all := [][]byte{document(t, run(0, 800)), document(t, run(1, 810)), document(t, run(2, 820))}
			added := add(t, dir, all...)
			c.damage(t, dir, added[0].Entry)
			got := contents(t, dir)
			said := strings.Join(got.Faults, "; ")
			if !slices.Equal(cpus(got), c.nights) || !strings.Contains(said, c.says) || (c.says == "") != (said == "") {
				t.Errorf("nights %v, faults %q; want %v and %q", cpus(got), said, c.nights, c.says)
			}
			add(t, dir, document(t, run(3, 830)))
			after := contents(t, dir)
			if !slices.Equal(cpus(after), append(slices.Clone(c.nights), 830)) || (len(after.Faults) == 0) != c.mended {
				t.Errorf("after the next: nights %v, faults %q", cpus(after), after.Faults)
			}
			add(t, dir, all...) // what was damaged is mended by adding it again
			if after = contents(t, dir); !slices.Equal(cpus(after), []float64{800, 810, 820, 830}) {
				t.Errorf("after adding all again: nights %v", cpus(after))
			}
			for _, e := range after.Entries {
				if _, err := nightly.Open(dir).Document(e); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func remove(t *testing.T, dir, file string) {
	t.Helper()
	if err := os.Remove(filepath.Join(dir, file)); err != nil {
		t.Fatal(err)
	}
}

// cut leaves the first half of a file.
func cut(t *testing.T, dir, file string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, file, string(data[:len(data)/2]))
}

// An index of a later version is not rewritten by a program that does not know it.
func TestIndexOfAnotherVersion(t *testing.T) {
	dir := t.TempDir()
	add(t, dir, document(t, run(0, 800)))
	const later = `{"schema": "mailtls-history/2"}`
	write(t, dir, "index.json", later)
	_, err := nightly.Open(dir).Add(t.Context(), document(t, run(1, 810)))
	_, readErr := nightly.Open(dir).Contents()
	if err == nil || readErr == nil || !strings.Contains(err.Error(), "mailtls-history/2") || !strings.Contains(readErr.Error(), nightly.Schema) {
		t.Errorf("%v, %v", err, readErr)
	}
	if left, _ := os.ReadFile(filepath.Join(dir, "index.json")); string(left) != later {
		t.Errorf("it is %s now", left)
	}
}

func TestChangedDocument(t *testing.T) {
	dir := t.TempDir()
	e := add(t, dir, document(t, run(0, 800)))[0].Entry
	data, err := nightly.Open(dir).Document(e)
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "documents/"+e.ID+".json", strings.Replace(string(data), `"cpu_us_per_session": 800`, `"cpu_us_per_session": 700`, 1))
	if _, err := nightly.Open(dir).Document(e); err == nil || !strings.Contains(err.Error(), "digest") {
		t.Errorf("a changed document is read: %v", err)
	}
}
