package dialect

import (
	"fmt"
	"strings"

	"mailtls/results"
)

// Parse takes a command line of a protocol, without its line end, apart; the zero
// protocol is SMTP.
func Parse(p results.Protocol, line string) Command {
	switch p {
	case results.IMAP:
		return ParseIMAP(line)
	case results.POP3:
		return ParsePOP3(line)
	default:
		return ParseSMTP(line)
	}
}

// Commands are the commands that a client's text holds: one for each line that
// has its end, literals of IMAP included in theirs.
func Commands(p results.Protocol, text string) []Command {
	var all []Command
	for {
		line, rest, found := cutClientLine(p, text)
		if !found {
			return all
		}
		all, text = append(all, Parse(p, line)), rest
	}
}

// cutClientLine takes the first line off a client's text, with what its literals
// hold.
func cutClientLine(p results.Protocol, text string) (line, rest string, found bool) {
	from := 0
	for {
		end := strings.IndexByte(text[from:], '\n')
		if end < 0 {
			return "", text, false
		}
		end += from
		last := strings.TrimSuffix(text[from:end], "\r")
		size, _, literal := Literal(last)
		if p != results.IMAP || !literal || size > int64(len(text)-end-1) {
			return text[:from] + last, text[end+1:], true
		}
		from = end + 1 + int(size)
	}
}

// Cut takes the first whole answer to a command off the bytes of a server and
// returns the rest; the zero command is answered by the greeting. An answer of
// POP3 has the code "+OK", "-ERR" or, for a continuation, "+"; one of IMAP has its
// status or "+", the text of its last response in the first line and what came
// untagged before it in the others. Errors are as those of CutReply.
func Cut(p results.Protocol, b []byte, to Command) (Reply, []byte, error) {
	switch p {
	case results.IMAP:
		a, rest, err := CutAnswer(b, to.Tag)
		return a.Reply(), rest, err
	case results.POP3:
		return CutPOP3(b, to.MultiLine())
	default:
		return CutReply(b)
	}
}

// GoAhead is the code with which a server of the protocol agrees to begin TLS.
func GoAhead(p results.Protocol) string {
	switch p {
	case results.IMAP:
		return "OK"
	case results.POP3:
		return "+OK"
	default:
		return "220"
	}
}

// Fits tells whether the reply is what was wanted: the beginning of a code of
// digits, or the whole of another; empty is any.
func (r Reply) Fits(want string) bool {
	if want == "" || want == r.Code {
		return true
	}
	return digits(want) && strings.HasPrefix(r.Code, want)
}

// Continues tells whether the reply asks the client to go on with its command.
func (r Reply) Continues() bool { return r.Code == "+" }

// ResponseCode is what stands in brackets at the beginning of a reply's text (RFC
// 9051 §7.1, RFC 2449 §8), and what follows; both are empty or whole when nothing
// does.
func ResponseCode(text string) (code, rest string) {
	inside, behind, found := strings.Cut(strings.TrimPrefix(text, "["), "]")
	if !found || !strings.HasPrefix(text, "[") || inside == "" {
		return "", text
	}
	return inside, strings.TrimPrefix(behind, " ")
}

// cutLineOf takes one line, without its end, off the bytes of a server.
func cutLineOf(b []byte, from int) (end int, err error) {
	for i := from; i < len(b); i++ {
		switch {
		case b[i] == '\n':
			return i, nil
		case i-from > MaxLine:
			return 0, errTooLong()
		}
	}
	return 0, ErrIncomplete
}

// malformed says what is wrong with a line.
func malformed(line, why string) error {
	return fmt.Errorf("%w: %q %s", ErrMalformed, clip(line), why)
}
