package targets

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"mailtls/fakes"
	"mailtls/fakes/pki"
	"mailtls/fakes/receiver"
	"mailtls/results"
)

// InProcess is a target played by our own engine: one model a variant.
type InProcess struct {
	name, doc string
	models    []fakes.Model
}

// Reference is our own engine, honest.
func Reference() *InProcess {
	return NewInProcess("reference", "mailtls's own engine, honest: what a conforming target looks like.", fakes.Models()...)
}

// Products are the models of mail servers by product, each a target of its own
// whose first variant is the product as it is made.
func Products() []*InProcess {
	var all []*InProcess
	for _, m := range fakes.ProductModels() {
		name, _, _ := strings.Cut(m.Name, "/")
		i := slices.IndexFunc(all, func(p *InProcess) bool { return p.name == name })
		if i < 0 {
			i = len(all)
			all = append(all, NewInProcess(name, m.Doc))
		}
		all[i].models = append(all[i].models, m)
	}
	return all
}

// NewInProcess makes a target out of models; a model's variant is what stands
// behind the slash in its name.
func NewInProcess(name, doc string, models ...fakes.Model) *InProcess {
	return &InProcess{name: name, doc: doc, models: models}
}

// Spec says what the target is.
func (p *InProcess) Spec() Spec {
	s := Spec{Name: p.name, Doc: p.doc, ClockFactor: 1, Direct: true}
	for _, m := range p.models {
		roles := rolesOf(m)
		for _, r := range roles {
			if !slices.Contains(s.Roles, r) {
				s.Roles = append(s.Roles, r)
			}
		}
		s.Variants = append(s.Variants, Variant{Name: variantOf(m.Name), Doc: m.Doc, Claims: m.Claims, Roles: roles})
	}
	return s
}

// rolesOf are the roles that a model can be tested in: one that sends may also say
// that what it takes can be read back.
func rolesOf(m fakes.Model) []results.Role {
	var roles []results.Role
	if m.Receiving() && (m.Sends == nil || m.Claims.Has(results.FeatureReadback)) {
		roles = append(roles, results.RoleReceiver)
	}
	if m.Sends != nil {
		roles = append(roles, results.RoleSender)
	}
	if len(m.Access) > 0 {
		roles = append(roles, results.RoleAccessServer)
	}
	return roles
}

func variantOf(model string) string {
	_, variant, found := strings.Cut(model, "/")
	if !found {
		return DefaultVariant
	}
	return variant
}

// Available is always nil.
func (p *InProcess) Available() error { return nil }

// Version is that of mailtls itself.
func (p *InProcess) Version(context.Context) (string, error) { return ToolVersion(), nil }

// ToolVersion is the version of this program as the build recorded it.
func ToolVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

// Start listens on free ports of 127.0.0.1.
func (p *InProcess) Start(_ context.Context, v Variant, w Wiring) (*Running, error) {
	for _, m := range p.models {
		if variantOf(m.Name) == v.Name {
			return startModel(m, w)
		}
	}
	return nil, fmt.Errorf("start %s: no variant %q", p.name, v.Name)
}

func startModel(m fakes.Model, w Wiring) (*Running, error) {
	authority, err := pki.New(time.Now())
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", m.Name, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	mail, err := onwardOf(ctx, m, w)
	if err != nil {
		cancel()
		return nil, fmt.Errorf("start %s: %w", m.Name, err)
	}
	r := &Running{Addrs: map[fakes.Listener]string{}, Version: ToolVersion(), Roots: authority.Roots(), RootPEM: authority.RootPEM(), Idle: mail.idle}
	r.ClientCert = clientCerts(authority)
	var serving sync.WaitGroup
	r.Stop = func(context.Context) error {
		cancel()
		serving.Wait()
		mail.wait()
		return nil
	}
	var boxes receiver.Mailboxes
	if !m.Receiving() { // its mail has come to where it goes
		mail.put = intoMailbox(&boxes, w.User)
	}
	for listener, profile := range m.Profiles() {
		s := &receiver.Server{
			Profile: profile, Listener: listener, Host: w.Host, Mail: &boxes, Accounts: map[string]string{w.User: w.Password},
			ClientRoots: authority.Roots(), Now: elapsed(), Clock: time.Now, Deliver: mail.put,
		}
		ln, err := listen(s, authority, w.Names)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("start %s: %w", m.Name, err), r.Stop(ctx))
		}
		r.Addrs[listener] = ln.Addr().String()
		serving.Go(func() { _ = s.Serve(ctx, ln) })
	}
	return r, nil
}

// intoMailbox delivers to a user's mailbox. What is for others is dropped: nobody
// could read it.
func intoMailbox(boxes *receiver.Mailboxes, user string) func(context.Context, receiver.Message) error {
	return func(_ context.Context, m receiver.Message) error {
		for _, to := range m.To {
			if name, _, _ := strings.Cut(to, "@"); name == user {
				if _, err := boxes.Add(user, m.Data); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

// elapsed is a clock that begins now.
func elapsed() func() time.Duration {
	start := time.Now()
	return func() time.Duration { return time.Since(start) }
}

// listen gives a server its certificate and a free port.
func listen(s *receiver.Server, authority *pki.Authority, more []string) (net.Listener, error) {
	if s.Profile.Offer != fakes.OfferNone {
		cert, err := authority.ForPeer(s.Profile, s.Host, s.Host, more...)
		if err != nil {
			return nil, err
		}
		s.Certificate = cert
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	return ln, nil
}

// clientCerts makes client certificates for a target that trusts the authority.
func clientCerts(authority *pki.Authority) func(fakes.Cert) (tls.Certificate, error) {
	return func(kind fakes.Cert) (tls.Certificate, error) {
		return authority.Issue(kind, pki.ECDSAP256, fakes.ClientName)
	}
}
