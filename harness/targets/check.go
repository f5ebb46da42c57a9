package targets

import (
	"io/fs"
	"maps"
	"net/netip"
	"path"
	"regexp"
	"slices"
	"strings"

	"mailtls/fakes"
	"mailtls/fakes/pki"
	"mailtls/results"
)

// checker finds what is wrong with a manifest beyond its types.
type checker struct {
	*document
	m *manifest
	// files is the target's folder.
	files fs.FS
}

// readManifest reads a target.yaml; name is the file's, for errors. All faults
// are reported, each with its place. Templates are not rendered here.
func readManifest(name string, data []byte, files fs.FS) (*manifest, *document, error) {
	m := new(manifest)
	doc, err := readYAML(name, data, m)
	if err != nil {
		return nil, nil, err
	}
	c := &checker{document: doc, m: m, files: files}
	c.head()
	c.root()
	c.listeners(at("listen"), m.Listen)
	c.certificate()
	for i, f := range m.Files {
		c.file(at("files", i), f)
	}
	c.commands()
	c.variants()
	return m, doc, doc.Err()
}

// isName is what names of targets and variants look like: they become folders.
func isName(s string) bool {
	ok, _ := regexp.MatchString(`^[a-z0-9]+(-[a-z0-9]+)*$`, s)
	return ok && len(s) <= 64
}

func (c *checker) head() {
	switch {
	case c.m.Name == "":
		c.faultAt(at("name"), "no name; give one such as my-mta")
	case !isName(c.m.Name):
		c.faultAt(at("name"), "name %q; want small letters and digits, with single dashes between", c.m.Name)
	}
	if c.m.Doc == "" {
		c.faultAt(at("doc"), "no doc; say in a sentence what the target is")
	}
	if len(c.m.Roles) == 0 {
		c.faultAt(at("roles"), "no roles; want one or more of %s", list(results.Roles()))
	}
	for i, role := range c.m.Roles {
		if !slices.Contains(results.Roles(), role) {
			c.faultAt(at("roles", i), "unknown role %q; there are %s", role, list(results.Roles()))
		}
	}
	c.settings()
}

// settings checks what has a default at the top level.
func (c *checker) settings() {
	if f := c.m.ClockFactor; f != 0 && (f < 1 || f > 1e6) {
		c.faultAt(at("clock_factor"), "clock_factor %v; want 1 (not shortened) to 1000000", f)
	}
	if ip, err := netip.ParseAddr(c.m.Address); c.m.Address != "" && (err != nil || !ip.IsLoopback()) {
		c.faultAt(at("address"), "address %q; want one in 127.0.0.0/8", c.m.Address)
	}
	if d, err := c.m.ready(); err != nil || d <= 0 {
		c.faultAt(at("ready"), "ready %q; want a time such as 10s", c.m.Ready)
	}
	c.path(at("log_file"), c.m.LogFile)
}

func (c *checker) root() {
	root := c.m.Root
	if root == nil {
		return
	}
	word := regexp.MustCompile(`^[a-z0-9][a-z0-9.+-]*$`)
	if !word.MatchString(root.Suite) {
		c.faultAt(at("root", "suite"), "suite %q; want a suite of Debian such as bookworm", root.Suite)
	}
	if len(root.Packages) == 0 {
		c.faultAt(at("root", "packages"), "no packages; name those that the software comes in")
	}
	for i, p := range root.Packages {
		if !word.MatchString(p) {
			c.faultAt(at("root", "packages", i), "package %q; want a name as apt takes it", p)
		}
	}
}

func (c *checker) listeners(where spot, listen map[fakes.Listener]int) {
	if len(listen) == 0 {
		c.faultAt(where, "no listeners; want such as {smtp: 0}")
	}
	for _, l := range slices.Sorted(maps.Keys(listen)) {
		if !slices.Contains(fakes.Listeners(), l) {
			c.faultAt(where.and(string(l)), "unknown listener %q; there are %s", l, list(fakes.Listeners()))
		}
		if port := listen[l]; port < 0 || port > 65535 {
			c.faultAt(where.and(string(l)), "port %d; want 1 to 65535, or 0 for a free one", port)
		}
	}
}

