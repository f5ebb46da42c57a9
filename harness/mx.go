package harness

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"mailtls/fakes"
	"mailtls/fakes/dns"
	"mailtls/fakes/receiver"
	"mailtls/results"
	"mailtls/scenarios"
)

// mx is one host of a case: an address, and the peer that stands there now.
type mx struct {
	room *mailroom
	unit *unit
	// name it goes by, domain the first recipient domain that it takes mail for.
	name, domain string
	addr         netip.AddrPort
	// key seals the tickets of all peers that stand here.
	key *[32]byte

	mu     sync.Mutex
	server *receiver.Server
	// open are the messages of sessions that have not ended.
	open map[*receiver.Server]map[int][]receiver.Message
}

// place sets up the hosts of a unit, and makes the world know them.
func (r *mailroom) place(u *unit) error {
	hosts := map[string]*mx{}
	for i, p := range u.Placements {
		domain, err := r.domainOf(u, p.Domain)
		if err != nil {
			return err
		}
		label := p.HostLabel()
		h := hosts[label]
		if h == nil || p.Peer != "" {
			if h, err = r.host(u, i, domain); err != nil {
				return err
			}
			hosts[label] = h
			u.hosts = append(u.hosts, h)
		}
		if err := r.announce(h, p, domain); err != nil {
			return err
		}
	}
	sender := u.domain + "." + u.policy.Name + "." + senderDomain
	r.mu.Lock()
	r.domains[sender] = u
	r.routes[sender] = []fakes.NextHop{{Name: collectorName, Addr: r.collector.String()}}
	r.mu.Unlock()
	return r.zone.Add(dns.MX(sender, 10, collectorName))
}

