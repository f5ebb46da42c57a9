package dns

import (
	"encoding/binary"
	"net/netip"
	"testing"

	miekg "github.com/miekg/dns"
)

func fuzzZone(t testing.TB) *Zone {
	zone := NewZone()
	err := zone.Add(MX("a.test", 10, "mx.a.test"), Address("mx.a.test", netip.MustParseAddr("127.1.0.1")),
		Alias("b.test", "a.test"), Alias("loop.test", "loop.test"), Text("long.a.test", string(make([]byte, 2000))))
	if err != nil {
		t.Fatal(err)
	}
	zone.Secure("a.test")
	return zone
}

// FuzzAnswer: whatever a packet holds, it is answered with a message that fits and
// belongs to it, or it is dropped, and there is an account of it.
func FuzzAnswer(f *testing.F) {
	zone := fuzzZone(f)
	f.Fuzz(func(t *testing.T, packet []byte, udp bool) {
		r := zone.answer(packet, udp)
		if r.text == "" {
			t.Fatal("no account")
		}
		if r.packet == nil {
			return
		}
		var m miekg.Msg
		if err := m.Unpack(r.packet); err != nil {
			t.Fatalf("%q is answered with %q: %v", packet, r.packet, err)
		}
		if !m.Response || m.Id != binary.BigEndian.Uint16(packet) || udp && len(r.packet) > ourUDPSize {
			t.Fatalf("%q is answered with %v", packet, &m)
		}
	})
}
