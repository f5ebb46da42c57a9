package harness

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"mailtls/harness/targets"
	"mailtls/results"
	"mailtls/scenarios"
)

// LayoutConfig says what is to be laid out for a sender that somebody else
// started.
type LayoutConfig struct {
	// Target that claims the policies, and the cases that are to be played.
	Target targets.Target
	Filter results.Filter
	// PeersAt are the addresses for our peers: a network such as 192.0.2.0/24, a
	// range of ports such as 192.0.2.7:2500-2999, or with OneByOne one 192.0.2.7:25.
	PeersAt string
	// Resolver is the "address:port" at which we answer for the domains; empty where
	// the sender has fixed routes.
	Resolver string
	// OneByOne has one host play all peers, one after the other. Collector is then
	// where notifications go, if they can go elsewhere.
	OneByOne  bool
	Collector string
}

// sanityTimes are the ordinary deliveries of a run.
var sanityTimes = []string{"before", "after"}

// LayOut gives every host of every case and policy an address. Cases that cannot
// be played that way have none: they are left out when the layout is used.
func LayOut(c LayoutConfig) (*targets.Layout, error) {
	v, err := c.Target.Spec().Variant("", results.RoleSender)
	if err != nil {
		return nil, err
	}
	cases, err := Select([]results.Role{results.RoleSender}, c.Filter)
	if err != nil {
		return nil, err
	}
	places, err := newPlaces(c)
	if err != nil {
		return nil, err
	}
	l := &targets.Layout{Domain: Domain, SenderDomain: senderDomain, Resolver: c.Resolver, Collector: c.Collector, OneByOne: c.OneByOne}
	if !c.OneByOne {
		if l.Collector, err = places.take(); err != nil {
			return nil, err
		}
	}
	for _, when := range sanityTimes {
		cases = append(cases, scenarios.Ordinarily(when))
	}
	for _, one := range cases {
		one = one.Laid(v.Claims)
		for _, p := range one.Units(v.Claims, c.Filter) {
			if _, done := scenarios.NotPlayed(one, v.Claims, p.Name); done || unfit(l, one) != "" {
				continue
			}
			u, err := layUnit(one, p, v.Claims, places)
			if err != nil {
				return nil, err
			}
			l.Units = append(l.Units, u)
		}
	}
	if !slices.ContainsFunc(l.Units, func(u targets.LayoutUnit) bool { return !strings.HasPrefix(u.Case, "sanity/") }) {
		return nil, fmt.Errorf("lay out cases by %s: %w that can be played so", c.Filter, ErrEmpty)
	}
	return l, nil
}

// unfit says why a case cannot be played with a layout; empty when it can.
func unfit(l *targets.Layout, c scenarios.Case) string {
	hosts, domains := 0, map[string]int{}
	for _, p := range c.Placements {
		if p.Peer != "" {
			hosts++
		}
		domains[p.Domain]++
		if l.Resolver == "" && (p.Alias || p.Direct || p.Numeric || domains[p.Domain] > 1) {
			return "it is about MX records, and the sender asks no resolver of ours"
		}
	}
	if l.OneByOne && hosts > 1 {
		return "it needs several hosts, and the sender has one"
	}
	return ""
}

// layUnit gives the hosts of a case under a policy their addresses.
func layUnit(c scenarios.Case, p results.SenderPolicy, claims results.Claims, places *places) (targets.LayoutUnit, error) {
	u := targets.LayoutUnit{Case: c.ID, Policy: p.Name}
	at := map[string]string{}
	for _, placement := range c.Placements {
		domain, policy, err := recipientsOf(c, p, claims, placement.Domain, Domain)
		if err != nil {
			return u, err
		}
		h := targets.LayoutHost{Domain: domain, Name: hostName(c, p, placement, domain, Domain), Preference: int(placement.Preference), Policy: policy.Name}
		if placement.Peer != "" || at[placement.HostLabel()] == "" {
			if at[placement.HostLabel()], err = places.take(); err != nil {
				return u, err
			}
		}
		h.At = at[placement.HostLabel()]
		u.Hosts = append(u.Hosts, h)
	}
	return u, nil
}

// places hands out addresses of a network, or ports of an address.
type places struct {
	asked    string
	one      bool
	prefix   netip.Prefix
	addr     netip.Addr
	port, to uint16
	ended    bool
}

