package dns_test

import (
	"errors"
	"net"
	"net/netip"
	"os/exec"
	"slices"
	"strings"
	"testing"

	miekg "github.com/miekg/dns"

	"mailtls/fakes/dns"
)

func TestGoResolver(t *testing.T) {
	w := serve(t)
	w.add(t, dns.Alias("www.a.test", "mx1.a.test"), dns.Pointer(netip.MustParseAddr("127.1.0.9"), "nine.test"))
	ctx, r := t.Context(), w.resolver()
	mxs, err := r.LookupMX(ctx, "a.test")
	if err != nil || len(mxs) != 2 || *mxs[0] != (net.MX{Host: "mx1.a.test.", Pref: 10}) || mxs[1].Host != "mx2.a.test." {
		t.Errorf("MX: %v, %v", mxs, err)
	}
	strs := func(got []string, err error) string {
		slices.Sort(got)
		return strings.Join(append(got, errorText(err)), "|")
	}
	for name, c := range map[string]struct{ got, want string }{
		"two addresses": {strs(r.LookupHost(ctx, "mx2.a.test.")), "127.1.0.2|::1|"},
		"alias":         {strs(r.LookupHost(ctx, "www.a.test.")), "127.1.0.1|"},
		"text":          {strs(r.LookupTXT(ctx, "_mta-sts.a.test.")), `v=STSv1; id="1\2";|`},
		"by address":    {strs(r.LookupAddr(ctx, "127.1.0.2")), "mx2.a.test.|"},
		"pointer":       {strs(r.LookupAddr(ctx, "127.1.0.9")), "nine.test.|"},
		"default":       {strs(r.LookupAddr(ctx, "127.1.2.3")), "host-127-1-2-3.mailtls.test.|"},
		"default back":  {strs(r.LookupHost(ctx, "host-127-1-2-3.mailtls.test.")), "127.1.2.3|"},
		"nobody's":      {strs(r.LookupAddr(ctx, "192.0.2.1")), "not found"},
		"unknown":       {strs(r.LookupHost(ctx, "nobody.test.")), "not found"},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %s, want %s", name, c.got, c.want)
		}
	}
}

func errorText(err error) string {
	var failed *net.DNSError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &failed) && failed.IsNotFound:
		return "not found"
	default:
		return err.Error()
	}
}

