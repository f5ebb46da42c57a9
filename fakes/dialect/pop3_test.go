package dialect_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"mailtls/fakes/dialect"
	"mailtls/results"
)

func TestParsePOP3(t *testing.T) {
	for line, want := range map[string]dialect.Command{
		"CAPA":            {Verb: "CAPA", Stage: results.StageHello},
		"stls ":           {Verb: "STLS", Stage: results.StageStartTLS},
		"STLS x":          {Verb: "STLS", Argument: "x", Stage: results.StageStartTLS},
		"USER  me ":       {Verb: "USER", Argument: "me", Stage: results.StageAuth},
		"PASS  p w ":      {Verb: "PASS", Argument: " p w ", Stage: results.StageAuth},
		"APOP me c4c9":    {Verb: "APOP", Argument: "me c4c9", Stage: results.StageAuth},
		"AUTH PLAIN AA==": {Verb: "AUTH", Argument: "PLAIN AA==", Stage: results.StageAuth},
		"DELE 1":          {Verb: "DELE", Argument: "1", Stage: results.StageMailbox},
		"RSET":            {Verb: "RSET", Stage: results.StageReset},
		"NOOP":            {Verb: "NOOP", Stage: results.StageNoop},
		"QUIT":            {Verb: "QUIT", Stage: results.StageQuit},
		"STLS\nCAPA":      {Verb: "STLS\nCAPA", Stage: results.StageUnknown},
		"":                {Stage: results.StageUnknown},
	} {
		if got := dialect.Parse(results.POP3, line); got != want {
			t.Errorf("%q: got %+v, want %+v", line, got, want)
		}
	}
}

func TestMultiLine(t *testing.T) {
	for line, want := range map[string]bool{
		"CAPA": true, "RETR 1": true, "TOP 1 0": true, "LIST": true, "LIST 1": false, "UIDL": true, "UIDL 2": false,
		"AUTH": true, "AUTH PLAIN": false, "STAT": false, "NOOP": false,
	} {
		if got := dialect.ParsePOP3(line).MultiLine(); got != want {
			t.Errorf("%s: %v", line, got)
		}
	}
}

func TestCutPOP3(t *testing.T) {
	for _, tt := range []struct {
		in    string
		multi bool
		code  string
		lines []string
		rest  string
		err   error
	}{
		{"+OK ready <1@x>\r\n", false, "+OK", []string{"ready <1@x>"}, "", nil},
		{"+OK\r\n+OK\r\n", false, "+OK", []string{""}, "+OK\r\n", nil},
		{"-ERR [AUTH] no\r\nx", true, "-ERR", []string{"[AUTH] no"}, "x", nil},
		{"+ Zg==\r\n", false, "+", []string{"Zg=="}, "", nil},
		{"+ \r\n", true, "+", []string{""}, "", nil},
		{"+OK list\r\nSTLS\r\nUSER\r\n.\r\nmore", true, "+OK", []string{"list", "STLS", "USER"}, "more", nil},
		{"+OK\r\n..dot\r\n...\r\n\r\n.\r\n", true, "+OK", []string{"", ".dot", "..", ""}, "", nil},
		{"+OK\n.\n", true, "+OK", []string{""}, "", nil},

		{"+OK", false, "", nil, "+OK", dialect.ErrIncomplete},
		{"+OK list\r\nSTLS\r\n", true, "+OK", []string{"list", "STLS"}, "+OK list\r\nSTLS\r\n", dialect.ErrIncomplete},

		{"+\r\nx", false, "", nil, "x", dialect.ErrMalformed},
		{"+ok\r\n", false, "", nil, "", dialect.ErrMalformed},
		{"+OKAY\r\n", false, "", nil, "", dialect.ErrMalformed},
		{"220 mx\r\n", false, "", nil, "", dialect.ErrMalformed},
		{"\r\nrest", true, "", nil, "rest", dialect.ErrMalformed},
		{strings.Repeat("x", dialect.MaxLine+2), false, "", nil, "", dialect.ErrMalformed},
		{"+OK\r\n" + strings.Repeat("x", dialect.MaxLine+2), true, "+OK", []string{""}, "", dialect.ErrMalformed},
	} {
		r, rest, err := dialect.CutPOP3([]byte(tt.in), tt.multi)
		if r.Code != tt.code || !slices.Equal(r.Lines, tt.lines) || string(rest) != tt.rest || !errors.Is(err, tt.err) {
			t.Errorf("%.60q: got %q %.80q, %.60q, %v", tt.in, r.Code, r.Lines, rest, err)
		}
	}
}

func TestFormatPOP3(t *testing.T) {
	text := dialect.FormatPOP3("+OK x", ".", "a", "..b")
	if text != "+OK x\r\n..\r\na\r\n...b\r\n.\r\n" {
		t.Errorf("got %q", text)
	}
}
