package results_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"mailtls/results"
)

// modelMatrix is one sender known before both receivers, and one before the first.
func modelMatrix() results.ModelMatrix {
	return results.ModelMatrix{
		Senders: []string{"old/tls", "new"}, Receivers: []string{"tls-disabled", "strict|odd"},
		Cells: []results.ModelCell{
			{Sender: "old/tls", Receiver: "tls-disabled", Code: results.FateDeferred, Seconds: 8.04, Connections: 4, Sentence: "old/tls to tls-disabled: kept."},
			{Sender: "new", Receiver: "tls-disabled", Code: results.FatePlainSame, Seconds: 0.1, Connections: 1, Sentence: "sent,\nin clear"},
			{Sender: "new", Receiver: "strict|odd", Code: results.FateTLS13, Seconds: 0.2, Connections: 1, TLS: "1.3", Sentence: "sent"},
		},
	}
}

// wroteModels is the matrix in a format.
func wroteModels(t *testing.T, m results.ModelMatrix, format string) string {
	t.Helper()
	var b bytes.Buffer
	if err := results.WriteModelMatrix(&b, m, format); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestModelMatrixAsText(t *testing.T) {
	want := `What became of a message, by the model that sends it and who receives it

  Pc  in clear, on the connection where TLS could not be had
  T13 in TLS 1.3
  D   kept; given back only when the queue lifetime was over

The senders, by column:
   1  old/tls
   2  new

                1    2
  tls-disabled  D    Pc
  strict|odd    -    T13
`
	if got := wroteModels(t, modelMatrix(), "text"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestModelMatrixAsMarkdown(t *testing.T) {
	got := wroteModels(t, modelMatrix(), "markdown")
	for _, want := range []string{"| receiver | old/tls | new |\n|---|---|---|\n", "| tls-disabled | D | Pc |\n", `| strict\|odd | - | T13 |` + "\n", "| D | kept;"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
}

func TestModelMatrixForOtherTools(t *testing.T) {
	m := modelMatrix()
	var back results.ModelMatrix
	d := json.NewDecoder(strings.NewReader(wroteModels(t, m, "json")))
	d.DisallowUnknownFields()
	if err := d.Decode(&back); err != nil || !reflect.DeepEqual(back, m) {
		t.Errorf("read back %+v, %v", back, err)
	}
	var fields map[string][]map[string]any
	text := wroteModels(t, results.ModelMatrix{Senders: []string{}, Receivers: []string{}, Cells: m.Cells}, "json")
	if err := json.Unmarshal([]byte(text), &fields); err != nil || len(fields) != 3 {
		t.Fatalf("%v in %s", err, text)
	}
	for _, f := range []string{"sender", "receiver", "code", "seconds", "connections", "tls", "sentence"} {
		if _, found := fields["cells"][0][f]; !found {
			t.Errorf("field %s is missing in %s", f, text)
		}
	}
	rows, err := csv.NewReader(strings.NewReader(wroteModels(t, m, "csv"))).ReadAll()
	if err != nil || len(rows) != 4 || rows[1][0] != "old/tls" || rows[1][3] != "8.0" || strings.Contains(rows[2][6], "\n") {
		t.Errorf("got %q, %v", rows, err)
	}
	if err := results.WriteModelMatrix(&bytes.Buffer{}, m, "xml"); err == nil || !strings.Contains(err.Error(), `"xml"`) {
		t.Errorf("as xml: %v", err)
	}
}

func TestModelMatrixComesTo(t *testing.T) {
	m := modelMatrix()
	if got := m.ExitCode(); got != results.ExitConforming {
		t.Errorf("all known: %d", got)
	}
	m.Cells[1].Code = results.FateUnknown
	if got := m.ExitCode(); got != results.ExitUndecided {
		t.Errorf("one unknown: %d", got)
	}
	if got := (results.ModelMatrix{}).ExitCode(); got != results.ExitUndecided {
		t.Errorf("none: %d", got)
	}
	if _, found := m.Cell("old/tls", "strict|odd"); found {
		t.Error("a cell is found that is not there")
	}
}
