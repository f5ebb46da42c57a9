package results

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// WriteViews writes a document as text, markdown or json; what names it in errors.
func WriteViews(w io.Writer, what, format string, document any, text, markdown func() string) error {
	return writeView(w, what, format, textView("text", text), textView("markdown", markdown), jsonView(document))
}

// TextTable aligns the columns of rows for a terminal. What a terminal would obey is
// written as an escape.
func TextTable(rows [][]string) string {
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, text := range row {
			cells[i] = oneLine(text)
		}
		_, _ = fmt.Fprintln(t, strings.TrimRight(strings.Join(cells, "\t"), "\t"))
	}
	_ = t.Flush() // a string takes all
	return b.String()
}

// MarkdownTable writes rows as a table, the first of them as its head.
func MarkdownTable(rows [][]string) string {
	var b strings.Builder
	for i, row := range rows {
		for _, text := range row {
			b.WriteString("| " + InMarkdown(text) + " ")
		}
		b.WriteString("|\n")
		if i == 0 {
			b.WriteString(strings.Repeat("|---", len(row)) + "|\n")
		}
	}
	return b.String()
}

// InMarkdown is text in a line that Markdown leaves as it is.
func InMarkdown(text string) string { return inMarkdown(text) }

// InText is text in a line that no terminal obeys.
func InText(text string) string { return oneLine(text) }
