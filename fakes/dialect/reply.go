package dialect

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// MaxLine is the longest line that is read, in bytes without its end; MaxReply
// the most lines that a reply may have. RFC 5321 §4.5.3.1.5 asks for 512 octets;
// a peer that goes far beyond is broken, and must not fill our memory.
const (
	MaxLine  = 64 << 10
	MaxReply = 1000
)

// Errors that a caller may want to tell apart.
var (
	// ErrIncomplete means that more bytes are needed.
	ErrIncomplete = errors.New("reply is not complete")
	// ErrMalformed means that the bytes are no reply.
	ErrMalformed = errors.New("malformed reply")
)

// Reply is one reply of an SMTP or LMTP server.
type Reply struct {
	// Code is the three digits.
	Code string
	// Lines are the texts behind the code, one for each line.
	Lines []string
}

// Class is the first digit, or 0 when there is no code.
func (r Reply) Class() byte {
	if r.Code == "" {
		return 0
	}
	return r.Code[0]
}

// String shows the reply as one line, "250 a / b".
func (r Reply) String() string {
	return strings.TrimSpace(r.Code + " " + strings.Join(r.Lines, " / "))
}

// Keywords returns the extension keywords of an EHLO reply in upper case, each
// with its parameters behind it. The first line is name and greeting, never a
// keyword (RFC 5321 §4.1.1.1).
func (r Reply) Keywords() map[string]string {
	all := map[string]string{}
	if len(r.Lines) == 0 {
		return all
	}
	for _, line := range r.Lines[1:] {
		word, rest, _ := strings.Cut(line, " ")
		all[strings.ToUpper(word)] = rest
	}
	return all
}

// CutReply takes the first reply off the bytes of a server and returns the rest.
// A last line may lack the space after the code (RFC 5321 §4.2.1). When the
// bytes end too early the error is ErrIncomplete; when they are no reply it is
// ErrMalformed, and the rest is what follows the bad line.
func CutReply(b []byte) (Reply, []byte, error) {
	var r Reply
	for len(r.Lines) < MaxReply {
		end := bytes.IndexByte(b, '\n')
		switch {
		case end < 0 && len(b) > MaxLine+len("\r"):
			return r, nil, errTooLong()
		case end < 0:
			return r, b, ErrIncomplete
		}
		line := strings.TrimSuffix(string(b[:end]), "\r")
		b = b[end+1:]
		if len(line) > MaxLine {
			return r, b, errTooLong()
		}
		code, text, last, err := cutLine(line)
		if err != nil {
			return r, b, err
		}
		if r.Code != "" && code != r.Code {
			return r, b, fmt.Errorf("%w: line %q in a %s reply", ErrMalformed, clip(line), r.Code)
		}
		r.Code = code
		r.Lines = append(r.Lines, text)
		if last {
			return r, b, nil
		}
	}
	return r, nil, fmt.Errorf("%w: more than %d lines", ErrMalformed, MaxReply)
}

func errTooLong() error {
	return fmt.Errorf("%w: line longer than %d bytes", ErrMalformed, MaxLine)
}

// cutLine reads one line of a reply.
func cutLine(line string) (code, text string, last bool, err error) {
	if len(line) < 3 || !digits(line[:3]) {
		return "", "", false, fmt.Errorf("%w: %q does not begin with a code", ErrMalformed, clip(line))
	}
	if len(line) == 3 {
		return line, "", true, nil
	}
	switch line[3] {
	case ' ':
		return line[:3], line[4:], true, nil
	case '-':
		return line[:3], line[4:], false, nil
	}
	return "", "", false, fmt.Errorf("%w: %q has neither space nor hyphen after the code", ErrMalformed, clip(line))
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// clip shortens what is shown of a line.
func clip(line string) string {
	const most = 80
	if len(line) > most {
		return line[:most] + "..."
	}
	return line
}

// Format writes a reply for the wire: code, then the lines, joined by hyphens.
func Format(code string, lines ...string) string {
	if len(lines) == 0 {
		return code + "\r\n"
	}
	var b strings.Builder
	for i, line := range lines {
		sep := "-"
		if i == len(lines)-1 {
			sep = " "
		}
		b.WriteString(code + sep + line + "\r\n")
	}
	return b.String()
}
