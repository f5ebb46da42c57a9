package harness

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"mailtls/results"
	"mailtls/results/comparison"
	"mailtls/results/nightly"
	"mailtls/results/page"
)

// Files of views that a page reads beside RunFile and ReportFile.
const (
	MatrixFile     = "matrix.json"
	ModelsFile     = "models.json"
	InteropFile    = "interop.json"
	ComparisonFile = "comparison.json"
	historyIndex   = "index.json"
)

// WritePage writes what is stored in files, in folders and below them as one HTML
// page: reports with their transcripts, load runs, matrices of policies and of
// models, interop pages, a comparison, histories. A path without any of them is an
// error, and so is a document that cannot be read; the error names the file.
func WritePage(w io.Writer, paths []string) error {
	g := gatherer{seen: map[string]bool{}}
	for _, path := range paths {
		if err := g.path(path); err != nil {
			return fmt.Errorf("gather a page: %w", err)
		}
	}
	g.in.Base = g.in.Runs
	return page.Write(w, g.in)
}

// gatherer fills in what a page shows.
type gatherer struct {
	in page.Input
	// seen are the documents by their absolute path, each shown once; comparison is
	// the file that the one of the page came from.
	seen       map[string]bool
	comparison string
}

// path takes a file, or all that there is in a folder and below it.
func (g *gatherer) path(path string) error {
	found := false
	err := filepath.WalkDir(path, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			history, err := g.history(file)
			found = found || history
			if history && err == nil {
				return fs.SkipDir
			}
			return err
		}
		if file != path && !slices.Contains([]string{RunFile, ReportFile, MatrixFile, ModelsFile, InteropFile, ComparisonFile}, entry.Name()) {
			return nil
		}
		found = true
		return g.file(file)
	})
	if err == nil && !found {
		err = fmt.Errorf("there is no %s, %s, %s, %s, %s, %s and no history in %s", ReportFile, RunFile, MatrixFile, ModelsFile, InteropFile, ComparisonFile, path)
	}
	return err
}

// again tells whether a document was taken before.
func (g *gatherer) again(file string) (bool, error) {
	whole, err := filepath.Abs(file)
	if err != nil {
		return false, err
	}
	before := g.seen[whole]
	g.seen[whole] = true
	return before, nil
}

// history takes a folder that is a history, and tells whether it is.
func (g *gatherer) history(dir string) (bool, error) {
	index := filepath.Join(dir, historyIndex)
	data, err := os.ReadFile(index)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	var head struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(data, &head); err != nil || head.Schema != nightly.Schema {
		return false, nil // a file of somebody else goes by that name
	}
	if before, err := g.again(index); before || err != nil {
		return true, err
	}
	c, err := nightly.Open(dir).Contents()
	if err != nil {
		return true, err
	}
	for _, f := range c.Faults {
		g.in.Notes = append(g.in.Notes, "history: "+filepath.Join(dir, f))
	}
	g.in.History = append(g.in.History, c.Entries...)
	return true, nil
}

// file takes a document by what it is, not by its name.
func (g *gatherer) file(file string) error {
	if before, err := g.again(file); before || err != nil {
		return err
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var head struct {
		Schema                  string          `json:"schema"`
		Targets, Senders, Pairs json.RawMessage // of views, which have no version
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	switch {
	case head.Schema == comparison.Schema:
		if g.comparison != "" {
			return fmt.Errorf("%s: there is a comparison in %s already, and a page shows one", file, g.comparison)
		}
		g.comparison = file
		return view(file, data, func(c comparison.Comparison) { g.in.Comparison = &c })
	case head.Schema != "":
		return g.document(file)
	case head.Targets != nil:
		return view(file, data, func(m results.Matrix) { g.in.Matrices = append(g.in.Matrices, m) })
	case head.Senders != nil:
		return view(file, data, func(m results.ModelMatrix) { g.in.Models = append(g.in.Models, m) })
	case head.Pairs != nil:
		return view(file, data, func(m results.Interop) { g.in.Interop = append(g.in.Interop, m) })
	}
	return fmt.Errorf("%s: it is neither a report, a run, a matrix, an interop page nor a comparison", file)
}

// view reads a document that other tools read too.
func view[T any](file string, data []byte, take func(T)) error {
	var v T
	if err := json.Unmarshal(data, &v); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	take(v)
	return nil
}

// document takes a run, or a report with the transcripts beside it.
func (g *gatherer) document(file string) error {
	s := &Stored{}
	if err := s.read(file); err != nil {
		return err
	}
	g.in.Runs = append(g.in.Runs, s.Runs...)
	for _, r := range s.Reports {
		dir := filepath.Dir(file)
		g.in.Reports = append(g.in.Reports, page.Report{Report: r, Folder: dir, Transcript: transcriptsIn(dir)})
	}
	return nil
}

// transcriptsIn reads the transcripts that lie in a report's folder; where there is
// none the page goes without.
func transcriptsIn(dir string) func(*results.CaseResult) (*results.Transcript, error) {
	st := &store{dir: dir}
	return func(c *results.CaseResult) (*results.Transcript, error) {
		if !filepath.IsLocal(c.Transcript) {
			return nil, fmt.Errorf("%s: its transcript %q lies outside of the report's folder", filepath.Join(dir, ReportFile), c.Transcript)
		}
		t, sum, err := st.read(c.Transcript)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, nil // the report was stored without its transcripts
		case err != nil:
			return nil, fmt.Errorf("%s: %w", dir, err)
		case c.SHA256 != "" && c.SHA256 != sum:
			return nil, fmt.Errorf("%s: it is not what was judged: the report has another SHA-256", filepath.Join(dir, c.Transcript))
		}
		return t, nil
	}
}
