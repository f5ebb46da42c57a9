package dns

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	miekg "github.com/miekg/dns"
)

// Record is one record, written as in a zone file.
type Record struct {
	// Name that it belongs to; a final dot may be left out, here and in Data.
	Name string
	// Type such as "MX", or "TYPE65280" for one that has no name.
	Type string
	// Data such as "10 mx.example.test".
	Data string
}

// MX has a domain's mail handed to host; the lowest preference is tried first.
func MX(domain string, preference uint16, host string) Record {
	return Record{Name: domain, Type: "MX", Data: fmt.Sprintf("%d %s", preference, host)}
}

// Address gives a host an address, as an A or an AAAA record.
func Address(host string, ip netip.Addr) Record {
	if ip = ip.Unmap(); ip.Is6() {
		return Record{Name: host, Type: "AAAA", Data: ip.WithZone("").String()}
	}
	return Record{Name: host, Type: "A", Data: ip.String()}
}

// Alias makes a name another name of target, as a CNAME record.
func Alias(name, target string) Record {
	return Record{Name: name, Type: "CNAME", Data: target}
}

// Text is one TXT record. It is cut into strings of 255 bytes, as clients join
// them again.
func Text(name, text string) Record {
	const longest = 255
	var data strings.Builder
	data.WriteString(quote(text[:min(longest, len(text))]))
	for rest := text[min(longest, len(text)):]; rest != ""; rest = rest[min(longest, len(rest)):] {
		data.WriteString(" " + quote(rest[:min(longest, len(rest))]))
	}
	return Record{Name: name, Type: "TXT", Data: data.String()}
}

// TLSA is what DANE expects of a certificate (RFC 6698 §2.1). The name is given by
// TLSAName, and the data by Association; any other data makes a record that matches
// nothing.
func TLSA(name string, usage, selector, matching uint8, data []byte) Record {
	return Record{Name: name, Type: "TLSA", Data: fmt.Sprintf("%d %d %d %s", usage, selector, matching, hex.EncodeToString(data))}
}

// Pointer gives an address a name, as a PTR record. Without one, an address of
// 127.0.0.0/8 has the first name in alphabetical order to which the zone gives it;
// an address that no name has is "host-127-1-0-1.mailtls.test", and that name has
// the address.
func Pointer(ip netip.Addr, host string) Record {
	return Record{Name: reverse(ip), Type: "PTR", Data: host}
}

// reverse is the name under which an address has its PTR record; empty when the
// address is invalid.
func reverse(ip netip.Addr) string {
	name, err := miekg.ReverseAddr(ip.Unmap().WithZone("").String())
	if err != nil {
		return ""
	}
	return name
}

// quote writes one string of a TXT record.
func quote(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range []byte(text) {
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c > '~':
			fmt.Fprintf(&b, "\\%03d", c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// parse reads a record, and brings it to the form in which it comes off the wire.
func (r Record) parse() (miekg.RR, error) {
	rr, err := r.read()
	if err != nil {
		return nil, fmt.Errorf("read record %q %s %q: %w", r.Name, r.Type, r.Data, err)
	}
	return rr, nil
}

func (r Record) read() (miekg.RR, error) {
	// In a zone file these would begin something other than a name or a record.
	if r.Name == "" || strings.ContainsAny(r.Name, "\t\r\n \"$();@") {
		return nil, fmt.Errorf("no name")
	}
	if strings.ContainsAny(r.Data, "\r\n") {
		return nil, fmt.Errorf("more than one line of data")
	}
	wanted, ok := typeOf(r.Type)
	if !ok {
		return nil, fmt.Errorf("no type of record")
	}
	rr, err := miekg.NewRR(miekg.Fqdn(r.Name) + " 0 IN " + r.Type + " " + r.Data)
	if err != nil {
		return nil, err
	}
	if rr == nil || rr.Header().Rrtype != wanted {
		return nil, fmt.Errorf("no data")
	}
	wire := make([]byte, miekg.Len(rr)+1)
	end, err := miekg.PackRR(rr, wire, 0, nil, false)
	if err != nil {
		return nil, err
	}
	rr, _, err = miekg.UnpackRR(wire[:end], 0)
	if err == nil && rr.Header().Rdlength == 0 {
		err = fmt.Errorf("no data")
	}
	return rr, err
}

// typeOf reads the name of a type that a record may have.
func typeOf(name string) (uint16, bool) {
	name = strings.ToUpper(name)
	if t, ok := miekg.StringToType[name]; ok {
		return t, !meta(t)
	}
	number, ok := strings.CutPrefix(name, "TYPE")
	t, err := strconv.ParseUint(number, 10, 16)
	return uint16(t), ok && err == nil && !meta(uint16(t))
}

// meta is true for types that are asked for but are no record's (RFC 6895 §3.1).
func meta(t uint16) bool {
	return t == miekg.TypeNone || t == miekg.TypeOPT || t >= 128 && t <= 255
}
