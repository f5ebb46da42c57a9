package harness

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"mailtls/results"
	"mailtls/results/certificate"
)

// ErrCatalogue means that a certificate goes by a catalogue of cases that this
// program does not have, so that its verdicts cannot be checked.
var ErrCatalogue = errors.New("the certificate goes by another catalogue")

// Verified is what VerifyCertificate found.
type Verified struct {
	// Certificate as it stands in the folder; nil when it cannot be read.
	Certificate *certificate.Certificate
	// Faults are what is wrong with the folder, each naming the file, the case or the
	// key. An empty list says that nothing is.
	Faults []string
}

// VerifyCertificate checks a certificate's folder against the signer's public key:
// the signature, the digest of each file, that no file is missing or too many, that
// the catalogue is this program's, that every case of it is there, and that the
// verdicts, the results of the profiles and what is written for people follow from
// the transcripts, which are judged again. Nothing is written.
//
// An error means that this could not be done: no such folder, or, where nothing else
// is wrong, ErrCatalogue.
func VerifyCertificate(dir string, key certificate.PublicKey) (*Verified, error) {
	info, err := os.Stat(dir)
	switch {
	case err != nil:
		return nil, fmt.Errorf("verify certificate: %w", err)
	case !info.IsDir():
		return nil, fmt.Errorf("verify certificate: %s is no folder", dir)
	}
	v := &Verified{}
	if err := v.files(dir, key); err != nil {
		return nil, err
	}
	if v.Certificate == nil {
		return v, nil
	}
	if ours := catalogue(); v.Certificate.Catalogue != ours {
		if v.Faults == nil {
			return v, fmt.Errorf("%w: %s (sha256 %.12s...), and this program has %s (sha256 %.12s...): use the version that made it, %s",
				ErrCatalogue, v.Certificate.Catalogue.Line, v.Certificate.Catalogue.SHA256, ours.Line, ours.SHA256, v.Certificate.Tool.Version)
		}
		v.add("%s: its catalogue is not known here, so that no case was judged again", certificate.DocumentFile)
		return v, nil
	}
	v.verdicts(dir)
	return v, nil
}

func (v *Verified) add(format string, args ...any) {
	if line := fmt.Sprintf(format, args...); !slices.Contains(v.Faults, line) {
		v.Faults = append(v.Faults, line)
	}
}

// files checks the signature and the digests, and reads the document.
func (v *Verified) files(dir string, key certificate.PublicKey) error {
	there, err := certificate.Digests(dir)
	if err != nil {
		return fmt.Errorf("verify certificate: %w", err)
	}
	document := v.read(dir, certificate.DocumentFile)
	signature := v.read(dir, certificate.SignatureFile)
	if document == nil {
		return nil
	}
	if signature != nil {
		if err := key.Verify(document, signature); err != nil {
			v.add("%v", err)
		}
	}
	c, err := certificate.Read(document)
	if err != nil {
		v.add("%s: %v", certificate.DocumentFile, err)
		return nil
	}
	v.Certificate = c
	for _, line := range certificate.Compare(c.Files, there) {
		v.add("%s", line)
	}
	for _, line := range c.CopyFaults() {
		v.add("%s", line)
	}
	return nil
}

// read reads a file of the folder; nil when it is missing, which is noted.
func (v *Verified) read(dir, name string) []byte {
	data, err := os.ReadFile(filepath.Join(dir, name))
	switch {
	case errors.Is(err, os.ErrNotExist):
		v.add("%s: the file is missing", name)
		return nil
	case err != nil:
		v.add("%s: %v", name, err)
		return nil
	}
	return data
}

// verdicts judges the transcripts again, and makes everything anew that follows from
// them.
func (v *Verified) verdicts(dir string) {
	stored := v.read(dir, ReportFile)
	subjectFile := v.read(dir, certificate.SubjectFile)
	if stored == nil || subjectFile == nil {
		return
	}
	old, err := results.ReadReport(bytes.NewReader(stored))
	if err != nil {
		v.add("%s: %v", ReportFile, err)
		return
	}
	if old.Waivers != nil {
		v.add("%s: waivers were in force, and are not for certificates", ReportFile)
	}
	if v.names(old); unsafe(old) {
		return
	}
	now, differs, faults, err := judgeAll(dir)
	if err != nil {
		v.add("judge again: %v", err)
		return
	}
	for _, f := range faults {
		v.add("judge again: %v", f)
	}
	for _, line := range differs {
		v.add("%s: %s", ReportFile, line)
	}
	v.views(dir, old)
	v.remade(now, stored, subjectFile)
}

