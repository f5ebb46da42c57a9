package results

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Interop says what became of a message from each target to each other, by the
// policy of the sender. Its JSON is read by other tools.
type Interop struct {
	Pairs []InteropPair `json:"pairs"`
}

// InteropPair is what became of the message of one sender to one receiver under a
// policy.
type InteropPair struct {
	Sender   string `json:"sender"`
	Receiver string `json:"receiver"`
	Policy   string `json:"policy"`
	// Code says what became of it, or is InteropNone.
	Code FateCode `json:"code"`
	// TLS is the version it went in, as negotiated; empty when it did not, or in
	// clear.
	TLS string `json:"tls"`
	// Note says why there is no outcome; empty where there is one.
	Note string `json:"note,omitempty"`
}

// InteropNone is the code of a pair that was not put together.
const InteropNone = "-"

// ExitCode is ExitUndecided where an outcome is not known or there is no pair, and
// ExitConforming else: an outcome is no verdict.
func (m Interop) ExitCode() int {
	if len(m.Pairs) == 0 || slices.ContainsFunc(m.Pairs, func(p InteropPair) bool { return p.Code == FateUnknown }) {
		return ExitUndecided
	}
	return ExitConforming
}

// WriteInterop writes the page in a format: text, markdown or json.
func WriteInterop(w io.Writer, m Interop, format string) error {
	if m.Pairs == nil {
		m.Pairs = []InteropPair{}
	}
	return writeView(w, "interop", format, textView("text", m.text), textView("markdown", m.markdown), jsonView(m))
}

// interopTitle is above the page.
const interopTitle = "What became of a message, by who sends it, the sender's policy, and who receives it"

// interopRow is a sender under a policy.
type interopRow struct{ sender, policy string }

// rows and receivers are those that occur, in order.
func (m Interop) axes() (rows []interopRow, receivers []string) {
	for _, p := range m.Pairs {
		if r := (interopRow{p.Sender, p.Policy}); !slices.Contains(rows, r) {
			rows = append(rows, r)
		}
		if !slices.Contains(receivers, p.Receiver) {
			receivers = append(receivers, p.Receiver)
		}
	}
	return rows, receivers
}

// cell is what stands in the table.
func (m Interop) cell(r interopRow, receiver string) string {
	for _, p := range m.Pairs {
		if p.Sender == r.sender && p.Policy == r.policy && p.Receiver == receiver {
			return string(p.Code)
		}
	}
	return InteropNone
}

// legend explains the codes that occur.
func (m Interop) legend(line func(code FateCode, meaning string)) {
	for _, c := range append(FateCodes(), InteropNone) {
		if !slices.ContainsFunc(m.Pairs, func(p InteropPair) bool { return p.Code == c }) {
			continue
		}
		if c == InteropNone {
			line(c, "not put together; the reason stands below")
		} else {
			line(c, c.Meaning())
		}
	}
}

// notes are why there is no outcome, a line for each sender, receiver and reason.
func (m Interop) notes() []string {
	var all []string
	for _, p := range m.Pairs {
		if p.Note == "" {
			continue
		}
		if n := p.Sender + " to " + p.Receiver + ": " + p.Note; !slices.Contains(all, n) {
			all = append(all, n)
		}
	}
	return all
}

// text is the page for a terminal: a line a sender and policy, a column a
// receiver, whose names stand above by number.
func (m Interop) text() string {
	var b strings.Builder
	line := func(format string, args ...any) {
		b.WriteString(strings.TrimRight(fmt.Sprintf(format, args...), " ") + "\n")
	}
	line("%s\n", interopTitle)
	m.legend(func(c FateCode, meaning string) { line("  %-4s%s", c, meaning) })
	rows, receivers := m.axes()
	line("\nThe receivers, by column:")
	for i, r := range receivers {
		line("  %2d  %s", i+1, oneLine(r))
	}
	first, second := 0, 0
	for _, r := range rows {
		first, second = max(first, utf8.RuneCountInString(oneLine(r.sender))), max(second, utf8.RuneCountInString(oneLine(r.policy)))
	}
	row := func(r interopRow, cell func(int, string) string) {
		s := fmt.Sprintf("  %-*s  %-*s", first, oneLine(r.sender), second, oneLine(r.policy))
		for i, receiver := range receivers {
			s += fmt.Sprintf("  %-3s", cell(i, receiver))
		}
		line("%s", s)
	}
	line("")
	row(interopRow{}, func(i int, _ string) string { return strconv.Itoa(i + 1) })
	for _, r := range rows {
		row(r, func(_ int, receiver string) string { return m.cell(r, receiver) })
	}
	for i, n := range m.notes() {
		line("%s%s", strings.Repeat("\n", 1-min(i, 1)), oneLine(n))
	}
	return b.String()
}

// markdown is the page for a reader of Markdown.
func (m Interop) markdown() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("# %s\n\n| code | meaning |\n|---|---|", interopTitle)
	m.legend(func(c FateCode, meaning string) { line("| %s | %s |", c, meaning) })
	rows, receivers := m.axes()
	head, rule := "| sender | policy |", "|---|---|"
	for _, r := range receivers {
		head, rule = head+" "+inMarkdown(r)+" |", rule+"---|"
	}
	line("\n%s\n%s", head, rule)
	for _, r := range rows {
		s := "| " + inMarkdown(r.sender) + " | " + inMarkdown(r.policy) + " |"
		for _, receiver := range receivers {
			s += " " + m.cell(r, receiver) + " |"
		}
		line("%s", s)
	}
	for i, n := range m.notes() {
		line("%s- %s", strings.Repeat("\n", 1-min(i, 1)), inMarkdown(n))
	}
	return b.String()
}
