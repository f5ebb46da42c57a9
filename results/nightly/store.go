package nightly

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// Schema is the version of the index.
const Schema = "mailtls-history/1"

// Files of a history's folder.
const (
	indexFile    = "index.json"
	tornFile     = "index.json.torn" // what was in place of an index that could not be read
	lockFile     = "lock"
	documentsDir = "documents"
	newPrefix    = ".new-" // of files that are being written
)

// lockTime is how long another writer is waited for.
const lockTime = 30 * time.Second

// Store is a history in a folder.
type Store struct{ dir string }

// Open names the folder of a history. It is made when something is added.
func Open(dir string) *Store { return &Store{dir: dir} }

// index is what the index file holds.
type index struct {
	Schema string `json:"schema"`
	// Entries by when they began.
	Entries []Entry `json:"entries"`
}

// Contents is what a history holds.
type Contents struct {
	// Entries by when they began.
	Entries []Entry
	// Faults are what is wrong with the folder, in sentences. What they do not name
	// is in Entries.
	Faults []string
}

// Added is what became of a document that was to be added.
type Added struct {
	Entry
	// Before says that the history had it already.
	Before bool
}

// Add appends documents: runs, reports and canaries, as results writes them. One
// that is there already stays. All are read before the first is written. When Add
// returns without an error they are on disk; when it dies or fails halfway, some of
// them are there as a whole, and nothing that was there is touched.
func (s *Store) Add(ctx context.Context, documents ...[]byte) ([]Added, error) {
	var entries []Entry
	for i, data := range documents {
		e, err := read(data)
		if err != nil {
			return nil, fmt.Errorf("add document %d of %d to the history: %w", i+1, len(documents), err)
		}
		entries = append(entries, e)
	}
	if err := os.MkdirAll(s.path(documentsDir), 0o755); err != nil {
		return nil, fmt.Errorf("make history: %w", err)
	}
	unlock, err := s.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	added, err := s.append(entries, documents)
	if err != nil {
		return nil, fmt.Errorf("add to the history in %s: %w", s.dir, err)
	}
	return added, nil
}

// lock waits until nobody else writes. The system lets go of the lock when its
// holder dies.
func (s *Store) lock(ctx context.Context) (unlock func(), err error) {
	const again = 20 * time.Millisecond
	l := flock.New(s.path(lockFile))
	ctx, cancel := context.WithTimeout(ctx, lockTime)
	defer cancel()
	locked, err := l.TryLockContext(ctx, again)
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("another program has been writing for %s", lockTime)
	}
	if err != nil || !locked {
		return nil, fmt.Errorf("lock the history in %s: %w", s.dir, err)
	}
	return func() { _ = l.Close() }, nil
}

// append writes what is not there yet, then the index. The caller holds the lock.
func (s *Store) append(entries []Entry, documents [][]byte) ([]Added, error) {
	c, torn, err := s.contents()
	if err != nil {
		return nil, err
	}
	if err := s.sweep(torn); err != nil {
		return nil, err
	}
	var added []Added
	for i, e := range entries {
		at := slices.IndexFunc(c.Entries, func(had Entry) bool { return had.ID == e.ID })
		if at < 0 {
			c.Entries = append(c.Entries, e)
		}
		added = append(added, Added{Entry: e, Before: at >= 0})
		if info, err := os.Stat(s.document(e)); err == nil && info.Size() == e.Size {
			continue // its digest is in its name
		}
		if err := s.write(s.document(e), documents[i]); err != nil {
			return nil, err
		}
	}
	inOrder(c.Entries)
	text, err := json.MarshalIndent(index{Schema: Schema, Entries: c.Entries}, "", " ")
	if err != nil {
		return nil, err
	}
	return added, s.write(s.path(indexFile), append(text, '\n'))
}

// sweep removes what writers left that died, and puts a torn index aside.
func (s *Store) sweep(torn bool) error {
	for _, dir := range []string{s.dir, s.path(documentsDir)} {
		left, err := filepath.Glob(filepath.Join(dir, newPrefix+"*"))
		if err != nil {
			return err
		}
		for _, file := range left {
			if err := os.Remove(file); err != nil {
				return err
			}
		}
	}
	if torn {
		return os.Rename(s.path(indexFile), s.path(tornFile))
	}
	return nil
}

// write puts a file in place, whole and on disk.
func (s *Store) write(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), newPrefix+"*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder has the system write down which files a folder holds, where it can.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	_ = d.Sync() // some file systems refuse it for folders, and write it down anyway
	return d.Close()
}

