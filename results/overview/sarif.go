package overview

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/owenrumney/go-sarif/v3/pkg/report"
	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"mailtls/results"
)

// sourceRoot names the folder that relative paths start from, as SARIF readers
// know it.
const sourceRoot = "%SRCROOT%"

// reportFile is what a result points to where there is no transcript.
const reportFile = "report.json"

// sarif writes the findings as SARIF 2.1.0, all of them in one run: readers such as
// GitHub take one run for each tool and category.
//
//	fail, MUST      level error
//	fail, SHOULD    level warning
//	fail, MAY INFO  level note
//	nonstrict       level note
//	waived          level of its failure, with a suppression that holds the reason
//	error           no result: a notification of the tool, level error
//	inconclusive    no result: a notification of the tool, level warning
func (o *Overview) sarif(w io.Writer) error {
	run := sarif.NewRun().WithTool(sarif.NewTool().WithDriver(sarif.NewToolComponent().WithName("mailtls")))
	if o.Tool.Version != "" {
		run.Tool.Driver.WithVersion(o.Tool.Version)
	}
	run.WithColumnKind("unicodeCodePoints")
	call := sarif.NewInvocation().WithExecutionSuccessful(true)
	rules := o.sarifRules()
	for _, rule := range rules {
		run.Tool.Driver.AddRule(o.sarifRule(rule))
	}
	for _, f := range o.findings(every) {
		rule, _ := slices.BinarySearchFunc(rules, f.first.ID, func(c *results.CaseResult, id string) int { return cmp.Compare(c.ID, id) })
		for _, p := range f.places {
			if undecided(p.result) {
				call.AddToolExecutionNotification(notification(p))
				if p.result.Status == results.StatusError {
					call.WithExecutionSuccessful(false)
				}
				continue
			}
			run.AddResult(result(p, rule))
		}
	}
	run.AddInvocation(call)
	r := report.NewV210Report()
	r.AddRun(run)
	return r.PrettyWrite(w)
}