func newPlaces(c LayoutConfig) (*places, error) {
	p := &places{asked: c.PeersAt, one: c.OneByOne}
	if prefix, err := netip.ParsePrefix(c.PeersAt); err == nil && !c.OneByOne {
		p.prefix, p.addr, p.port, p.to = prefix, prefix.Masked().Addr(), smtpPort, smtpPort
		return p, nil
	}
	i := strings.LastIndexByte(c.PeersAt, ':')
	if i < 0 {
		return nil, p.misread()
	}
	from, to, several := strings.Cut(c.PeersAt[i+1:], "-")
	addr, err := netip.ParseAddr(strings.Trim(c.PeersAt[:i], "[]"))
	first, err1 := strconv.ParseUint(from, 10, 16)
	last, err2 := strconv.ParseUint(cmp.Or(to, from), 10, 16)
	if errors.Join(err, err1, err2) != nil || several == c.OneByOne || first == 0 || last < first {
		return nil, p.misread()
	}
	if c.Resolver != "" && several {
		return nil, fmt.Errorf("lay out peers at %s: MX records know no ports, and lead to port %d: give a network such as 192.0.2.0/24, or --dns none", c.PeersAt, smtpPort)
	}
	p.addr, p.port, p.to = addr, uint16(first), uint16(last)
	return p, nil
}

func (p *places) misread() error {
	if p.one {
		return fmt.Errorf("read peers' address %q: want ADDRESS:PORT, one for all", p.asked)
	}
	return fmt.Errorf("read peers' addresses %q: want a network such as 192.0.2.0/24, or ADDRESS:PORT-PORT", p.asked)
}

// take returns the next "address:port".
func (p *places) take() (string, error) {
	if p.one {
		return netip.AddrPortFrom(p.addr, p.port).String(), nil
	}
	if p.prefix.IsValid() {
		for p.addr = p.addr.Next(); p.addr.Is4() && (p.addr.As4()[3] == 0 || p.addr.As4()[3] == 255); p.addr = p.addr.Next() {
			continue // neither a network's nor a broadcast address
		}
		if !p.prefix.Contains(p.addr) {
			return "", p.short()
		}
		return netip.AddrPortFrom(p.addr, p.port).String(), nil
	}
	if p.ended {
		return "", p.short()
	}
	taken := netip.AddrPortFrom(p.addr, p.port).String()
	if p.port == p.to {
		p.ended = true
	}
	p.port++
	return taken, nil
}

func (p *places) short() error {
	return fmt.Errorf("lay out peers at %s: there are more hosts than addresses: give more, or fewer cases with --case, --filter or --policy", p.asked)
}

// laidOut is nil when the layout has the hosts of a unit as they are now.
func laidOut(l *targets.Layout, c scenarios.Case, p results.SenderPolicy, claims results.Claims) error {
	u, _ := l.Unit(c.ID, p.Name)
	c = c.Laid(claims)
	if len(u.Hosts) != len(c.Placements) {
		return fmt.Errorf("use the wiring: it has %d hosts for %s, which has %d: make it again", len(u.Hosts), results.Key(c.ID, p.Name), len(c.Placements))
	}
	for i, placement := range c.Placements {
		domain, _, err := recipientsOf(c, p, claims, placement.Domain, Domain)
		if err != nil {
			return err
		}
		if h := u.Hosts[i]; h.Domain != domain || h.Name != hostName(c, p, placement, domain, Domain) {
			return fmt.Errorf("use the wiring: it has %s at %s for %s, and that is another now: make it again", h.Domain, h.Name, results.Key(c.ID, p.Name))
		}
	}
	return nil
}

// oneByOneWindow is how long a case is watched where the next one waits for it:
// what is still kept then is told by turning the host honest, well before the
// queue lifetime is over.
func oneByOneWindow(c scenarios.Case, p results.SenderPolicy) time.Duration {
	const lifetimeShare, laterFactor = 0.6, 1.5
	w := c.SenderWindow(p)
	if p.LifetimeSeconds == 0 {
		return w
	}
	watch := max(lifetimeShare*p.LifetimeSeconds, laterFactor*p.LaterSeconds)
	return min(w, time.Duration(watch*float64(time.Second)))
}

// Longest counts the units that are played one after the other, and says how long
// that takes at the most.
func Longest(l *targets.Layout, claims results.Claims) (units int, at time.Duration) {
	for _, u := range l.Units {
		p, _ := claims.Policy(u.Policy)
		c, err := scenarios.Find(u.Case)
		if err != nil {
			at += ordinaryWindow(p, 0)
			continue
		}
		units++
		at += oneByOneWindow(c.Laid(claims), p) + drainWindow(p)
	}
	return units, at
}
