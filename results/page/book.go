package page

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"mailtls/results"
)

// book holds the executed units of all reports in the order in which their cells stand on the page.
type book struct {
	reports []Report
	names   []string // of the reports, each its own
	sheets  []*sheet
	units   []unit
}

// unit is one case of one report, under one policy.
type unit struct {
	report int
	*results.CaseResult
}

// sheet is the matrix of a role: a line a case, a column a target, or a policy of a sender.
type sheet struct {
	Role results.Role
	// Heads are the targets, with the columns that they span.
	Heads []head
	// Split says that there are policies under the targets.
	Split bool
	Areas []*area
	// Cases is how many lines there are.
	Cases int

	columns []column
}

// head is a target above its columns.
type head struct {
	Name, Version string
	Policies      []string
}

// column is what a cell is looked for by.
type column struct {
	report int
	policy string
}

// area groups the cases that are named alike.
type area struct {
	Name string
	Rows []*row
}

// row is a case.
type row struct {
	ID, Title string
	Levels    []string
	Cells     []cell
}

// cell is the verdict of a unit.
type cell struct {
	// Status is empty where the target does not have the case.
	Status results.Status
	Mark   string
	Leaked int64
}

// newBook puts the units of all reports in order.
func newBook(reports []Report) *book {
	b := &book{reports: reports}
	seen := map[string]int{}
	for _, r := range reports {
		name := r.Target.String()
		if seen[name]++; seen[name] > 1 {
			name = fmt.Sprintf("%s (%d)", name, seen[name])
		}
		b.names = append(b.names, name)
	}
	for _, role := range results.Roles() {
		if s := b.sheet(role); s != nil {
			b.sheets = append(b.sheets, s)
		}
	}
	return b
}

// sheet makes the matrix of a role; nil where no report has a case of it.
func (b *book) sheet(role results.Role) *sheet {
	s := &sheet{Role: role}
	cells := map[string]map[column]*results.CaseResult{}
	for i, r := range b.reports {
		h := head{Name: b.names[i], Version: r.Target.Version}
		for j := range r.Cases {
			c := &r.Cases[j]
			if c.Role != role {
				continue
			}
			if !slices.Contains(h.Policies, c.Policy) {
				h.Policies = append(h.Policies, c.Policy)
			}
			if cells[c.ID] == nil {
				cells[c.ID] = map[column]*results.CaseResult{}
				s.add(c)
			}
			cells[c.ID][column{i, c.Policy}] = c
		}
		if h.Policies == nil {
			continue
		}
		slices.SortStableFunc(h.Policies, func(a, c string) int { return claimed(r.Claims, a) - claimed(r.Claims, c) })
		for _, p := range h.Policies {
			s.columns = append(s.columns, column{i, p})
			s.Split = s.Split || p != ""
		}
		s.Heads = append(s.Heads, h)
	}
	if s.Heads == nil {
		return nil
	}
	b.fill(s, cells)
	return s
}

// claimed is the place of a policy among those of the claims.
func claimed(c results.Claims, policy string) int {
	return slices.IndexFunc(c.Policies, func(p results.SenderPolicy) bool { return p.Name == policy })
}

// add makes a line for a case.
func (s *sheet) add(c *results.CaseResult) {
	name, _, _ := strings.Cut(c.ID, "/")
	i := slices.IndexFunc(s.Areas, func(a *area) bool { return a.Name == name })
	if i < 0 {
		i = len(s.Areas)
		s.Areas = append(s.Areas, &area{Name: name})
	}
	s.Areas[i].Rows = append(s.Areas[i].Rows, &row{ID: c.ID, Title: c.Title})
	s.Cases++
}

// fill makes the cells, and units of those that there are.
func (b *book) fill(s *sheet, cells map[string]map[column]*results.CaseResult) {
	for _, a := range s.Areas {
		for _, r := range a.Rows {
			for _, at := range s.columns {
				c := cells[r.ID][at]
				if c == nil {
					r.Cells = append(r.Cells, cell{})
					continue
				}
				b.units = append(b.units, unit{at.report, c})
				r.Cells = append(r.Cells, cell{Status: c.Status, Mark: mark(c.Status), Leaked: c.Leaked})
				if l := string(c.Level); !slices.Contains(r.Levels, l) {
					r.Levels = append(r.Levels, l)
				}
			}
		}
	}
}

// words keeps each string once, and numbers them.
type words struct {
	all []string
	at  map[string]int
}

func (w *words) index(s string) int {
	i, known := w.at[s]
	if !known {
		i = len(w.all)
		w.at[s], w.all = i, append(w.all, s)
	}
	return i
}

// details is what cells tell when they are opened, packed: the units in the order of the buttons, by numbers of words.
func (b *book) details() (string, error) {
	w := &words{at: map[string]int{}}
	units := make([][]int, len(b.units))
	for i, u := range b.units {
		file := u.Transcript
		if folder := b.reports[u.report].Folder; folder != "" && file != "" {
			file = strings.TrimSuffix(folder, "/") + "/" + file
		}
		for _, s := range []string{
			b.names[u.report], u.ID, u.Policy, u.Title, u.Row, string(u.Level), u.Source, string(u.Status), u.Want, u.Got, u.Reason,
			strings.Join(u.Evidence, " "), u.Profile, fateText(u.Fate), file,
		} {
			units[i] = append(units[i], w.index(s))
		}
		units[i] = append(units[i], int(u.Leaked), int(u.Duration))
	}
	text, err := json.Marshal(struct {
		Words []string `json:"words"`
		Units [][]int  `json:"units"`
	}{w.all, units})
	if err != nil {
		return "", fmt.Errorf("pack details: %w", err)
	}
	return pack(text)
}

// fateText says what became of a message.
func fateText(f *results.Fate) string {
	if f == nil {
		return ""
	}
	s := fmt.Sprintf("%s: %s; after %.1f s, %d connections", f.Code, f.Code.Meaning(), f.Seconds, f.Connections)
	if f.DSN != "" {
		s += "; notification " + f.DSN
	}
	return s
}

// pack compresses text for the browser.
func pack(text []byte) (string, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return "", fmt.Errorf("pack: %w", err)
	}
	if _, err := z.Write(text); err != nil {
		return "", fmt.Errorf("pack: %w", err)
	}
	if err := z.Close(); err != nil {
		return "", fmt.Errorf("pack: %w", err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes()), nil
}
