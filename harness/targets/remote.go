package targets

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"

	"mailtls/fakes"
	"mailtls/results"
)

// Remote is software that somebody else started: addresses by flags, claims by a
// file.
type Remote struct {
	spec   Spec
	addrs  map[fakes.Listener]string
	domain string
	claims claimsFile
	roots  *x509.CertPool
	beyond bool
}

// RemoteConfig says where remote software listens.
type RemoteConfig struct {
	// Addrs are its listeners as "host:port".
	Addrs map[fakes.Listener]string
	// ClaimsFile is the path of its claims.
	ClaimsFile string
	// Collector is the "host:port" that it hands accepted mail on to; empty
	// when it does not.
	Collector string
	// Domain whose mail it accepts, and hands on when Collector is set.
	Domain string
	// Authorized allows addresses beyond this machine and private networks.
	Authorized bool
}

// claimsFile is the file in which the owner of remote software says what it is.
type claimsFile struct {
	// Name and Version of the software.
	Name    string `yaml:"name"`
	Version string `yaml:"version"`
	// Roles it can be tested in.
	Roles []results.Role `yaml:"roles"`
	// Claims that cases are judged against.
	Claims results.Claims `yaml:"claims"`
	// ServerName to ask for in TLS; empty means the host of its address.
	ServerName string `yaml:"server_name"`
	// User and Password may log in, where AUTH is claimed, and are what a sender logs
	// in with at the next hop where a policy has credentials.
	User     string `yaml:"user"`
	Password string `yaml:"password"`
	// Roots is a PEM file with the roots that its certificate leads to, from
	// the folder of the claims file; empty means those of this machine.
	Roots string `yaml:"roots"`
}

// NewRemote reads the claims and checks the addresses.
func NewRemote(c RemoteConfig) (*Remote, error) {
	data, err := os.ReadFile(c.ClaimsFile)
	if err != nil {
		return nil, fmt.Errorf("read claims: %w", err)
	}
	r := &Remote{addrs: c.Addrs, domain: c.Domain}
	doc, err := readYAML(c.ClaimsFile, data, &r.claims)
	if err != nil {
		return nil, err
	}
	r.claims.check(doc, c)
	if err := doc.Err(); err != nil {
		return nil, err
	}
	for _, addr := range c.Addrs {
		where, err := beyond(addr)
		switch {
		case err != nil:
			return nil, err
		case where != "" && !c.Authorized:
			return nil, fmt.Errorf("test %s: %s is beyond this machine and private networks: give --authorized if its owner agreed", addr, where)
		}
		r.beyond = r.beyond || where != ""
	}
	if r.roots, err = r.claims.pool(filepath.Dir(c.ClaimsFile)); err != nil {
		return nil, err
	}
	r.spec = Spec{
		Name: "remote", Doc: "Software that somebody else started: " + r.claims.Name, Roles: r.claims.Roles, ClockFactor: 1,
		Variants: r.claims.variants(), Collector: c.Collector,
	}
	return r, nil
}

// variants are one for what is tested in one run: a sender has a run of its own.
func (f claimsFile) variants() []Variant {
	var others []results.Role
	for _, role := range f.Roles {
		if role != results.RoleSender {
			others = append(others, role)
		}
	}
	v := Variant{Name: DefaultVariant, Doc: f.Name, Claims: f.Claims, Roles: others}
	if len(others) == len(f.Roles) {
		return []Variant{v}
	}
	sends := Variant{Name: string(results.RoleSender), Doc: f.Name, Claims: f.Claims, Roles: []results.Role{results.RoleSender}}
	if others == nil {
		sends.Name = DefaultVariant
		return []Variant{sends}
	}
	v.Claims.Policies = nil
	return []Variant{v, sends}
}

// checkPolicies notes what is wrong with what it says of itself as a sender.
func (f claimsFile) checkPolicies(doc *document) {
	where := at("claims", "policies")
	sends := slices.Contains(f.Roles, results.RoleSender)
	if sends != (len(f.Claims.Policies) > 0) {
		doc.faultAt(where, "role sender goes with policies: say under which it sends, and leave both out where it is not to be tested")
	}
	checkPolicies(doc, where, f.Claims.Policies)
	for i, p := range f.Claims.Policies {
		if p.Credentials && (f.User == "" || f.Password == "") {
			doc.faultAt(where.and(i), "policy %s logs in; give user and password", p.Name)
		}
	}
}

