package results_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"mailtls/results"
)

// written is the stored form of a transcript.
func written(t *testing.T, tr *results.Transcript) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := results.WriteTranscript(&b, tr); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// read is the transcript that text stands for.
func read(t *testing.T, text []byte) *results.Transcript {
	t.Helper()
	tr, err := results.ReadTranscript(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return tr
}

// roundTrip writes, reads and compares, and writes again.
func roundTrip(t *testing.T, tr *results.Transcript) {
	t.Helper()
	text := written(t, tr)
	back := read(t, text)
	plain(reflect.ValueOf(tr).Elem())
	if !reflect.DeepEqual(tr, back) {
		t.Errorf("read back differs:\n got %#v\nwant %#v\ntext %s", back, tr, text)
	}
	if again := written(t, back); !bytes.Equal(again, text) {
		t.Errorf("written again differs:\n got %s\nwant %s", again, text)
	}
}

// plain makes nil of every empty slice, and drops what a stored time does not
// keep: its zone and its monotonic reading.
func plain(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		if at, ok := v.Addr().Interface().(*time.Time); ok {
			*at = at.UTC().Round(0)
			return
		}
		for i := range v.NumField() {
			plain(v.Field(i))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			plain(v.Elem())
		}
	case reflect.Slice:
		if v.Len() == 0 {
			v.SetZero()
		}
		for i := range v.Len() {
			plain(v.Index(i))
		}
	}
}

func TestTranscriptGolden(t *testing.T) {
	golden(t, "transcript.txt", written(t, sampleTranscript()))
	roundTrip(t, sampleTranscript())
}

func TestTranscriptDocumentedFormat(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "transcript_write.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	var example string
	for _, decl := range file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && f.Name.Name == "WriteTranscript" {
			example = codeBlock(f.Doc.Text())
		}
	}
	if got := written(t, read(t, []byte(example))); string(got) != example {
		t.Errorf("the example in the doc comment is not as written; got\n%s\nwant\n%s", got, example)
	}
}

// codeBlock is the first indented block of a doc comment.
func codeBlock(doc string) string {
	var code strings.Builder
	for line := range strings.Lines(doc) {
		switch text, ok := strings.CutPrefix(line, "\t"); {
		case ok:
			code.WriteString(text)
		case code.Len() > 0 && line == "\n":
			code.WriteString(line)
		case code.Len() > 0:
			return strings.TrimRight(code.String(), "\n") + "\n"
		}
	}
	return code.String()
}

func TestTranscriptKeepsBytes(t *testing.T) {
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	for name, bytes := range map[string]string{
		"every byte":          string(every),
		"bare CR":             "a\rb",
		"bare LF":             "a\nb",
		"NUL":                 "\x00",
		"only a quote":        `"`,
		"backslashes":         `\\x00\r`,
		"replacement rune":    "\xef\xbf\xbd\xff",
		"cut rune":            "\xc3",
		"line separator":      "\u2028\u0085",
		"looks like a digest": "digest",
		"64 KiB of 8-bit":     strings.Repeat("\xff", 64<<10),
	} {
		t.Run(name, func(t *testing.T) {
			tr := sampleTranscript()
			half := len(bytes) / 2
			tr.Sessions[0].Events = []results.Event{
				data(1, results.Client, false, results.StageBody, "", bytes),
				data(2, results.Client, false, results.StageBody, bytes[:len(bytes)%100], bytes[:half]),
				data(3, results.Client, true, "", "-", bytes[half:]),
			}
			tr.Sessions[1].Events[1].Digest.Head = []byte(bytes)
			roundTrip(t, tr)
		})
	}
}

func TestTranscriptKeepsExtremes(t *testing.T) {
	for name, change := range map[string]func(*results.Transcript){
		"longest time":    func(tr *results.Transcript) { tr.Window = math.MaxInt64 },
		"shortest time":   func(tr *results.Transcript) { tr.Window = math.MinInt64 },
		"time before":     func(tr *results.Transcript) { tr.Sessions[0].Events[0].At = -1 },
		"clock factor":    func(tr *results.Transcript) { tr.ClockFactor = 1.0 / 3 },
		"zero time":       func(tr *results.Transcript) { tr.Started = time.Time{} },
		"local time":      func(tr *results.Transcript) { tr.Started = time.Now() },
		"list with empty": func(tr *results.Transcript) { tr.Sessions[0].TLS[0].Hello.ALPN = []string{"", "-", "a,b"} },
		"empty bytes":     func(tr *results.Transcript) { tr.Sessions[0].Events[0].Bytes = []byte{} },
		"words like flags": func(tr *results.Transcript) {
			tr.Policy, tr.Submissions[0].Recipient = "fence", "fence"
		},
		"record with bytes": func(tr *results.Transcript) { tr.Sessions[0].Events[6].Bytes = []byte("\x16\x03\x01") },
		"data with text":    func(tr *results.Transcript) { tr.Sessions[0].Events[0].Text = "from a file" },
		"digest with text":  func(tr *results.Transcript) { tr.Sessions[1].Events[1].Text = "from a file" },
		"empty handshake":   func(tr *results.Transcript) { tr.Sessions[1].TLS = make([]results.TLSFacts, 2) },
		"client chain":      func(tr *results.Transcript) { tr.Sessions[0].TLS[0].ClientChain = [][]byte{{0}} },
	} {
		t.Run(name, func(t *testing.T) {
			tr := sampleTranscript()
			change(tr)
			roundTrip(t, tr)
		})
	}
}

func TestWriteTranscriptRefuses(t *testing.T) {
	for want, change := range map[string]func(*results.Transcript){
		"started in the year":                func(tr *results.Transcript) { tr.Started = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"clock factor":                       func(tr *results.Transcript) { tr.ClockFactor = math.NaN() },
		"reason":                             func(tr *results.Transcript) { tr.Ended.Why = "" },
		"session number 1 is":                func(tr *results.Transcript) { tr.Sessions[1].ID = 1 },
		"session 1: unknown leg":             func(tr *results.Transcript) { tr.Sessions[0].Leg = "leg" },
		"session 1: unknown end":             func(tr *results.Transcript) { tr.Sessions[0].End = "" },
		"session 1: handshake 1: alert":      func(tr *results.Transcript) { tr.Sessions[0].TLS[0].Alerts[0].From = "" },
		"handshake 1: empty certificate":     func(tr *results.Transcript) { tr.Sessions[0].TLS[0].Chain[0] = nil },
		"session 2: event 1: unknown side":   func(tr *results.Transcript) { tr.Sessions[1].Events[0].From = "" },
		"event 1: unknown kind":              func(tr *results.Transcript) { tr.Sessions[0].Events[0].Kind = "" },
		"event 1: unknown stage":             func(tr *results.Transcript) { tr.Sessions[0].Events[0].Stage = "greting" },
		"event 2: has both bytes":            func(tr *results.Transcript) { tr.Sessions[1].Events[1].Bytes = []byte("x") },
		"event 2: note event with a digest":  func(tr *results.Transcript) { tr.Sessions[1].Events[1].Kind = results.EventNote },
		"line is longer than 1048576 bytes:": func(tr *results.Transcript) { tr.Case = strings.Repeat("x", 1<<20) },
	} {
		t.Run(want, func(t *testing.T) {
			tr := sampleTranscript()
			change(tr)
			err := results.WriteTranscript(&bytes.Buffer{}, tr)
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v, want %q", err, want)
			}
		})
	}
}
