package targets

import (
	"io/fs"
	"slices"
	"strconv"
	"time"

	"mailtls/fakes"
	"mailtls/fakes/pki"
	"mailtls/results"
)

// ManifestFile is the name of the file that makes a folder a target.
const ManifestFile = "target.yaml"

// manifest is a target.yaml.
//
// Texts marked (template) are text/templates over renderData. Paths are those
// that the software sees: absolute inside a root, and without a root relative
// to a fresh folder that a run gets ({{.Dir}}).
type manifest struct {
	// Name of the target, Doc a sentence about it.
	Name string `yaml:"name"`
	Doc  string `yaml:"doc"`
	// Roles it can be tested in.
	Roles []results.Role `yaml:"roles"`
	// ClockFactor tells how much its queue clock is shortened; 0 means 1.
	ClockFactor float64 `yaml:"clock_factor"`
	// Root is the file system the software is installed in; nil for software
	// that runs on the machine as it is.
	Root *rootSpec `yaml:"root"`
	// Address it listens on; empty means 127.0.0.1.
	Address string `yaml:"address"`
	// Listen gives each listener its port; 0 takes a free one.
	Listen map[fakes.Listener]int `yaml:"listen"`
	// Certificate made for it; nil when it needs none.
	Certificate *certSpec `yaml:"certificate"`
	// Files written before each start.
	Files []fileSpec `yaml:"files"`
	// Commands that run it.
	Commands commandSpecs `yaml:"commands"`
	// PIDFile that a daemon leaves; none for a foreground process.
	PIDFile string `yaml:"pid_file"`
	// LogFile that it writes; emptied before a start, shown when one fails.
	LogFile string `yaml:"log_file"`
	// Ready is how long it may take until its listeners answer; empty means
	// 10s.
	Ready string `yaml:"ready"`
	// Set are values for templates, as far as a variant sets no others.
	Set map[string]string `yaml:"set"`
	// Variants, the one named default first.
	Variants []variantSpec `yaml:"variants"`
}

// rootSpec is a Debian root.
type rootSpec struct {
	// Suite of Debian, such as bookworm.
	Suite string `yaml:"suite"`
	// Packages installed besides the essential ones.
	Packages []string `yaml:"packages"`
}

// certKind says what certificate is made.
type certKind struct {
	// Kind of certificate; empty means valid.
	Kind fakes.Cert `yaml:"kind"`
	// KeyType of its key; empty means ecdsa-p256.
	KeyType pki.KeyType `yaml:"key_type"`
}

// certSpec says what certificate is made and where it is put.
type certSpec struct {
	// Kind and KeyType as in certKind.
	Kind    fakes.Cert  `yaml:"kind"`
	KeyType pki.KeyType `yaml:"key_type"`
	// Dir that gets server.pem (the chain), server.key and ca.pem.
	Dir string `yaml:"dir"`
	// Owner of the key, "user" or "user:group"; empty leaves it to whoever
	// runs mailtls.
	Owner string `yaml:"owner"`
}

// fileSpec is a file made from a template.
type fileSpec struct {
	// Template is its name in the target's folder.
	Template string `yaml:"template"`
	// Path it is written to.
	Path string `yaml:"path"`
	// Mode in octal, in quotes; empty means "0644".
	Mode string `yaml:"mode"`
	// Owner as in certSpec.
	Owner string `yaml:"owner"`
}

// commandSpecs are the commands that run a target.
type commandSpecs struct {
	// Version prints the version, without the software being started; nil when
	// it gives none.
	Version *commandSpec `yaml:"version"`
	// Prepare runs before a start, in this order.
	Prepare []commandSpec `yaml:"prepare"`
	// Start runs the software.
	Start *startSpec `yaml:"start"`
	// Stop ends a daemon; nil means SIGTERM to the process in PIDFile.
	Stop *commandSpec `yaml:"stop"`
	// Idle tells whether the queue is empty; nil when that cannot be asked.
	Idle *idleSpec `yaml:"idle"`
}