// Contents reads the history. A folder that is not there yet is empty.
func (s *Store) Contents() (*Contents, error) {
	c, _, err := s.contents()
	if err != nil {
		return nil, fmt.Errorf("read history in %s: %w", s.dir, err)
	}
	return c, nil
}

// contents reads the index and looks whether it has what the folder has; torn tells
// that the index could not be read.
func (s *Store) contents() (c *Contents, torn bool, err error) {
	c = &Contents{}
	if c.Entries, err = s.index(); err != nil {
		var t tornError
		if !errors.As(err, &t) {
			return nil, false, err
		}
		torn = true
		c.Faults = append(c.Faults, fmt.Sprintf("%s %s: it is made again from the documents", indexFile, t.text))
	}
	files, err := os.ReadDir(s.path(documentsDir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, false, err
	}
	known := map[string]Entry{}
	for _, e := range c.Entries {
		known[e.ID+".json"] = e
	}
	for _, f := range files {
		if strings.HasPrefix(f.Name(), newPrefix) {
			continue // somebody is writing it, or died over it
		}
		e, indexed := known[f.Name()]
		delete(known, f.Name())
		c.look(s, f, e, indexed)
	}
	for _, e := range c.Entries {
		if _, gone := known[e.ID+".json"]; gone {
			c.fault(e.ID+".json", "is gone: the index still has its figures")
		}
	}
	inOrder(c.Entries)
	return c, torn, nil
}

// look looks at a file of the documents' folder, and takes it over where the index
// does not have it.
func (c *Contents) look(s *Store, f fs.DirEntry, e Entry, indexed bool) {
	info, err := f.Info()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return
	case err != nil:
		c.fault(f.Name(), err.Error())
	case indexed && info.Size() != e.Size:
		c.fault(f.Name(), fmt.Sprintf("is damaged: it has %d bytes of %d; the index still has its figures; add the document again to mend it", info.Size(), e.Size))
	case indexed:
	case !ours(f.Name()):
		c.fault(f.Name(), "is none of the history's documents, and left alone")
	default:
		e, err := s.readDocument(f.Name())
		if err != nil {
			c.fault(f.Name(), "is damaged: "+err.Error())
			return
		}
		c.Entries = append(c.Entries, e)
	}
}

func (c *Contents) fault(file, what string) {
	c.Faults = append(c.Faults, filepath.Join(documentsDir, file)+" "+what)
}

// readDocument reads a document that should be the one that its name says.
func (s *Store) readDocument(name string) (Entry, error) {
	data, err := os.ReadFile(filepath.Join(s.path(documentsDir), name))
	if err != nil {
		return Entry{}, err
	}
	e, err := read(data)
	if err == nil && e.ID+".json" != name {
		err = fmt.Errorf("its content belongs in %s.json", e.ID)
	}
	return e, err
}

// tornError says why an index cannot be read.
type tornError struct{ text string }

// Error says why.
func (e tornError) Error() string { return e.text }

// index reads the index; a missing one is empty.
func (s *Store) index() ([]Entry, error) {
	data, err := os.ReadFile(s.path(indexFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var i index
	if err := json.Unmarshal(data, &i); err != nil {
		return nil, tornError{"cannot be read (" + err.Error() + ")"}
	}
	switch {
	case i.Schema == "":
		return nil, tornError{"is none of a history"}
	case i.Schema != Schema:
		return nil, fmt.Errorf("%s is of version %q, this program reads %q", indexFile, i.Schema, Schema)
	}
	return i.Entries, nil
}

// Document reads a document, and refuses one that is not what was added.
func (s *Store) Document(e Entry) ([]byte, error) {
	data, err := os.ReadFile(s.document(e))
	if err != nil {
		return nil, fmt.Errorf("read history: %w", err)
	}
	got, err := read(data)
	if err == nil && got.SHA256 != e.SHA256 {
		err = fmt.Errorf("its digest is %s, that of what was added %s", got.SHA256, e.SHA256)
	}
	if err != nil {
		return nil, fmt.Errorf("read history: %s: %w", s.document(e), err)
	}
	return data, nil
}

func (s *Store) path(name string) string { return filepath.Join(s.dir, name) }

func (s *Store) document(e Entry) string {
	return filepath.Join(s.path(documentsDir), e.ID+".json")
}

// inOrder sorts entries by when they began.
func inOrder(entries []Entry) {
	slices.SortFunc(entries, func(a, b Entry) int {
		if c := a.Started.Compare(b.Started); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
}
