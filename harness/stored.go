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
	// files that were read, by absolute path.
	files map[string]bool
}

// ReadStored reads files with a run or a report, and all that there are in folders
// and below them; one that is met twice is read once. A path without one is an error.
func ReadStored(paths ...string) (*Stored, error) {
	s := &Stored{files: map[string]bool{}}
	for _, path := range paths {
		found := 0
		err := filepath.WalkDir(path, func(file string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if name := entry.Name(); entry.IsDir() || file != path && name != RunFile && name != ReportFile {
				return nil
			}
			found++
			return s.once(file)
		})
		if err != nil {
			return nil, fmt.Errorf("read what was stored: %w", err)
		}
		if found == 0 {
			return nil, fmt.Errorf("read what was stored: there is no %s and no %s in %s: give the folder that run or bench was told to leave (--out), or one above it",
				RunFile, ReportFile, path)
		}
	}
	return s, nil
}

// once reads a file that was not read before.
func (s *Stored) once(file string) error {
	whole, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	if s.files[whole] {
		return nil
	}
	s.files[whole] = true
	return s.read(file)
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
		return fmt.Errorf("%s: %w: it is damaged: leave its folder out, or make it anew", file, err)
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
