package dns

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	miekg "github.com/miekg/dns"
)

// maxLinks is how many aliases in a row are followed, as resolvers bound them.
const maxLinks = 10

// question is one question, and what of its message bears on the answer.
type question struct {
	name string
	kind uint16
	udp  bool
}

// finding is what a zone has to say to a question.
type finding struct {
	rcode int
	// records are the aliases in their order, and then the records found.
	records []miekg.RR
	// authority is the SOA of a negative answer.
	authority []miekg.RR
	// secure is true when every name on the way is.
	secure bool
	// delay and act are those of the faults on the way.
	delay time.Duration
	act   Action
}

// find answers a question out of the zone. Nothing in the finding is shared with
// the zone.
func (z *Zone) find(q question) finding {
	z.mu.Lock()
	defer z.mu.Unlock()
	f := finding{secure: true}
	name := key(q.name)
	for range maxLinks {
		f.secure = f.secure && z.secure(name)
		if z.strike(&f, name, q) {
			return f
		}
		n := z.at(name)
		if alias := n[miekg.TypeCNAME]; len(alias) > 0 && q.kind != miekg.TypeCNAME && q.kind != miekg.TypeANY {
			f.add(alias)
			name = key(alias[0].(*miekg.CNAME).Target)
			continue
		}
		z.end(&f, n, name, q.kind)
		return f
	}
	return finding{rcode: miekg.RcodeServerFailure}
}

// end takes the records of the name at the end of the aliases.
func (z *Zone) end(f *finding, n node, name string, kind uint16) {
	found := len(f.records)
	for _, t := range n.types() {
		if t == kind || kind == miekg.TypeANY {
			f.add(n[t])
		}
	}
	if len(f.records) > found {
		return
	}
	if n == nil && !z.above(name) {
		f.rcode = miekg.RcodeNameError
	}
	f.authority = z.soa(name)
}

func (f *finding) add(set []miekg.RR) {
	for _, rr := range set {
		f.records = append(f.records, miekg.Copy(rr))
	}
}

// types gives a name's types in a fixed order.
func (n node) types() []uint16 {
	types := make([]uint16, 0, len(n))
	for t := range n {
		types = append(types, t)
	}
	slices.Sort(types)
	return types
}

// strike applies the fault in force, if any, and tells whether the search ends with
// it.
func (z *Zone) strike(f *finding, name string, q question) bool {
	faults := z.faults[name]
	i := slices.IndexFunc(faults, func(f *fault) bool { return f.strikes(q) })
	if i < 0 {
		return false
	}
	hit := faults[i]
	hit.left--
	f.delay += hit.Delay
	f.act = hit.Do
	switch hit.Do {
	case NXDomain:
		f.rcode, f.authority = miekg.RcodeNameError, z.soa(name)
	case ServFail:
		f.rcode, f.records = miekg.RcodeServerFailure, nil
	case Refused:
		f.rcode, f.records = miekg.RcodeRefused, nil
	case Silence, Truncate:
		f.records = nil
	default:
		return false
	}
	return true
}

// secure tells what the nearest mark says.
func (z *Zone) secure(name string) bool {
	for n := range upwards(name) {
		if secure, ok := z.marks[n]; ok {
			return secure
		}
	}
	return false
}

// soa finds the nearest SOA at or above a name.
func (z *Zone) soa(name string) []miekg.RR {
	for n := range upwards(name) {
		if set := z.nodes[n][miekg.TypeSOA]; len(set) > 0 {
			return []miekg.RR{miekg.Copy(set[0])}
		}
	}
	return nil
}

// above tells whether a name has names with records below it, so that it exists
// without a record of its own (RFC 8020 §2).
func (z *Zone) above(name string) bool {
	for n := range z.nodes {
		if strings.HasSuffix(n, name) && miekg.IsSubDomain(name, n) {
			return true
		}
	}
	return name == "."
}

// at gives the records of a name, also of the names of the loopback network, which
// need not be written down. It is nil where there are none.
func (z *Zone) at(name string) node {
	if n := z.nodes[name]; n != nil {
		return n
	}
	if b, ok := numbers(name, "host-", "-", ".mailtls.test."); ok && b[0] == 127 {
		return given(Address(name, netip.AddrFrom4(b)))
	}
	if b, ok := numbers(name, "", ".", ".in-addr.arpa."); ok && b[3] == 127 {
		slices.Reverse(b[:])
		ip := netip.AddrFrom4(b)
		return given(Pointer(ip, z.nameOf(ip)))
	}
	return nil
}

// numbers reads the four numbers in a name.
func numbers(name, before, between, behind string) ([4]byte, bool) {
	middle, begins := strings.CutPrefix(name, before)
	middle, ends := strings.CutSuffix(middle, behind)
	parts := strings.Split(middle, between)
	ip, err := netip.ParseAddr(strings.Join(parts, "."))
	if !begins || !ends || err != nil || len(parts) != 4 || !ip.Is4() {
		return [4]byte{}, false
	}
	return ip.As4(), true
}

// given is the node with one record that follows from the name asked for.
func given(r Record) node {
	rr, err := r.parse()
	if err != nil {
		return nil
	}
	return node{rr.Header().Rrtype: {rr}}
}

// nameOf is the name of an address that has no PTR record.
func (z *Zone) nameOf(ip netip.Addr) string {
	first := ""
	for name, n := range z.nodes {
		for _, rr := range n[miekg.TypeA] {
			if a, _ := netip.AddrFromSlice(rr.(*miekg.A).A); a.Unmap() == ip && (first == "" || name < first) {
				first = name
			}
		}
	}
	if first != "" {
		return first
	}
	return fmt.Sprintf("host-%s.mailtls.test", strings.ReplaceAll(ip.String(), ".", "-"))
}
