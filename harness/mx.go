package harness

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"mailtls/fakes"
	"mailtls/fakes/dns"
	"mailtls/fakes/pki"
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

	mu     sync.Mutex
	server *receiver.Server
	// open are the messages of sessions that have not ended.
	open map[*receiver.Server]map[int][]receiver.Message
}

// place sets up the hosts of a unit, and makes the world know them.
func (r *mailroom) place(u *unit) error {
	hosts := map[string]*mx{}
	for _, p := range u.Placements {
		domain, err := r.domainOf(u, p.Domain)
		if err != nil {
			return err
		}
		label := p.HostLabel()
		h := hosts[label]
		if h == nil || p.Peer != "" {
			if h, err = r.host(u, p, domain); err != nil {
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
	policy, name := u.policy, u.domain
	for _, p := range u.Placements {
		if p.Domain != label {
			continue
		}
		other, found := p.Policy(r.claims, u.policy)
		if !found {
			return "", fmt.Errorf("place %s: no policy for %s", u.ID, p.Under.Name)
		}
		policy = other
		break
	}
	if label != "" {
		name = scenarios.DNSLabel(u.ID + "-" + u.policy.Name + "-" + label)
	}
	domain := name + "." + policy.Name + "." + r.domain
	r.mu.Lock()
	defer r.mu.Unlock()
	r.domains[domain] = u
	u.policies[domain] = policy
	return domain, nil
}

// host puts a peer on an address of its own.
func (r *mailroom) host(u *unit, p scenarios.Placement, domain string) (*mx, error) {
	ln, err := r.listen()
	if err != nil {
		return nil, err
	}
	h := &mx{room: r, unit: u, domain: domain, addr: ln.Addr().(*net.TCPAddr).AddrPort(), open: map[*receiver.Server]map[int][]receiver.Message{}}
	h.name = p.HostLabel() + "." + u.domain + "." + u.policy.Name + "." + r.domain
	if strings.Contains(p.HostLabel(), ".") {
		h.name = p.HostLabel()
	}
	if p.Direct {
		h.name = domain
	}
	if err := h.stand(p.Peer, results.LegDeliver); err != nil {
		_ = ln.Close()
		return nil, err
	}
	stop := context.AfterFunc(r.life, func() { _ = ln.Close() })
	r.running.Go(func() {
		defer stop()
		h.serve(r.life, ln)
	})
	return h, nil
}

// announce puts a host into the zone and the routes.
func (r *mailroom) announce(h *mx, p scenarios.Placement, domain string) error {
	r.mu.Lock()
	r.routes[domain] = append(r.routes[domain], fakes.NextHop{Name: h.name, Preference: p.Preference, Addr: h.addr.String()})
	slices.SortStableFunc(r.routes[domain], func(a, b fakes.NextHop) int { return int(a.Preference) - int(b.Preference) })
	r.mu.Unlock()
	records := []dns.Record{dns.Address(h.name, h.addr.Addr())}
	switch {
	case p.Direct:
	case p.Numeric:
		records = append(records, dns.MX(domain, p.Preference, h.addr.Addr().String()))
	case p.Alias:
		records = append(records, dns.Alias("alias-"+h.name, h.name), dns.MX(domain, p.Preference, "alias-"+h.name))
	default:
		records = append(records, dns.MX(domain, p.Preference, h.name))
	}
	return r.zone.Add(records...)
}

// serve hands each connection to the peer that stands there when it comes.
func (h *mx) serve(ctx context.Context, ln net.Listener) {
	var sessions sync.WaitGroup
	defer sessions.Wait()
	for {
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		h.mu.Lock()
		server := h.server
		h.mu.Unlock()
		sessions.Go(func() { server.ServeConn(ctx, conn) })
	}
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
		ClientRoots: r.authority.Roots(), KeyLog: r.KeyLog,
		Now: func() time.Duration { return time.Since(r.epoch) }, Clock: time.Now,
	}
	if profile.Offer != fakes.OfferNone {
		if server.Certificate, err = r.certificate(profile, h.name, h.domain); err != nil {
			return fmt.Errorf("make the certificate of %s: %w", peer, err)
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	server.Deliver = func(_ context.Context, m receiver.Message) error {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.open[server][m.Session] = append(h.open[server][m.Session], m)
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

// certificate is the one that a profile shows as a host of a domain.
func (r *mailroom) certificate(p fakes.Profile, host, domain string) (tls.Certificate, error) {
	kind, key := p.Cert, pki.ECDSAP256
	if kind == "" {
		kind = fakes.CertValid
	}
	if p.RSA {
		key = pki.RSA2048
	}
	return r.authority.Issue(kind, key, kind.Name(host, domain))
}

// delivered takes the record of a session of a unit's host.
func (r *mailroom) delivered(u *unit, s results.Session, messages []receiver.Message) {
	r.mu.Lock()
	defer r.mu.Unlock()
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
	r.signal()
}
