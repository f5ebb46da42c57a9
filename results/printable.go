package results

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// printable makes text safe to show, in a terminal and in XML: whatever is
// neither printable nor in keep is written as an escape, and bytes that are not
// UTF-8 one by one.
func printable(s, keep string) string {
	var b strings.Builder
	for s != "" {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case strconv.IsPrint(r) || strings.ContainsRune(keep, r):
			b.WriteRune(r)
		default:
			q := strconv.QuoteRune(r) // such as '\x1b'
			b.WriteString(q[1 : len(q)-1])
		}
		s = s[n:]
	}
	return b.String()
}

// oneLine is text for a place that a line's end would break.
func oneLine(s string) string {
	return printable(s, "")
}