// domainOf is the recipients' domain of a placement, and is the unit's from now
// on.
func (r *mailroom) domainOf(u *unit, label string) (string, error) {
	domain, policy, err := recipientsOf(u.Case, u.policy, r.claims, label, r.domain)
	if err != nil {
		return "", err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.domains[domain] = u
	u.policies[domain] = policy
	return domain, nil
}

// recipientsOf is the recipients' domain of a placement of a case that is played
// under a policy, and the policy of that domain.
func recipientsOf(c scenarios.Case, under results.SenderPolicy, claims results.Claims, label, parent string) (string, results.SenderPolicy, error) {
	policy, name := under, scenarios.DNSLabel(c.ID)
	for _, p := range c.Placements {
		if p.Domain != label {
			continue
		}
		other, found := p.Policy(claims, under)
		if !found {
			return "", policy, fmt.Errorf("place %s: no policy for %s", c.ID, p.Under.Name)
		}
		policy = other
		break
	}
	if label != "" {
		name = scenarios.DNSLabel(c.ID + "-" + under.Name + "-" + label)
	}
	return name + "." + policy.Name + "." + parent, policy, nil
}

// hostName is the name of a placement's host.
func hostName(c scenarios.Case, under results.SenderPolicy, p scenarios.Placement, domain, parent string) string {
	switch {
	case p.Direct:
		return domain
	case strings.Contains(p.HostLabel(), "."):
		return scenarios.DNSLabel(c.ID+"-"+under.Name) + "." + p.HostLabel()
	}
	return p.HostLabel() + "." + scenarios.DNSLabel(c.ID) + "." + under.Name + "." + parent
}

// host puts the peer of a placement on an address of its own.
func (r *mailroom) host(u *unit, placement int, domain string) (*mx, error) {
	p := u.Placements[placement]
	d, err := r.doorOf(u, placement)
	if err != nil {
		return nil, err
	}
	h := &mx{room: r, unit: u, domain: domain, addr: d.addr, open: map[*receiver.Server]map[int][]receiver.Message{}}
	h.name = hostName(u.Case, u.policy, p, domain, r.domain)
	h.renew()
	if err := h.stand(p.Peer, results.LegDeliver); err != nil {
		return nil, err
	}
	d.lead(h)
	return h, nil
}

// announce puts a host into the zone and the routes.
func (r *mailroom) announce(h *mx, p scenarios.Placement, domain string) error {
	name := h.name
	if p.Numeric {
		name = h.addr.Addr().String()
	}
	r.mu.Lock()
	r.routes[domain] = append(r.routes[domain], fakes.NextHop{Name: name, Preference: p.Preference, Addr: h.addr.String()})
	slices.SortStableFunc(r.routes[domain], func(a, b fakes.NextHop) int { return int(a.Preference) - int(b.Preference) })
	r.mu.Unlock()
	records := []dns.Record{dns.Address(h.name, h.addr.Addr())}
	switch {
	case p.Direct:
	case p.Numeric:
		records = append(records, dns.MX(domain, p.Preference, name))
	case p.Alias:
		records = append(records, dns.Alias("alias-"+h.name, h.name), dns.MX(domain, p.Preference, "alias-"+h.name))
	default:
		records = append(records, dns.MX(domain, p.Preference, h.name))
	}
	return r.zone.Add(records...)
}

// talks counts the open connections of a unit's hosts.
func (r *mailroom) talks(u *unit, more int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	u.talking += more
	u.signal()
}

// renew has the host forget the tickets that it has given.
func (h *mx) renew() {
	h.key = new([32]byte)
	_, _ = rand.Read(h.key[:]) // which never fails
}

// stand puts a peer in the host's place; connections that are open go on with the
// one that they began with.
func (h *mx) stand(peer string, leg results.Leg) error {
	r := h.room
	profile, known := r.peers[peer]
	var err error
	if !known {
		if profile, err = fakes.Receiver(peer); err != nil {
			return err
		}
	}
	server := &receiver.Server{
		Profile: profile, Listener: fakes.ListenSMTP, Host: h.name, Accounts: map[string]string{r.user: r.password},
		ClientRoots: r.authority.Roots(), KeyLog: r.KeyLog, TicketKey: h.key,
		Now: func() time.Duration { return time.Since(r.epoch) }, Clock: time.Now,
	}
	if profile.Offer != fakes.OfferNone {
		if server.Certificate, err = r.authority.ForPeer(profile, h.name, h.domain); err != nil {
			return err
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	server.Deliver = func(_ context.Context, m receiver.Message) error {
		h.mu.Lock()
		h.open[server][m.Session] = append(h.open[server][m.Session], m)
		h.mu.Unlock()
		r.running.Go(func() { r.took(m) }) // the reply does not wait for that
		return nil
	}
	server.Report = func(s results.Session) {
		h.mu.Lock()
		messages := h.open[server][s.ID]
		delete(h.open[server], s.ID)
		h.mu.Unlock()
		s.Leg, s.Host = leg, h.name
		r.delivered(h.unit, s, messages)
	}
	h.open[server] = map[int][]receiver.Message{}
	h.server = server
	return nil
}

// took notes that a message was taken; its session goes on.
func (r *mailroom) took(m receiver.Message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if about := r.mailTo(m.To); about != nil {
		about.taken = true
		about.unit.signal()
	}
}

// thin has a session hold the hello and the chain of an earlier one
// where they are the same: a sender comes again and again, and all of it is kept.
func thin(s *results.Session, before []results.Session) {
	for i := len(before) - 1; i >= 0; i-- {
		if before[i].Host != s.Host || len(before[i].TLS) == 0 || len(s.TLS) == 0 {
			continue
		}
		f, old := &s.TLS[0], &before[i].TLS[0]
		if reflect.DeepEqual(f.Chain, old.Chain) {
			f.Chain = old.Chain
		}
		if reflect.DeepEqual(f.Hello, old.Hello) {
			f.Hello = old.Hello
		}
		f.Extensions = shared(f.Extensions, old.Extensions)
		return
	}
}

func shared(list, old []string) []string {
	if slices.Equal(list, old) {
		return old
	}
	return list
}

// delivered takes the record of a session of a unit's host.
func (r *mailroom) delivered(u *unit, s results.Session, messages []receiver.Message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.Layout != nil && r.Layout.OneByOne {
		u = r.owner(u, s)
		if s, messages = r.notices(s, messages); s.Events == nil {
			return
		}
	}
	defer u.signal()
	thin(&s, u.transcript.Sessions)
	id := u.add(from(s, u.began))
	for _, m := range messages {
		length, sum := digestBody(m.Data)
		u.transcript.Messages = append(u.transcript.Messages, results.Message{
			Session: id, Mark: m.Mark, From: m.From, To: m.To, BodyLength: length, BodySHA256: sum,
		})
		taken := slices.ContainsFunc(s.Events, func(e results.Event) bool { return e.Mark == m.Mark && taking(e) })
		switch about := r.mailTo(m.To); {
		case about == nil || about.unit != u:
			r.ledger.unattributed++
			r.remark(fmt.Sprintf("%s took a message for %s, which is none of its own", u.ID, strings.Join(m.To, ", ")))
		case taken:
			about.settled = true
		}
	}
}
