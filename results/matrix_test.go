package results_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"mailtls/results"
)

// cellCase is a line of a report that fills a cell.
func cellCase(profile, policy string, status results.Status, f *results.Fate) results.CaseResult {
	return results.CaseResult{
		ID: "area/" + profile, Row: "S-001", Title: "Title", Role: results.RoleSender, Policy: policy, Level: results.Must,
		Status: status, Want: "what is wanted", Got: "what was seen", Profile: profile, Cell: true, Fate: f,
	}
}

func went(code results.FateCode, seconds float64, connections int, version string) *results.Fate {
	return &results.Fate{Code: code, Seconds: seconds, Connections: connections, TLS: version, ProvedBy: results.ProvedByDelivery}
}

// senderReport is the report of a sender with the policies encrypt and may, which
// are claimed the other way round.
func senderReport(target string) *results.Report {
	pass := results.StatusPass
	r := &results.Report{
		Target: results.TargetID{Name: target, Version: "4.2", Variant: "sender"},
		Claims: results.Claims{Policies: []results.SenderPolicy{
			{Name: "may", Doc: "TLS where it is offered.", Level: results.LevelOpportunistic},
			{Name: "encrypt", Level: results.LevelMandatory},
		}},
		Cases: []results.CaseResult{
			cellCase("opportunistic", "encrypt", pass, went(results.FateTLS13, 0.21, 1, "1.3")),
			cellCase("opportunistic", "may", pass, went(results.FateTLS13, 0.2, 1, "1.3")),
			cellCase("tls-disabled", "may", pass, went(results.FatePlainSame, 0.1, 1, "")),
			cellCase("tls-disabled", "encrypt", pass, &results.Fate{Code: results.FateDeferred, Seconds: 61.2, Connections: 9, ProvedBy: results.ProvedByDSN}),
		},
	}
	other := cellCase("opportunistic", "may", results.StatusFail, went(results.FateBounced, 1, 1, ""))
	other.Cell = false
	na := cellCase("reset-after-220", "encrypt", results.StatusNA, nil)
	r.Cases = append(r.Cases, other, na)
	return r
}

// troubled adds cells of every other kind.
func troubled(r *results.Report) *results.Report {
	leak := cellCase("starttls-454", "encrypt", results.StatusFail, went(results.FatePlainSame, 0.1, 1, ""))
	leak.Leaked = 312
	waits := cellCase("reset-after-220", "may", results.StatusPending, nil)
	waits.Reason, waits.Want, waits.Got = "waits for a peer", "", ""
	torn := cellCase("fin-after-220", "may", results.StatusInconclusive, &results.Fate{Code: results.FateUnknown, Seconds: 90, Connections: 7})
	torn.Reason = "the window closed"
	cut := cellCase("reset-late", "may", results.StatusInconclusive, nil)
	cut.Reason = torn.Reason
	unsure := cellCase("tls12-only", "may", results.StatusInconclusive, went(results.FateTLS12, 0.3, 1, "1.2"))
	unsure.Reason = "the target was not well afterwards"
	r.Cases = append(r.Cases, leak, waits, torn, cut, unsure,
		cellCase("starttls-454", "may", results.StatusFail, went(results.FatePlainLater, 15.04, 2, "")))
	return r
}

func TestMatrixGolden(t *testing.T) {
	m := results.NewMatrix(senderReport("first-mta"), troubled(senderReport("second-mta")))
	for format, name := range map[string]string{"text": "matrix.txt", "markdown": "matrix.md", "json": "matrix.json", "csv": "matrix.csv"} {
		t.Run(format, func(t *testing.T) {
			var b bytes.Buffer
			if err := results.WriteMatrix(&b, m, format); err != nil {
				t.Fatal(err)
			}
			golden(t, name, b.Bytes())
		})
	}
	if err := results.WriteMatrix(&bytes.Buffer{}, m, "xml"); err == nil || !strings.Contains(err.Error(), `"xml"`) {
		t.Errorf("format xml: %v", err)
	}
	for _, format := range []string{"text", "markdown", "json", "csv"} {
		if err := results.WriteMatrix(full{}, m, format); err == nil {
			t.Errorf("%s: a full disk goes unnoticed", format)
		}
	}
}

// TestMatrixJSONIsWhatOthersRead: these names and no others.
func TestMatrixJSONIsWhatOthersRead(t *testing.T) {
	var b bytes.Buffer
	if err := results.WriteMatrix(&b, results.NewMatrix(senderReport("mta")), "json"); err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Targets []struct {
			Target, Version string
			Rows            []struct {
				Policy string
				Cells  []map[string]any
			}
		}
	}
	d := json.NewDecoder(&b)
	d.DisallowUnknownFields()
	if err := d.Decode(&doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Targets) != 1 || doc.Targets[0].Target != "mta" || len(doc.Targets[0].Rows) != 2 || doc.Targets[0].Rows[0].Policy != "may" {
		t.Fatalf("got %+v", doc)
	}
	for _, r := range doc.Targets[0].Rows {
		if len(r.Cells) != 2 {
			t.Errorf("%s has %d cells; what is no cell, or does not apply, makes none", r.Policy, len(r.Cells))
		}
		for _, c := range r.Cells {
			same(t, "fields of a cell", keys(c), []string{"profile", "code", "seconds", "connections", "tls", "leaked_bytes"})
		}
	}
}

func TestMatrixExitCode(t *testing.T) {
	with := func(c results.CaseResult) *results.Report {
		r := senderReport("mta")
		r.Cases = append(r.Cases, c)
		return r
	}
	leak := cellCase("starttls-454", "encrypt", results.StatusFail, went(results.FatePlainSame, 0.1, 1, ""))
	leak.Leaked = 1
	for name, tt := range map[string]struct {
		report *results.Report
		want   int
	}{
		"every cell known": {senderReport("mta"), results.ExitConforming},
		"no cell":          {&results.Report{}, results.ExitUndecided},
		"a leak":           {with(leak), results.ExitNonconforming},
		"a leak and more":  {troubled(senderReport("mta")), results.ExitNonconforming},
		"not played":       {with(cellCase("x", "may", results.StatusPending, nil)), results.ExitUndecided},
		"not known":        {with(cellCase("x", "may", results.StatusInconclusive, &results.Fate{Code: results.FateUnknown})), results.ExitUndecided},
		"undecided":        {with(cellCase("x", "may", results.StatusInconclusive, went(results.FateTLS13, 1, 1, "1.3"))), results.ExitUndecided},
		"not as claimed":   {with(cellCase("x", "may", results.StatusFail, went(results.FateTLS13, 1, 1, "1.3"))), results.ExitConforming},
	} {
		if got := results.NewMatrix(tt.report).ExitCode(); got != tt.want {
			t.Errorf("%s: exit code %d, want %d", name, got, tt.want)
		}
	}
}

// TestMatrixFitsThePage, however many policies and targets there are.
func TestMatrixFitsThePage(t *testing.T) {
	r := troubled(senderReport("mta"))
	for _, p := range []string{"may-tls12", "encrypt-tls12", "verify", "verify-next-hop", "may-creds", "encrypt-creds", "may-reuse"} {
		for _, c := range slices.Clone(r.Cases) {
			if c.Policy == "may" {
				c.Policy = p
				r.Cases = append(r.Cases, c)
			}
		}
	}
	other := *r
	other.Target.Variant = "other"
	var b bytes.Buffer
	if err := results.WriteMatrix(&b, results.NewMatrix(r, &other), "text"); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(b.String()) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 96 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	for _, want := range []string{"mta/sender", "mta/other", "verify-next-hop"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%s is missing", want)
		}
	}
}
