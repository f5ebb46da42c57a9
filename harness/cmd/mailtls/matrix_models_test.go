package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mailtls/fakes"
	"mailtls/results"
)

func TestMatrixOfModels(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	code, out, errs := call(t, "matrix", "--models", "--format", "json", "--out", dir)
	var m results.ModelMatrix
	if err := json.Unmarshal([]byte(out), &m); err != nil || code != 0 {
		t.Fatalf("exit code %d, %v: %s", code, err, errs)
	}
	for _, name := range strings.Fields("exchange-2010 exchange-2010/tls12 exchange-onprem exchange-online exchange-online/connector-forced iis6-smtp iis6-smtp/tls") {
		if !slices.Contains(m.Senders, name) {
			t.Errorf("%s does not send", name)
		}
	}
	for _, name := range strings.Fields("exchange-2010 exchange-onprem exchange-online exchange-online/inbound-enforcing tls-disabled tls10-only tls12-required enforcing") {
		if !slices.Contains(m.Receivers, name) {
			t.Errorf("%s does not receive", name)
		}
	}
	if len(m.Cells) != len(m.Senders)*len(m.Receivers) {
		t.Errorf("%d cells of %d senders and %d receivers", len(m.Cells), len(m.Senders), len(m.Receivers))
	}
	for _, file := range []string{"models.txt", "models.md", "models.json", "models.csv", "transcripts/exchange-online-to-tls10-only.txt"} {
		if b, err := os.ReadFile(filepath.Join(dir, file)); err != nil || !strings.Contains(string(b), "exchange-online") {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	code, out, errs := call(t, "matrix", "--models", "--explain", "exchange-online", "tls10-only")
	first, proof, _ := strings.Cut(out, "\n\n")
	if code != 0 || !strings.HasPrefix(first, "exchange-online to tls10-only: the handshake fails (protocol_version(70) from the receiver); sent in clear") {
		t.Errorf("exit code %d, %s: %s", code, errs, first)
	}
	tr, err := results.ReadTranscript(strings.NewReader(proof))
	if err != nil || len(tr.Sessions) != 2 || len(tr.Messages) != 1 {
		t.Errorf("the transcript is %+v, %v", tr, err)
	}
	code, out, errs = call(t, "matrix", "--models", "--explain", "--format", "json", "iis6-smtp", "exchange-online/connector-forced")
	var m results.ModelMatrix
	if err := json.Unmarshal([]byte(out), &m); err != nil || code != 0 || len(m.Cells) != 1 || m.Cells[0].Receiver != "exchange-online" || m.Cells[0].Code != results.FatePlain {
		t.Errorf("exit code %d, %v, %s: %s", code, err, errs, out)
	}
}

func TestBadModelInput(t *testing.T) {
	for name, tt := range map[string]struct {
		args []string
		want string
	}{
		"explain alone":      {[]string{"matrix", "--explain", "exchange-online", "tls10-only"}, "--explain goes with --models"},
		"explain one":        {[]string{"matrix", "--models", "--explain", "exchange-online"}, "--explain SENDER RECEIVER"},
		"unknown model":      {[]string{"matrix", "--models", "--explain", "nobody", "tls10-only"}, `find model "nobody": there are exchange-2010`},
		"model that is mute": {[]string{"matrix", "--models", "--explain", "exchange-2010/inbound-enforcing", "tls10-only"}, "does not send"},
		"unknown receiver":   {[]string{"matrix", "--models", "--explain", "exchange-online", "nobody"}, `find receiving peer "nobody"`},
		"stray arguments":    {[]string{"matrix", "--models", "exchange-online"}, "unknown command"},
		"models of a target": {[]string{"matrix", "--models", "--target", "reference"}, "[models target]"},
		"models format":      {[]string{"matrix", "--models", "--format", "xml"}, `read --format "xml"`},
	} {
		t.Run(name, func(t *testing.T) { refused(t, tt.args, tt.want) })
	}
}

func TestModelsAreListed(t *testing.T) {
	code, out, errs := call(t, "list", "models", "--format", "json")
	var items []modelItem
	if err := json.Unmarshal([]byte(out), &items); err != nil || code != 0 || len(items) != len(fakes.ProductModels()) {
		t.Fatalf("exit code %d, %v: %s", code, err, errs)
	}
	for i, m := range fakes.ProductModels() {
		if want := (modelItem{m.Name, m.Doc, m.Receives.Name, m.Sends != nil}); items[i] != want {
			t.Errorf("got %+v, want %+v", items[i], want)
		}
	}
	if code, out, _ := call(t, "list", "models"); code != 0 || !strings.Contains(out, "exchange-2010/inbound-enforcing") {
		t.Errorf("exit code %d: %s", code, out)
	}
}
