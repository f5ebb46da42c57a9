package dialect

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"mailtls/results"
)

// MaxLiteral is the longest literal that is read, in bytes.
const MaxLiteral = 64 << 20

// The tags of responses that belong to no command (RFC 9051 §2.2.2).
const (
	Untagged     = "*"
	Continuation = "+"
)

// ParseIMAP takes an IMAP command apart (RFC 9051 §2.2.1): a tag, a verb and what
// follows, literals included.
func ParseIMAP(line string) Command {
	if !strings.Contains(line, "\n") { // else it ends with a literal, which may end in spaces
		line = strings.TrimRight(line, " \t")
	}
	tag, rest, _ := strings.Cut(line, " ")
	verb, argument, _ := strings.Cut(rest, " ")
	c := Command{Tag: tag, Verb: strings.ToUpper(verb), Argument: strings.TrimLeft(argument, " ")}
	c.Stage = imapStage(c.Verb)
	return c
}

func imapStage(verb string) results.Stage {
	switch verb {
	case "CAPABILITY", "ID", "ENABLE", "NAMESPACE", "COMPRESS":
		return results.StageHello
	case "STARTTLS":
		return results.StageStartTLS
	case "LOGIN", "AUTHENTICATE":
		return results.StageAuth
	case "APPEND":
		return results.StageData
	case "NOOP", "CHECK", "IDLE":
		return results.StageNoop
	case "LOGOUT":
		return results.StageQuit
	case "SELECT", "EXAMINE", "CREATE", "DELETE", "RENAME", "SUBSCRIBE", "UNSUBSCRIBE", "LIST", "LSUB", "STATUS", "CLOSE",
		"UNSELECT", "EXPUNGE", "SEARCH", "FETCH", "STORE", "COPY", "MOVE", "UID":
		return results.StageMailbox
	}
	return results.StageUnknown
}

// Literal reads the announcement of a literal at the end of a line (RFC 9051
// §4.3): its size in bytes, and whether the client waits for leave to send it,
// which one with a plus sign does not.
func Literal(line string) (size int64, waits, ok bool) {
	inside, found := strings.CutSuffix(line, "}")
	open := strings.LastIndexByte(inside, '{')
	if !found || open < 0 {
		return 0, false, false
	}
	number, plus := strings.CutSuffix(inside[open+1:], "+")
	if number == "" || !digits(number) {
		return 0, false, false
	}
	size, err := strconv.ParseInt(number, 10, 63)
	return size, !plus, err == nil
}

// Fields reads the arguments of an IMAP command: atoms, quoted strings and
// literals, each without what marks it, and lists in parentheses as they stand.
// It is false when one does not end.
func Fields(argument string) ([]string, bool) {
	var all []string
	for argument = strings.TrimLeft(argument, " "); argument != ""; argument = strings.TrimLeft(argument, " ") {
		field, rest, ok := cutField(argument)
		if !ok {
			return all, false
		}
		all, argument = append(all, field), rest
	}
	return all, true
}

// cutField takes the first argument off.
func cutField(s string) (field, rest string, ok bool) {
	switch s[0] {
	case '"':
		return cutQuoted(s[1:])
	case '(':
		return cutList(s)
	case '{', '~':
		if announced, behind, found := strings.Cut(s, "\r\n"); found && !strings.Contains(announced, " ") {
			size, _, literal := Literal(announced)
			if literal && size <= int64(len(behind)) {
				return behind[:size], behind[size:], true
			}
			return "", "", false
		}
	}
	field, rest, _ = strings.Cut(s, " ")
	return field, rest, true
}

// cutQuoted reads a quoted string behind its first quote (RFC 9051 §9, quoted).
func cutQuoted(s string) (field, rest string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), s[i+1:], true
		case '\\':
			i++
			if i == len(s) {
				return "", "", false
			}
		}
		b.WriteByte(s[i])
	}
	return "", "", false
}

// cutList reads a list up to the parenthesis that closes it.
func cutList(s string) (field, rest string, ok bool) {
	depth, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case quoted:
		case s[i] == '(':
			depth++
		case s[i] == ')':
			if depth--; depth == 0 {
				return s[:i+1], s[i+1:], true
			}
		}
	}
	return "", "", false
}

// Quote writes a string for the wire: in quotes, or as a literal that is not
// waited for where quotes cannot hold it.
func Quote(s string) string {
	if strings.ContainsAny(s, "\r\n\x00") || !ascii(s) {
		return "{" + strconv.Itoa(len(s)) + "+}\r\n" + s
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > '~' })
}

// Response is one response of an IMAP server (RFC 9051 §7).
type Response struct {
	// Tag of the command it answers; Untagged, or Continuation.
	Tag string
	// Status is OK, NO, BAD, PREAUTH or BYE; empty for one that is data.
	Status string
	// Code is what stands in brackets behind the status, without them; empty when
	// nothing does.
	Code string
	// Text is the rest, with its literals.
	Text string
}

