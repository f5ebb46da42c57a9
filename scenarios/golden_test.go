package scenarios_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mailtls/results"
	"mailtls/scenarios"
)

// transcripts holds, for each case, what was seen of a target that passes and of
// one that fails.
const transcripts = "testdata/transcripts"

func goldenClaims(t testing.TB) map[string]results.Claims {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(transcripts, "claims.json"))
	if err != nil {
		t.Fatal(err)
	}
	claims := map[string]results.Claims{}
	if err := json.Unmarshal(b, &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

func golden(t testing.TB, name string) *results.Transcript {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(transcripts, name))
	if err != nil {
		t.Fatalf("%v: record it with go test ./harness -run Golden -update", err)
	}
	tr, err := results.ReadTranscript(bytes.NewReader(b))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return tr
}

// unrecorded are the transcripts that are not kept, and why.
func unrecorded() map[string]string {
	const long = "it is too long to keep"
	return map[string]string{
		"client-hello-extended-master-secret.fail.txt": "the library of our senders always offers it",
		"reuse-hundred-messages.pass.txt":              long,
		"reuse-hundred-messages.fail.txt":              long,
		"queue-many.pass.txt":                          long,
		"queue-many.fail.txt":                          long,
		"mx-alias.pass.txt":                            "the reference is wired without a resolver, and meets no alias",
	}
}

// pointless tells whether a verdict has nothing to point at: no connection came to
// its end.
func pointless(t *results.Transcript) bool {
	return !slices.ContainsFunc(t.Sessions, func(s results.Session) bool { return s.Leg != results.LegSubmit })
}

func TestJudgesPassAndFailTheGoldenTranscripts(t *testing.T) {
	claims := goldenClaims(t)
	for _, c := range scenarios.All() {
		if c.Pending != "" {
			continue
		}
		wants := map[string]results.Status{"pass": results.StatusPass, "fail": results.StatusFail}
		if c.Strongest() == results.Info { // recorded, never failed
			wants = map[string]results.Status{"pass": results.StatusInfo}
		}
		for suffix, want := range wants {
			name := scenarios.DNSLabel(c.ID) + "." + suffix + results.TranscriptExt
			if unrecorded()[name] != "" {
				continue
			}
			t.Run(name, func(t *testing.T) {
				known, found := claims[name]
				if !found {
					t.Fatal("no claims are stored for it")
				}
				tr := golden(t, name)
				v := scenarios.Decide(c, tr, known)
				if v.Status != want {
					t.Errorf("verdict is %s (%s, got %q), want %s", v.Status, v.Reason, v.Got, want)
				}
				if v.Want == "" || v.Got == "" || len(v.Evidence) == 0 && !pointless(tr) {
					t.Errorf("verdict does not say what was wanted, what was seen and where: %+v", v)
				}
			})
		}
	}
}

func TestGoldenTranscriptsBelongToCases(t *testing.T) {
	known := map[string]bool{"claims.json": true}
	for _, c := range scenarios.All() {
		for _, suffix := range []string{"pass", "fail"} {
			known[scenarios.DNSLabel(c.ID)+"."+suffix+results.TranscriptExt] = true
		}
	}
	files, err := os.ReadDir(transcripts)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !known[f.Name()] {
			t.Errorf("%s belongs to no case: remove it", f.Name())
		}
	}
}

func TestDisturbedTranscriptsGiveNoVerdict(t *testing.T) {
	c, err := scenarios.Find("tunnel/starttls-listed-again")
	if err != nil {
		t.Fatal(err)
	}
	name := "tunnel-starttls-listed-again.fail.txt"
	claims := goldenClaims(t)[name]
	tests := map[string]struct {
		disturb func(*results.Transcript)
		want    results.Status
	}{
		"sanity before failed": {func(tr *results.Transcript) { tr.Sanity.Before = "refused: 421" }, results.StatusInconclusive},
		"sanity after failed":  {func(tr *results.Transcript) { tr.Sanity.After = "refused: 421" }, results.StatusInconclusive},
		"no sanity":            {func(tr *results.Transcript) { tr.Sanity = results.Sanity{} }, results.StatusInconclusive},
		"interrupted":          {func(tr *results.Transcript) { tr.Ended.Why = results.EndInterrupted }, results.StatusInconclusive},
		"harness failed":       {func(tr *results.Transcript) { tr.Ended.Why = results.EndFault }, results.StatusError},
		"script broken":        {func(tr *results.Transcript) { tr.Sessions[0].End = results.EndBroken }, results.StatusError},
		"dialogue not held":    {func(tr *results.Transcript) { tr.Sessions = nil }, results.StatusInconclusive},
		"late message": {func(tr *results.Transcript) {
			tr.Sessions = append(tr.Sessions, results.Session{ID: 9, Leg: results.LegReadback, EndAt: tr.Ended.At + 1})
		}, results.StatusError},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tr := golden(t, "tunnel-starttls-listed-again.fail.txt")
			tt.disturb(tr)
			v := scenarios.Decide(c, tr, claims)
			if v.Status != tt.want || v.Reason == "" {
				t.Errorf("verdict is %s because of %q, want %s with a reason", v.Status, v.Reason, tt.want)
			}
		})
	}
}

func TestAbsenceNeedsASettledQueue(t *testing.T) {
	name := "policy-plain-mail-taken.pass.txt"
	c, err := scenarios.Find("policy/plain-mail-taken")
	if err != nil {
		t.Fatal(err)
	}
	for _, why := range []results.EndReason{results.EndNoFence, results.EndWindow} {
		tr := golden(t, name)
		tr.Ended.Why = why
		if v := scenarios.Decide(c, tr, goldenClaims(t)[name]); v.Status != results.StatusInconclusive {
			t.Errorf("ended %s: verdict is %s, want inconclusive", why, v.Status)
		}
	}
}

func TestUnclaimedIsNotApplicable(t *testing.T) {
	for _, c := range scenarios.All() {
		if len(c.Needs) == 0 || c.Pending != "" {
			continue
		}
		v := scenarios.Decide(c, &results.Transcript{}, results.Claims{})
		if v.Status != results.StatusNA || !strings.Contains(v.Reason, string(c.Needs[0])) {
			t.Errorf("%s without claims is %s because of %q", c.ID, v.Status, v.Reason)
		}
	}
}

// FuzzDecide judges whatever can be read as a transcript.
func FuzzDecide(f *testing.F) {
	files, err := filepath.Glob(filepath.Join(transcripts, "*.txt"))
	if err != nil {
		f.Fatal(err)
	}
	for i, name := range files {
		if i%6 != 0 {
			continue
		}
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	claims := results.Claims{Features: results.Features()}
	f.Fuzz(func(t *testing.T, b []byte) {
		tr, err := results.ReadTranscript(bytes.NewReader(b))
		if err != nil {
			return
		}
		for _, c := range scenarios.All() {
			if v := scenarios.Decide(c, tr, claims); v.Status == "" || v.Level == "" {
				t.Errorf("%s: no verdict", c.ID)
			}
		}
	})
}
