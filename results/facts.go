package results

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// fact is one thing to say about a case.
type fact struct {
	name, value string
}

// facts says what a person needs to know to understand a case's status, in the
// order in which it is read. Empty facts are left out.
func facts(c *CaseResult) []fact {
	leaked := ""
	if c.Leaked > 0 {
		leaked = strconv.FormatInt(c.Leaked, 10) + " bytes"
	}
	var known []fact
	for _, f := range []fact{
		{"reason", c.Reason},
		{"want", c.Want},
		{"got", c.Got},
		{"outcome", fateFact(c)},
		{"leaked", leaked},
		{"evidence", strings.Join(c.Evidence, ", ")},
		{"transcript", c.Transcript},
	} {
		if f.value != "" {
			known = append(known, f)
		}
	}
	return known
}

// fateFact says in a line what became of the message, and before which peer; empty
// where the case is about none.
func fateFact(c *CaseResult) string {
	if c.Fate == nil {
		return ""
	}
	s := fmt.Sprintf("%s after %.1f s, %d connections", c.Fate.Code, c.Fate.Seconds, c.Fate.Connections)
	if c.Profile != "" {
		s += ", before " + c.Profile
	}
	if c.Fate.DSN != "" {
		s += ", given back with " + c.Fate.DSN
	}
	return s
}

// wrap breaks text into lines of at most width characters, between words where
// it can. There is always one line; spaces within a line are kept.
func wrap(s string, width int) []string {
	var lines []string
	line, used := "", 0
	for _, word := range strings.Split(s, " ") {
		n := utf8.RuneCountInString(word)
		if used > 0 && used+1+n > width {
			lines, line, used = append(lines, line), "", 0
		}
		for used == 0 && n > width {
			head := string([]rune(word)[:width])
			lines, word, n = append(lines, head), word[len(head):], n-width
		}
		if used > 0 {
			line, used = line+" ", used+1
		}
		line, used = line+word, used+n
	}
	return append(lines, line)
}
