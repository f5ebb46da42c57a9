package page

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"time"

	"mailtls/results"
	"mailtls/results/comparison"
	"mailtls/results/nightly"
)

// DefaultSize is how large a page gets at the most, in bytes, unless what is never left out is larger.
const DefaultSize = 2_900_000

// Input is what a page shows. Parts that are empty have no section.
type Input struct {
	// Title of the page; empty is a general one.
	Title string
	// Reports are the verdicts on targets, a column each.
	Reports []Report
	// Matrices of policies that are stored without a report. A target of which there is a report is left out.
	Matrices []results.Matrix
	// Models are matrices of models that send to each other.
	Models []results.ModelMatrix
	// Interop pages.
	Interop []results.Interop
	// Runs of load, and Base those that they are drawn over: the newest that began before, as far as both can be compared.
	Runs, Base []*results.Run
	// Comparison of what was with what is; nil without.
	Comparison *comparison.Comparison
	// History that trends are made of.
	History []nightly.Entry
	// Notes are remarks on what was gathered, in sentences.
	Notes []string
	// Size that the page is kept to, in bytes; 0 is DefaultSize. See the package comment.
	Size int
}

// Report is a report with what else is stored of its run.
type Report struct {
	*results.Report
	// Folder it lies in, by the name that readers know; may be empty.
	Folder string
	// Transcript reads the transcript of a case; nil where none is stored.
	Transcript func(*results.CaseResult) (*results.Transcript, error)
}

//go:embed page.html page.css page.js
var files embed.FS

// Write writes the page. The same input gives the same bytes.
func Write(w io.Writer, in Input) error {
	p, err := newPage(in)
	if err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	var top bytes.Buffer
	t, err := template.New("page.html").Funcs(functions()).ParseFS(files, "page.html")
	if err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	if err := t.Execute(&top, p); err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	details, err := p.book.details()
	if err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	tail := script("details", details) + fmt.Sprintf("<script>%s</script>\n</body>\n</html>\n", p.JS)
	pool := newPool(cmp.Or(in.Size, DefaultSize) - top.Len() - len(tail))
	if err := pool.fill(p.book); err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	for _, part := range []string{top.String(), pool.blocks(), tail} {
		if _, err := io.WriteString(w, part); err != nil {
			return fmt.Errorf("write page: %w", err)
		}
	}
	return nil
}

// page is what the template shows.
type page struct {
	Title  string
	Policy string // content security policy
	CSS    template.CSS
	JS     template.JS
	// Newest is when the newest of what is shown began.
	Newest time.Time
	Tool   string
	Notes  []string

	Targets  []target
	Tiles    []tile
	Remarks  []string // on the runs of targets
	Findings []finding
	Sheets   []*sheet
	Levels   []table
	Areas    []table
	Statuses []status
	Filters  filters
	Policies []policyTable
	Codes    []code
	Models   []table
	Interop  []interopTable
	Load     *load
	Changes  *changes
	Trends   []trend

	book *book
}

// newPage works out what is shown.
func newPage(in Input) (*page, error) {
	css, err := files.ReadFile("page.css")
	if err != nil {
		return nil, err
	}
	js, err := files.ReadFile("page.js")
	if err != nil {
		return nil, err
	}
	p := &page{
		Title: cmp.Or(in.Title, "mailtls report"), CSS: template.CSS(css), JS: template.JS(js), Notes: in.Notes, book: newBook(in.Reports), Statuses: statuses(),
		Policy: fmt.Sprintf("default-src 'none'; base-uri 'none'; form-action 'none'; script-src 'sha256-%s'; style-src 'sha256-%s'", digest(js), digest(css)),
	}
	p.conformance(in)
	p.matrices(in)
	if p.Load, err = newLoad(in); err != nil {
		return nil, err
	}
	p.Changes = newChanges(in.Comparison)
	if p.Trends, err = trends(in.History); err != nil {
		return nil, err
	}
	p.date(in)
	return p, nil
}

// date finds the newest of what is shown.
func (p *page) date(in Input) {
	seen := func(at time.Time, tool results.Tool) {
		if at = at.UTC(); at.After(p.Newest) {
			p.Newest, p.Tool = at, tool.Name+" "+tool.Version
		}
	}
	for _, r := range in.Reports {
		seen(r.Started, r.Tool)
	}
	for _, r := range in.Runs {
		seen(r.Started, r.Env.Tool)
	}
}

// digest names an inline script or style in the content security policy.
func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// script is a block of data, which is base64 or numbers and cannot end it.
func script(id, data string) string {
	return fmt.Sprintf("<script type=\"text/plain\" id=\"%s\">%s</script>\n", id, data)
}

// functions that the template uses.
func functions() template.FuncMap {
	return template.FuncMap{"day": day}
}

// day and minute in UTC.
func day(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }
