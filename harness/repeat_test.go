package harness_test

import (
	"os"
	"path/filepath"
	"testing"

	"mailtls/harness/targets"
	"mailtls/results"
)

func TestOfManyRepetitionsSomeAreKept(t *testing.T) {
	t.Parallel()
	out := filepath.Join(t.TempDir(), "run")
	r := runInto(t, out, targets.Reference(), "default", "robustness/slow-after-resets")
	f, err := os.Open(filepath.Join(out, r.Cases[0].Transcript))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	tr, err := results.ReadTranscript(f)
	if err != nil {
		t.Fatal(err)
	}
	kept, held := 0, 0
	for _, s := range tr.Sessions {
		if s.Peer == "resets" {
			kept++
			held += 1 + s.Alike
		}
	}
	if held != 1000 || kept < 6 || kept > 48 {
		t.Errorf("%d sessions are kept for %d; want a few for 1000", kept, held)
	}
}