// String writes the response as it stands on the wire, without its line end.
func (r Response) String() string {
	parts := []string{r.Tag}
	if r.Status != "" {
		parts = append(parts, r.Status)
	}
	if r.Code != "" {
		parts = append(parts, "["+r.Code+"]")
	}
	if r.Text != "" {
		parts = append(parts, r.Text)
	}
	return strings.Join(parts, " ")
}

// Capabilities are the words of a capability list, in upper case: of an untagged
// CAPABILITY response or of the code of that name; nil when it is neither.
func (r Response) Capabilities() []string {
	list := r.Text
	if r.Status != "" {
		list = r.Code
	}
	words := strings.Fields(strings.ToUpper(list))
	if len(words) == 0 || words[0] != "CAPABILITY" {
		return nil
	}
	return words[1:]
}

// CutResponse takes one response off the bytes of a server, literals included,
// and returns the rest. Errors are as those of CutReply.
func CutResponse(b []byte) (Response, []byte, error) {
	from := 0
	for {
		end, err := cutLineOf(b, from)
		switch {
		case errors.Is(err, ErrIncomplete):
			return Response{}, b, err
		case err != nil:
			return Response{}, nil, err
		}
		line := strings.TrimSuffix(string(b[from:end]), "\r")
		size, _, literal := Literal(line)
		switch {
		case !literal:
			r, err := readResponse(string(b[:from]) + line)
			return r, b[end+1:], err
		case size > MaxLiteral:
			return Response{}, b[end+1:], malformed(line, "announces too long a literal")
		case size > int64(len(b)-end-1):
			return Response{}, b, ErrIncomplete
		}
		from = end + 1 + int(size)
	}
}

// statuses are the words that make a response a status.
func statuses() []string { return []string{"OK", "NO", "BAD", "PREAUTH", "BYE"} }

// readResponse takes a response, without its line end, apart.
func readResponse(line string) (Response, error) {
	tag, rest, spaced := strings.Cut(line, " ")
	r := Response{Tag: tag}
	switch {
	case tag == Continuation:
		r.Text = rest
		return r, nil
	case !spaced || tag != Untagged && !ValidTag(tag):
		return Response{}, malformed(line, "does not begin with a tag")
	}
	word, text, _ := strings.Cut(rest, " ")
	status := strings.ToUpper(word)
	if tag != Untagged && !slices.Contains(statuses()[:3], status) {
		return Response{}, malformed(line, "has neither OK nor NO nor BAD behind its tag")
	}
	if !slices.Contains(statuses(), status) {
		r.Text = rest
		if rest == "" {
			return Response{}, malformed(line, "says nothing")
		}
		return r, nil
	}
	r.Status = status
	r.Code, r.Text = ResponseCode(text)
	return r, nil
}

// ValidTag tells whether a word can be the tag of a command (RFC 9051 §9).
func ValidTag(word string) bool {
	return word != "" && !strings.ContainsFunc(word, func(r rune) bool {
		return r <= ' ' || r > '~' || strings.ContainsRune(`(){%*"\+`, r)
	})
}

// Answer is the whole answer to one command: the response with its tag, or one
// that asks for the rest of the command.
type Answer struct {
	Response
	// Before are the responses that came first: untagged ones, and those that
	// answer other commands.
	Before []Response
}

// CutAnswer takes the answer to the command of a tag off the bytes of a server;
// without a tag it is the first response, as a greeting is. Errors are as those of
// CutReply.
func CutAnswer(b []byte, tag string) (Answer, []byte, error) {
	var a Answer
	all := b
	for len(a.Before) < MaxReply {
		r, rest, err := CutResponse(b)
		switch {
		case errors.Is(err, ErrIncomplete):
			return a, all, err
		case err != nil:
			return a, rest, err
		case tag == "", r.Tag == tag, r.Tag == Continuation:
			a.Response = r
			return a, rest, nil
		}
		a.Before = append(a.Before, r)
		b = rest
	}
	return a, nil, malformed("", "more responses than a reply may have stand before the answer")
}

// Reply is the answer in the form of the other protocols; see Cut.
func (a Answer) Reply() Reply {
	if a.Tag == "" {
		return Reply{}
	}
	r := Reply{Code: a.Status, Lines: []string{a.Text}}
	if a.Code != "" {
		r.Lines[0] = strings.TrimSuffix("["+a.Code+"] "+a.Text, " ")
	}
	if a.Status == "" {
		r.Code, r.Lines = a.Tag, []string{a.Text}
	}
	for _, before := range a.Before {
		r.Lines = append(r.Lines, before.String())
	}
	return r
}
