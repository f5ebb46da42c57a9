package targets

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"slices"
	"strings"

	"mailtls/fakes"
	"mailtls/results"
)

// Variant is one configuration of a target, with what it then claims.
type Variant struct {
	// Name of the variant; "default" is the one used when none is named.
	Name string
	// Doc says in a sentence how it is configured.
	Doc string
	// Claims that cases are judged against.
	Claims results.Claims
	// Roles that the variant can be tested in; nil means receiver.
	Roles []results.Role
}

// Plays tells whether the variant can be tested in the role.
func (v Variant) Plays(r results.Role) bool { return slices.Contains(v.Played(), r) }

// Played are the roles that the variant can be tested in.
func (v Variant) Played() []results.Role {
	if v.Roles == nil {
		return []results.Role{results.RoleReceiver}
	}
	return v.Roles
}

// DefaultVariant is used when a target is named without one.
const DefaultVariant = "default"

// Spec says what a target is.
type Spec struct {
	// Name of the target, Doc a sentence about it.
	Name, Doc string
	// Roles it can be tested in.
	Roles []results.Role
	// Variants, the default first.
	Variants []Variant
	// Direct says that it runs in this process, and is given routes in place of a
	// resolver.
	Direct bool
	// ClockFactor tells how much its queue clock is shortened; 1 when it is not.
	ClockFactor float64
	// Waivers are failures that its owner expects, by variant.
	Waivers []Waiver
	// Collector is the "host:port" at which it expects the collector; empty
	// when it goes wherever Wiring says.
	Collector string
}

// Variant finds a variant by name; "" is the first that can be tested in all the
// roles.
func (s Spec) Variant(name string, roles ...results.Role) (Variant, error) {
	for _, v := range s.Variants {
		if name == "" && !slices.ContainsFunc(roles, func(r results.Role) bool { return !v.Plays(r) }) {
			return v, nil
		}
	}
	if name == "" {
		return Variant{}, fmt.Errorf("find a variant of target %s for %v: there is none; name one", s.Name, roles)
	}
	var names []string
	for _, v := range s.Variants {
		if v.Name == name {
			return v, nil
		}
		names = append(names, v.Name)
	}
	return Variant{}, fmt.Errorf("find variant %q of target %s: there are %s", name, s.Name, strings.Join(names, ", "))
}

// Target is real software, or one of our own peers, under test.
type Target interface {
	// Spec says what it is.
	Spec() Spec
	// Available is nil when it can be started here, or says why not and what
	// to do about it.
	Available() error
	// Version asks the software for its version without starting it; empty
	// when it gives none.
	Version(context.Context) (string, error)
	// Start runs it as the variant with the wiring, and returns when it
	// accepts connections.
	Start(context.Context, Variant, Wiring) (*Running, error)
}

// Wiring is what a target needs to know of the world around it.
type Wiring struct {
	// Domain whose subdomains are local to the target: mail for them is
	// accepted and handed on to the collector.
	Domain string
	// Collector is the "host:port" that accepted mail goes to; empty when
	// nothing is read back.
	Collector string
	// Host is the name that the target goes by.
	Host string
	// Names are more names that its certificate is for.
	Names []string
	// User and Password may log in where the target offers that, and are what a
	// sender logs in with at the next hop where its policy has credentials.
	User, Password string
	// What follows is for senders. Resolver is the address, without a port, at
	// whose port 53 the target asks for MX hosts and addresses.
	Resolver string
	// Submitter is the one address from which mail for any domain is taken.
	Submitter string
	// PeerRoots, in PEM, is what the certificates of MX hosts lead to.
	PeerRoots []byte
	// Route finds the hosts of a domain, for targets in this process, which ask no
	// resolver; nil when there is a Resolver.
	Route func(domain string) []fakes.NextHop
	// Log receives what the software prints; never nil.
	Log io.Writer
}

// Running is a target that accepts connections.
type Running struct {
	// Addrs are its listeners, as "host:port".
	Addrs map[fakes.Listener]string
	// Version that the running software gave of itself.
	Version string
	// Domain is the one domain that recipients must be in; empty means
	// subdomains of Wiring.Domain.
	Domain string
	// User and Password may log in; empty means those of Wiring.
	User, Password string
	// ServerName is the name to ask for in TLS; empty means Wiring.Host.
	ServerName string
	// Roots that its certificates lead to, and RootPEM the same in PEM; nil when
	// they are not known.
	Roots   *x509.CertPool
	RootPEM []byte
	// ClientCert makes a client certificate of a kind, from an issuer that the
	// target trusts where the kind says so; nil when there are none.
	ClientCert func(fakes.Cert) (tls.Certificate, error)
	// PID is the process that all processes of the software hang below; 0 when it
	// is not known, or runs in this process.
	PID int
	// Idle tells whether its queue is empty; nil when that cannot be asked.
	Idle func(context.Context) (bool, error)
	// Stop ends it and releases what it held. It is called once, with a
	// context of its own.
	Stop func(context.Context) error
}

// Waiver is a failure that a target's owner expects.
type Waiver = results.Waiver
