package certificate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"time"

	"mailtls/results"
)

// Certificate is what certificate.json holds.
type Certificate struct {
	// Schema is results.CertificateSchema.
	Schema string `json:"schema"`
	// Issued is when it was made.
	Issued time.Time `json:"issued"`
	// Tool that made it, and the Catalogue of cases that it went by.
	Tool      Build     `json:"tool"`
	Catalogue Catalogue `json:"catalogue"`
	// Subject is what the vendor says of the product.
	Subject Subject `json:"subject"`
	// Target that was judged, in these Roles, against these Claims.
	Target results.TargetID `json:"target"`
	Roles  []results.Role   `json:"roles"`
	Claims results.Claims   `json:"claims"`
	// Started is when the run began, Elapsed how long it took in seconds. ClockFactor
	// is by how much the target's queue clock was shortened; 1 when it was not.
	Started     time.Time `json:"started"`
	Elapsed     float64   `json:"elapsed_s"`
	ClockFactor float64   `json:"clock_factor"`
	// Profiles and what was achieved under them.
	Profiles []Achieved `json:"profiles"`
	// Leaked is the number of bytes leaked in the whole run, Unattributed the number
	// of sessions that fit no case, Executed that of the cases that told something.
	Leaked       int64 `json:"leaked_bytes"`
	Unattributed int   `json:"unattributed"`
	Executed     int   `json:"executed"`
	// Files of the folder but for certificate.json and its signature, by name.
	Files []File `json:"files"`
}

// Build is a program and where it was built from.
type Build struct {
	// Name, Version and the version of Go.
	Name    string `json:"name"`
	Version string `json:"version"`
	Go      string `json:"go"`
	// Commit it was built from; empty when the build does not say.
	Commit string `json:"commit"`
	// Dirty says that the sources differed from the commit.
	Dirty bool `json:"dirty"`
}

// Check says why a build may make no certificate: its sources are not those of a
// commit that others can have. It is nil when it may.
func (b Build) Check() error {
	switch {
	case b.Dirty || strings.Contains(b.Version, "+dirty"):
		return fmt.Errorf("this build (%s) is of changed sources, which nobody else has: commit, and build again", b.Version)
	case b.Commit == "":
		return fmt.Errorf("this build (%s) does not say what commit it is of: build it in a clone of the repository, with git at hand", b.Version)
	}
	return nil
}

// Catalogue names a state of the catalogue of cases.
type Catalogue struct {
	// Line such as "2026.1".
	Line string `json:"line"`
	// SHA256 of the catalogue's text, in hexadecimal digits.
	SHA256 string `json:"sha256"`
}

// Making is what a certificate is made of.
type Making struct {
	// Issued is when.
	Issued time.Time
	// Tool that makes it, and the Catalogue it goes by.
	Tool      Build
	Catalogue Catalogue
	// Subject, Report of the run, and Profiles to be judged.
	Subject  Subject
	Report   *results.Report
	Profiles []Profile
}

// ErrNone means that a run makes no certificate, not even one of failure.
var ErrNone = errors.New("no certificate is made")

// New makes a certificate, its Files aside; reportSum is the SHA-256 of report.json
// in hexadecimal digits. A build that is not of a commit, a selection of cases and a
// run that told nothing make none, which is ErrNone; nor does a profile that the run
// cannot be judged by, or a subject that does not go with it.
func New(m Making, reportSum string) (*Certificate, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	r := m.Report
	c := &Certificate{
		Schema: results.CertificateSchema, Issued: m.Issued.UTC().Truncate(time.Second), Tool: m.Tool, Catalogue: m.Catalogue, Subject: m.Subject,
		Target: r.Target, Roles: slices.Clone(r.Roles), Claims: r.Claims,
		Started: r.Started.UTC(), Elapsed: r.Elapsed, ClockFactor: r.ClockFactor,
		Leaked: r.Leaked, Unattributed: r.Unattributed, Executed: r.Executed,
	}
	for _, p := range m.Profiles {
		a := Judge(p, r)
		if a.Result == Success {
			a.ID = c.id(p.Name, reportSum)
		}
		c.Profiles = append(c.Profiles, a)
	}
	return c, nil
}

