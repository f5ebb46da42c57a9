package results

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// Meaning says in words what a code stands for.
func (c FateCode) Meaning() string {
	return map[FateCode]string{
		FatePlain:      "in clear, TLS not being tried",
		FatePlainSame:  "in clear, on the connection where TLS could not be had",
		FatePlainNew:   "in clear, on a new connection in the same attempt",
		FatePlainLater: "in clear, in a later attempt",
		FateTLS10:      "in TLS 1.0",
		FateTLS11:      "in TLS 1.1",
		FateTLS12:      "in TLS 1.2",
		FateTLS13:      "in TLS 1.3",
		FateDeferred:   "kept; given back only when the queue lifetime was over",
		FateBounced:    "given back before that",
		FateUnknown:    "not known; the reason stands below",
	}[c]
}

// How cells are marked.
const (
	cellLegend = "A cell is CODE SECONDS/CONNECTIONS: the seconds since the message was handed in, and the connections that were made for it."
	markLegend = "Behind it, ! and a number are bytes that were let out though the policy forbids it, * is a cell that is not as the target claims, and ? one that is undecided. A dash is a cell that does not apply."
)

// text is the cell in a table.
func (c MatrixCell) text() string {
	if c.Code == FateUnknown && c.Connections == 0 && c.Leaked == 0 {
		return string(FateUnknown)
	}
	s := fmt.Sprintf("%s %.1f/%d", c.Code, c.Seconds, c.Connections)
	switch {
	case c.Leaked > 0:
		s += fmt.Sprintf(" !%d", c.Leaked)
	case c.Status == StatusFail:
		s += " *"
	case !c.Known() && c.Code != FateUnknown:
		s += " ?"
	}
	return s
}

// matrixColumn is one policy of one target in a table.
type matrixColumn struct {
	policy string
	target MatrixTarget
}

// cell is what stands in the column's line of a profile.
func (c matrixColumn) cell(profile string) string {
	if cell, found := c.target.Cell(c.policy, profile); found {
		return cell.text()
	}
	return "-"
}

// groups are the columns, those of a policy side by side.
func (m Matrix) groups() [][]matrixColumn {
	var all [][]matrixColumn
	for _, p := range m.policies() {
		var group []matrixColumn
		for _, t := range m.Targets {
			if slices.ContainsFunc(t.Rows, func(r MatrixRow) bool { return r.Policy == p }) {
				group = append(group, matrixColumn{p, t})
			}
		}
		all = append(all, group)
	}
	return all
}

// heads are what stands above a column: the policy, and the target where there
// are several.
func (m Matrix) heads(c matrixColumn) []string {
	if len(m.Targets) < 2 {
		return []string{oneLine(c.policy)}
	}
	return []string{oneLine(c.policy), oneLine(c.target.Target)}
}

// WriteMatrix writes the matrix in a format: text, markdown, json or csv.
func WriteMatrix(w io.Writer, m Matrix, format string) error {
	page := func() string {
		t := &textReport{}
		t.matrixPage(m)
		return t.out.String()
	}
	return writeView(w, "matrix", format, textView("text", page), textView("markdown", m.markdown), jsonView(m), view{"csv", m.csv})
}

// matrixPage is the whole page: the codes, the policies, the tables, and what
// there is to say of single cells.
func (t *textReport) matrixPage(m Matrix) {
	t.printf("What became of a message, by policy and receiving peer\n\n")
	for _, target := range m.Targets {
		t.labelled("", "target", strings.TrimSpace(target.Target+" "+target.Version))
	}
	t.title("Codes")
	for _, c := range FateCodes() {
		t.printf("  %-4s%s\n", c, c.Meaning())
	}
	for _, s := range []string{cellLegend, markLegend} {
		for i, line := range wrap(s, reportWidth-2) {
			t.printf("%s  %s\n", strings.Repeat("\n", 1-min(i, 1)), line)
		}
	}
	t.title("Policies")
	width := 0
	for _, p := range m.policies() {
		width = max(width, utf8.RuneCountInString(oneLine(p)))
	}
	for _, target := range m.Targets {
		for _, r := range target.Rows {
			first := fmt.Sprintf("  %-*s  ", width, oneLine(r.Policy))
			for _, line := range wrap(oneLine(m.saying(target, r)), max(20, reportWidth-width-4)) {
				t.printf("%s%s\n", first, line)
				first = strings.Repeat(" ", width+4)
			}
		}
	}
	t.matrix(m)
	for _, s := range cellRemarks() {
		t.bullets(s.title, m.remarks(s.fits))
	}
}