// TestAnswers asks with DO over both transports; what is reported was also sent.
func TestAnswers(t *testing.T) {
	w := serve(t)
	w.add(t,
		dns.Alias("secure.test", "mx1.a.test"), dns.Alias("leaves.test", "outside.test"), dns.Alias("broken.test", "gone.a.test"),
		dns.Alias("loop.test", "pool.test"), dns.Alias("pool.test", "loop.test"),
		dns.Address("outside.test", netip.MustParseAddr("127.1.0.7")), dns.Alias("enters.test", "mx1.a.test"),
		dns.Record{Name: "odd.test", Type: "TYPE65280", Data: `\# 2 abcd`},
	)
	w.Secure("a.test", "secure.test", "leaves.test", "broken.test")
	w.Insecure("mx2.a.test")
	w.Secure("_25._tcp.mx2.a.test")
	for _, c := range []struct {
		name string
		kind uint16
		want string
	}{
		{"a.test", miekg.TypeMX, "NOERROR AD 10 mx1.a.test., 20 mx2.a.test."},
		{"A.tEsT", miekg.TypeMX, "NOERROR AD 10 mx1.a.test., 20 mx2.a.test."},
		{"mx1.a.test", miekg.TypeA, "NOERROR AD 127.1.0.1"},
		{"mx1.a.test", miekg.TypeAAAA, "NOERROR AD"},
		{"mx2.a.test", miekg.TypeA, "NOERROR 127.1.0.2"},
		{"mx2.a.test", miekg.TypeANY, "NOERROR A 127.1.0.2, AAAA ::1"},
		{"_25._tcp.mx2.a.test", miekg.TypeTLSA, "NXDOMAIN AD"},
		{"_25._tcp.mx1.a.test", miekg.TypeTLSA, "NOERROR AD 3 1 1 " + strings.Repeat("0", 64)},
		{"_tcp.mx1.a.test", miekg.TypeTLSA, "NOERROR AD"}, // exists, for the name below it
		{"nobody.a.test", miekg.TypeA, "NXDOMAIN AD"},
		{"nobody.test", miekg.TypeA, "NXDOMAIN"},
		{"secure.test", miekg.TypeA, "NOERROR AD CNAME mx1.a.test., 127.1.0.1"},
		{"secure.test", miekg.TypeCNAME, "NOERROR AD mx1.a.test."},
		{"leaves.test", miekg.TypeA, "NOERROR CNAME outside.test., 127.1.0.7"},
		{"enters.test", miekg.TypeA, "NOERROR CNAME mx1.a.test., 127.1.0.1"},
		{"broken.test", miekg.TypeA, "NXDOMAIN AD CNAME gone.a.test."},
		{"loop.test", miekg.TypeA, "SERVFAIL"},
		{"odd.test", 65280, `NOERROR \# 2 abcd`},
		{".", miekg.TypeNS, "NOERROR ns.mailtls.test."},
		{"a.test", miekg.TypeAXFR, "REFUSED"},
	} {
		for _, network := range []string{"udp", "tcp"} {
			r := w.ask(t, network, c.name, c.kind, true)
			w.last(t, strings.ToLower(miekg.Fqdn(c.name))+" "+miekg.Type(c.kind).String()+": "+c.want)
			code, rest, _ := strings.Cut(c.want, " ")
			if miekg.RcodeToString[r.Rcode] != code || r.AuthenticatedData != strings.HasPrefix(rest, "AD") {
				t.Errorf("%s: reported %q, sent %v", c.name, c.want, r)
			}
			if r.Question[0].Name != miekg.Fqdn(c.name) || r.Authoritative || !r.RecursionAvailable {
				t.Errorf("%s: header or question is not a resolver's: %v", c.name, r)
			}
			negative := code == "NXDOMAIN" || code == "NOERROR" && len(r.Answer) == 0
			if negative != (len(r.Ns) == 1 && r.Ns[0].Header().Rrtype == miekg.TypeSOA) {
				t.Errorf("%s: authority %v", c.name, r.Ns)
			}
		}
	}
}

// TestAuthenticatedDataIsAskedFor: AD is for those who know it.
func TestAuthenticatedDataIsAskedFor(t *testing.T) {
	w := serve(t)
	w.Secure(".")
	for _, c := range []struct {
		name           string
		do, edns, flag bool
		want           bool
	}{
		{name: "plain"},
		{name: "EDNS without DO", edns: true},
		{name: "AD bit", flag: true, want: true},
		{name: "DO bit", edns: true, do: true, want: true},
	} {
		m := new(miekg.Msg).SetQuestion("A.test.", miekg.TypeMX)
		m.AuthenticatedData = c.flag
		if c.edns {
			m.SetEdns0(1232, c.do)
		}
		r := w.exchange(t, "udp", m)
		opt := r.IsEdns0()
		if r.AuthenticatedData != c.want || (opt != nil) != c.edns || opt != nil && opt.Do() != c.do {
			t.Errorf("%s: %v", c.name, r)
		}
		for _, rr := range r.Answer {
			if rr.Header().Name != "A.test." || rr.Header().Ttl != 0 {
				t.Errorf("%s: %v", c.name, rr)
			}
		}
	}
}

func TestDig(t *testing.T) {
	dig, err := exec.LookPath("dig")
	if err != nil {
		t.Skip("dig is not installed")
	}
	w := serve(t)
	w.Secure("a.test")
	host, port, _ := net.SplitHostPort(w.at)
	out, err := exec.CommandContext(t.Context(), dig, "@"+host, "-p", port, "+dnssec", "a.test", "MX").CombinedOutput()
	if text := string(out); err != nil || !strings.Contains(text, "status: NOERROR") ||
		!strings.Contains(text, "flags: qr rd ra ad;") || !strings.Contains(text, "10 mx1.a.test.") {
		t.Errorf("%v\n%s", err, out)
	}
}
