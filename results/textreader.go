package results

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// field is one field of a line: a value, or key=value,value.
type field struct {
	// key is empty for a field that is told by its place.
	key    string
	values []string
	// bare is true for a single value without quotes.
	bare bool
}

// lineReader takes the fields of a line apart: those told by their place in
// order, those with a key in any order. Its first error sticks.
type lineReader struct {
	fields []field
	// wanted is what was asked for, for the error about what is left.
	wanted []string
	err    error
}

// readLine splits a line into fields.
func readLine(s string) *lineReader {
	l := &lineReader{}
	for s = strings.TrimLeft(s, " "); s != "" && l.err == nil; s = strings.TrimLeft(s, " ") {
		f, rest, err := readField(s)
		if err == nil && rest != "" && rest[0] != ' ' {
			err = fmt.Errorf("want a space before %.20q", rest)
		}
		l.fields, l.err, s = append(l.fields, f), err, rest
	}
	return l
}

// readField reads one field and returns what follows it.
func readField(s string) (field, string, error) {
	var f field
	if n := bareLen(s); n > 0 && n < len(s) && s[n] == '=' {
		f.key, s = s[:n], s[n+1:]
	}
	for {
		v, bare, rest, err := readValue(s)
		if err != nil {
			return f, "", err
		}
		f.values = append(f.values, v)
		if !strings.HasPrefix(rest, ",") {
			f.bare = bare && len(f.values) == 1
			return f, rest, nil
		}
		s = rest[1:]
	}
}

// readValue reads one value and returns whether it was bare, and what follows.
func readValue(s string) (value string, bare bool, rest string, err error) {
	if !strings.HasPrefix(s, `"`) {
		n := bareLen(s)
		if n == 0 {
			return "", false, "", fmt.Errorf("want a value, found %.20q", s)
		}
		return s[:n], true, s[n:], nil
	}
	q, err := strconv.QuotedPrefix(s)
	if err == nil {
		value, err = strconv.Unquote(q)
	}
	if err != nil {
		return "", false, "", fmt.Errorf("want a quoted value, found %.20q", s)
	}
	return value, false, s[len(q):], nil
}

// fail notes the first error.
func (l *lineReader) fail(format string, args ...any) {
	if l.err == nil {
		l.err = fmt.Errorf(format, args...)
	}
}

// done returns the first error, or one about the first field nobody asked for.
func (l *lineReader) done() error {
	if l.err != nil || len(l.fields) == 0 {
		return l.err
	}
	f, want := l.fields[0], "nothing more"
	if len(l.wanted) > 0 {
		want = strings.Join(l.wanted, ", ")
	}
	if f.key != "" {
		return fmt.Errorf("unknown or repeated field %q; want %s", f.key+"=", want)
	}
	return fmt.Errorf("unknown or repeated field %q; want %s", strings.Join(f.values, ","), want)
}

// take removes the first field that fits.
func (l *lineReader) take(fits func(field) bool) (field, bool) {
	i := slices.IndexFunc(l.fields, fits)
	if i < 0 || l.err != nil {
		return field{}, false
	}
	f := l.fields[i]
	l.fields = slices.Delete(l.fields, i, i+1)
	return f, true
}

// next takes the next field that is told by its place.
func (l *lineReader) next(what string) field {
	f, ok := l.take(func(f field) bool { return f.key == "" })
	if !ok || len(f.values) != 1 {
		l.fail("want %s", what)
		return field{values: []string{""}}
	}
	return f
}

// word takes the value of the next field that is told by its place.
func (l *lineReader) word(what string) string {
	return l.next(what).values[0]
}

// column is a word, empty when it is a bare dash.
func (l *lineReader) column(what string) string {
	f := l.next(what)
	if f.bare && f.values[0] == noValue {
		return ""
	}
	return f.values[0]
}

// flag tells whether the bare word is there.
func (l *lineReader) flag(name string) bool {
	l.wanted = append(l.wanted, name)
	_, ok := l.take(func(f field) bool {
		return f.key == "" && f.bare && f.values[0] == name
	})
	return ok
}

// list takes the values of a key; nil when it is not there.
func (l *lineReader) list(key string) []string {
	l.wanted = append(l.wanted, key+"=")
	f, _ := l.take(func(f field) bool { return f.key == key })
	return f.values
}

// attr takes the single value of a key; empty when it is not there.
func (l *lineReader) attr(key string) string {
	switch v := l.list(key); len(v) {
	case 0:
		return ""
	case 1:
		return v[0]
	default:
		l.fail("want one value for %s=, found %d", key, len(v))
		return ""
	}
}

// bytes is an attr as bytes; nil when it is empty.
func (l *lineReader) bytes(key string) []byte {
	return rawBytes(l.attr(key))
}

// number takes the value of a key that must be there.
func (l *lineReader) number(key string) int64 {
	n, err := strconv.ParseInt(l.attr(key), 10, 64)
	if err != nil {
		l.fail("want a number for %s=", key)
	}
	return n
}

// optional is a number of 0 to most that may be left out, for 0.
func (l *lineReader) optional(key string, most int64) int64 {
	v := l.attr(key)
	if v == "" {
		return 0
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n < 0 || n > most {
		l.fail("want a number from 0 to %d for %s=", most, key)
	}
	return n
}

// count is a number that fits an int.
func (l *lineReader) count(key string) int {
	n, err := strconv.Atoi(l.attr(key))
	if err != nil {
		l.fail("want a number for %s=", key)
	}
	return n
}

// countOrZero is a count that is left out when it is 0.
func (l *lineReader) countOrZero(key string) int {
	s := l.attr(key)
	if s == "" {
		return 0
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		l.fail("want a number for %s=", key)
	}
	return n
}

// seconds takes a duration that is told by its place.
func (l *lineReader) seconds(what string) time.Duration {
	d, err := parseSeconds(l.word(what))
	if err != nil {
		l.fail("want %s in seconds: %w", what, err)
	}
	return d
}

// member takes a value of a closed set.
func member[T ~string](l *lineReader, what, value string, set []T) T {
	if !slices.Contains(set, T(value)) {
		l.fail("unknown %s %q; want one of %v", what, value, set)
	}
	return T(value)
}

// rawBytes is the value as bytes; nil when it is empty.
func rawBytes(s string) []byte {
	if s == "" {
		return nil
	}
	return []byte(s)
}

// parseSeconds reads what formatSeconds writes, with fewer decimals too.
func parseSeconds(s string) (time.Duration, error) {
	bad := errors.New("found " + strconv.Quote(s))
	digits, negative := strings.CutPrefix(s, "-")
	whole, fraction, dot := strings.Cut(digits, ".")
	if dot == (fraction == "") || len(fraction) > 9 {
		return 0, bad
	}
	sec, err := strconv.ParseUint(whole, 10, 34)
	if err != nil {
		return 0, bad
	}
	sub, err := strconv.ParseUint((fraction + "000000000")[:9], 10, 64)
	if err != nil {
		return 0, bad
	}
	n := sec*nanos + sub // below 2^64: sec is below 2^34
	switch {
	case negative && n <= 1<<63:
		return time.Duration(-n), nil
	case !negative && n < 1<<63:
		return time.Duration(n), nil
	default:
		return 0, bad
	}
}