// check notes what is wrong with the claims.
func (f claimsFile) check(doc *document, c RemoteConfig) {
	if f.Name == "" {
		doc.faultAt(at(), "no name; say what software this is")
	}
	if len(f.Roles) == 0 {
		doc.faultAt(at("roles"), "no roles; list them, such as [receiver]")
	}
	if u := f.Claims.Unknown(); u != "" {
		doc.faultAt(at("claims", "features"), "unknown feature %q; there are %v", u, results.Features())
	}
	f.checkFeatures(doc, c)
	f.checkPolicies(doc)
}

// checkFeatures notes the claims that cannot be tested as things stand.
func (f claimsFile) checkFeatures(doc *document, c RemoteConfig) {
	refuse := func(format string, args ...any) { doc.faultAt(at("claims", "features"), format, args...) }
	if f.Claims.Has(results.FeatureReadback) && (c.Collector == "" || c.Domain == "") {
		refuse("readback is claimed; give --collector and --readback, or claim it not")
	}
	if !f.Claims.Has(results.FeatureReadback) && c.Collector != "" {
		refuse("--collector is given; claim readback, or leave it out")
	}
	if f.Claims.Has(results.FeatureAuth) && (f.User == "" || f.Password == "") {
		refuse("auth is claimed; give user and password")
	}
	for _, feature := range []results.Feature{results.FeatureMTLS, results.FeatureMTLSRequired, results.FeaturePartner} {
		if f.Claims.Has(feature) {
			refuse("not supported: %s of a remote target, which would have to trust our client certificates", feature)
		}
	}
	for _, l := range []struct {
		feature results.Feature
		door    fakes.Listener
	}{{results.FeatureSubmission, fakes.ListenSubmission}, {results.FeatureSMTPS, fakes.ListenSMTPS}, {results.FeatureLMTP, fakes.ListenLMTP}} {
		if f.Claims.Has(l.feature) && c.Addrs[l.door] == "" {
			refuse("%s is claimed; give its address with --%s", l.feature, l.door)
		}
	}
}

// pool reads the roots.
func (f claimsFile) pool(dir string) (*x509.CertPool, error) {
	if f.Roots == "" {
		pool, err := x509.SystemCertPool()
		if err != nil {
			return nil, fmt.Errorf("read this machine's roots: %w", err)
		}
		return pool, nil
	}
	path := f.Roots
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read roots: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("read roots %s: no certificate in PEM", path)
	}
	return pool, nil
}

// beyond returns the address beyond this machine and private networks that a
// "host:port" leads to, or nothing.
func beyond(addr string) (string, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return "", fmt.Errorf("read address %q: want HOST:PORT: %w", addr, err)
	}
	ips := []string{host}
	if _, err := netip.ParseAddr(host); err != nil {
		if ips, err = net.LookupHost(host); err != nil {
			return "", fmt.Errorf("look up %s: %w", host, err)
		}
	}
	for _, s := range ips {
		if ip, err := netip.ParseAddr(s); err != nil || !ip.IsLoopback() && !ip.IsPrivate() {
			return s, nil
		}
	}
	return "", nil
}

// Beyond tells whether the software runs beyond this machine and private
// networks.
func (r *Remote) Beyond() bool { return r.beyond }

// Spec says what the target is.
func (r *Remote) Spec() Spec { return r.spec }

// Available is nil when there is an address.
func (r *Remote) Available() error {
	if len(r.addrs) == 0 {
		return errors.New("no address is given: use --smtp HOST:PORT, or --submit HOST:PORT for the role sender")
	}
	return nil
}

// Version is what the claims say.
func (r *Remote) Version(context.Context) (string, error) { return r.claims.Version, nil }

// Start starts nothing.
func (r *Remote) Start(context.Context, Variant, Wiring) (*Running, error) {
	name := r.claims.ServerName
	if name == "" {
		for _, l := range fakes.Listeners() {
			if addr := r.addrs[l]; addr != "" && name == "" {
				name, _, _ = net.SplitHostPort(addr)
			}
		}
	}
	return &Running{
		Addrs: r.addrs, Version: r.claims.Version, Domain: r.domain, User: r.claims.User, Password: r.claims.Password, ServerName: name, Roots: r.roots,
		Stop: func(context.Context) error { return nil },
	}, nil
}
