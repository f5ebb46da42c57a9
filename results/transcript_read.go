package results

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// ReadTranscript reads what WriteTranscript wrote. It takes any number of
// spaces between fields, fields with a key in any order, and empty lines, so
// that transcripts can be written by hand; everything else that it does not
// know is an error, which names the line. Lines are at most 1 MiB long; r is
// read as a stream, and whoever calls limits its length.
func ReadTranscript(r io.Reader) (*Transcript, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	lines.Split(splitLine)
	d := &transcriptReader{t: &Transcript{}, seen: map[string]bool{}, ids: map[int]bool{}}
	n := 1
	for ; lines.Scan(); n++ {
		if err := d.line(n, lines.Text()); err != nil {
			return nil, fmt.Errorf("read transcript: line %d: %w", n, err)
		}
	}
	err := lines.Err()
	if errors.Is(err, bufio.ErrTooLong) {
		err = fmt.Errorf("want at most %d bytes in a line", maxLine)
	}
	if err == nil {
		err = d.complete()
	}
	if err != nil {
		return nil, fmt.Errorf("read transcript: line %d: %w", n, err)
	}
	return d.t, nil
}

// splitLine is a bufio.SplitFunc. Unlike bufio.ScanLines it keeps carriage
// returns, and refuses a last line without an end: the file was cut short.
func splitLine(data []byte, atEOF bool) (advance int, token []byte, err error) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, data[:i], nil
	}
	if atEOF && len(data) > 0 {
		return 0, nil, errors.New("want a newline at the end: the file was cut short")
	}
	return 0, nil, nil
}

// transcriptReader assembles a transcript line by line.
type transcriptReader struct {
	t *Transcript
	// seen are the keywords of lines that come once.
	seen map[string]bool
	// session is the one being read; nil between sessions.
	session *Session
	// ids of the sessions that were read.
	ids map[int]bool
}

func (d *transcriptReader) line(n int, s string) error {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return fmt.Errorf("want printable ASCII, found byte 0x%02x in column %d", s[i], i+1)
		}
	}
	if n == 1 {
		if s != transcriptMagic {
			return fmt.Errorf("want %q, found %.40q", transcriptMagic, s)
		}
		return nil
	}
	s = strings.Trim(s, " ")
	switch keyword, rest, _ := strings.Cut(s, " "); {
	case s == "":
		return nil
	case d.seen["ended"]:
		return errors.New("want nothing after the line ended")
	case d.session != nil:
		return d.sessionLine(keyword, rest, s)
	case d.once(keyword):
		return d.headerLine(keyword, rest)
	default:
		return d.listLine(keyword, rest)
	}
}

// complete tells whether everything was there that must be.
func (d *transcriptReader) complete() error {
	if d.session != nil {
		return fmt.Errorf("want the line end of session %d", d.session.ID)
	}
	for _, k := range []string{"case", "target", "started", "window", "clock", "ended"} {
		if !d.seen[k] {
			return fmt.Errorf("want a line %s before the end of the file", k)
		}
	}
	return nil
}

// once tells whether the keyword is of a line that comes at most once.
func (d *transcriptReader) once(keyword string) bool {
	switch keyword {
	case "case", "policy", "target", "version", "started", "window", "clock", "sanity", "ended":
		return true
	default:
		return false
	}
}

func (d *transcriptReader) headerLine(keyword, rest string) error {
	if d.seen[keyword] {
		return fmt.Errorf("want one line %s only", keyword)
	}
	d.seen[keyword] = true
	l, t := readLine(rest), d.t
	switch keyword {
	case "case":
		t.Case = l.word("the case's id")
	case "policy":
		t.Policy = l.word("the policy")
	case "target":
		t.Target = l.word("the target's name")
	case "version":
		t.Version = l.word("the target's version")
	case "started":
		t.Started = readTime(l)
	case "window":
		t.Window = l.seconds("the window")
	case "clock":
		t.ClockFactor = readFactor(l)
	case "sanity":
		t.Sanity = Sanity{Before: l.attr("before"), After: l.attr("after")}
	case "ended":
		t.Ended.Why = member(l, "reason", l.word("why watching ended"), EndReasons())
		t.Ended.At = l.seconds("when watching ended")
	}
	return l.done()
}

func (d *transcriptReader) listLine(keyword, rest string) error {
	l, t := readLine(rest), d.t
	switch keyword {
	case "submission":
		t.Submissions = append(t.Submissions, Submission{
			At:     l.seconds("the time of the submission"),
			Canary: l.attr("canary"), Policy: l.attr("policy"), Recipient: l.attr("recipient"),
			Reply: l.attr("reply"), Fence: l.flag("fence"),
		})
	case "query":
		t.Queries = append(t.Queries, Query{
			At:   l.seconds("the time of the query"),
			Kind: l.word("dns or https"), Type: l.word("the type or method"),
			Name: l.word("the name"), Answer: l.word("the quoted answer"),
		})
	case "message":
		t.Messages = append(t.Messages, Message{
			Session: l.count("session"), Mark: l.attr("mark"),
			From: l.attr("from"), To: l.list("to"), Fence: l.flag("fence"),
			BodyLength: l.optional("length", math.MaxInt64), BodySHA256: l.attr("sha256"),
		})
	case "dsn":
		t.DSNs = append(t.DSNs, DSN{
			At: l.seconds("the time of the notification"), Session: l.count("session"),
			Recipient: l.attr("recipient"), Action: l.attr("action"), Status: l.attr("status"),
			Diagnostic: l.attr("diagnostic"), Remote: l.attr("remote"),
		})
	case "session":
		return d.begin(l)
	default:
		return fmt.Errorf("unknown line %.40q; want case, policy, target, version, started, "+
			"window, clock, submission, sanity, session, query, message, dsn or ended", keyword)
	}
	return l.done()
}

func readTime(l *lineReader) time.Time {
	s := l.word("the wall clock")
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || !strings.HasSuffix(s, "Z") {
		l.fail("want a time such as 2026-11-05T08:15:30.5Z, found %q", s)
	}
	return t.UTC()
}

func readFactor(l *lineReader) float64 {
	f, err := strconv.ParseFloat(l.word("the clock factor"), 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		l.fail("want a number for the clock factor")
	}
	return f
}
