package harness

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"mailtls/results"
)

// store is the folder that a run leaves.
type store struct{ dir string }

// Files of a run's folder.
const (
	ReportFile     = "report.json"
	JUnitFile      = "junit.xml"
	TextFile       = "report.txt"
	transcriptsDir = "transcripts"
)

// newStore makes the folder; one that holds a report already is left alone.
func newStore(dir string) (*store, error) {
	if _, err := os.Stat(filepath.Join(dir, ReportFile)); err == nil {
		return nil, fmt.Errorf("store run: %s holds a report already: name another folder or remove it", dir)
	}
	if err := os.MkdirAll(filepath.Join(dir, transcriptsDir), 0o755); err != nil {
		return nil, fmt.Errorf("store run: %w", err)
	}
	return &store{dir: dir}, nil
}

// transcript writes a unit's transcript.
func (s *store) transcript(u *unit) error { return s.keep(u.file, &u.transcript) }

// keep writes a transcript to a file.
func (s *store) keep(file string, t *results.Transcript) error {
	return s.write(file, func(w io.Writer) error { return results.WriteTranscript(w, t) })
}

// read reads a transcript back, with the digest of the file.
func (s *store) read(file string) (*results.Transcript, string, error) {
	b, err := os.ReadFile(filepath.Join(s.dir, file))
	if err != nil {
		return nil, "", fmt.Errorf("read transcript: %w", err)
	}
	t, err := results.ReadTranscript(bytes.NewReader(b))
	if err != nil {
		return nil, "", fmt.Errorf("read transcript %s: %w", file, err)
	}
	sum := sha256.Sum256(b)
	return t, hex.EncodeToString(sum[:]), nil
}

// report writes the report and its views.
func (s *store) report(r *results.Report) error {
	for file, write := range map[string]func(io.Writer, *results.Report) error{
		ReportFile: results.WriteReport, JUnitFile: results.WriteJUnit, TextFile: results.WriteText,
	} {
		if err := s.write(file, func(w io.Writer) error { return write(w, r) }); err != nil {
			return err
		}
	}
	return nil
}

// write puts a file in place whole, or not at all.
func (s *store) write(file string, write func(io.Writer) error) error {
	return ReplaceFile(filepath.Join(s.dir, file), write)
}

// ReplaceFile puts a file in place whole, or not at all. Its folder is there.
func ReplaceFile(path string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return fmt.Errorf("store %s: %w", path, err)
	}
	defer func() { _ = os.Remove(f.Name()) }()
	err = write(f)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Chmod(f.Name(), 0o644)
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("store %s: %w", path, err)
	}
	return nil
}
