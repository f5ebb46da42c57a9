package dialect

import (
	"bytes"
	"errors"
	"strings"

	"mailtls/results"
)

// maxContent is the most lines that the content of a POP3 reply may have.
const maxContent = 1 << 20

// ParsePOP3 takes a POP3 command line, without its line end, apart (RFC 1939 §3).
// Passwords may end in spaces, so that the argument of PASS stands as it came.
func ParsePOP3(line string) Command {
	verb, argument, _ := strings.Cut(line, " ")
	c := Command{Verb: strings.ToUpper(strings.TrimRight(verb, "\t")), Argument: argument}
	if c.Verb != "PASS" {
		c.Argument = strings.Trim(argument, " \t")
	}
	c.Stage = pop3Stage(c.Verb)
	return c
}

func pop3Stage(verb string) results.Stage {
	switch verb {
	case "CAPA":
		return results.StageHello
	case "STLS":
		return results.StageStartTLS
	case "USER", "PASS", "AUTH", "APOP":
		return results.StageAuth
	case "STAT", "LIST", "UIDL", "RETR", "TOP", "DELE":
		return results.StageMailbox
	case "RSET":
		return results.StageReset
	case "NOOP":
		return results.StageNoop
	case "QUIT":
		return results.StageQuit
	}
	return results.StageUnknown
}

// MultiLine tells whether a good reply to a POP3 command has content behind its
// first line (RFC 1939 §3): up to a line with nothing but a dot.
func (c Command) MultiLine() bool {
	switch c.Verb {
	case "CAPA", "RETR", "TOP":
		return true
	case "LIST", "UIDL", "AUTH":
		return c.Argument == ""
	}
	return false
}

// CutPOP3 takes the first reply off the bytes of a POP3 server and returns the
// rest. Lines are the text, and where it may have content and is good, that
// without the dots that were added. Errors are as those of CutReply.
func CutPOP3(b []byte, multi bool) (Reply, []byte, error) {
	line, rest, err := cutPOP3Line(b)
	if err != nil {
		return Reply{}, failed(b, rest, err), err
	}
	code, text, spaced := strings.Cut(line, " ")
	r := Reply{Code: code, Lines: []string{text}}
	switch {
	case code == "-ERR", code == "+" && spaced, code == "+OK" && !multi:
		return r, rest, nil
	case code != "+OK":
		return Reply{}, rest, malformed(line, "begins with neither +OK nor -ERR")
	}
	for len(r.Lines) <= maxContent {
		line, rest, err = cutPOP3Line(rest)
		switch {
		case err != nil:
			return r, failed(b, rest, err), err
		case line == ".":
			return r, rest, nil
		}
		r.Lines = append(r.Lines, strings.TrimPrefix(line, "."))
	}
	return r, nil, malformed(line, "is one line more than content may have")
}

// failed is what is left when a line could not be taken: all, when more is needed.
func failed(all, rest []byte, err error) []byte {
	if errors.Is(err, ErrIncomplete) {
		return all
	}
	return rest
}

// cutPOP3Line takes one line off; nothing is left of one that is too long.
func cutPOP3Line(b []byte) (string, []byte, error) {
	end, err := cutLineOf(b, 0)
	if err != nil {
		return "", nil, err
	}
	return string(bytes.TrimSuffix(b[:end], []byte("\r"))), b[end+1:], nil
}

// FormatPOP3 writes content for the wire behind the first line of a reply: a dot
// is added to lines that begin with one, and a line with a dot ends it.
func FormatPOP3(first string, content ...string) string {
	var b strings.Builder
	b.WriteString(first + "\r\n")
	for _, line := range content {
		if strings.HasPrefix(line, ".") {
			b.WriteByte('.')
		}
		b.WriteString(line + "\r\n")
	}
	b.WriteString(".\r\n")
	return b.String()
}