func (m Making) check() error {
	if err := m.Tool.Check(); err != nil {
		return fmt.Errorf("%w: %w", ErrNone, err)
	}
	switch r := m.Report; {
	case r.Filter != results.Filter{}:
		return fmt.Errorf("%w: the run was a selection, by %s", ErrNone, r.Filter)
	case r.Executed == 0:
		return fmt.Errorf("%w: not one case was executed", ErrNone)
	}
	for _, p := range m.Profiles {
		if err := p.Misfit(m.Report.Roles, m.Report.Claims); err != nil {
			return err
		}
	}
	return m.Subject.Fits(m.Report.Roles, m.Report.Claims)
}

// id is what a product is called that achieved a profile.
func (c *Certificate) id(profile, reportSum string) string {
	return fmt.Sprintf("TMC-%s/%s/%s-%s/%.12s", c.Catalogue.Line, profile, plain(c.Subject.Product), plain(c.Subject.Version), reportSum)
}

// plain is a name in lower-case letters, digits, dots and hyphens.
func plain(name string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '.' {
			b.WriteRune(r)
		} else if s := b.String(); s != "" && !strings.HasSuffix(s, "-") {
			b.WriteByte('-')
		}
	}
	return strings.TrimSuffix(b.String(), "-")
}

// Differences names the fields in which two certificates differ, by their names in
// the document, profile by profile; the files are left to Compare.
func (c *Certificate) Differences(other *Certificate) []string {
	var differs []string
	a, b := reflect.ValueOf(*c), reflect.ValueOf(*other)
	for i := range a.NumField() {
		name := a.Type().Field(i).Tag.Get("json")
		if name != "files" && name != "profiles" && !sameJSON(a.Field(i).Interface(), b.Field(i).Interface()) {
			differs = append(differs, name)
		}
	}
	for i := range max(len(c.Profiles), len(other.Profiles)) {
		switch {
		case i >= len(c.Profiles):
			differs = append(differs, "profile "+other.Profiles[i].Profile)
		case i >= len(other.Profiles) || !sameJSON(c.Profiles[i], other.Profiles[i]):
			differs = append(differs, "profile "+c.Profiles[i].Profile)
		}
	}
	return differs
}

// sameJSON tells whether two values are the same document: an empty list and none
// are, and so are two ways to write a time.
func sameJSON(a, b any) bool {
	one, err := json.Marshal(a)
	if err != nil {
		return false
	}
	two, err := json.Marshal(b)
	return err == nil && bytes.Equal(one, two)
}

// Write writes a certificate as indented JSON. Equal certificates give equal bytes.
func Write(w io.Writer, c *Certificate) error {
	out := *c
	// Lists that the schema requires are written even when they are empty.
	out.Roles = append([]results.Role{}, c.Roles...)
	out.Claims.Features = append([]results.Feature{}, c.Claims.Features...)
	out.Profiles = append([]Achieved{}, c.Profiles...)
	out.Files = append([]File{}, c.Files...)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(&out); err != nil {
		return fmt.Errorf("write certificate: %w", err)
	}
	return nil
}

// Read reads what Write wrote. It refuses another version of the document, fields
// that this one does not have, and anything behind it.
func Read(data []byte) (*Certificate, error) {
	var version struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(data, &version); err != nil {
		return nil, fmt.Errorf("read certificate: %w", err)
	}
	if version.Schema != results.CertificateSchema {
		return nil, fmt.Errorf("read certificate: document is of version %q, this program reads %q", version.Schema, results.CertificateSchema)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var c Certificate
	if err := dec.Decode(&c); err != nil {
		return nil, fmt.Errorf("read certificate: %w", err)
	}
	return &c, nil
}
