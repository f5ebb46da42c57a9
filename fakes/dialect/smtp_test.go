package dialect_test

import (
	"strings"
	"testing"

	"mailtls/fakes/dialect"
	"mailtls/results"
)

func TestParseSMTP(t *testing.T) {
	tests := map[string]dialect.Command{
		"EHLO client.example":          {Verb: "EHLO", Argument: "client.example", Stage: results.StageHello},
		"helo x":                       {Verb: "HELO", Argument: "x", Stage: results.StageHello},
		"LHLO x":                       {Verb: "LHLO", Argument: "x", Stage: results.StageHello},
		"StartTLS":                     {Verb: "STARTTLS", Stage: results.StageStartTLS},
		"STARTTLS  x ":                 {Verb: "STARTTLS", Argument: "x", Stage: results.StageStartTLS},
		"STARTTLS\t":                   {Verb: "STARTTLS", Stage: results.StageStartTLS},
		"STARTTLS \t ":                 {Verb: "STARTTLS", Stage: results.StageStartTLS},
		"STARTTLS\x00":                 {Verb: "STARTTLS\x00", Stage: results.StageUnknown},
		"AUTH PLAIN AHUAcA==":          {Verb: "AUTH", Argument: "PLAIN AHUAcA==", Stage: results.StageAuth},
		"MAIL FROM:<a@b> SIZE=1":       {Verb: "MAIL", Argument: "FROM:<a@b> SIZE=1", Stage: results.StageMail},
		"rcpt to:<a@b>":                {Verb: "RCPT", Argument: "to:<a@b>", Stage: results.StageRcpt},
		"DATA":                         {Verb: "DATA", Stage: results.StageData},
		"BDAT 12 LAST":                 {Verb: "BDAT", Argument: "12 LAST", Stage: results.StageBdat},
		"RSET":                         {Verb: "RSET", Stage: results.StageReset},
		"NOOP":                         {Verb: "NOOP", Stage: results.StageNoop},
		"VRFY a":                       {Verb: "VRFY", Argument: "a", Stage: results.StageVerify},
		"EXPN a":                       {Verb: "EXPN", Argument: "a", Stage: results.StageVerify},
		"ETRN a":                       {Verb: "ETRN", Argument: "a", Stage: results.StageEtrn},
		"HELP":                         {Verb: "HELP", Stage: results.StageHelp},
		"QUIT":                         {Verb: "QUIT", Stage: results.StageQuit},
		"":                             {Stage: results.StageUnknown},
		" EHLO x":                      {Argument: "EHLO x", Stage: results.StageUnknown},
		"EHLO\tx":                      {Verb: "EHLO\tX", Stage: results.StageUnknown},
		"GET / HTTP/1.1":               {Verb: "GET", Argument: "/ HTTP/1.1", Stage: results.StageUnknown},
		"STARTTLSX":                    {Verb: "STARTTLSX", Stage: results.StageUnknown},
		"\x16\x03\x01\x00\xa5\x01\x00": {Verb: "\x16\x03\x01\x00\uFFFD\x01\x00", Stage: results.StageUnknown},
	}
	for line, want := range tests {
		if got := dialect.ParseSMTP(line); got != want {
			t.Errorf("%q: got %+q, want %+q", line, got, want)
		}
	}
}

func TestPath(t *testing.T) {
	tests := []struct {
		argument, keyword, want string
		ok                      bool
	}{
		{"FROM:<a@b.example>", "FROM", "a@b.example", true},
		{"from:<a@b.example> SIZE=12", "FROM", "a@b.example", true},
		{"FROM:<>", "FROM", "", true},
		{"TO:  <a@b.example>", "TO", "a@b.example", true}, // not allowed, and taken everywhere
		{"TO:<@relay.example:a@b.example>", "TO", "@relay.example:a@b.example", true},
		{"FROM:a@b.example", "FROM", "", false},
		{"FROM <a@b.example>", "FROM", "", false},
		{"FROM:<a@b.example", "FROM", "a@b.example", false},
		{"TO:<a@b.example>", "FROM", "", false},
		{"FROM", "FROM", "", false},
		{"FROM:", "FROM", "", false},
		{"", "FROM", "", false},
	}
	for _, tc := range tests {
		if got, ok := dialect.Path(tc.argument, tc.keyword); got != tc.want || ok != tc.ok {
			t.Errorf("%q: got %q, %v, want %q, %v", tc.argument, got, ok, tc.want, tc.ok)
		}
	}
}

func TestStuff(t *testing.T) {
	for content, want := range map[string]string{
		"":                 "",
		"a\r\nb":           "a\r\nb",
		".":                "..",
		"..":               "...",
		".a\r\n.b\r\n..c":  "..a\r\n..b\r\n...c",
		"a.b\r\n .\r\n":    "a.b\r\n .\r\n",
		"bare\n.lf":        "bare\n.lf",
		"\r\n.\r\n.\r\n.x": "\r\n..\r\n..\r\n..x",
	} {
		if got := dialect.Stuff(content); got != want {
			t.Errorf("%q: got %q, want %q", content, got, want)
		}
	}
}

// TestStuffedContentComesBack tries every short text: the end of data is never
// met inside, and what was added is taken away again.
func TestStuffedContentComesBack(t *testing.T) {
	texts := []string{""}
	for range 7 {
		var longer []string
		for _, text := range texts {
			for _, c := range []string{".", "\r", "\n", "a"} {
				longer = append(longer, text+c)
			}
		}
		for _, text := range longer {
			stuffed := dialect.Stuff(text)
			if got := string(dialect.Unstuff([]byte(stuffed))); got != text {
				t.Fatalf("%q comes back as %q", text, got)
			}
			if strings.Contains("\r\n"+stuffed+"\r\n", "\r\n.\r\n") {
				t.Fatalf("%q still holds an end of data: %q", text, stuffed)
			}
		}
		texts = longer
	}
}

func TestUnstuffTakesOneDot(t *testing.T) {
	for content, want := range map[string]string{
		".a":              "a",
		"..a\r\n...b\r\n": ".a\r\n..b\r\n",
		"a\n..b":          "a\n..b",
	} {
		if got := string(dialect.Unstuff([]byte(content))); got != want {
			t.Errorf("%q: got %q, want %q", content, got, want)
		}
	}
}

func TestChunk(t *testing.T) {
	for argument, want := range map[string]struct {
		size     int64
		last, ok bool
	}{
		"0":                    {0, false, true},
		"86 LAST":              {86, true, true},
		"86  last":             {86, true, true},
		"":                     {},
		"x":                    {},
		"-1":                   {},
		"1 2":                  {},
		"1 LAST x":             {},
		"99999999999999999999": {},
	} {
		size, last, ok := dialect.Chunk(argument)
		if ok != want.ok || ok && (size != want.size || last != want.last) {
			t.Errorf("%q: %d %v %v", argument, size, last, ok)
		}
	}
}
