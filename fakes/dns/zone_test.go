package dns_test

import (
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"net/netip"
	"slices"
	"strings"
	"testing"

	miekg "github.com/miekg/dns"

	"mailtls/fakes/dns"
)

func TestRecordsRefused(t *testing.T) {
	good := dns.MX("b.test", 10, "mx.b.test")
	for name, records := range map[string][]dns.Record{
		"no name":            {{Type: "A", Data: "127.0.0.1"}},
		"no type":            {{Name: "b.test", Type: "MAIL", Data: "x"}},
		"no type of records": {{Name: "b.test", Type: "ANY", Data: "x"}},
		"type by number":     {{Name: "b.test", Type: "TYPE255", Data: `\# 1 00`}},
		"no data":            {{Name: "b.test", Type: "MX"}},
		"empty generic data": {{Name: "b.test", Type: "TYPE65280", Data: `\# 0`}},
		"two names":          {dns.MX("b.test c.test", 10, "mx.b.test")},
		"a second line":      {dns.MX("b.test", 10, "mx.b.test\nc.test. MX 1 x.")},
		"a directive":        {dns.MX("$TTL", 10, "mx.b.test")},
		"an invalid address": {dns.Address("b.test", netip.Addr{})},
		"an invalid pointer": {dns.Pointer(netip.Addr{}, "b.test")},
		"a long label":       {dns.MX(strings.Repeat("x", 64)+".test", 10, "mx.b.test")},
		"a long name":        {dns.MX("b.test", 10, strings.Repeat("x.", 128))},
		"an alias beside":    {dns.Alias("b.test", "c.test")},
		"two aliases":        {dns.Alias("c.test", "d.test"), dns.Alias("c.test", "e.test")},
	} {
		zone := dns.NewZone()
		if err := zone.Add(append([]dns.Record{good}, records...)...); err == nil {
			t.Errorf("%s: accepted", name)
		}
		if err := zone.Add(dns.Alias("b.test", "c.test")); err != nil {
			t.Errorf("%s: the good one was kept: %v", name, err)
		}
	}
}

func TestFaultsRefused(t *testing.T) {
	for _, f := range []dns.Fault{{Do: "sulk"}, {Do: dns.Silence, Type: "MAIL"}, {Delay: -1}, {Times: -1}} {
		if err := dns.NewZone().Fault("b.test", f); err == nil {
			t.Errorf("%+v: accepted", f)
		}
	}
}

func TestEdits(t *testing.T) {
	w := serve(t)
	w.add(t, dns.MX("a.test", 10, "MX1.a.test")) // a second time
	if err := w.Set(dns.Address("mx2.a.test", netip.MustParseAddr("127.1.0.3"))); err != nil {
		t.Fatal(err)
	}
	w.Remove("nobody.test", "A")
	for _, step := range []struct {
		edit             func()
		name, kind, want string
	}{
		{func() {}, "a.test.", "MX", "NOERROR 10 mx1.a.test., 20 mx2.a.test."},
		{func() {}, "mx2.a.test.", "ANY", "NOERROR A 127.1.0.3, AAAA ::1"},
		{func() {}, "nobody.test.", "A", "NXDOMAIN"},
		{func() { w.Remove("MX2.a.test", "aaaa") }, "mx2.a.test.", "ANY", "NOERROR A 127.1.0.3"},
		{func() { w.Remove("mx2.a.test", "A") }, "mx2.a.test.", "ANY", "NXDOMAIN"},
		{func() { w.Remove("a.test") }, "a.test.", "MX", "NOERROR"}, // names below it are left
	} {
		step.edit()
		w.ask(t, "udp", step.name, miekg.StringToType[step.kind], false)
		w.last(t, step.name+" "+step.kind+": "+step.want)
	}
}

func TestAssociation(t *testing.T) {
	cert := &x509.Certificate{Raw: []byte("whole"), RawSubjectPublicKeyInfo: []byte("key")}
	key256, whole512 := sha256.Sum256([]byte("key")), sha512.Sum512([]byte("whole"))
	for _, c := range []struct {
		selector, matching uint8
		want               []byte
	}{{0, 0, []byte("whole")}, {1, 0, []byte("key")}, {1, 1, key256[:]}, {0, 2, whole512[:]}, {2, 1, nil}, {0, 3, nil}} {
		got, err := dns.Association(c.selector, c.matching, cert)
		if !slices.Equal(got, c.want) || (err == nil) != (c.want != nil) {
			t.Errorf("%d %d: %x, %v", c.selector, c.matching, got, err)
		}
	}
}