// sarifRules are the cases that were played anywhere, one result of each, by id.
func (o *Overview) sarifRules() []*results.CaseResult {
	met := map[string]*results.CaseResult{}
	for _, j := range o.Reports {
		for i := range j.Report.Cases {
			if c := &j.Report.Cases[i]; met[c.ID] == nil && (c.Status.Executed() || undecided(c)) {
				met[c.ID] = c
			}
		}
	}
	var all []*results.CaseResult
	for _, c := range met {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b *results.CaseResult) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// sarifRule is a case as a rule, with what the catalogue knows of it.
func (o *Overview) sarifRule(c *results.CaseResult) *sarif.ReportingDescriptor {
	known := o.Rules[c.ID]
	title, clause := cmp.Or(known.Title, c.Title, c.ID), cmp.Or(known.Clause, c.Source)
	level := cmp.Or(known.Level, c.Level)
	help := clause + "\n\n" + cmp.Or(known.Text, "See the clause.")
	markdown := "**" + results.InMarkdown(clause) + "**\n\n" + results.InMarkdown(cmp.Or(known.Text, "See the clause."))
	area, _, _ := strings.Cut(c.ID, "/")
	rule := sarif.NewRule(c.ID).
		WithName(c.ID).
		WithShortDescription(sarif.NewMultiformatMessageString().WithText(sentence(title))).
		WithFullDescription(sarif.NewMultiformatMessageString().WithText(sentence(cmp.Or(known.Text, title)))).
		WithHelp(sarif.NewMultiformatMessageString().WithText(help).WithMarkdown(markdown)).
		WithDefaultConfiguration(sarif.NewReportingConfiguration().WithLevel(levelOf(level))).
		WithProperties(sarif.NewPropertyBag().WithTags([]string{"tls", "mail", string(c.Role), area}).
			Add("problem.severity", severityOf(level)).Add("precision", "high").Add("requirement", string(level)).Add("row", c.Row))
	if link := clauseLink(clause); link != "" {
		rule.WithHelpURI(link)
	}
	return rule
}

// sentence is text with a full stop, in a line.
func sentence(s string) string { return strings.TrimSuffix(results.InText(s), ".") + "." }

// levelOf is the SARIF level of a failure, severityOf the word that GitHub sorts rules
// by: they differ in what is neither a MUST nor a SHOULD.
func levelOf(l results.Level) string    { return weight(l, "note") }
func severityOf(l results.Level) string { return weight(l, "recommendation") }

func weight(l results.Level, least string) string {
	switch l {
	case results.Must:
		return "error"
	case results.Should:
		return "warning"
	case results.May, results.Info:
	}
	return least
}

// rfcClause finds the first section of an RFC in a source.
var rfcClause = regexp.MustCompile(`RFC (\d+)(?: §([0-9A-Z.]+))?`)

// clauseLink leads to the first RFC that a source names; empty where it names none.
func clauseLink(source string) string {
	m := rfcClause.FindStringSubmatch(source)
	if m == nil {
		return ""
	}
	link := "https://www.rfc-editor.org/rfc/rfc" + m[1]
	if section := strings.TrimRight(m[2], "."); section != "" {
		link += "#section-" + section
	}
	return link
}

// result is a finding at a place.
func result(p place, rule int) *sarif.Result {
	c := p.result
	level := levelOf(c.Level)
	if c.Status == results.StatusNonstrict {
		level = "note"
	}
	r := sarif.NewRuleResult(c.ID).WithRuleIndex(rule).WithLevel(level).WithMessage(message(p)).
		WithPartialFingerprints(fingerprints(p)).
		WithLocations([]*sarif.Location{location(p)}).
		WithProperties(sarif.NewPropertyBag().
			Add("status", string(c.Status)).Add("requirement", string(c.Level)).Add("target", p.judged.Report.Target.String()).
			Add("version", p.judged.Report.Target.Version).Add("policy", c.Policy).Add("want", results.InText(c.Want)).
			Add("evidence", strings.Join(c.Evidence, " ")).Add("leakedBytes", c.Leaked))
	if c.Status == results.StatusWaived {
		r.AddSuppression(sarif.NewSuppression().WithKind("external").WithStatus("accepted").WithJustification(results.InText(c.Reason)))
	}
	return r
}

// message says which target did what.
func message(p place) *sarif.Message {
	c := p.result
	who := p.judged.Report.Target.String()
	if c.Policy != "" {
		who += " under policy " + c.Policy
	}
	text := who + ": " + sentence(observed(c))
	if c.Want != "" {
		text += " Wanted: " + sentence(c.Want)
	}
	return sarif.NewTextMessage(results.InText(text))
}

// fingerprints identify a finding from run to run: by target, variant, role, case and
// policy, not by version and not by what was seen. primaryLocationLineHash is the one
// that GitHub reads.
func fingerprints(p place) map[string]string {
	t, c := p.judged.Report.Target, p.result
	sum := sha256.Sum256([]byte(strings.Join([]string{t.Name, t.Variant, string(c.Role), c.ID, c.Policy}, "\x00")))
	id := hex.EncodeToString(sum[:16])
	return map[string]string{"mailtls/v1": id, "primaryLocationLineHash": id + ":1"}
}

// location is the transcript, and the target in the terms of the case.
func location(p place) *sarif.Location {
	t, c := p.judged.Report.Target, p.result
	file := p.transcript()
	if file == "" {
		file = path.Join(p.judged.Dir, reportFile)
	}
	names := []string{t.Name, t.Variant}
	if c.Policy != "" {
		names = append(names, c.Policy)
	}
	whole := strings.Join(slices.DeleteFunc(names, func(s string) bool { return s == "" }), "/")
	logical := sarif.NewLogicalLocation().WithName(t.String()).WithFullyQualifiedName(whole).WithKind("resource")
	physical := sarif.NewPhysicalLocation().WithArtifactLocation(artifact(file)).WithRegion(sarif.NewRegion().WithStartLine(1))
	return sarif.NewLocationWithPhysicalLocation(physical).WithLogicalLocations([]*sarif.LogicalLocation{logical})
}

// artifact is a file: relative to the root of the sources, or by its absolute path.
func artifact(file string) *sarif.ArtifactLocation {
	if path.IsAbs(file) {
		return sarif.NewSimpleArtifactLocation((&url.URL{Scheme: "file", Path: file}).String())
	}
	return sarif.NewSimpleArtifactLocation((&url.URL{Path: file}).EscapedPath()).WithURIBaseID(sourceRoot)
}

// notification tells of a case that could not be told.
func notification(p place) *sarif.Notification {
	level := "warning"
	if p.result.Status == results.StatusError {
		level = "error"
	}
	return sarif.NewNotification().WithLevel(level).WithMessage(message(p)).
		WithAssociatedRule(sarif.NewReportingDescriptorReference().WithID(p.result.ID)).
		WithLocations([]*sarif.Location{location(p)}).
		WithTimeUtc(p.judged.Report.Started.UTC().Format(time.RFC3339))
}
