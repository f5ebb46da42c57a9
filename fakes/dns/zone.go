package dns

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"

	miekg "github.com/miekg/dns"
)

// What the root has when a Zone is made; the SOA stands in negative answers.
const (
	rootNS  = "ns.mailtls.test."
	rootSOA = "ns.mailtls.test. hostmaster.mailtls.test. 1 3600 600 86400 0"
)

// Zone is what the resolver knows. It may be edited while it is served, and is safe
// for concurrent use. Names are the same in upper and lower case, with and without
// a final dot. The zero value is not usable: see NewZone.
type Zone struct {
	mu     sync.Mutex
	nodes  map[string]node
	marks  map[string]bool // true is secure; the nearest one above a name counts
	faults map[string][]*fault
}

// node holds the records of one name by type. The slices are never changed in
// place.
type node map[uint16][]miekg.RR

// NewZone makes a zone in which only the root exists, with NS and SOA, and nothing
// is secure.
func NewZone() *Zone {
	z := &Zone{nodes: map[string]node{}, marks: map[string]bool{}, faults: map[string][]*fault{}}
	root := []Record{{Name: ".", Type: "NS", Data: rootNS}, {Name: ".", Type: "SOA", Data: rootSOA}}
	if err := z.Add(root...); err != nil {
		panic(err) // they are constants
	}
	return z
}

// Add adds records, all of them or none. One that is there already stays single. It
// fails for a record that is malformed, and where an alias would have a record
// beside it.
func (z *Zone) Add(records ...Record) error { return z.edit(records, false) }

// Set is Add, but first takes away what was there of the same name and type.
func (z *Zone) Set(records ...Record) error { return z.edit(records, true) }

func (z *Zone) edit(records []Record, instead bool) error {
	parsed := make([]miekg.RR, 0, len(records))
	for _, r := range records {
		rr, err := r.parse()
		if err != nil {
			return err
		}
		parsed = append(parsed, rr)
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	touched := map[string]node{}
	for _, rr := range parsed {
		name := key(rr.Header().Name)
		if touched[name] == nil {
			touched[name] = node{}
			maps.Copy(touched[name], z.nodes[name])
		}
		if instead {
			delete(touched[name], rr.Header().Rrtype)
		}
	}
	for _, rr := range parsed {
		touched[key(rr.Header().Name)].add(rr)
	}
	for name, n := range touched {
		if alias := n[miekg.TypeCNAME]; len(alias) > 1 || len(alias) == 1 && len(n) > 1 {
			return fmt.Errorf("edit zone: %s is an alias and has other records", name)
		}
	}
	maps.Copy(z.nodes, touched)
	return nil
}

func (n node) add(rr miekg.RR) {
	set := n[rr.Header().Rrtype]
	if !slices.ContainsFunc(set, func(had miekg.RR) bool { return miekg.IsDuplicate(had, rr) }) {
		n[rr.Header().Rrtype] = append(slices.Clip(set), rr)
	}
}

// Remove takes away a name's records, all of them or those of the types. Names
// below it, faults and marks stay.
func (z *Zone) Remove(name string, types ...string) {
	z.mu.Lock()
	defer z.mu.Unlock()
	if len(types) == 0 {
		delete(z.nodes, key(name))
		return
	}
	left := maps.Clone(z.nodes[key(name)])
	for _, t := range types {
		kind, _ := typeOf(t)
		delete(left, kind)
	}
	z.nodes[key(name)] = left
	if len(left) == 0 {
		delete(z.nodes, key(name))
	}
}

// Secure marks names and what lies below them as validated: answers about them
// carry AD for clients that ask. The nearest mark counts. "." marks everything that
// no nearer mark excepts.
func (z *Zone) Secure(names ...string) { z.mark(names, true) }

// Insecure is the opposite of Secure.
func (z *Zone) Insecure(names ...string) { z.mark(names, false) }

func (z *Zone) mark(names []string, secure bool) {
	z.mu.Lock()
	defer z.mu.Unlock()
	for _, name := range names {
		z.marks[key(name)] = secure
	}
}

// Fault puts faults in force for a name, instead of those that were; none gives
// honest answers again. The name need not exist. Of several the first that is not
// spent strikes.
func (z *Zone) Fault(name string, faults ...Fault) error {
	force := make([]*fault, 0, len(faults))
	for _, f := range faults {
		if err := f.check(); err != nil {
			return fmt.Errorf("set fault of %s: %w", name, err)
		}
		kind, _ := typeOf(f.Type)
		force = append(force, &fault{Fault: f, kind: kind, left: f.Times})
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	z.faults[key(name)] = force
	return nil
}

// key is the form in which names are compared.
func key(name string) string { return miekg.CanonicalName(name) }

// upwards yields a name and those above it, the root last.
func upwards(name string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for at, root := 0, name == "."; !root; at, root = miekg.NextLabel(name, at) {
			if !yield(name[at:]) {
				return
			}
		}
		yield(".")
	}
}
