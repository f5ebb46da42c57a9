package harness_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"mailtls/fakes"
	"mailtls/harness/targets"
	"mailtls/results"
	"mailtls/scenarios"
)

// maxGolden is how long a sender's transcript may be, in bytes, to be kept.
const maxGolden = 100 << 10

// goldenPolicies are those whose transcripts are kept by preference.
func goldenPolicies() []string { return []string{"encrypt", "verify", "may"} }

// TestRecordGoldenSending plays each case of a sender against the reference and
// against the twins that it must catch, and keeps what was seen.
func TestRecordGoldenSending(t *testing.T) {
	if !*update {
		t.Skip("the golden transcripts are recorded with -update only")
	}
	a := openAlbum(t)
	t.Run("play", a.playSenders)
	a.save(t)
}

// playSenders fills the album.
func (a *album) playSenders(t *testing.T) {
	t.Run("reference/sender", func(t *testing.T) {
		t.Parallel()
		out := filepath.Join(t.TempDir(), "run")
		r := send(t, out, targets.Reference(), "sender", results.Filter{})
		for i, c := range r.Cases {
			rank := len(r.Cases) + i
			if at := slices.Index(goldenPolicies(), c.Policy); at >= 0 {
				rank = at
			}
			a.keepSent(t, rank, out, r, c, results.StatusPass)
		}
	})
	t.Run("twins that send", func(t *testing.T) {
		t.Parallel()
		captures := sendingCaptures()
		slots := make(chan struct{}, manyAtOnce)
		var playing sync.WaitGroup
		defer playing.Wait()
		for i, m := range fakes.SendingTwins() {
			name := strings.TrimPrefix(m.Name, "twin/")
			for _, w := range captures[name] {
				slots <- struct{}{}
				playing.Go(func() {
					defer func() { <-slots }()
					t.Run(name+"/"+results.Key(w.id, w.policy), func(t *testing.T) {
						out := filepath.Join(t.TempDir(), "run")
						r := send(t, out, targets.NewInProcess("twin", m.Doc, m), name, results.Filter{Case: w.id, Policy: w.policy})
						a.keepSent(t, i, out, r, r.Cases[0], results.StatusFail)
					})
				})
			}
		}
	})
}

// keepSent copies a transcript that came out as wanted and is short enough, with
// no more of the claims than the policies that it is about.
func (a *album) keepSent(t *testing.T, rank int, out string, r *results.Report, c results.CaseResult, wanted results.Status) {
	t.Helper()
	known, err := scenarios.Find(c.ID)
	if err != nil {
		t.Fatal(err)
	}
	recorded := known.Strongest() == results.Info && wanted == results.StatusPass && c.Status == results.StatusInfo
	if c.Status != wanted && !recorded {
		return
	}
	b, err := os.ReadFile(filepath.Join(out, c.Transcript))
	if err != nil {
		t.Fatal(err)
	}
	if len(b) > maxGolden {
		t.Logf("%s has %d bytes", c.Key(), len(b))
		return
	}
	tr, err := results.ReadTranscript(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	claims := r.Claims
	claims.Policies = nil
	for _, p := range r.Claims.Policies {
		if concerns(tr, known, p, r.Claims) {
			claims.Policies = append(claims.Policies, p)
		}
	}
	if err := a.put(rank, c.ID, wanted, claims, b); err != nil {
		t.Fatal(err)
	}
}

// concerns tells whether a case that was played has to do with a policy.
func concerns(t *results.Transcript, c scenarios.Case, p results.SenderPolicy, claims results.Claims) bool {
	main, _ := claims.Policy(t.Policy)
	for _, placed := range c.Placements {
		if of, found := placed.Policy(claims, main); found && of.Name == p.Name {
			return true
		}
	}
	return p.Name == t.Policy || slices.ContainsFunc(t.Submissions, func(s results.Submission) bool { return s.Policy == p.Name })
}
