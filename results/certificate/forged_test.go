package certificate_test

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"mailtls/harness"
	"mailtls/results"
	"mailtls/results/certificate"
)

// sealed writes a certificate with the digests of the folder as it is, and signs it.
func sealed(t *testing.T, dir string, c *certificate.Certificate, key certificate.Key) {
	t.Helper()
	written(t, func(w io.Writer) error { return certificate.WriteText(w, c) }, dir, certificate.TextFile)
	digests, err := certificate.Digests(dir)
	if err != nil {
		t.Fatal(err)
	}
	c.Files = digests
	written(t, func(w io.Writer) error { return certificate.Write(w, c) }, dir, certificate.DocumentFile)
	write(t, key.Sign(read(t, dir, certificate.DocumentFile)), dir, certificate.SignatureFile)
}

func written(t *testing.T, to func(io.Writer) error, path ...string) {
	t.Helper()
	var b bytes.Buffer
	if err := to(&b); err != nil {
		t.Fatal(err)
	}
	write(t, b.Bytes(), path...)
}

// forged puts another report into a folder, and makes everything that follows from
// it anew as the program itself would, signature and all.
func forged(t *testing.T, dir string, r *results.Report, key certificate.Key) {
	t.Helper()
	r.Summarize()
	written(t, func(w io.Writer) error { return results.WriteReport(w, r) }, dir, harness.ReportFile)
	written(t, func(w io.Writer) error { return results.WriteText(w, r) }, dir, harness.TextFile)
	written(t, func(w io.Writer) error { return results.WriteJUnit(w, r) }, dir, harness.JUnitFile)
	old := once().document
	subject, err := certificate.ReadSubject("subject.yaml", read(t, dir, certificate.SubjectFile))
	if err != nil {
		t.Fatal(err)
	}
	var profiles []certificate.Profile
	for _, a := range old.Profiles {
		profiles = append(profiles, profile(t, a.Profile))
	}
	c, err := certificate.New(certificate.Making{
		Issued: old.Issued, Tool: old.Tool, Catalogue: old.Catalogue, Subject: *subject, Report: r, Profiles: profiles,
	}, certificate.Sum(read(t, dir, harness.ReportFile)))
	if err != nil {
		t.Fatal(err)
	}
	sealed(t, dir, c, key)
}

// TestEachCaseCounts leaves out one case after the other, with its transcript; who
// does so has the key. The case must be named each time.
func TestEachCaseCounts(t *testing.T) {
	t.Parallel()
	dir, key := copied(t)
	all := storedReport(t, dir)
	forged(t, dir, all, key)
	if faults := verify(t, dir, key.Public()); faults != "" {
		t.Fatalf("made anew without a change, it does not hold:\n%s", faults)
	}
	for i, c := range all.Cases {
		r := storedReport(t, once().dir)
		r.Cases = slices.Delete(r.Cases, i, i+1)
		var transcript []byte
		if c.Transcript != "" {
			transcript = read(t, dir, c.Transcript)
			if err := os.Remove(filepath.Join(dir, c.Transcript)); err != nil {
				t.Fatal(err)
			}
		}
		forged(t, dir, r, key)
		wrong(t, c.Key(), dir, key.Public(), c.Key()+": stored 0 times")
		if c.Transcript != "" {
			write(t, transcript, dir, c.Transcript)
		}
	}
}

// TestForgersWithTheKey edit the report and make all the rest anew, signature and
// all; judging again finds them.
func TestForgersWithTheKey(t *testing.T) {
	t.Parallel()
	dir, key := copied(t)
	const id = "imap/login-in-clear"
	find := func(r *results.Report) *results.CaseResult {
		return &r.Cases[slices.IndexFunc(r.Cases, func(c results.CaseResult) bool { return c.ID == id })]
	}
	for name, tt := range map[string]struct {
		edit func(*results.Report)
		want string
	}{
		"verdict":         {func(r *results.Report) { find(r).Status = results.StatusNonstrict }, id + ": the verdict is pass, and nonstrict is stored"},
		"failure":         {func(r *results.Report) { find(r).Status = results.StatusFail }, id + ": the verdict is pass, and fail is stored"},
		"words":           {func(r *results.Report) { find(r).Got = "all is well" }, id + ": the words of the verdict differ"},
		"level":           {func(r *results.Report) { find(r).Level = results.Info }, id + ": the words of the verdict differ"},
		"not played":      {func(r *results.Report) { find(r).Transcript, find(r).SHA256 = "", "" }, id + ": the verdict is error"},
		"other evidence":  {func(r *results.Report) { find(r).Transcript = r.Cases[0].Transcript }, id + ": its transcript"},
		"outside":         {func(r *results.Report) { find(r).Transcript = "../../etc/passwd" }, "../../etc/passwd is no file of the certificate"},
		"waivers":         {func(r *results.Report) { r.Waivers = []results.Waiver{{Case: id, Expected: "x", Reason: "y"}} }, "waivers were in force"},
		"other target":    {func(r *results.Report) { r.Target.Variant = "default" }, id + ": the verdict is error"},
		"another program": {func(r *results.Report) { r.Tool.Version = "v0.9.0" }, "tool: mailtls v1.0.0 made the certificate, and mailtls v0.9.0 the report"},
	} {
		r := storedReport(t, once().dir)
		tt.edit(r)
		forged(t, dir, r, key)
		wrong(t, name, dir, key.Public(), tt.want)
	}
}

