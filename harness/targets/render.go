package targets

import (
	"fmt"
	"io/fs"
	"maps"
	"net"
	"path"
	"strconv"
	"strings"
	"text/template"

	"mailtls/fakes"
	"mailtls/results"
)

// renderData is what templates see. What is missing from a map is an error.
type renderData struct {
	// Host is the name that the target goes by, Domain the one whose
	// subdomains are local to it.
	Host, Domain string
	// Collector is where accepted mail goes; its Host is empty when nothing is
	// read back.
	Collector renderAddr
	// Listen are the listeners, by name; {{with index .Listen "smtps"}} asks
	// for one that not every variant has.
	Listen map[string]*renderAddr
	// Resolver is the address, without a port, of the name server that a sender
	// asks, Submitter the one from which it takes mail for anybody; empty for
	// receivers.
	Resolver, Submitter string
	// PeerRoots is the path of what the certificates of MX hosts lead to, beside
	// CA; empty without a certificate.
	PeerRoots string
	// Cert, Key and CA are the paths of the certificate's chain, its key and
	// the root above it; empty without a certificate.
	Cert, Key, CA string
	// User and Password may log in.
	User, Password string
	// Set are the values of the variant.
	Set map[string]string
	// Dir is the folder that paths are relative to: / in a root, otherwise the
	// folder of the run. Folder is the target's own; empty when it is built in.
	Dir, Folder string
}

// renderAddr is an address.
type renderAddr struct {
	Host string
	Port int
}

// String writes it as "host:port".
func (a renderAddr) String() string { return net.JoinHostPort(a.Host, strconv.Itoa(a.Port)) }

// renderData is what the templates of a variant see in this wiring; dir and
// seen are the folder of the run as its files are named by the software.
func (p *Process) renderData(v *variantSpec, w Wiring, dir string) (*renderData, error) {
	d := &renderData{
		Host: w.Host, Domain: w.Domain, User: w.User, Password: w.Password,
		Listen: map[string]*renderAddr{}, Set: map[string]string{}, Dir: dir, Folder: p.folder,
	}
	if v.plays(results.RoleSender) {
		d.Resolver, d.Submitter = w.Resolver, w.Submitter
	}
	if w.Collector != "" {
		host, port, err := net.SplitHostPort(w.Collector)
		if err == nil {
			d.Collector.Port, err = strconv.Atoi(port)
		}
		if err != nil {
			return nil, fmt.Errorf("read collector %q: want host:port", w.Collector)
		}
		d.Collector.Host = host
	}
	for l, port := range p.m.listen(v) {
		d.Listen[string(l)] = &renderAddr{Host: p.address(), Port: port}
	}
	if c := p.m.Certificate; c != nil {
		base := c.Dir
		if p.m.Root == nil {
			base = path.Join(dir, c.Dir)
		}
		d.Cert, d.Key, d.CA = path.Join(base, certName+".pem"), path.Join(base, certName+".key"), path.Join(base, caName)
		d.PeerRoots = path.Join(base, peersName)
	}
	maps.Copy(d.Set, p.m.Set)
	maps.Copy(d.Set, v.Set)
	return d, nil
}

// Names of the files in certSpec.Dir.
const (
	certName  = "server"
	caName    = "ca.pem"
	peersName = "peers.pem"
)

func (p *Process) address() string {
	if p.m.Address == "" {
		return "127.0.0.1"
	}
	return p.m.Address
}

// renderText fills in one text; name is how errors call it.
func renderText(name, text string, d *renderData) (string, error) {
	t, err := template.New(name).Option("missingkey=error").Parse(text)
	if err == nil {
		var b strings.Builder
		if err = t.Execute(&b, d); err == nil {
			return b.String(), nil
		}
	}
	return "", fmt.Errorf("render %s", strings.TrimPrefix(err.Error(), "template: "))
}

// renderFile fills in a template of the target's folder.
func (p *Process) renderFile(name string, d *renderData) (string, error) {
	text, err := fs.ReadFile(p.files, name)
	if err != nil {
		return "", fmt.Errorf("read template: %w", err)
	}
	return renderText(path.Join(p.origin, name), string(text), d)
}

// command is a command with its templates filled in.
type command struct {
	args  []string
	stdin string
}

// String writes it as a person would type it.
func (c command) String() string { return strings.Join(c.args, " ") }

// renderCommand fills in a command.
func renderCommand(s commandSpec, d *renderData) (command, error) {
	var c command
	for _, arg := range s.Run {
		text, err := renderText(arg, arg, d)
		if err != nil {
			return c, err
		}
		c.args = append(c.args, text)
	}
	var err error
	c.stdin, err = renderText("stdin", s.Stdin, d)
	return c, err
}

// sampleWiring is what templates are tried with when a target is read.
func sampleWiring() Wiring {
	return Wiring{
		Domain: "example.test", Host: "mx.example.test", Collector: "127.0.0.1:2525",
		User: "user", Password: "password", Resolver: "127.0.0.53", Submitter: "127.0.0.9",
	}
}

// tryTemplates renders everything for every variant, so that a mistake shows
// when the target is read, and not in the one variant that is started last.
func (p *Process) tryTemplates(doc *document) {
	tried := map[string]bool{}
	try := func(where spot, variant string, err error) {
		if err != nil && !tried[err.Error()] {
			tried[err.Error()] = true
			doc.faultAt(where, "variant %s: %w", variant, err)
		}
	}
	for i := range p.m.Variants {
		v := &p.m.Variants[i]
		d, err := p.renderData(v, sampleWiring(), "/run")
		try(at("variants", i), v.Name, err)
		if err != nil {
			continue
		}
		for _, f := range p.m.files(v) {
			_, err := p.renderFile(f.Template, d)
			try(f.where.and("template"), v.Name, err)
		}
		p.eachCommand(i, func(where spot, c commandSpec) {
			_, err := renderCommand(c, d)
			try(where, v.Name, err)
		})
	}
}

// eachCommand visits the commands of the i-th variant.
func (p *Process) eachCommand(i int, visit func(spot, commandSpec)) {
	do, where := p.m.Commands, at("commands")
	visit(where.and("start", "run"), commandSpec{Run: do.Start.Run})
	if do.Version != nil {
		visit(where.and("version", "run"), *do.Version)
	}
	if do.Stop != nil {
		visit(where.and("stop", "run"), *do.Stop)
	}
	if do.Idle != nil {
		visit(where.and("idle", "run"), commandSpec{Run: do.Idle.Run})
	}
	for j, c := range do.Prepare {
		visit(where.and("prepare", j), c)
	}
	for j, c := range p.m.Variants[i].Prepare {
		visit(at("variants", i, "prepare", j), c)
	}
}

// addrs are the listeners of a rendered variant.
func (d *renderData) addrs() map[fakes.Listener]string {
	addrs := map[fakes.Listener]string{}
	for l, a := range d.Listen {
		addrs[fakes.Listener(l)] = a.String()
	}
	return addrs
}
