package dialect_test

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"mailtls/fakes/dialect"
)

func TestCutReply(t *testing.T) {
	long := strings.Repeat("x", dialect.MaxLine)
	tests := []struct {
		name, in string
		code     string
		lines    []string
		rest     string
		err      error
	}{
		{"one line", "220 mx ESMTP\r\n", "220", []string{"mx ESMTP"}, "", nil},
		{"several lines", "250-mx\r\n250-STARTTLS\r\n250 SIZE 1\r\n", "250", []string{"mx", "STARTTLS", "SIZE 1"}, "", nil},
		{"more behind", "220 go\r\n250 early\r\n", "220", []string{"go"}, "250 early\r\n", nil},
		{"bare code", "250\r\n", "250", []string{""}, "", nil},
		{"bare code last", "250-mx\r\n250\r\n", "250", []string{"mx", ""}, "", nil},
		{"no text", "250 \r\n", "250", []string{""}, "", nil},
		{"lf only", "250-mx\n250 ok\nrest", "250", []string{"mx", "ok"}, "rest", nil},
		{"nul in the text", "250 m\x00x\r\n", "250", []string{"m\x00x"}, "", nil},
		{"cr in the text", "250 a\rb\r\r\n", "250", []string{"a\rb\r"}, "", nil},
		{"code nobody has", "999 x\r\n", "999", []string{"x"}, "", nil},
		{"longest line", "250 " + long[4:] + "\r\n", "250", []string{long[4:]}, "", nil},

		{"nothing", "", "", nil, "", dialect.ErrIncomplete},
		{"no line end", "220 mx", "", nil, "220 mx", dialect.ErrIncomplete},
		{"last line missing", "250-mx\r\n", "250", []string{"mx"}, "", dialect.ErrIncomplete},
		{"longest line without its end", "250 " + long[4:] + "\r", "", nil, "250 " + long[4:] + "\r", dialect.ErrIncomplete},

		{"empty line", "\r\n250 ok\r\n", "", nil, "250 ok\r\n", dialect.ErrMalformed},
		{"two digits", "25\r\n", "", nil, "", dialect.ErrMalformed},
		{"four digits", "2500 x\r\nrest", "", nil, "rest", dialect.ErrMalformed},
		{"no digits", "HTTP/1.1 400 Bad Request\r\n", "", nil, "", dialect.ErrMalformed},
		{"nul behind the code", "220\x00go\r\n", "", nil, "", dialect.ErrMalformed},
		{"nul in the code", "2\x000 go\r\n", "", nil, "", dialect.ErrMalformed},
		{"tab behind the code", "220\tgo\r\n", "", nil, "", dialect.ErrMalformed},
		{"code changes", "250-mx\r\n220 go\r\n250 ok\r\n", "250", []string{"mx"}, "250 ok\r\n", dialect.ErrMalformed},
		{"line too long", "250 " + long + "\r\nrest", "", nil, "rest", dialect.ErrMalformed},
		{"line too long, without end", long + "xx", "", nil, "", dialect.ErrMalformed},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			r, rest, err := dialect.CutReply([]byte(tc.in))
			if r.Code != tc.code || !slices.Equal(r.Lines, tc.lines) {
				t.Errorf("got %q %.80q, want %q %.80q", r.Code, r.Lines, tc.code, tc.lines)
			}
			if string(rest) != tc.rest || !errors.Is(err, tc.err) {
				t.Errorf("got the rest %.80q and %v, want %.80q and %v", rest, err, tc.rest, tc.err)
			}
		})
	}
}

func TestCutReplyCountsLines(t *testing.T) {
	line := []byte("250-x\r\n")
	if _, _, err := dialect.CutReply(append(bytes.Repeat(line, dialect.MaxReply-1), "250 x\r\n"...)); err != nil {
		t.Errorf("a reply of %d lines: %v", dialect.MaxReply, err)
	}
	_, rest, err := dialect.CutReply(bytes.Repeat(line, dialect.MaxReply+1))
	if !errors.Is(err, dialect.ErrMalformed) || len(rest) > 0 {
		t.Errorf("an endless reply: %v with %d bytes left", err, len(rest))
	}
}

func TestErrorsShowTheLineInPart(t *testing.T) {
	_, _, err := dialect.CutReply([]byte(strings.Repeat("y", 5000) + "\r\n"))
	if err == nil || len(err.Error()) > 200 {
		t.Errorf("got an error of another size: %.300v", err)
	}
}

func TestFormat(t *testing.T) {
	for want, lines := range map[string][]string{
		"250\r\n":                      nil,
		"250 \r\n":                     {""},
		"250 ok\r\n":                   {"ok"},
		"250-mx\r\n250-A\r\n250 B\r\n": {"mx", "A", "B"},
	} {
		if got := dialect.Format("250", lines...); got != want {
			t.Errorf("%q: got %q, want %q", lines, got, want)
		}
	}
}

func TestKeywords(t *testing.T) {
	tests := map[string]map[string]string{
		"250 STARTTLS\r\n":                                   {},
		"250-STARTTLS\r\n250 8BITMIME\r\n":                   {"8BITMIME": ""},
		"250-mx\r\n250-starttls\r\n250 Auth PLAIN LOGIN\r\n": {"STARTTLS": "", "AUTH": "PLAIN LOGIN"},
		"250-mx\r\n250 STARTTLS x\r\n":                       {"STARTTLS": "x"},
		"250-mx\r\n250 START\x00TLS\r\n":                     {"START\x00TLS": ""},
	}
	for in, want := range tests {
		r, _, err := dialect.CutReply([]byte(in))
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Keywords(); !maps.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	if got := (dialect.Reply{}).Keywords(); len(got) > 0 {
		t.Errorf("no reply has the keywords %q", got)
	}
}

func TestReplyInWords(t *testing.T) {
	for want, r := range map[string]dialect.Reply{
		"250 mx / STARTTLS": {Code: "250", Lines: []string{"mx", "STARTTLS"}},
		"250":               {Code: "250", Lines: []string{""}},
		"":                  {},
	} {
		if got := r.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if want != "" && r.Class() != '2' || want == "" && r.Class() != 0 {
			t.Errorf("%q is of class %q", want, r.Class())
		}
	}
}
