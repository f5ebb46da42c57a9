package harness

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"mailtls/results"
)

// Stored is what runs have left in files.
type Stored struct {
	// Runs and Reports in the order in which they were found.
	Runs    []*results.Run
	Reports []*results.Report
	// RunDirs and ReportDirs are the folders that they lie in, in the same order.
	RunDirs, ReportDirs []string
	// Documents are all of them as they lie there.
	Documents [][]byte
}

// ReadStored reads files with a run or a report, and all that there are in folders
// and below them. A path without one is an error.
func ReadStored(paths ...string) (*Stored, error) {
	s := &Stored{}
	for _, path := range paths {
		before := len(s.Documents)
		err := filepath.WalkDir(path, func(file string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if name := entry.Name(); entry.IsDir() || file != path && name != RunFile && name != ReportFile {
				return nil
			}
			return s.read(file)
		})
		if err != nil {
			return nil, fmt.Errorf("read what was stored: %w", err)
		}
		if len(s.Documents) == before {
			return nil, fmt.Errorf("read what was stored: there is no %s and no %s in %s", RunFile, ReportFile, path)
		}
	}
	return s, nil
}

// read reads a file.
func (s *Stored) read(file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var head struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	switch head.Schema {
	case results.RunSchema:
		r, err := results.ReadRun(bytes.NewReader(data))
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		s.Runs, s.RunDirs = append(s.Runs, r), append(s.RunDirs, filepath.Dir(file))
	case results.Schema:
		r, err := results.ReadReport(bytes.NewReader(data))
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		s.Reports, s.ReportDirs = append(s.Reports, r), append(s.ReportDirs, filepath.Dir(file))
	default:
		return fmt.Errorf("%s: document is of version %q, want %q or %q", file, head.Schema, results.RunSchema, results.Schema)
	}
	s.Documents = append(s.Documents, data)
	return nil
}