// TestForgedViews edit what people read, or the document alone, and sign it.
func TestForgedViews(t *testing.T) {
	t.Parallel()
	dir, key := copied(t)
	for _, name := range []string{harness.TextFile, harness.JUnitFile} {
		honest := read(t, dir, name)
		write(t, bytes.ReplaceAll(honest, []byte("pass"), []byte("pa55")), dir, name)
		resigned(t, dir, key, func(*certificate.Certificate) {})
		wrong(t, name, dir, key.Public(), name+": it is not what "+harness.ReportFile+" says")
		write(t, honest, dir, name)
	}
	for name, edit := range map[string]func(*certificate.Certificate){
		"profile access-basic-after-tls": func(c *certificate.Certificate) { c.Profiles[0].Required++ },
		"profile lmtp":                   func(c *certificate.Certificate) { c.Profiles[1].ID += "f" },
		"subject":                        func(c *certificate.Certificate) { c.Subject.Version = "9" },
		"claims":                         func(c *certificate.Certificate) { c.Claims.StallSeconds++ },
		"leaked_bytes":                   func(c *certificate.Certificate) { c.Leaked = 7 },
		"elapsed_s":                      func(c *certificate.Certificate) { c.Elapsed++ },
		"roles":                          func(c *certificate.Certificate) { c.Roles = nil },
	} {
		resigned(t, dir, key, edit)
		wrong(t, name, dir, key.Public(), certificate.DocumentFile+": "+name+" does not follow from")
	}
	resigned(t, dir, key, func(c *certificate.Certificate) { c.Tool.Dirty = true })
	wrong(t, "changed sources", dir, key.Public(), "is of changed sources")
	resigned(t, dir, key, func(c *certificate.Certificate) { c.Profiles[0].Profile = "best-of-all" })
	wrong(t, "unknown profile", dir, key.Public(), `find profile "best-of-all"`)
	resigned(t, dir, key, func(*certificate.Certificate) {})
	write(t, []byte("CERTIFICATE of everything\n"), dir, certificate.TextFile)
	c := document(t, once().dir)
	c.Files, _ = certificate.Digests(dir)
	written(t, func(w io.Writer) error { return certificate.Write(w, c) }, dir, certificate.DocumentFile)
	write(t, key.Sign(read(t, dir, certificate.DocumentFile)), dir, certificate.SignatureFile)
	wrong(t, "text", dir, key.Public(), certificate.TextFile+": it is not what "+certificate.DocumentFile+" says")
}

// resigned edits the document as it was made, and signs it with the folder as it is.
func resigned(t *testing.T, dir string, key certificate.Key, edit func(*certificate.Certificate)) {
	t.Helper()
	c := document(t, once().dir)
	edit(c)
	sealed(t, dir, c, key)
}

func document(t *testing.T, dir string) *certificate.Certificate {
	t.Helper()
	c, err := certificate.Read(read(t, dir, certificate.DocumentFile))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestTranscriptsOfOthersCount: a transcript that belongs to no case is not part of
// a certificate, though it be signed.
func TestTranscriptsOfOthersCount(t *testing.T) {
	dir, key := copied(t)
	write(t, []byte("more"), dir, "transcripts", "extra.txt")
	resigned(t, dir, key, func(*certificate.Certificate) {})
	wrong(t, "extra", dir, key.Public(), "transcripts/extra.txt: it belongs to no case")
}

func TestDocumentsAreRead(t *testing.T) {
	dir, _ := copied(t)
	honest := read(t, dir, certificate.DocumentFile)
	for name, tt := range map[string]struct{ from, to, want string }{
		"version": {"mailtls-certificate/1", "mailtls-certificate/2", `document is of version "mailtls-certificate/2"`},
		"unknown": {`"issued"`, `"granted"`, "unknown field"},
		"type":    {`"executed": `, `"executed": "x`, "read certificate"},
	} {
		if _, err := certificate.Read(bytes.Replace(honest, []byte(tt.from), []byte(tt.to), 1)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := certificate.Read(append(honest, "{}"...)); err == nil {
		t.Error("something behind it was read")
	}
}

// TestSchema: what is written fits the published schema, and what does not mean
// anything does not.
func TestSchema(t *testing.T) {
	dir, _ := copied(t)
	compiler := jsonschema.NewCompiler()
	for name, schema := range map[string][]byte{"urn:mailtls:report:1": results.ReportSchema(), "urn:mailtls:certificate:1": results.CertificateSchemaJSON()} {
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
		if err != nil {
			t.Fatal(err)
		}
		if err := compiler.AddResource(name, doc); err != nil {
			t.Fatal(err)
		}
	}
	schema, err := compiler.Compile("urn:mailtls:certificate:1")
	if err != nil {
		t.Fatal(err)
	}
	fits := func(edit func(map[string]any)) error {
		var doc map[string]any
		if err := json.Unmarshal(read(t, dir, certificate.DocumentFile), &doc); err != nil {
			t.Fatal(err)
		}
		edit(doc)
		return schema.Validate(doc)
	}
	if err := fits(func(map[string]any) {}); err != nil {
		t.Error(err)
	}
	for name, edit := range map[string]func(map[string]any){
		"field":   func(m map[string]any) { m["more"] = 1 },
		"result":  func(m map[string]any) { m["profiles"].([]any)[0].(map[string]any)["result"] = "good" },
		"missing": func(m map[string]any) { delete(m, "files") },
		"copy": func(m map[string]any) {
			m["subject"].(map[string]any)["configuration"].([]any)[0].(map[string]any)["redacted"] = "../mta.conf"
		},
		"claim": func(m map[string]any) { m["claims"].(map[string]any)["features"] = []any{"best"} },
	} {
		if fits(edit) == nil {
			t.Errorf("%s: it fits", name)
		}
	}
}