// commandSpec is a command.
type commandSpec struct {
	// Run is the program and its arguments (template). A program without a
	// slash is looked up in PATH, one with a relative path in the target's
	// folder.
	Run []string `yaml:"run"`
	// Stdin is what it gets to read (template).
	Stdin string `yaml:"stdin"`
}

// startSpec is the command that starts the software.
type startSpec struct {
	// Run as in commandSpec.
	Run []string `yaml:"run"`
	// Foreground says that the command is the software: it stays until it gets
	// SIGTERM. Otherwise it must return, leaving a daemon behind.
	Foreground bool `yaml:"foreground"`
}

// idleSpec is the command that tells whether the queue is empty.
type idleSpec struct {
	// Run as in commandSpec.
	Run []string `yaml:"run"`
	// Matches is a regular expression for the whole output of an empty queue,
	// white space around it removed; empty means no output.
	Matches string `yaml:"matches"`
}

// variantSpec is one configuration.
type variantSpec struct {
	// Name of the variant, Doc a sentence about it.
	Name string `yaml:"name"`
	Doc  string `yaml:"doc"`
	// Roles that it can be tested in; none means receiver.
	Roles []results.Role `yaml:"roles"`
	// Claims that it makes.
	Claims results.Claims `yaml:"claims"`
	// Listen replaces the target's listeners.
	Listen map[fakes.Listener]int `yaml:"listen"`
	// Certificate changes the kind of certificate.
	Certificate *certKind `yaml:"certificate"`
	// Files written besides the target's, or instead of one with the same path.
	Files []fileSpec `yaml:"files"`
	// Prepare runs after the target's own.
	Prepare []commandSpec `yaml:"prepare"`
	// Set are values for templates.
	Set map[string]string `yaml:"set"`
}

// plays tells whether the variant can be tested in the role.
func (v *variantSpec) plays(r results.Role) bool { return slices.Contains(v.roles(), r) }

// roles are Roles, or their default.
func (v *variantSpec) roles() []results.Role {
	if len(v.Roles) == 0 {
		return []results.Role{results.RoleReceiver}
	}
	return v.Roles
}

// placedFile is a file of a variant, and where the manifest says so.
type placedFile struct {
	fileSpec

	where spot
}

// files are the files of a variant of the manifest's: the target's that it does
// not replace, and its own.
func (m *manifest) files(v *variantSpec) []placedFile {
	var all []placedFile
	own := v.Files
	i := slices.IndexFunc(m.Variants, func(o variantSpec) bool { return o.Name == v.Name })
	for j, f := range m.Files {
		if !slices.ContainsFunc(own, func(o fileSpec) bool { return o.Path == f.Path }) {
			all = append(all, placedFile{f, at("files", j)})
		}
	}
	for j, f := range own {
		all = append(all, placedFile{f, at("variants", i, "files", j)})
	}
	return all
}

// ready is Ready, or its default.
func (m *manifest) ready() (time.Duration, error) {
	if m.Ready == "" {
		return 10 * time.Second, nil
	}
	return time.ParseDuration(m.Ready)
}

// mode is Mode, or its default.
func (f fileSpec) mode() (fs.FileMode, error) {
	if f.Mode == "" {
		return 0o644, nil
	}
	n, err := strconv.ParseUint(f.Mode, 8, 32)
	return fs.FileMode(n), err
}

// listen are the listeners of a variant.
func (m *manifest) listen(v *variantSpec) map[fakes.Listener]int {
	if v.Listen != nil {
		return v.Listen
	}
	return m.Listen
}

// certificate is the kind of certificate of a variant.
func (m *manifest) certificate(v *variantSpec) certKind {
	kind := certKind{Kind: m.Certificate.Kind, KeyType: m.Certificate.KeyType}
	if v.Certificate != nil && v.Certificate.Kind != "" {
		kind.Kind = v.Certificate.Kind
	}
	if v.Certificate != nil && v.Certificate.KeyType != "" {
		kind.KeyType = v.Certificate.KeyType
	}
	if kind.Kind == "" {
		kind.Kind = fakes.CertValid
	}
	return kind
}
