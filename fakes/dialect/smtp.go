package dialect

import (
	"strconv"
	"strings"

	"mailtls/results"
)

// Command is one line of a client, taken apart.
type Command struct {
	// Tag of an IMAP command; empty in the other protocols.
	Tag string
	// Verb in upper case, "" for an empty line.
	Verb string
	// Argument is what stands behind the verb, without white space around it.
	Argument string
	// Stage that the command belongs to.
	Stage results.Stage
}

// ParseSMTP takes an SMTP or LMTP command line, without its line end, apart.
// Verbs are matched without regard to case (RFC 5321 §2.4), and white space
// before the line end is tolerated (RFC 5321 §4.1.1).
func ParseSMTP(line string) Command {
	line = strings.TrimRight(line, " \t")
	verb, argument, _ := strings.Cut(line, " ")
	c := Command{Verb: strings.ToUpper(verb), Argument: strings.TrimSpace(argument)}
	c.Stage = smtpStage(c.Verb)
	return c
}

func smtpStage(verb string) results.Stage {
	switch verb {
	case "EHLO", "HELO", "LHLO":
		return results.StageHello
	case "STARTTLS":
		return results.StageStartTLS
	case "AUTH":
		return results.StageAuth
	case "MAIL":
		return results.StageMail
	case "RCPT":
		return results.StageRcpt
	case "DATA":
		return results.StageData
	case "BDAT":
		return results.StageBdat
	}
	return smallStage(verb)
}

func smallStage(verb string) results.Stage {
	switch verb {
	case "RSET":
		return results.StageReset
	case "NOOP":
		return results.StageNoop
	case "VRFY", "EXPN":
		return results.StageVerify
	case "ETRN":
		return results.StageEtrn
	case "HELP":
		return results.StageHelp
	case "QUIT":
		return results.StageQuit
	}
	return results.StageUnknown
}

// Path reads the address out of the argument of MAIL or RCPT: "FROM:<a@b> SIZE=1"
// gives "a@b". The second value is false when it has not that form.
func Path(argument, keyword string) (string, bool) {
	if len(argument) < len(keyword)+1 || !strings.EqualFold(argument[:len(keyword)], keyword) || argument[len(keyword)] != ':' {
		return "", false
	}
	rest := strings.TrimLeft(argument[len(keyword)+1:], " ")
	if !strings.HasPrefix(rest, "<") {
		return "", false
	}
	address, _, found := strings.Cut(rest[1:], ">")
	return address, found
}

// Unstuff removes the dot that a client adds to lines that begin with one (RFC
// 5321 §4.5.2). The content comes without the end-of-data line.
func Unstuff(content []byte) []byte {
	text := strings.TrimPrefix(string(content), ".")
	return []byte(strings.ReplaceAll(text, "\r\n.", "\r\n"))
}

// Stuff doubles a dot at the beginning of each line.
func Stuff(content string) string {
	if strings.HasPrefix(content, ".") {
		content = "." + content
	}
	return strings.ReplaceAll(content, "\r\n.", "\r\n..")
}

// Chunk reads the argument of BDAT (RFC 3030 §2): a size in bytes, and LAST where
// it is the last chunk.
func Chunk(argument string) (size int64, last, ok bool) {
	fields := strings.Fields(argument)
	if len(fields) == 0 || len(fields) > 2 || len(fields) == 2 && !strings.EqualFold(fields[1], "LAST") {
		return 0, false, false
	}
	size, err := strconv.ParseInt(fields[0], 10, 63)
	return size, len(fields) == 2, err == nil && size >= 0
}
