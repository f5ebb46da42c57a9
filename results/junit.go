package results

import (
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// WriteJUnit writes a report as JUnit XML, for CI systems: one suite named
// after the target, one testcase a case, its class the role and the area of the
// case, its name the case's key.
//
//	fail, MUST            <failure type="MUST">
//	fail, SHOULD or MAY   passed; system-out begins with "warning: SHOULD not met: "
//	error, inconclusive   <error type="error"> or <error type="inconclusive">
//	na, skip, pending     <skipped message="status: reason">
//	waived                <skipped message="waived: reason">
//	pass, nonstrict, info passed; system-out holds what was seen
//
// Why a failed SHOULD is no failure (2026-11): CI systems turn red on any
// <failure>, and a target that fails nothing but recommendations is conforming
// (exit 0). The properties level and status of each testcase keep the
// difference for whoever wants to be stricter.
//
// The exit code, not this view, says whether a run counts: a report in which
// nothing was executed is all skipped here.
func WriteJUnit(w io.Writer, r *Report) error { return WriteJUnits(w, []*Report{r}, nil) }

// WriteJUnits writes reports and load runs as one document: a suite for each, reports
// as WriteJUnit says. The suite of a run is named after its plan and what was loaded;
// it has a testcase for the run as such, one for each threshold, and one for the
// messages that a relay accepted.
//
//	interrupted, generator-limited, noisy-host   <error> of the run, its thresholds skipped
//	no session completed                         <error type="undecided"> of the run
//	threshold not kept, messages lost            <failure>
func WriteJUnits(w io.Writer, reports []*Report, runs []*Run) error {
	doc := junitSuites{Name: "mailtls"}
	var seconds float64
	for _, r := range reports {
		doc.add(junitReport(r))
		seconds += r.Elapsed
	}
	for _, r := range runs {
		doc.add(junitLoad(r))
		seconds += r.Elapsed
	}
	doc.Time = junitSeconds(seconds)
	out, err := xml.MarshalIndent(doc, "", "  ")
	if err == nil {
		_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, out)
	}
	if err != nil {
		return fmt.Errorf("write junit: %w", err)
	}
	return nil
}

// junitReport is a report as a suite.
func junitReport(r *Report) junitSuite {
	suite := junitSuite{
		Name:       oneLine(r.Target.String()),
		Timestamp:  junitTime(r.Started),
		Properties: junitRun(r),
	}
	suite.Time = junitSeconds(r.Elapsed)
	for i := range r.Cases {
		suite.add(junitCaseOf(&r.Cases[i]))
	}
	return suite
}

// junitTime writes a time as the format has it: UTC, without a zone.
func junitTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05") }

// junitSuites is the document.
type junitSuites struct {
	XMLName xml.Name `xml:"testsuites"`
	Name    string   `xml:"name,attr"`
	junitCounts
	Suites []junitSuite `xml:"testsuite"`
}

// junitCounts are the attributes that suites share; Time is in seconds.
type junitCounts struct {
	Tests    int    `xml:"tests,attr"`
	Failures int    `xml:"failures,attr"`
	Errors   int    `xml:"errors,attr"`
	Skipped  int    `xml:"skipped,attr"`
	Time     string `xml:"time,attr"`
}

