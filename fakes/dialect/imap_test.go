package dialect_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"mailtls/fakes/dialect"
	"mailtls/results"
)

func TestParseIMAP(t *testing.T) {
	for line, want := range map[string]dialect.Command{
		"a CAPABILITY":            {Tag: "a", Verb: "CAPABILITY", Stage: results.StageHello},
		"A1 starttls":             {Tag: "A1", Verb: "STARTTLS", Stage: results.StageStartTLS},
		"a STARTTLS {3+}\r\nabc":  {Tag: "a", Verb: "STARTTLS", Argument: "{3+}\r\nabc", Stage: results.StageStartTLS},
		"a LOGIN u \"p w\" ":      {Tag: "a", Verb: "LOGIN", Argument: `u "p w"`, Stage: results.StageAuth},
		"a LOGIN u {3}\r\npw ":    {Tag: "a", Verb: "LOGIN", Argument: "u {3}\r\npw ", Stage: results.StageAuth},
		"a AUTHENTICATE PLAIN =":  {Tag: "a", Verb: "AUTHENTICATE", Argument: "PLAIN =", Stage: results.StageAuth},
		"a APPEND INBOX {310}":    {Tag: "a", Verb: "APPEND", Argument: "INBOX {310}", Stage: results.StageData},
		"a NOOP":                  {Tag: "a", Verb: "NOOP", Stage: results.StageNoop},
		"a uid fetch 1 BODY[]":    {Tag: "a", Verb: "UID", Argument: "fetch 1 BODY[]", Stage: results.StageMailbox},
		"a LOGOUT\t":              {Tag: "a", Verb: "LOGOUT", Stage: results.StageQuit},
		"a STARTTLS\x00":          {Tag: "a", Verb: "STARTTLS\x00", Stage: results.StageUnknown},
		"a":                       {Tag: "a", Stage: results.StageUnknown},
		"":                        {Stage: results.StageUnknown},
		"GET / HTTP/1.1":          {Tag: "GET", Verb: "/", Argument: "HTTP/1.1", Stage: results.StageUnknown},
		"A STARTTLS\nX NOOP":      {Tag: "A", Verb: "STARTTLS\nX", Argument: "NOOP", Stage: results.StageUnknown},
		"a ID (\"name\" \"x y\")": {Tag: "a", Verb: "ID", Argument: `("name" "x y")`, Stage: results.StageHello},
	} {
		if got := dialect.Parse(results.IMAP, line); got != want {
			t.Errorf("%q: got %+v, want %+v", line, got, want)
		}
	}
}

func TestLiteral(t *testing.T) {
	for line, want := range map[string]struct {
		size      int64
		waits, ok bool
	}{
		"a APPEND INBOX {310}":      {310, true, true},
		"a APPEND INBOX ~{310+}":    {310, false, true},
		"{0}":                       {0, true, true},
		"a LOGIN {4} x":             {},
		"{}":                        {},
		"{+}":                       {},
		"{-1}":                      {},
		"{1 }":                      {},
		"{99999999999999999999999}": {},
		"310}":                      {},
	} {
		size, waits, ok := dialect.Literal(line)
		if ok != want.ok || ok && (size != want.size || waits != want.waits) {
			t.Errorf("%q: got %d, %v, %v, want %+v", line, size, waits, ok, want)
		}
	}
}

