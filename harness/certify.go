package harness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"mailtls/results"
	"mailtls/results/certificate"
	"mailtls/scenarios"
)

// Certification says what is to be certified, and how it is signed.
type Certification struct {
	// Run is how the target is run; Roles nil are those of the profiles, and Tool is
	// what Build says. Filter, Waivers and NoIntrusive are refused: they would leave
	// something out.
	Run Options
	// Profiles to be judged by.
	Profiles []certificate.Profile
	// Subject is the subject.yaml, SubjectName the path of that file: errors name it,
	// and the redacted copies of configuration files are in its folder.
	Subject     []byte
	SubjectName string
	// Build is the program as it was built.
	Build certificate.Build
	// Key signs.
	Key certificate.Key
	// Now is the wall clock.
	Now func() time.Time

	copies []certificate.Copy // read before the run
}

// Certify runs every case of the roles against the target and leaves the folder of
// a certificate, signed, whatever was achieved. Where no certificate can be made
// (certificate.ErrNone) that is told before the run, or else, where it told nothing
// or was interrupted, its folder stays without one.
//
// No case is left out, none is waived, and none is played again: a case's own
// repetitions (Dialogue.Repeat) are all there are.
func Certify(ctx context.Context, c Certification) (*certificate.Certificate, error) {
	subject, err := c.prepare()
	if err != nil {
		return nil, err
	}
	c.Run.uncut = true
	c.Run.Tool = results.Tool{Name: c.Build.Name, Version: c.Build.Version, Go: c.Build.Go}
	r, err := Run(ctx, c.Run)
	if err != nil {
		return nil, err
	}
	return c.issue(subject, r)
}

// prepare refuses what would not become a certificate, and fills the roles in.
func (c *Certification) prepare() (*certificate.Subject, error) {
	o := &c.Run
	if (o.Filter != results.Filter{}) || o.Waivers != nil || o.NoIntrusive {
		return nil, fmt.Errorf("%w: a selection of cases, waivers, and leaving intrusive cases out are not for certificates", certificate.ErrNone)
	}
	if err := c.Build.Check(); err != nil {
		return nil, fmt.Errorf("%w: %w", certificate.ErrNone, err)
	}
	subject, err := certificate.ReadSubject(c.SubjectName, c.Subject)
	if err != nil {
		return nil, fmt.Errorf("read subject: %w", err)
	}
	if c.copies, err = subject.Copies(c.SubjectName); err != nil {
		return nil, fmt.Errorf("read subject: %w", err)
	}
	if o.Roles == nil {
		if o.Roles, err = c.roles(); err != nil {
			return nil, err
		}
	}
	variant, roles, err := o.choose()
	if err != nil {
		return nil, err
	}
	for _, p := range c.Profiles {
		if err := p.Misfit(roles, variant.Claims); err != nil {
			return nil, err
		}
	}
	return subject, subject.Fits(roles, variant.Claims)
}

// roles are those of the profiles: for each profile one that it is for and the
// target can be tested in.
func (c *Certification) roles() ([]results.Role, error) {
	var roles []results.Role
	spec := c.Run.Target.Spec()
	for _, p := range c.Profiles {
		if slices.ContainsFunc(p.Roles, func(r results.Role) bool { return slices.Contains(roles, r) }) {
			continue
		}
		i := slices.IndexFunc(p.Roles, func(r results.Role) bool {
			v, err := spec.Variant(c.Run.Variant, r)
			return err == nil && v.Plays(r)
		})
		if i < 0 {
			return nil, c.noRole(p)
		}
		roles = append(roles, p.Roles[i])
	}
	return roles, nil
}

// noRole says why the target cannot be tested for a profile.
func (c *Certification) noRole(p certificate.Profile) error {
	spec := c.Run.Target.Spec()
	v, err := spec.Variant(c.Run.Variant)
	if err != nil {
		return err
	}
	return fmt.Errorf("profile %s is for the roles %v, and %s/%s plays %v", p.Name, p.Roles, spec.Name, v.Name, v.Played())
}

// issue makes the certificate of a run's folder.
func (c *Certification) issue(subject *certificate.Subject, r *results.Report) (*certificate.Certificate, error) {
	dir := c.Run.Out
	stored, err := os.ReadFile(filepath.Join(dir, ReportFile))
	if err != nil {
		return nil, fmt.Errorf("make certificate: %w", err)
	}
	made, err := certificate.New(certificate.Making{
		Issued: c.Now(), Tool: c.Build, Catalogue: catalogue(), Subject: *subject, Report: r, Profiles: c.Profiles,
	}, certificate.Sum(stored))
	if err != nil {
		return nil, fmt.Errorf("make certificate of %s: %w", dir, err)
	}
	return made, c.seal(made)
}

// catalogue is that of this program.
func catalogue() certificate.Catalogue {
	return certificate.Catalogue{Line: scenarios.CatalogueLine, SHA256: scenarios.CatalogueSHA256()}
}

// seal writes what a certificate adds to a run's folder, and signs.
func (c *Certification) seal(made *certificate.Certificate) error {
	st := &store{dir: c.Run.Out}
	err := errors.Join(
		st.write(certificate.SubjectFile, func(w io.Writer) error { _, err := w.Write(c.Subject); return err }),
		st.write(certificate.TextFile, func(w io.Writer) error { return certificate.WriteText(w, made) }),
		c.copy(st),
	)
	if err != nil {
		return err
	}
	if made.Files, err = certificate.Digests(st.dir); err != nil {
		return err
	}
	if err := st.write(certificate.DocumentFile, func(w io.Writer) error { return certificate.Write(w, made) }); err != nil {
		return err
	}
	document, err := os.ReadFile(filepath.Join(st.dir, certificate.DocumentFile))
	if err != nil {
		return fmt.Errorf("sign certificate: %w", err)
	}
	return st.write(certificate.SignatureFile, func(w io.Writer) error { _, err := w.Write(c.Key.Sign(document)); return err })
}

// copy writes the redacted copies of the product's configuration files.
func (c *Certification) copy(st *store) error {
	for _, f := range c.copies {
		if err := os.MkdirAll(filepath.Join(st.dir, certificate.ConfigurationDir), 0o755); err != nil {
			return fmt.Errorf("store redacted copies: %w", err)
		}
		if err := st.write(f.Name, func(w io.Writer) error { _, err := w.Write(f.Data); return err }); err != nil {
			return err
		}
	}
	return nil
}

// RequiredCases are the ids of the cases that a profile requires of a target that
// claims everything there is, in the order of the catalogue.
func RequiredCases(p certificate.Profile) []string {
	var ids []string
	for _, c := range scenarios.All() {
		_, excepted := p.Except[c.ID]
		selected := slices.ContainsFunc(p.Requires, func(r certificate.Requirement) bool {
			return slices.ContainsFunc(c.Levels, func(l scenarios.LevelRule) bool { return r.Selects(c.ID, l.Level) })
		})
		if selected && !excepted && (c.Role == results.RoleSender) == p.ForSenders() {
			ids = append(ids, c.ID)
		}
	}
	return ids
}
