package results_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"mailtls/results"
)

// interop is two targets before each other, one of which cannot meet itself.
func interop() results.Interop {
	return results.Interop{Pairs: []results.InteropPair{
		{Sender: "real", Receiver: "real", Policy: "may", Code: results.InteropNone, Note: "one root runs one instance"},
		{Sender: "real", Receiver: "old|odd", Policy: "may", Code: results.FatePlainLater},
		{Sender: "real", Receiver: "real", Policy: "encrypt", Code: results.InteropNone, Note: "one root runs one instance"},
		{Sender: "real", Receiver: "old|odd", Policy: "encrypt", Code: results.FateDeferred},
		{Sender: "old|odd", Receiver: "real", Policy: "default", Code: results.FateTLS10, TLS: "1.0"},
	}}
}

func wroteInterop(t *testing.T, m results.Interop, format string) string {
	t.Helper()
	var b bytes.Buffer
	if err := results.WriteInterop(&b, m, format); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestInteropAsPages(t *testing.T) {
	golden(t, "interop.txt", []byte(wroteInterop(t, interop(), "text")))
	golden(t, "interop.md", []byte(wroteInterop(t, interop(), "markdown")))
	golden(t, "interop.json", []byte(wroteInterop(t, interop(), "json")))
}

func TestInteropForOtherTools(t *testing.T) {
	var back results.Interop
	if err := json.Unmarshal([]byte(wroteInterop(t, interop(), "json")), &back); err != nil || !reflect.DeepEqual(back, interop()) {
		t.Errorf("read back %+v, %v", back, err)
	}
	if got := wroteInterop(t, results.Interop{}, "json"); !strings.Contains(got, `"pairs": []`) {
		t.Errorf("without pairs: %s", got)
	}
	if err := results.WriteInterop(&bytes.Buffer{}, interop(), "csv"); err == nil || !strings.Contains(err.Error(), `"csv"`) {
		t.Errorf("as csv: %v", err)
	}
}

func TestInteropComesTo(t *testing.T) {
	m := interop()
	if got := m.ExitCode(); got != results.ExitConforming {
		t.Errorf("all known: %d", got)
	}
	m.Pairs[1].Code = results.FateUnknown
	if got := m.ExitCode(); got != results.ExitUndecided {
		t.Errorf("one unknown: %d", got)
	}
	if got := (results.Interop{}).ExitCode(); got != results.ExitUndecided {
		t.Errorf("none: %d", got)
	}
}
