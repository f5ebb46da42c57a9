package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mailtls/results"
)

func TestInteropCommand(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	code, out, errs := call(t, "interop", "--targets", "exchange-2010,exchange-online/inbound-enforcing", "--format", "json", "--out", dir)
	var m results.Interop
	if err := json.Unmarshal([]byte(out), &m); err != nil || code != 0 {
		t.Fatalf("exit code %d, %v: %s", code, err, errs)
	}
	want := []results.InteropPair{
		{Sender: "exchange-2010", Receiver: "exchange-2010", Policy: "default", Code: results.FateTLS10, TLS: "1.0"},
		{Sender: "exchange-2010", Receiver: "exchange-online/inbound-enforcing", Policy: "default", Code: results.FateBounced},
	}
	if len(m.Pairs) != 2 || m.Pairs[0] != want[0] || m.Pairs[1] != want[1] {
		t.Errorf("got %+v", m.Pairs)
	}
	for _, file := range []string{"interop.txt", "interop.md", "interop.json", "transcripts/exchange-2010-to-exchange-2010-default.txt"} {
		if b, err := os.ReadFile(filepath.Join(dir, file)); err != nil || !strings.Contains(string(b), "exchange-2010") {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestInteropRefuses(t *testing.T) {
	for want, args := range map[string][]string{
		"--targets": {}, "--format": {"--targets", "reference", "--format", "csv"}, `"nobody"`: {"--targets", "nobody"},
	} {
		if code, _, errs := call(t, append([]string{"interop"}, args...)...); code != exitFault || !strings.Contains(errs, want) {
			t.Errorf("%v: exit code %d, %s", args, code, errs)
		}
	}
}
