package results

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ModelMatrix says what became of a message from each model that sends to each
// model or peer that receives. Its JSON is read by other tools.
type ModelMatrix struct {
	// Senders and Receivers by name, in the order of their lists.
	Senders   []string `json:"senders"`
	Receivers []string `json:"receivers"`
	// Cells are one for each pair.
	Cells []ModelCell `json:"cells"`
}

// ModelCell is what became of the message of one pair.
type ModelCell struct {
	// Sender and Receiver by name.
	Sender   string `json:"sender"`
	Receiver string `json:"receiver"`
	// Code, Seconds, Connections and TLS: see Fate.
	Code        FateCode `json:"code"`
	Seconds     float64  `json:"seconds"`
	Connections int      `json:"connections"`
	TLS         string   `json:"tls"`
	// Sentence says it in words.
	Sentence string `json:"sentence"`
}

// Cell finds the cell of a pair.
func (m ModelMatrix) Cell(sender, receiver string) (ModelCell, bool) {
	i := slices.IndexFunc(m.Cells, func(c ModelCell) bool { return c.Sender == sender && c.Receiver == receiver })
	if i < 0 {
		return ModelCell{}, false
	}
	return m.Cells[i], true
}

// ExitCode is ExitUndecided where a cell is not known or there is none, and
// ExitConforming else: models are not judged.
func (m ModelMatrix) ExitCode() int {
	if len(m.Cells) == 0 || slices.ContainsFunc(m.Cells, func(c ModelCell) bool { return c.Code == FateUnknown }) {
		return ExitUndecided
	}
	return ExitConforming
}

// WriteModelMatrix writes the matrix in a format: text, markdown, json or csv.
func WriteModelMatrix(w io.Writer, m ModelMatrix, format string) error {
	return writeView(w, "matrix of models", format,
		textView("text", m.text), textView("markdown", m.markdown), jsonView(m), view{"csv", m.csv})
}

// modelsTitle is above the matrix.
const modelsTitle = "What became of a message, by the model that sends it and who receives it"

// used are the codes that occur.
func (m ModelMatrix) used() []FateCode {
	return slices.DeleteFunc(FateCodes(), func(f FateCode) bool {
		return !slices.ContainsFunc(m.Cells, func(c ModelCell) bool { return c.Code == f })
	})
}

// code is what stands in the table for a pair.
func (m ModelMatrix) code(sender, receiver string) string {
	if c, found := m.Cell(sender, receiver); found {
		return string(c.Code)
	}
	return "-"
}

// text is the page for a terminal: a line a receiver, a column a sender, whose
// names stand above by number.
func (m ModelMatrix) text() string {
	var b strings.Builder
	line := func(format string, args ...any) {
		b.WriteString(strings.TrimRight(fmt.Sprintf(format, args...), " ") + "\n")
	}
	line("%s\n", modelsTitle)
	for _, c := range m.used() {
		line("  %-4s%s", c, c.Meaning())
	}
	line("\nThe senders, by column:")
	label := 0
	for i, s := range m.Senders {
		line("  %2d  %s", i+1, oneLine(s))
	}
	for _, r := range m.Receivers {
		label = max(label, utf8.RuneCountInString(oneLine(r)))
	}
	row := func(first string, cell func(int, string) string) {
		s := fmt.Sprintf("  %-*s", label, first)
		for i, sender := range m.Senders {
			s += fmt.Sprintf("  %-3s", cell(i, sender))
		}
		line("%s", s)
	}
	line("")
	row("", func(i int, _ string) string { return strconv.Itoa(i + 1) })
	for _, r := range m.Receivers {
		row(oneLine(r), func(_ int, sender string) string { return m.code(sender, r) })
	}
	return b.String()
}

// markdown is the page for a reader of Markdown.
func (m ModelMatrix) markdown() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("# %s\n\n| code | meaning |\n|---|---|", modelsTitle)
	for _, c := range m.used() {
		line("| %s | %s |", c, c.Meaning())
	}
	head, rule := "| receiver |", "|---|"
	for _, s := range m.Senders {
		head, rule = head+" "+inMarkdown(s)+" |", rule+"---|"
	}
	line("\n%s\n%s", head, rule)
	for _, r := range m.Receivers {
		row := "| " + inMarkdown(r) + " |"
		for _, s := range m.Senders {
			row += " " + m.code(s, r) + " |"
		}
		line("%s", row)
	}
	return b.String()
}

// csv writes a line a cell.
func (m ModelMatrix) csv(w io.Writer) error {
	c := csv.NewWriter(w)
	_ = c.Write([]string{"sender", "receiver", "code", "seconds", "connections", "tls", "sentence"})
	for _, cell := range m.Cells {
		_ = c.Write([]string{
			cell.Sender, cell.Receiver, string(cell.Code), strconv.FormatFloat(cell.Seconds, 'f', 1, 64),
			strconv.Itoa(cell.Connections), cell.TLS, oneLine(cell.Sentence),
		})
	}
	c.Flush()
	return c.Error()
}
