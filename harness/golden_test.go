package harness_test

import (
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"mailtls/fakes"
	"mailtls/harness/targets"
	"mailtls/results"
	"mailtls/scenarios"
)

var update = flag.Bool("update", false, "record the golden transcripts of scenarios anew")

// goldenDir holds, for each case, a transcript that passes and one that fails,
// and the claims they are judged by.
const (
	goldenDir  = "../scenarios/testdata/transcripts"
	claimsFile = "claims.json"
)

// album keeps golden transcripts; of several that fit a name the one of the
// first target stays, in the order of the catalogue.
type album struct {
	mu     sync.Mutex
	claims map[string]results.Claims
	from   map[string]int
}

// TestRecordGoldenTranscripts plays each case of a server against the reference and against
// the twins that it must catch, and keeps what was seen.
func TestRecordGoldenTranscripts(t *testing.T) {
	if !*update {
		t.Skip("the golden transcripts are recorded with -update only")
	}
	a := openAlbum(t)
	t.Run("play", func(t *testing.T) {
		reference := targets.Reference()
		for i, v := range reference.Spec().Variants {
			if v.Plays(results.RoleSender) {
				continue
			}
			t.Run(v.Name, func(t *testing.T) {
				t.Parallel()
				a.keep(t, i, reference, v.Name, "", results.StatusPass)
			})
		}
		all := captures()
		for i, m := range fakes.Twins() {
			name := strings.TrimPrefix(m.Name, "twin/")
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				for _, c := range all[name] {
					a.keep(t, i, targets.NewInProcess("twin", m.Doc, m), name, c.id, results.StatusFail)
				}
			})
		}
	})
	a.save(t)
}

// openAlbum begins with the claims of the transcripts that are there.
func openAlbum(t *testing.T) *album {
	t.Helper()
	a := &album{claims: map[string]results.Claims{}, from: map[string]int{}}
	b, err := os.ReadFile(filepath.Join(goldenDir, claimsFile))
	if err == nil {
		err = json.Unmarshal(b, &a.claims)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	for name := range a.claims {
		if _, err := os.Stat(filepath.Join(goldenDir, name)); err != nil {
			delete(a.claims, name)
		}
	}
	return a
}

// save writes the claims down.
func (a *album) save(t *testing.T) {
	t.Helper()
	b, err := json.MarshalIndent(a.claims, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(goldenDir, claimsFile), append(b, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

// keep runs cases and copies the transcripts that came out as wanted; cases that
// are only recorded have no failing one. A lower rank goes before a higher one.
func (a *album) keep(t *testing.T, rank int, target targets.Target, variant, glob string, wanted results.Status) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "run")
	r := runInto(t, out, target, variant, results.Filter{Case: glob})
	for _, c := range r.Cases {
		if known, err := scenarios.Find(c.ID); err != nil {
			t.Fatal(err)
		} else if known.Strongest() == results.Info && c.Status == results.StatusInfo && wanted == results.StatusPass {
			c.Status = wanted
		}
		if c.Status != wanted {
			continue
		}
		b, err := os.ReadFile(filepath.Join(out, c.Transcript))
		if err != nil {
			t.Fatal(err)
		}
		if err := a.put(rank, c.ID, wanted, r.Claims, b); err != nil {
			t.Fatal(err)
		}
	}
}

// put files a transcript under its case and status, unless one of a lower rank is
// there.
func (a *album) put(rank int, id string, status results.Status, claims results.Claims, transcript []byte) error {
	name := scenarios.DNSLabel(id) + "." + string(status) + results.TranscriptExt
	a.mu.Lock()
	defer a.mu.Unlock()
	if of, kept := a.from[name]; kept && of <= rank {
		return nil
	}
	a.claims[name], a.from[name] = claims, rank
	return os.WriteFile(filepath.Join(goldenDir, name), transcript, 0o644)
}