// names notes files of the folder that belong to nothing, and what else is wrong with
// the files that the report and the certificate speak of: that a case's transcript or
// a redacted copy is not one of the folder's.
func (v *Verified) names(r *results.Report) {
	used := []string{ReportFile, TextFile, JUnitFile, certificate.TextFile, certificate.SubjectFile}
	for _, c := range r.Cases {
		if c.Transcript == "" {
			continue
		}
		if slices.Contains(used, c.Transcript) {
			v.add("%s: %s: its transcript %s is another's too", ReportFile, c.Key(), c.Transcript)
		}
		if !slices.ContainsFunc(v.Certificate.Files, func(f certificate.File) bool { return f.Name == c.Transcript }) {
			v.add("%s: %s: its transcript %s is no file of the certificate", ReportFile, c.Key(), c.Transcript)
		}
		used = append(used, c.Transcript)
	}
	for _, f := range v.Certificate.Subject.Configuration {
		used = append(used, f.Copy)
	}
	for _, f := range v.Certificate.Files {
		if !slices.Contains(used, f.Name) {
			v.add("%s: it belongs to no case", f.Name)
		}
	}
}

// unsafe tells whether a report leads out of its folder.
func unsafe(r *results.Report) bool {
	return slices.ContainsFunc(r.Cases, func(c results.CaseResult) bool {
		return c.Transcript != "" && !filepath.IsLocal(filepath.FromSlash(c.Transcript))
	})
}

// views notes what is written for people or CI servers and is not what the report
// says.
func (v *Verified) views(dir string, r *results.Report) {
	v.view(dir, TextFile, ReportFile, func(w io.Writer) error { return results.WriteText(w, r) })
	v.view(dir, JUnitFile, ReportFile, func(w io.Writer) error { return results.WriteJUnit(w, r) })
	v.view(dir, certificate.TextFile, certificate.DocumentFile, func(w io.Writer) error { return certificate.WriteText(w, v.Certificate) })
}

func (v *Verified) view(dir, name, of string, write func(io.Writer) error) {
	data := v.read(dir, name)
	var b bytes.Buffer
	if err := write(&b); err != nil {
		v.add("%s: %v", name, err)
	} else if data != nil && !bytes.Equal(data, b.Bytes()) {
		v.add("%s: it is not what %s says", name, of)
	}
}

// remade makes the certificate anew from the report as it comes out now, and notes
// in what it differs.
func (v *Verified) remade(now *results.Report, stored, subjectFile []byte) {
	c := v.Certificate
	subject, err := certificate.ReadSubject(certificate.SubjectFile, subjectFile)
	if err != nil {
		v.add("%v", err)
		return
	}
	var names []string
	for _, a := range c.Profiles {
		names = append(names, a.Profile)
	}
	profiles, err := certificate.FindProfiles(names)
	if err != nil {
		v.add("%s: %v", certificate.DocumentFile, err)
		return
	}
	if now.Tool.Version != c.Tool.Version || now.Tool.Name != c.Tool.Name || now.Tool.Go != c.Tool.Go {
		v.add("%s: tool: %s %s made the certificate, and %s %s the report", certificate.DocumentFile, c.Tool.Name, c.Tool.Version, now.Tool.Name, now.Tool.Version)
	}
	again, err := certificate.New(certificate.Making{
		Issued: c.Issued, Tool: c.Tool, Catalogue: catalogue(), Subject: *subject, Report: now, Profiles: profiles,
	}, certificate.Sum(stored))
	if err != nil {
		v.add("%s: %v", certificate.DocumentFile, err)
		return
	}
	for _, field := range c.Differences(again) {
		v.add("%s: %s does not follow from %s, %s and the transcripts", certificate.DocumentFile, field, ReportFile, certificate.SubjectFile)
	}
}
