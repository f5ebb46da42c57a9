package targets

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"

	"github.com/goccy/go-yaml"

	"mailtls/results"
)

// Layout says where our peers stand for a sender that somebody else started: an
// address for each host of each case and policy, which its owner configures.
type Layout struct {
	// Claims is the file of what the sender claims, from the folder of this file.
	Claims string `yaml:"claims"`
	// Domain is the parent of the recipients' domains, SenderDomain that of the
	// senders', to which notifications go.
	Domain       string `yaml:"domain"`
	SenderDomain string `yaml:"sender_domain"`
	// Resolver is the "address:port" at which we answer for the domains; empty where
	// the sender has fixed routes.
	Resolver string `yaml:"resolver"`
	// Collector is the "address:port" that takes notifications; empty where they come
	// to the one host there is.
	Collector string `yaml:"collector"`
	// OneByOne says that all hosts are one: cases are played one after the other.
	OneByOne bool `yaml:"one_by_one"`
	// Authority is the folder with the authority of the hosts' certificates, from the
	// folder of this file.
	Authority string `yaml:"authority"`
	// Units are the cases, each under one policy.
	Units []LayoutUnit `yaml:"units"`
}

// LayoutUnit is a case under a policy.
type LayoutUnit struct {
	Case   string `yaml:"case"`
	Policy string `yaml:"policy"`
	// Hosts are its placements, in order.
	Hosts []LayoutHost `yaml:"hosts"`
}

// LayoutHost is one host that takes mail for a domain.
type LayoutHost struct {
	// Domain of the recipients and Name of the host, with the Preference of its MX
	// record.
	Domain     string `yaml:"domain"`
	Name       string `yaml:"name"`
	Preference int    `yaml:"preference"`
	// Policy of the domain.
	Policy string `yaml:"policy"`
	// At is its "address:port".
	At string `yaml:"at"`
}

// ReadLayout reads a layout's file strictly. Paths in it are then from the working
// folder.
func ReadLayout(path string) (*Layout, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read wiring: %w", err)
	}
	l := &Layout{}
	doc, err := readYAML(path, data, l)
	if err != nil {
		return nil, err
	}
	l.check(doc)
	if err := doc.Err(); err != nil {
		return nil, err
	}
	for _, p := range []*string{&l.Claims, &l.Authority} {
		if !filepath.IsAbs(*p) {
			*p = filepath.Join(filepath.Dir(path), *p)
		}
	}
	return l, nil
}

// check notes what is wrong with the layout.
func (l *Layout) check(doc *document) {
	if l.Claims == "" || l.Domain == "" || l.SenderDomain == "" || l.Authority == "" || len(l.Units) == 0 {
		doc.faultAt(at(), "claims, domain, sender_domain, authority and units are needed; make the file with mailtls wiring")
	}
	address := func(where spot, s string) {
		if a, err := netip.ParseAddrPort(s); err != nil || a.Port() == 0 {
			doc.faultAt(where, "address %q; want ADDRESS:PORT", s)
		}
	}
	for _, o := range []struct{ key, value string }{{"resolver", l.Resolver}, {"collector", l.Collector}} {
		if o.value != "" {
			address(at(o.key), o.value)
		}
	}
	seen := map[string]bool{}
	for i, u := range l.Units {
		where := at("units", i)
		if key := results.Key(u.Case, u.Policy); seen[key] {
			doc.faultAt(where, "%s is there twice; remove one", key)
		} else {
			seen[key] = true
		}
		if len(u.Hosts) == 0 {
			doc.faultAt(where, "no hosts; want one at least")
		}
		for j, h := range u.Hosts {
			address(where.and("hosts", j, "at"), h.At)
		}
	}
}

// Write stores the layout.
func (l *Layout) Write(path string) error {
	data, err := yaml.Marshal(l)
	if err == nil {
		err = os.WriteFile(path, data, 0o644)
	}
	if err != nil {
		return fmt.Errorf("write wiring: %w", err)
	}
	return nil
}

// Unit finds the hosts of a case under a policy; a nil layout has none.
func (l *Layout) Unit(id, policy string) (LayoutUnit, bool) {
	if l == nil {
		return LayoutUnit{}, false
	}
	for _, u := range l.Units {
		if u.Case == id && u.Policy == policy {
			return u, true
		}
	}
	return LayoutUnit{}, false
}

// Addresses are all at which something of ours listens, each once.
func (l *Layout) Addresses() []string {
	var all []string
	seen := map[string]bool{"": true}
	add := func(a string) {
		if !seen[a] {
			seen[a] = true
			all = append(all, a)
		}
	}
	add(l.Resolver)
	add(l.Collector)
	for _, u := range l.Units {
		for _, h := range u.Hosts {
			add(h.At)
		}
	}
	return all
}