func TestFields(t *testing.T) {
	for argument, want := range map[string][]string{
		"":                              nil,
		"a  b ":                         {"a", "b"},
		`u "p \"w\\"`:                   {"u", `p "w\`},
		`"" x`:                          {"", "x"},
		"{4+}\r\nuser {2+}\r\np ":       {"user", "p "},
		"u {2}\r\n\r\n":                 {"u", "\r\n"},
		`INBOX (\Seen \Draft) "date" x`: {"INBOX", `(\Seen \Draft)`, "date", "x"},
		`("name" "a)b" ("x"))`:          {`("name" "a)b" ("x"))`},
	} {
		got, ok := dialect.Fields(argument)
		if !ok || !slices.Equal(got, want) {
			t.Errorf("%q: got %q, %v, want %q", argument, got, ok, want)
		}
	}
	for _, argument := range []string{`"`, `"a\`, `(a`, "{5}\r\nuser", `("`} {
		if got, ok := dialect.Fields(argument); ok {
			t.Errorf("%q has no end, and gives %q", argument, got)
		}
	}
}

func TestQuotedStringsAreReadAgain(t *testing.T) {
	for _, s := range []string{"", "plain", `a"b\c`, "sp ace", "two\r\nlines", "ü", "nul\x00"} {
		if got, ok := dialect.Fields(dialect.Quote(s) + " x"); !ok || !slices.Equal(got, []string{s, "x"}) {
			t.Errorf("%q is written %q and reads as %q, %v", s, dialect.Quote(s), got, ok)
		}
	}
}

func TestCutResponse(t *testing.T) {
	long := strings.Repeat("x", dialect.MaxLine)
	for _, tt := range []struct {
		in   string
		want dialect.Response
		rest string
		err  error
	}{
		{"* OK [CAPABILITY IMAP4rev1] hi\r\nrest", dialect.Response{Tag: "*", Status: "OK", Code: "CAPABILITY IMAP4rev1", Text: "hi"}, "rest", nil},
		{"a NO [PRIVACYREQUIRED] no\r\n", dialect.Response{Tag: "a", Status: "NO", Code: "PRIVACYREQUIRED", Text: "no"}, "", nil},
		{"a ok\n", dialect.Response{Tag: "a", Status: "OK"}, "", nil},
		{"a BAD [open\r\n", dialect.Response{Tag: "a", Status: "BAD", Text: "[open"}, "", nil},
		{"a OK []x\r\n", dialect.Response{Tag: "a", Status: "OK", Text: "[]x"}, "", nil},
		{"* PREAUTH x\r\n", dialect.Response{Tag: "*", Status: "PREAUTH", Text: "x"}, "", nil},
		{"* 3 EXISTS\r\n", dialect.Response{Tag: "*", Text: "3 EXISTS"}, "", nil},
		{"+ \r\n", dialect.Response{Tag: "+"}, "", nil},
		{"+\r\n", dialect.Response{Tag: "+"}, "", nil},
		{"* 1 FETCH (BODY[] {4}\r\na OK)\r\nb", dialect.Response{Tag: "*", Text: "1 FETCH (BODY[] {4}\r\na OK)"}, "b", nil},

		{"", dialect.Response{}, "", dialect.ErrIncomplete},
		{"* OK", dialect.Response{}, "* OK", dialect.ErrIncomplete},
		{"* 1 FETCH {4}\r\na O", dialect.Response{}, "* 1 FETCH {4}\r\na O", dialect.ErrIncomplete},
		{"* 1 FETCH {4}\r\na OK", dialect.Response{}, "* 1 FETCH {4}\r\na OK", dialect.ErrIncomplete},

		{"\r\nrest", dialect.Response{}, "rest", dialect.ErrMalformed},
		{"hello\r\n", dialect.Response{}, "", dialect.ErrMalformed},
		{"a HELLO you\r\n", dialect.Response{}, "", dialect.ErrMalformed},
		{"a PREAUTH you\r\n", dialect.Response{}, "", dialect.ErrMalformed},
		{"a\x00 OK x\r\n", dialect.Response{}, "", dialect.ErrMalformed},
		{"+OK ready\r\n", dialect.Response{}, "", dialect.ErrMalformed},
		{"* x {99999999999}\r\nrest", dialect.Response{}, "rest", dialect.ErrMalformed},
		{long + "xx", dialect.Response{}, "", dialect.ErrMalformed},
	} {
		got, rest, err := dialect.CutResponse([]byte(tt.in))
		if got != tt.want || string(rest) != tt.rest || !errors.Is(err, tt.err) {
			t.Errorf("%.80q: got %+v, %.80q, %v; want %+v, %q, %v", tt.in, got, rest, err, tt.want, tt.rest, tt.err)
		}
	}
}

func TestCutAnswer(t *testing.T) {
	const in = "* CAPABILITY IMAP4rev1 STARTTLS\r\nx OK other\r\na NO [AUTHENTICATIONFAILED] no\r\n* later\r\n"
	a, rest, err := dialect.CutAnswer([]byte(in), "a")
	want := dialect.Answer{
		Response: dialect.Response{Tag: "a", Status: "NO", Code: "AUTHENTICATIONFAILED", Text: "no"},
		Before:   []dialect.Response{{Tag: "*", Text: "CAPABILITY IMAP4rev1 STARTTLS"}, {Tag: "x", Status: "OK", Text: "other"}},
	}
	if err != nil || !reflect.DeepEqual(a, want) || string(rest) != "* later\r\n" {
		t.Errorf("got %+v, %q, %v", a, rest, err)
	}
	if got := a.Before[0].Capabilities(); !slices.Equal(got, []string{"IMAP4REV1", "STARTTLS"}) {
		t.Errorf("capabilities are %q", got)
	}
	reply, _, _ := dialect.Cut(results.IMAP, []byte(in), dialect.Command{Tag: "a"})
	if want := (dialect.Reply{Code: "NO", Lines: []string{"[AUTHENTICATIONFAILED] no", "* CAPABILITY IMAP4rev1 STARTTLS", "x OK other"}}); !reflect.DeepEqual(reply, want) {
		t.Errorf("as a reply it is %+v", reply)
	}
}

func TestAnswersThatAreSpecial(t *testing.T) {
	const in = "* CAPABILITY IMAP4rev1\r\na OK\r\n"
	if a, rest, err := dialect.CutAnswer([]byte(in), "b"); !errors.Is(err, dialect.ErrIncomplete) || string(rest) != in {
		t.Errorf("no answer to b is %+v, %q, %v", a, rest, err)
	}
	if a, _, err := dialect.CutAnswer([]byte("* 1 EXISTS\r\n+ go\r\n"), "b"); err != nil || !a.Reply().Continues() {
		t.Errorf("a continuation is %+v, %v", a, err)
	}
	for in, want := range map[string]string{"+ \r\n": "", "a OK\r\n": "", "a OK [X]\r\n": "[X]", "* 3 EXISTS\r\na OK x\r\n": "x"} {
		if r, _, err := dialect.Cut(results.IMAP, []byte(in), dialect.Command{Tag: "a"}); err != nil || r.Lines[0] != want {
			t.Errorf("%q is %+v, %v, want %q", in, r, err, want)
		}
	}
	if a, _, err := dialect.CutAnswer([]byte("* BYE full\r\n"), ""); err != nil || a.Reply().Code != "BYE" {
		t.Errorf("a greeting is %+v, %v", a, err)
	}
	endless := strings.Repeat("* x y\r\n", dialect.MaxReply+1)
	if _, rest, err := dialect.CutAnswer([]byte(endless), "a"); !errors.Is(err, dialect.ErrMalformed) || len(rest) > 0 {
		t.Errorf("an endless answer: %v with %d bytes left", err, len(rest))
	}
}

func TestCapabilitiesInACode(t *testing.T) {
	for in, want := range map[string][]string{
		"* OK [CAPABILITY IMAP4rev2 starttls] hi\r\n": {"IMAP4REV2", "STARTTLS"},
		"* OK hi\r\n":                nil,
		"* OK CAPABILITY x\r\n":      nil,
		"* CAPABILITY\r\n":           {},
		"* LIST () \"/\" INBOX\r\n":  nil,
		"* capability LOGINDISABLED": nil,
	} {
		r, _, _ := dialect.CutResponse([]byte(in))
		if got := r.Capabilities(); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestCommandsOfAText(t *testing.T) {
	for _, tt := range []struct {
		protocol results.Protocol
		text     string
		want     []string
	}{
		{results.IMAP, "a CAPABILITY\r\nb LOGIN u p\r\n", []string{"a CAPABILITY", "b LOGIN"}},
		{results.IMAP, "a LOGIN {6+}\r\nb NO\r\n {2+}\r\npw\r\nc NOOP\r\n", []string{"a LOGIN", "c NOOP"}},
		{results.IMAP, "a APPEND INBOX {3}\r\n", []string{"a APPEND"}},
		{results.IMAP, "A STARTTLS\nX NOOP\r\nY LOG", []string{"A STARTTLS", "X NOOP"}},
		{results.POP3, "STLS\r\nCAPA {3}\r\nx", []string{" STLS", " CAPA"}},
		{results.SMTP, "EHLO x\r\nQUIT\r\n", []string{" EHLO", " QUIT"}},
	} {
		var got []string
		for _, c := range dialect.Commands(tt.protocol, tt.text) {
			got = append(got, c.Tag+" "+c.Verb)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%q: got %q, want %q", tt.text, got, tt.want)
		}
	}
}

func TestFits(t *testing.T) {
	for _, tt := range []struct {
		code, want string
		fits       bool
	}{
		{"250", "2", true}, {"250", "250", true}, {"250", "", true}, {"250", "5", false},
		{"OK", "OK", true}, {"OK", "NO", false}, {"+OK", "+", false}, {"+", "+", true}, {"BAD", "B", false},
	} {
		if got := (dialect.Reply{Code: tt.code}).Fits(tt.want); got != tt.fits {
			t.Errorf("%q for %q: %v", tt.code, tt.want, got)
		}
	}
}