type junitSuite struct {
	Name string `xml:"name,attr"`
	junitCounts
	Timestamp  string          `xml:"timestamp,attr"`
	Properties []junitProperty `xml:"properties>property"`
	Cases      []junitCase     `xml:"testcase"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Class      string          `xml:"classname,attr"`
	Name       string          `xml:"name,attr"`
	Time       string          `xml:"time,attr"`
	Properties []junitProperty `xml:"properties>property"`
	Skipped    *junitResult    `xml:"skipped"`
	Error      *junitResult    `xml:"error"`
	Failure    *junitResult    `xml:"failure"`
	Out        *junitOutput    `xml:"system-out"`
}

// junitOutput is text on lines of its own.
type junitOutput struct {
	Text string `xml:",cdata"`
}

// junitResult is why a testcase did not pass.
type junitResult struct {
	Type    string `xml:"type,attr,omitempty"`
	Message string `xml:"message,attr"`
	Text    string `xml:",cdata"`
}

// add adds a suite and its counts to the document.
func (d *junitSuites) add(s junitSuite) {
	d.Tests += s.Tests
	d.Failures += s.Failures
	d.Errors += s.Errors
	d.Skipped += s.Skipped
	d.Suites = append(d.Suites, s)
}

// add adds a testcase.
func (s *junitSuite) add(t junitCase) {
	s.Cases = append(s.Cases, t)
	s.count(&t)
}

// count adds a testcase to the suite's counts.
func (c *junitCounts) count(t *junitCase) {
	c.Tests++
	switch {
	case t.Failure != nil:
		c.Failures++
	case t.Error != nil:
		c.Errors++
	case t.Skipped != nil:
		c.Skipped++
	}
}

func junitRun(r *Report) []junitProperty {
	return []junitProperty{
		{"outcome", oneLine(string(r.Outcome))},
		{"version", oneLine(r.Target.Version)},
		{"claims", oneLine(joined(r.Claims.Features, ", "))},
		{"executed", strconv.Itoa(r.Executed)},
		{"leaked_bytes", strconv.FormatInt(r.Leaked, 10)},
		{"tool", oneLine(strings.TrimSpace(r.Tool.Name + " " + r.Tool.Version))},
	}
}

func junitCaseOf(c *CaseResult) junitCase {
	area, _, _ := strings.Cut(c.ID, "/")
	t := junitCase{
		Class: oneLine(string(c.Role) + "." + area),
		Name:  oneLine(c.Key()),
		Time:  junitSeconds(float64(c.Duration) / 1000),
		Properties: []junitProperty{
			{"level", oneLine(string(c.Level))},
			{"status", oneLine(string(c.Status))},
			{"source", oneLine(c.Source)},
		},
	}
	if c.Profile != "" {
		t.Properties = append(t.Properties, junitProperty{"profile", oneLine(c.Profile)})
	}
	if f := c.Fate; f != nil {
		t.Properties = append(t.Properties,
			junitProperty{"outcome", oneLine(string(f.Code))},
			junitProperty{"seconds", junitSeconds(f.Seconds)},
			junitProperty{"connections", strconv.Itoa(f.Connections)})
	}
	if c.Leaked > 0 {
		t.Properties = append(t.Properties, junitProperty{"leaked_bytes", strconv.FormatInt(c.Leaked, 10)})
	}
	junitStatus(&t, c)
	return t
}

// junitStatus says how the case went. A status that does not exist is an error,
// never a pass.
func junitStatus(t *junitCase, c *CaseResult) {
	switch c.Status {
	case StatusPass, StatusInfo:
		if c.Got != "" {
			t.Out = &junitOutput{printable(c.Got, "\n")}
		}
	case StatusNonstrict:
		t.Out = &junitOutput{junitReason(c) + "\n" + junitText(c)}
	case StatusFail:
		if c.Level != Should && c.Level != May && c.Level != Info {
			t.Failure = &junitResult{Type: oneLine(string(c.Level)), Message: oneLine(c.Got), Text: junitText(c)}
			return
		}
		t.Out = &junitOutput{"warning: " + string(c.Level) + " not met: " + oneLine(c.Got) + "\n" + junitText(c)}
	case StatusNA, StatusSkip, StatusPending, StatusWaived:
		t.Skipped = &junitResult{Message: junitReason(c)}
	case StatusInconclusive, StatusError:
		t.Error = &junitResult{Type: string(c.Status), Message: junitReason(c), Text: junitText(c)}
	default:
		t.Error = &junitResult{Type: string(StatusError), Message: "unknown status: " + junitReason(c)}
	}
}

// junitReason is "status: reason".
func junitReason(c *CaseResult) string {
	return oneLine(string(c.Status) + ": " + c.Reason)
}

// junitText is what a person needs to know about a case, one fact a line. The
// title comes first.
func junitText(c *CaseResult) string {
	lines := []string{c.Title}
	for _, f := range facts(c) {
		lines = append(lines, f.name+": "+f.value)
	}
	return printable(strings.Join(lines, "\n"), "\n")
}

func junitSeconds(s float64) string {
	return strconv.FormatFloat(s, 'f', 3, 64)
}

// joined writes a list of words.
func joined[T ~string](list []T, sep string) string {
	words := make([]string, len(list))
	for i, w := range list {
		words[i] = string(w)
	}
	return strings.Join(words, sep)
}
