package harness_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mailtls/harness"
	"mailtls/harness/targets"
	"mailtls/results"
)

// TestJudgeIsNotFooled edits a stored report in ways that hide a failure.
func TestJudgeIsNotFooled(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "run")
	runInto(t, dir, targets.Reference(), "default", results.Filter{Label: "area:version || area:tunnel"})
	path := filepath.Join(dir, harness.ReportFile)
	honest, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	find := func(r *results.Report, id string) *results.CaseResult {
		return &r.Cases[slices.IndexFunc(r.Cases, func(c results.CaseResult) bool { return c.ID == id })]
	}
	tests := map[string]struct {
		edit func(*results.Report)
		want string
	}{
		"untouched": {func(*results.Report) {}, ""},
		"left out":  {func(r *results.Report) { r.Cases = r.Cases[1:] }, "stored 0 times"},
		"twice":     {func(r *results.Report) { r.Cases = append(r.Cases, r.Cases[0]) }, "stored 2 times"},
		"not played": {func(r *results.Report) {
			c := find(r, "version/tls12-missing")
			c.Status, c.Reason, c.Transcript, c.SHA256 = results.StatusNA, "not claimed: modern", "", ""
		}, "version/tls12-missing: the verdict is error"},
		"another's transcript": {func(r *results.Report) {
			to, from := find(r, "version/tls12-missing"), find(r, "version/tls13-missing")
			to.Transcript, to.SHA256 = from.Transcript, from.SHA256
		}, "version/tls12-missing: the verdict is error"},
		"another verdict": {func(r *results.Report) { find(r, "version/tls12-missing").Status = results.StatusInfo }, "and info is stored"},
		"other words":     {func(r *results.Report) { find(r, "version/tls12-missing").Got = "all is well" }, "the words of the verdict differ"},
		"fewer claims":    {func(r *results.Report) { r.Claims.Features = nil }, "the verdict is na"},
		"another outcome": {func(r *results.Report) { r.Outcome = results.Nonconforming }, "the outcome is conforming"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r, err := results.ReadReport(bytes.NewReader(honest))
			if err != nil {
				t.Fatal(err)
			}
			tt.edit(r)
			var b bytes.Buffer
			if err := results.WriteReport(&b, r); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
			_, differs, err := harness.Judge(dir)
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(differs, "; ")
			if (tt.want == "") != (got == "") || !strings.Contains(got, tt.want) {
				t.Errorf("judge says %q, want %q", got, tt.want)
			}
		})
	}
}
