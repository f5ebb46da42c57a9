package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mailtls/harness"
	"mailtls/results"
	"mailtls/results/overview"
)

// everything is a folder with a report in which a MUST failed, and a load run.
func everything(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	storeReport(t, dir, 1, results.StatusFail)
	storeRun(t, dir, 1, 800, nil)
	return dir
}

func TestReportInEachFormat(t *testing.T) {
	dir := everything(t)
	for format, want := range map[string][]string{
		"text":        {"NONCONFORMING: 1 TARGET, 1 MUST FAILED", "hello/a", "nightly"},
		"markdown":    {"## mailtls: NONCONFORMING", "### Load"},
		"junit":       {`<testsuites name="mailtls"`, `<failure type="MUST"`, "load nightly on postfix/default 3.7"},
		"sarif":       {`"version": "2.1.0"`, `"ruleId": "hello/a"`},
		"json":        {`"schema": "mailtls-overview/1"`, `"mailtls-run/1"`},
		"openmetrics": {"# TYPE mailtls_report_cases gauge", "mailtls_load_sessions_total{", "# EOF\n"},
	} {
		code, out, errs := call(t, "report", dir, "--format", format)
		if code != exitOK || errs != "" {
			t.Errorf("%s: exit code %d: %s", format, code, errs)
		}
		for _, w := range want {
			if !strings.Contains(out, w) {
				t.Errorf("%s: %q is not in\n%s", format, w, out)
			}
		}
		file := filepath.Join(dir, "new", "folder", format)
		if code, said, errs := call(t, "report", dir, "--format", format, "--out", file); code != exitOK || said != "" || errs != "" {
			t.Errorf("%s: exit code %d: %s %s", format, code, said, errs)
		}
		if text, err := os.ReadFile(file); err != nil || string(text) != out {
			t.Errorf("%s: the file is not what is printed: %v", format, err)
		}
	}
	for _, name := range overview.Formats() {
		if !strings.Contains(reportFormatNames(), name) {
			t.Errorf("%s is not offered", name)
		}
	}
}

// Folders are joined, one that is given twice counts once, and a part may be given by
// itself.
func TestReportOfFolders(t *testing.T) {
	dir := everything(t)
	for name, c := range map[string]struct {
		dirs          []string
		reports, runs int
	}{
		"the whole":   {[]string{dir}, 1, 1},
		"twice":       {[]string{dir, filepath.Join(dir, "report-001"), dir + "/."}, 1, 1},
		"a report":    {[]string{filepath.Join(dir, "report-001")}, 1, 0},
		"a run":       {[]string{filepath.Join(dir, "day-001")}, 0, 1},
		"its file":    {[]string{filepath.Join(dir, "day-001", harness.RunFile)}, 0, 1},
		"two of them": {[]string{dir, everything(t)}, 2, 2},
	} {
		var d struct{ Reports, Runs []any }
		code, out, errs := call(t, append([]string{"report", "--format", "json"}, c.dirs...)...)
		if err := json.Unmarshal([]byte(out), &d); err != nil || code != exitOK || len(d.Reports) != c.reports || len(d.Runs) != c.runs {
			t.Errorf("%s: exit code %d, %d reports, %d runs: %v %s", name, code, len(d.Reports), len(d.Runs), err, errs)
		}
	}
}

// Paths are relative to the working directory, as CI systems want them.
func TestReportNamesFilesFromHere(t *testing.T) {
	dir := everything(t)
	t.Chdir(dir)
	for _, given := range []string{"report-001", filepath.Join(dir, "report-001"), "."} {
		if _, out, _ := call(t, "report", given, "--format", "sarif"); !strings.Contains(out, `"uri": "report-001/report.json"`) || !strings.Contains(out, "%SRCROOT%") {
			t.Errorf("given %s: %s", given, out)
		}
	}
	t.Chdir(t.TempDir())
	if _, out, _ := call(t, "report", dir, "--format", "sarif"); !strings.Contains(out, `"uri": "file://`) {
		t.Error(out)
	}
}

func TestReportNamesWhatIsWrong(t *testing.T) {
	dir := everything(t)
	put := func(name, text string) string {
		file := filepath.Join(dir, name, harness.ReportFile)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return file
	}
	broken, foreign := put("broken", `{"schema": "mailtls-rep`), put("foreign", `{"schema": "other/1"}`)
	good := filepath.Join(dir, "day-001")
	for name, c := range map[string]struct {
		args []string
		want []string
	}{
		"nothing given":   {nil, []string{"requires at least 1 arg"}},
		"format":          {[]string{good, "--format", "pdf"}, []string{"text, markdown, junit, sarif, json", "openmetrics"}},
		"nothing there":   {[]string{t.TempDir()}, []string{"there is no run.json and no report.json in", "--out"}},
		"nowhere":         {[]string{filepath.Join(dir, "nowhere")}, []string{"nowhere"}},
		"damaged":         {[]string{broken}, []string{broken, "damaged", "leave its folder out"}},
		"foreign":         {[]string{foreign}, []string{foreign, "other/1", results.Schema}},
		"one among many":  {[]string{dir}, []string{broken}},
		"out is a folder": {[]string{good, "--out", dir}, []string{dir}},
		"out below file":  {[]string{good, "--out", filepath.Join(good, harness.RunFile, "x")}, []string{harness.RunFile}},
	} {
		code, out, errs := call(t, append([]string{"report"}, c.args...)...)
		if code != exitFault || out != "" {
			t.Errorf("%s: exit code %d: %s", name, code, out)
		}
		for _, w := range c.want {
			if !strings.Contains(errs, w) {
				t.Errorf("%s: %q is not in %s", name, w, errs)
			}
		}
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(dir), ".*")); err != nil || len(left) > 0 {
		t.Errorf("%v is left behind (%v)", left, err)
	}
}