// saying says what a policy is, by whose words where there are several targets.
func (m Matrix) saying(t MatrixTarget, r MatrixRow) string {
	said := strings.TrimSpace(r.Claimed.Doc)
	if said == "" {
		said = fmt.Sprintf("Level %s.", r.Claimed.Level)
	}
	if len(m.Targets) > 1 {
		said = t.Target + ": " + said
	}
	return said
}

// matrix writes the tables, as many beside each other as the page is wide.
func (t *textReport) matrix(m Matrix) {
	profiles := m.Profiles()
	if len(profiles) == 0 {
		return
	}
	t.title("Policy and peer")
	label := 0
	for _, p := range profiles {
		label = max(label, utf8.RuneCountInString(oneLine(p)))
	}
	var columns []matrixColumn
	used := label + 2
	for _, group := range m.groups() {
		width := 0
		for _, c := range group {
			width += 2 + m.width(c, profiles)
		}
		if len(columns) > 0 && used+width > reportWidth {
			t.columns(m, columns, profiles, label)
			t.printf("\n")
			columns, used = nil, label+2
		}
		columns, used = append(columns, group...), used+width
	}
	t.columns(m, columns, profiles, label)
}

// width of a column.
func (m Matrix) width(c matrixColumn, profiles []string) int {
	widest := 0
	for _, h := range m.heads(c) {
		widest = max(widest, utf8.RuneCountInString(h))
	}
	for _, p := range profiles {
		widest = max(widest, len(c.cell(p)))
	}
	return widest
}

// columns writes some columns of the table.
func (t *textReport) columns(m Matrix, columns []matrixColumn, profiles []string, label int) {
	line := func(first string, text func(matrixColumn) string) {
		s := fmt.Sprintf("  %-*s", label, first)
		for _, c := range columns {
			s += fmt.Sprintf("  %-*s", m.width(c, profiles), text(c))
		}
		t.printf("%s\n", strings.TrimRight(s, " "))
	}
	for i := range m.heads(columns[0]) {
		line("", func(c matrixColumn) string { return m.heads(c)[i] })
	}
	for _, p := range profiles {
		line(oneLine(p), func(c matrixColumn) string { return c.cell(p) })
	}
}

// cellRemark is a kind of cells that there is something to say of.
type cellRemark struct {
	title string
	fits  func(MatrixCell) bool
}

func cellRemarks() []cellRemark {
	return []cellRemark{
		{"Undecided", func(c MatrixCell) bool { return !c.Known() }},
		{"Let out though the policy forbids it", func(c MatrixCell) bool { return c.Leaked > 0 }},
		{"Not as claimed", func(c MatrixCell) bool { return c.Leaked == 0 && c.Status == StatusFail }},
	}
}

// remarks are what there is to say of the cells that fit; what is the same of
// several peers under a policy is said once.
func (m Matrix) remarks(fits func(MatrixCell) bool) []string {
	var said []string
	peers := map[string][]string{}
	before := map[string]string{}
	m.each(func(t MatrixTarget, r MatrixRow, c MatrixCell) {
		if !fits(c) {
			return
		}
		policy, why := r.Policy, c.Why
		if len(m.Targets) > 1 {
			policy = t.Target + ", " + policy
		}
		if c.Status != "" && c.Status != StatusFail {
			why += fmt.Sprintf(" (%s)", c.Status)
		}
		key := policy + "\n" + why
		if peers[key] == nil {
			said = append(said, key)
		}
		peers[key], before[key] = append(peers[key], c.Profile), policy
	})
	for i, key := range said {
		said[i] = before[key] + " before " + strings.Join(peers[key], ", ") + ": " + key[len(before[key])+1:]
	}
	return said
}
