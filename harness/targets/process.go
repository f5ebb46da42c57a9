package targets

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"mailtls/results"
)

// builtin holds the folders of the targets that come with mailtls.
//
//go:embed dovecot exim postfix
var builtin embed.FS

// Process is a target that is real software, described by a folder with a
// target.yaml, configuration templates and waivers. It is safe for concurrent
// use; a target with a root can be started once at a time on a machine.
type Process struct {
	m       *manifest
	waivers []Waiver
	files   fs.FS
	// folder is the absolute path of the target's folder; empty when it is
	// built in.
	folder string
	// origin is how messages name the folder.
	origin string
}

// Builtin reads the targets that come with mailtls, by name.
func Builtin() ([]*Process, error) {
	folders, err := builtin.ReadDir(".")
	if err != nil {
		return nil, fmt.Errorf("read targets: %w", err)
	}
	var all []*Process
	for _, f := range folders {
		files, err := fs.Sub(builtin, f.Name())
		if err != nil {
			return nil, fmt.Errorf("read target %s: %w", f.Name(), err)
		}
		p, err := read(&Process{files: files, origin: f.Name()})
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// Load reads a target from a folder.
func Load(dir string) (*Process, error) {
	folder, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("read target %s: %w", dir, err)
	}
	return read(&Process{files: os.DirFS(folder), folder: folder, origin: dir})
}

// read fills in what the target's folder holds.
func read(p *Process) (*Process, error) {
	data, err := fs.ReadFile(p.files, ManifestFile)
	if err != nil {
		return nil, fmt.Errorf("read target %s: %w; a target is a folder with a %s", p.origin, err, ManifestFile)
	}
	m, doc, err := readManifest(path.Join(p.origin, ManifestFile), data, p.files)
	if err == nil {
		p.m = m
		p.tryTemplates(doc)
		err = doc.Err()
	}
	if err == nil {
		err = p.readWaivers()
	}
	if err != nil {
		return nil, fmt.Errorf("read target %s: %w", p.origin, err)
	}
	return p, nil
}

func (p *Process) readWaivers() error {
	data, err := fs.ReadFile(p.files, WaiversFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	waivers, doc, err := readWaivers(path.Join(p.origin, WaiversFile), data)
	if err != nil {
		return err
	}
	for i, w := range waivers {
		if _, err := p.variant(w.Variant); w.Variant != "" && err != nil {
			doc.faultAt(at(i, "variant"), "%w", err)
		}
	}
	p.waivers = waivers
	return doc.Err()
}

// Spec says what the target is.
func (p *Process) Spec() Spec {
	s := Spec{
		Name: p.m.Name, Doc: p.m.Doc, ClockFactor: p.m.ClockFactor,
		Roles: slices.Clone(p.m.Roles), Waivers: slices.Clone(p.waivers),
	}
	if s.ClockFactor == 0 {
		s.ClockFactor = 1
	}
	for _, v := range p.m.Variants {
		claims := results.Claims{Features: slices.Clone(v.Claims.Features), StallSeconds: v.Claims.StallSeconds}
		for _, policy := range v.Claims.Policies {
			policy.Fallback = maps.Clone(policy.Fallback)
			claims.Policies = append(claims.Policies, policy)
		}
		s.Variants = append(s.Variants, Variant{Name: v.Name, Doc: v.Doc, Claims: claims, Roles: slices.Clone(v.roles())})
	}
	return s
}

// variant finds a variant by name; "" is the first.
func (p *Process) variant(name string) (*variantSpec, error) {
	var names []string
	for i := range p.m.Variants {
		if v := &p.m.Variants[i]; v.Name == name || name == "" {
			return v, nil
		}
		names = append(names, p.m.Variants[i].Name)
	}
	return nil, fmt.Errorf("find variant %q of target %s: there are %s", name, p.m.Name, strings.Join(names, ", "))
}

// Available is nil when the target can be started here, or says why not and
// what to do about it.
func (p *Process) Available() error {
	if p.m.Root == nil {
		return p.programFound()
	}
	if err := canHaveRoots(); err != nil {
		return err
	}
	dir, err := p.rootDir()
	if err != nil {
		return err
	}
	return p.checkRoot(dir)
}

// canHaveRoots tells whether this machine and user can enter a root.
func canHaveRoots() error {
	if runtime.GOOS != "linux" {
		return fmt.Errorf("enter a Debian root: not possible on %s; use Linux", runtime.GOOS)
	}
	if uid := os.Geteuid(); uid != 0 {
		return fmt.Errorf("enter a Debian root: not possible as user %d; run as root", uid)
	}
	return nil
}

// programFound looks for the program of software that runs without a root.
func (p *Process) programFound() error {
	program := p.m.Commands.Start.Run[0]
	if strings.Contains(program, "{{") {
		return nil
	}
	if _, err := exec.LookPath(hostProgram(p.folder, program)); err != nil {
		return fmt.Errorf("find %s: %w; build or install it", program, err)
	}
	return nil
}

// Version asks the software for its version without starting it; empty when it
// gives none.
func (p *Process) Version(ctx context.Context) (string, error) {
	if p.m.Commands.Version == nil {
		return "", nil
	}
	if err := p.Available(); err != nil {
		return "", fmt.Errorf("ask %s for its version: %w", p.m.Name, err)
	}
	pl := &place{dir: p.folder, folder: p.folder, log: newJournal(io.Discard)}
	if p.m.Root != nil {
		dir, err := p.rootDir()
		if err != nil {
			return "", err
		}
		pl.dir, pl.root = dir, true
	}
	return p.version(ctx, pl)
}

func (p *Process) version(ctx context.Context, pl *place) (string, error) {
	if p.m.Commands.Version == nil {
		return "", nil
	}
	d, err := p.renderData(&p.m.Variants[0], sampleWiring(), pl.seen("/"))
	if err != nil {
		return "", err
	}
	c, err := renderCommand(*p.m.Commands.Version, d)
	if err != nil {
		return "", err
	}
	out, err := pl.run(ctx, c)
	if err != nil {
		return "", fmt.Errorf("ask %s for its version: %w", p.m.Name, err)
	}
	first, _, _ := strings.Cut(strings.TrimSpace(out), "\n")
	return strings.TrimSpace(first), nil
}

// Status says how a target stands on this machine.
type Status struct {
	// Name of the target.
	Name string
	// Path of its root, or of its folder when it has none.
	Path string
	// Version of the software; empty when it cannot be had.
	Version string
	// Problem is why it cannot be started, and what to do; nil when it can.
	Problem error
}

// Status looks the target up on this machine.
func (p *Process) Status(ctx context.Context) Status {
	s := Status{Name: p.m.Name, Path: p.folder}
	if p.m.Root != nil {
		s.Path, s.Problem = p.rootDir()
	}
	if s.Problem == nil {
		s.Problem = p.Available()
	}
	if s.Problem == nil {
		s.Version, s.Problem = p.Version(ctx)
	}
	return s
}