func (c *checker) certificate() {
	if c.m.Certificate == nil {
		return
	}
	where := at("certificate")
	c.certKind(where, certKind{Kind: c.m.Certificate.Kind, KeyType: c.m.Certificate.KeyType})
	if c.m.Certificate.Dir == "" {
		c.faultAt(where.and("dir"), "no dir; name the folder that the certificate is put in")
	}
	c.path(where.and("dir"), c.m.Certificate.Dir)
	c.owner(where.and("owner"), c.m.Certificate.Owner)
}

func (c *checker) certKind(where spot, k certKind) {
	if k.Kind != "" && !slices.Contains(pki.Kinds(), k.Kind) {
		c.faultAt(where.and("kind"), "unknown kind %q; there are %s", k.Kind, list(pki.Kinds()))
	}
	types := []pki.KeyType{"", pki.ECDSAP256, pki.RSA2048}
	if !slices.Contains(types, k.KeyType) {
		c.faultAt(where.and("key_type"), "unknown key_type %q; there are %s", k.KeyType, list(types[1:]))
	}
}

func (c *checker) file(where spot, f fileSpec) {
	if f.Template == "" {
		c.faultAt(where.and("template"), "no template; name a file in the target's folder")
	} else if info, err := fs.Stat(c.files, f.Template); err != nil || !info.Mode().IsRegular() {
		c.faultAt(where.and("template"), "template %q is no file in the target's folder; write it or mend the name", f.Template)
	}
	if f.Path == "" {
		c.faultAt(where.and("path"), "no path; say where %s goes", f.Template)
	}
	c.path(where.and("path"), f.Path)
	if mode, err := f.mode(); err != nil || mode > 0o777 {
		c.faultAt(where.and("mode"), "mode %q; want octal digits such as \"0640\"", f.Mode)
	}
	c.owner(where.and("owner"), f.Owner)
}

// path checks a path that the software sees; an empty one is not given.
func (c *checker) path(where spot, p string) {
	switch {
	case p == "":
	case c.m.Root != nil && (!path.IsAbs(p) || path.Clean(p) != p || p == "/"):
		c.faultAt(where, "path %q; want an absolute one inside the root", p)
	case c.m.Root == nil && !fs.ValidPath(p):
		c.faultAt(where, "path %q; without a root, want one relative to the folder of the run", p)
	}
}

func (c *checker) owner(where spot, owner string) {
	if owner == "" {
		return
	}
	if c.m.Root == nil {
		c.faultAt(where, "owner %q needs a root; remove it", owner)
	} else if ok, _ := regexp.MatchString(`^[A-Za-z0-9_][A-Za-z0-9_.-]*(:[A-Za-z0-9_.-]+)?$`, owner); !ok {
		c.faultAt(where, "owner %q; want user or user:group", owner)
	}
}

func (c *checker) commands() {
	do, where := c.m.Commands, at("commands")
	for i, p := range do.Prepare {
		c.run(where.and("prepare", i, "run"), p.Run)
	}
	if do.Version != nil {
		c.run(where.and("version", "run"), do.Version.Run)
	}
	if do.Stop != nil {
		c.run(where.and("stop", "run"), do.Stop.Run)
	}
	if do.Idle != nil {
		c.run(where.and("idle", "run"), do.Idle.Run)
		if _, err := regexp.Compile(do.Idle.Matches); err != nil {
			c.faultAt(where.and("idle", "matches"), "want a regular expression: %w", err)
		}
	}
	if do.Start == nil {
		c.faultAt(where.and("start"), "no commands.start; say how the software is started")
		return
	}
	c.run(where.and("start", "run"), do.Start.Run)
	switch {
	case do.Start.Foreground && c.m.PIDFile != "":
		c.faultAt(at("pid_file"), "a foreground process needs no pid_file; remove it")
	case do.Start.Foreground && do.Stop != nil:
		c.faultAt(where.and("stop"), "a foreground process is ended by SIGTERM; remove stop")
	case !do.Start.Foreground && c.m.PIDFile == "":
		c.faultAt(where.and("start"), "no pid_file for a daemon; name the file it leaves, or set foreground: true")
	}
	c.path(at("pid_file"), c.m.PIDFile)
}

func (c *checker) run(where spot, run []string) {
	if len(run) == 0 || strings.TrimSpace(run[0]) == "" {
		c.faultAt(where, "no command; want such as [postfix, start]")
	}
}

// list writes names for an error message.
func list[T ~string](names []T) string {
	var all []string
	for _, n := range names {
		all = append(all, string(n))
	}
	return strings.Join(all, ", ")
}
