package fakes_test

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"mailtls/fakes"
	"mailtls/fakes/dialect"
)

func all(t *testing.T, p fakes.Part) string {
	t.Helper()
	b, err := io.ReadAll(iotest.OneByteReader(p.Reader()))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestPartsJoin(t *testing.T) {
	whole := all(t, fakes.Part{To: 64 * 40, Raw: true})
	joined := all(t, fakes.Part{To: 1000, Raw: true}) + all(t, fakes.Part{From: 1000, To: 64 * 40, Raw: true})
	if whole != joined || len(whole) != 64*40 {
		t.Errorf("%d bytes in one, %d in two", len(whole), len(joined))
	}
	lines := strings.SplitAfter(whole, "\r\n")
	seen := map[string]bool{}
	for _, l := range lines[:40] {
		if len(l) != fakes.LineLength || seen[l] {
			t.Errorf("line %q", l)
		}
		seen[l] = true
	}
	if !strings.HasPrefix(lines[7], ".") {
		t.Errorf("no dot begins %q", lines[7])
	}
	if got := (fakes.Part{}).Reader(); iotest.TestReader(got, nil) != nil {
		t.Error("an empty part is not empty")
	}
}

func TestPartsAreStuffed(t *testing.T) {
	raw, sent := all(t, fakes.Part{To: 64 * 20, Raw: true}), all(t, fakes.Part{To: 64 * 20})
	if sent == raw || !bytes.Equal(dialect.Unstuff([]byte(sent)), []byte(raw)) {
		t.Errorf("sent %q", sent)
	}
	halves := all(t, fakes.Part{To: 64 * 7}) + all(t, fakes.Part{From: 64 * 7, To: 64 * 20})
	if halves != sent {
		t.Errorf("in halves %q", halves)
	}
	if (fakes.Part{To: 64}).SHA256() != (fakes.Part{To: 64, Raw: true}).SHA256() {
		t.Error("the hash is of what is sent")
	}
}
