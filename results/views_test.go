package results_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"mailtls/results"
)

// views are the writers of reports.
func views() map[string]func(*bytes.Buffer, *results.Report) error {
	return map[string]func(*bytes.Buffer, *results.Report) error{
		"junit.xml":  func(b *bytes.Buffer, r *results.Report) error { return results.WriteJUnit(b, r) },
		"report.txt": func(b *bytes.Buffer, r *results.Report) error { return results.WriteText(b, r) },
	}
}

func TestViewsGolden(t *testing.T) {
	for name, write := range views() {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := write(&b, sampleReport()); err != nil {
				t.Fatal(err)
			}
			golden(t, name, b.Bytes())
		})
	}
}

func TestViewsOfNothing(t *testing.T) {
	for name, write := range views() {
		t.Run(name, func(t *testing.T) {
			r := &results.Report{}
			r.Summarize()
			if err := write(&bytes.Buffer{}, r); err != nil {
				t.Error(err)
			}
		})
	}
}

// full is a writer that has no room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestWritersReportErrors(t *testing.T) {
	for name, err := range map[string]error{
		"transcript": results.WriteTranscript(full{}, sampleTranscript()),
		"report":     results.WriteReport(full{}, sampleReport()),
		"junit":      results.WriteJUnit(full{}, sampleReport()),
		"text":       results.WriteText(full{}, sampleReport()),
	} {
		if err == nil || !strings.Contains(err.Error(), "disk full") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// suites is a JUnit document as a CI system reads it.
type suites struct {
	counts
	Suites []struct {
		counts
		Cases []testcase `xml:"testcase"`
	} `xml:"testsuite"`
}

type counts struct {
	Tests    int `xml:"tests,attr"`
	Failures int `xml:"failures,attr"`
	Errors   int `xml:"errors,attr"`
	Skipped  int `xml:"skipped,attr"`
}

type testcase struct {
	Class   string   `xml:"classname,attr"`
	Name    string   `xml:"name,attr"`
	Failure []result `xml:"failure"`
	Error   []result `xml:"error"`
	Skipped []result `xml:"skipped"`
	Out     string   `xml:"system-out"`
}

type result struct {
	Type    string `xml:"type,attr"`
	Message string `xml:"message,attr"`
}

// junit writes a report and reads it as a CI system does.
func junit(t *testing.T, r *results.Report) suites {
	t.Helper()
	var b bytes.Buffer
	if err := results.WriteJUnit(&b, r); err != nil {
		t.Fatal(err)
	}
	var s suites
	if err := xml.Unmarshal(b.Bytes(), &s); err != nil {
		t.Fatalf("%v in %s", err, b.Bytes())
	}
	return s
}

func TestJUnitCounts(t *testing.T) {
	s := junit(t, sampleReport())
	var counted counts
	for _, c := range s.Suites[0].Cases {
		counted.Tests++
		counted.Failures += len(c.Failure)
		counted.Errors += len(c.Error)
		counted.Skipped += len(c.Skipped)
		if len(c.Failure)+len(c.Error)+len(c.Skipped) > 1 {
			t.Errorf("%s has more than one result", c.Name)
		}
	}
	if want := (counts{Tests: 13, Failures: 2, Errors: 2, Skipped: 4}); counted != want || s.counts != want || s.Suites[0].counts != want {
		t.Errorf("counted %v, testsuites say %v, testsuite says %v, want %v", counted, s.counts, s.Suites[0].counts, want)
	}
}

func TestJUnitStatuses(t *testing.T) {
	for _, tt := range []struct {
		level                results.Level
		status               results.Status
		failure, error, skip string
		out                  string
	}{
		{results.Must, results.StatusPass, "", "", "", "seen"},
		{results.Info, results.StatusInfo, "", "", "", "seen"},
		{results.Must, results.StatusNonstrict, "", "", "", "nonstrict: because\n"},
		{results.Must, results.StatusFail, "MUST: seen", "", "", ""},
		{results.Should, results.StatusFail, "", "", "", "warning: SHOULD not met: seen\n"},
		{results.May, results.StatusFail, "", "", "", "warning: MAY not met: seen\n"},
		{"must", results.StatusFail, "must: seen", "", "", ""},
		{results.Must, results.StatusError, "", "error: error: because", "", ""},
		{results.Must, results.StatusInconclusive, "", "inconclusive: inconclusive: because", "", ""},
		{results.Should, results.StatusInconclusive, "", "inconclusive: inconclusive: because", "", ""},
		{results.Must, "odd", "", "error: unknown status: odd: because", "", ""},
		{results.Must, results.StatusNA, "", "", ": na: because", ""},
		{results.Must, results.StatusSkip, "", "", ": skip: because", ""},
		{results.Must, results.StatusPending, "", "", ": pending: because", ""},
		{results.Must, results.StatusWaived, "", "", ": waived: because", ""},
	} {
		t.Run(string(tt.status)+" "+string(tt.level), func(t *testing.T) {
			c := results.CaseResult{
				ID: "area/defect", Role: results.RoleSender, Policy: "dane", Level: tt.level, Status: tt.status,
				Got: "seen", Reason: "because",
			}
			got := junit(t, &results.Report{Cases: []results.CaseResult{c}}).Suites[0].Cases[0]
			if got.Class != "sender.area" || got.Name != "area/defect@dane" {
				t.Errorf("class %q, name %q", got.Class, got.Name)
			}
			for what, pair := range map[string][2]string{
				"failure": {only(got.Failure), tt.failure}, "error": {only(got.Error), tt.error}, "skipped": {only(got.Skipped), tt.skip},
			} {
				if pair[0] != pair[1] {
					t.Errorf("%s %q, want %q", what, pair[0], pair[1])
				}
			}
			if !strings.HasPrefix(got.Out, tt.out) || (got.Out == "") != (tt.out == "") {
				t.Errorf("system-out %q, want %q", got.Out, tt.out)
			}
		})
	}
}

// only is the single result as "type: message".
func only(r []result) string {
	if len(r) != 1 {
		return strings.Repeat("?", len(r))
	}
	return r[0].Type + ": " + r[0].Message
}

// TestViewsShowAnyBytes: whatever a target answers, the views stay readable.
func TestViewsShowAnyBytes(t *testing.T) {
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	odd := string(every) + "\ufffe\uffff\u202e\u0085]]><![CDATA["
	r := sampleReport()
	for i := range r.Cases {
		c := &r.Cases[i]
		c.ID, c.Title, c.Source, c.Reason, c.Want, c.Got, c.Transcript = odd, odd, odd, odd, odd, odd, odd
	}
	r.Target.Name, r.Notes[0] = odd, odd
	s := junit(t, r)
	if got := s.Suites[0].Cases[2].Failure[0].Message; !strings.HasPrefix(got, `\x00\x01`) || !strings.Contains(got, `\x80`) ||
		strings.ContainsRune(got, utf8.RuneError) || !strings.HasSuffix(got, `\ufffe\uffff\u202e\u0085]]><![CDATA[`) {
		t.Errorf("message %q", got)
	}
	var b bytes.Buffer
	if err := results.WriteText(&b, r); err != nil {
		t.Fatal(err)
	}
	for _, c := range b.String() {
		if c != '\n' && (c < ' ' || c == utf8.RuneError || c == 0x7f || c == '\u202e') {
			t.Fatalf("report.txt holds %q", c)
		}
	}
}

func TestTextWidth(t *testing.T) {
	var b bytes.Buffer
	if err := results.WriteText(&b, sampleReport()); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(b.String()) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 96 {
			t.Errorf("%d columns: %s", n, line)
		}
		if strings.TrimRight(line, " \n") != strings.TrimSuffix(line, "\n") {
			t.Errorf("ends with a space: %q", line)
		}
	}
}
