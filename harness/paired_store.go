package harness

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"

	"mailtls/results"
	"mailtls/results/comparison"
)

// Files of a folder of pairs, beside the runs in pairsDir.
const (
	PairedFile         = "paired.json"
	ComparisonTextFile = "comparison.txt"
	pairsDir           = "pairs"
)

// PairedSchema is the version of the document that says what pairs are of.
const PairedSchema = "mailtls-paired/1"

// pairedHead says what the pairs in a folder are of.
type pairedHead struct {
	Schema string       `json:"schema"`
	Base   results.Plan `json:"base"`
	Now    results.Plan `json:"now"`
}

// pairFolder keeps pairs. Without a folder it keeps them in memory only.
type pairFolder struct {
	dir   string
	pairs []comparison.Pair
}

// openPairs opens the folder for the pairs of two plans, with those that are in it.
// One whose pairs are of other plans is refused.
func openPairs(dir string, base, now results.Plan) (*pairFolder, error) {
	f := &pairFolder{dir: dir}
	if dir == "" {
		return f, nil
	}
	if err := os.MkdirAll(filepath.Join(dir, pairsDir), 0o755); err != nil {
		return nil, fmt.Errorf("store pairs: %w", err)
	}
	head := pairedHead{Schema: PairedSchema, Base: base, Now: now}
	if err := f.begin(head); err != nil {
		return nil, err
	}
	for {
		n := len(f.pairs)
		b, err := f.half(n, "base")
		if errors.Is(err, fs.ErrNotExist) {
			return f, nil
		}
		if err != nil {
			return nil, err
		}
		s, err := f.half(n, "now")
		if errors.Is(err, fs.ErrNotExist) {
			return f, nil // the pair was not finished, and is taken again
		}
		if err != nil {
			return nil, err
		}
		f.pairs = append(f.pairs, comparison.Pair{Base: b, Now: s, NowFirst: n%2 == 1})
	}
}

// begin writes the head, or compares it with the one there.
func (f *pairFolder) begin(head pairedHead) error {
	path := filepath.Join(f.dir, PairedFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return ReplaceFile(path, func(w io.Writer) error { return writeIndented(w, head) })
	}
	if err != nil {
		return fmt.Errorf("read pairs: %w", err)
	}
	var there pairedHead
	if err := json.Unmarshal(data, &there); err != nil {
		return fmt.Errorf("read pairs: %s: %w", path, err)
	}
	if !reflect.DeepEqual(there, head) {
		return fmt.Errorf("take up pairs: those in %s are of another plan: name another folder, or give the options they were begun with", f.dir)
	}
	return nil
}

// half reads one.
func (f *pairFolder) half(n int, side string) (*results.Run, error) {
	r, err := readRunFile(f.path(n, side))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read pairs: %w: remove it to have its pair taken again", err)
	}
	return r, err
}

func (f *pairFolder) path(n int, side string) string {
	return filepath.Join(f.dir, pairsDir, fmt.Sprintf("%03d-%s.json", n+1, side))
}

// add keeps a pair.
func (f *pairFolder) add(p comparison.Pair) error {
	n := len(f.pairs)
	f.pairs = append(f.pairs, p)
	if f.dir == "" {
		return nil
	}
	for side, run := range map[string]*results.Run{"base": p.Base, "now": p.Now} {
		if err := ReplaceFile(f.path(n, side), func(w io.Writer) error { return results.WriteRun(w, run) }); err != nil {
			return err
		}
	}
	return nil
}

// conclude writes the comparison and its view.
func (f *pairFolder) conclude(c *comparison.Comparison) error {
	if f.dir == "" {
		return nil
	}
	for file, format := range map[string]string{ComparisonFile: "json", ComparisonTextFile: "text"} {
		if err := ReplaceFile(filepath.Join(f.dir, file), func(w io.Writer) error { return c.Write(w, format) }); err != nil {
			return err
		}
	}
	return nil
}

// writeIndented writes a document.
func writeIndented(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
