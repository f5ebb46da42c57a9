package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mailtls/results"
)

// TestMatrixOfARun plays the cells of one policy, and shows the stored run again.
func TestMatrixOfARun(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "m")
	code, out, errs := call(t, "matrix", "--target", "reference", "--policy", "encrypt", "--format", "json", "--out", dir)
	if code != results.ExitConforming {
		t.Fatalf("exit code %d: %s", code, errs)
	}
	var m results.Matrix
	if err := json.Unmarshal([]byte(out), &m); err != nil {
		t.Fatal(err)
	}
	if len(m.Targets) != 1 || m.Targets[0].Target != "reference" || len(m.Targets[0].Rows) != 1 {
		t.Fatalf("got %+v", m)
	}
	expectCells(t, m.Targets[0], map[string]results.FateCode{"opportunistic": results.FateTLS13, "tls-disabled": results.FateDeferred})
	for _, ext := range []string{"txt", "md", "json", "csv"} {
		if b, err := os.ReadFile(filepath.Join(dir, "matrix."+ext)); err != nil || !strings.Contains(string(b), "tls-disabled") {
			t.Errorf("matrix.%s: %v", ext, err)
		}
	}
	code, again, errs := call(t, "matrix", "--from", filepath.Join(dir, "reference"), "--format", "json")
	if code != 0 || again != out {
		t.Errorf("from the stored run: exit code %d, %s\n%s", code, errs, again)
	}
}

// expectCells compares cells of the policy encrypt.
func expectCells(t *testing.T, target results.MatrixTarget, want map[string]results.FateCode) {
	t.Helper()
	for profile, code := range want {
		if c, found := target.Cell("encrypt", profile); !found || c.Code != code || c.Connections == 0 || c.Leaked != 0 {
			t.Errorf("encrypt before %s: %+v, want %s", profile, c, code)
		}
	}
}

func TestBadMatrixInput(t *testing.T) {
	dir := t.TempDir()
	for name, tt := range map[string]struct {
		args []string
		want string
	}{
		"matrix of nothing": {[]string{"matrix"}, "--target NAME or --from DIR"},
		"matrix format":     {[]string{"matrix", "--target", "reference", "--format", "xml"}, `read --format "xml"`},
		"matrix receiver":   {[]string{"matrix", "--target", "gosmtp", "--out", filepath.Join(dir, "m1")}, "target gosmtp claims"},
		"matrix policy":     {[]string{"matrix", "--target", "reference", "--policy", "odd", "--out", filepath.Join(dir, "m2")}, `find policy "odd"`},
		"matrix nowhere":    {[]string{"matrix", "--from", filepath.Join(dir, "nowhere")}, "read report"},
		"policy unknown":    {[]string{"run", "--target", "reference", "--role", "sender", "--policy", "odd"}, `find policy "odd"`},
	} {
		t.Run(name, func(t *testing.T) { refused(t, tt.args, tt.want) })
	}
}
