package results

import (
	"bufio"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// maxLine is the length of the longest line of a transcript, its newline
// included. A segment of 64 KiB, every byte escaped, needs a quarter of it.
const maxLine = 1 << 20

// lineWriter writes the lines of a transcript, field by field. Its first error
// sticks.
type lineWriter struct {
	out  *bufio.Writer
	line []byte
	// open is true when the line has a field already.
	open bool
	err  error
}

// begin starts a line.
func (w *lineWriter) begin(indent string) {
	w.line = append(w.line[:0], indent...)
	w.open = false
}

// end writes the line.
func (w *lineWriter) end() {
	w.line = append(w.line, '\n')
	if len(w.line) > maxLine && w.err == nil {
		w.err = fmt.Errorf("line is longer than %d bytes: %.60s", maxLine, w.line)
	}
	if w.err == nil {
		_, w.err = w.out.Write(w.line)
	}
}

// blank writes an empty line.
func (w *lineWriter) blank() {
	w.begin("")
	w.end()
}

// word writes a field that needs no quotes: a keyword, a number.
func (w *lineWriter) word(s string) {
	if w.open {
		w.line = append(w.line, ' ')
	}
	w.open = true
	w.line = append(w.line, s...)
}

// column writes a word padded to a width.
func (w *lineWriter) column(s string, width int) {
	w.word(s)
	for n := len(s); n < width; n++ {
		w.line = append(w.line, ' ')
	}
}

// flag writes a word when it is set.
func (w *lineWriter) flag(name string, set bool) {
	if set {
		w.word(name)
	}
}

// value writes a field, quoted only when it needs to be.
func (w *lineWriter) value(s string) {
	w.word(token(s))
}

// quoted writes a field in quotes.
func (w *lineWriter) quoted(s string) {
	w.word("")
	w.line = appendQuoted(w.line, s)
}

// attr writes key=value, or nothing when the value is empty.
func (w *lineWriter) attr(key, value string) {
	if value != "" {
		w.word(key + "=" + token(value))
	}
}

// text writes key="value", or nothing when the value is empty.
func (w *lineWriter) text(key, value string) {
	if value != "" {
		w.word(key + "=")
		w.line = appendQuoted(w.line, value)
	}
}

// list writes key=value,value or nothing when there is no value.
func (w *lineWriter) list(key string, values []string) {
	if len(values) == 0 {
		return
	}
	tokens := make([]string, len(values))
	for i, v := range values {
		tokens[i] = token(v)
	}
	w.word(key + "=" + strings.Join(tokens, ","))
}

// number writes key=value, zero too.
func (w *lineWriter) number(key string, n int64) {
	w.word(key + "=" + strconv.FormatInt(n, 10))
}

// optional writes key=value, or nothing when it is 0.
func (w *lineWriter) optional(key string, n int64) {
	if n != 0 {
		w.number(key, n)
	}
}

// token is the value as it stands in a line: bare, or quoted when it holds
// anything that has a meaning there.
func token(s string) string {
	if s != "" && s != noValue && bareLen(s) == len(s) {
		return s
	}
	return string(appendQuoted(nil, s))
}

// noValue stands for an empty value in a column.
const noValue = "-"

// bareLen counts the leading bytes that need no quotes.
func bareLen(s string) int {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c > '~' || strings.IndexByte(`",=\`, c) >= 0 {
			return i
		}
	}
	return len(s)
}

// appendQuoted quotes bytes so that strconv.Unquote gives them back. Unlike
// strconv.Quote it never reads them as UTF-8: what is 8-bit is written byte by
// byte, as it passed on the wire.
func appendQuoted(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\r':
			dst = append(dst, `\r`...)
		case c == '\n':
			dst = append(dst, `\n`...)
		case c == '\t':
			dst = append(dst, `\t`...)
		case c < ' ' || c > '~':
			dst = append(dst, '\\', 'x', hex[c>>4], hex[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}

// formatSeconds writes a duration in seconds, exact to the nanosecond.
func formatSeconds(d time.Duration) string {
	sign, n := "", uint64(d)
	if d < 0 {
		sign, n = "-", -n
	}
	return fmt.Sprintf("%s%d.%09d", sign, n/nanos, n%nanos)
}

// nanos is the number of nanoseconds in a second.
const nanos = uint64(time.Second)
