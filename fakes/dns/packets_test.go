package dns_test

import (
	"net"
	"testing"
	"time"

	miekg "github.com/miekg/dns"
)

// question packs a message that was altered.
func question(t *testing.T, alter func(*miekg.Msg)) []byte {
	t.Helper()
	m := new(miekg.Msg).SetQuestion("a.test.", miekg.TypeMX)
	m.Id = 7
	alter(m)
	packet, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return packet
}

// TestPackets: what is no question for the zone is refused or dropped, and noted;
// the next question is answered.
func TestPackets(t *testing.T) {
	whole := question(t, func(*miekg.Msg) {})
	for _, c := range []struct {
		name   string
		packet []byte
		rcode  int // -1 for no answer
		want   string
	}{
		{"empty", nil, -1, " : dropped: 0 bytes are no message"},
		{"short", whole[:11], -1, " : dropped: 11 bytes are no message"},
		{"cut", whole[:len(whole)-1], miekg.RcodeFormatError, " : FORMERR bad question qclass: dns: overflow unpacking uint16"},
		{"header only", whole[:12], miekg.RcodeFormatError, " : FORMERR 0 questions"},
		{"response", question(t, func(m *miekg.Msg) { m.Response = true }), -1, " : dropped: not a question"},
		{"notify", question(t, func(m *miekg.Msg) { m.Opcode = miekg.OpcodeNotify }), miekg.RcodeNotImplemented, " : NOTIMP opcode 4"},
		{"two", question(t, func(m *miekg.Msg) { m.Question = append(m.Question, m.Question[0]) }), miekg.RcodeFormatError, " : FORMERR 2 questions"},
		{"chaos", question(t, func(m *miekg.Msg) { m.Question[0].Qclass = miekg.ClassCHAOS }), miekg.RcodeRefused, "a.test. MX: REFUSED"},
		{"version", question(t, func(m *miekg.Msg) { m.SetEdns0(512, false).IsEdns0().SetVersion(1) }), miekg.RcodeBadVers, "a.test. MX: BADVERS"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := serve(t)
			conn, err := net.Dial("udp", w.at)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
			if _, err := conn.Write(c.packet); err != nil {
				t.Fatal(err)
			}
			if c.rcode >= 0 {
				answer := make([]byte, 512)
				n, err := conn.Read(answer)
				var m miekg.Msg
				if err != nil || m.Unpack(answer[:n]) != nil || m.Rcode != c.rcode || m.Id != 7 || !m.RecursionDesired {
					t.Errorf("%v, %v", err, &m)
				}
			}
			w.ask(t, "udp", "mx1.a.test", miekg.TypeA, false)
			log := w.log()
			if q := log[0]; len(log) != 2 || q.Name+" "+q.Type+": "+q.Answer != c.want {
				t.Errorf("want %q first of two, got %v", c.want, log)
			}
		})
	}
}

// TestCutConnection: a question over TCP that ends early is noted.
func TestCutConnection(t *testing.T) {
	w := serve(t)
	conn, err := net.Dial("tcp", w.at)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write([]byte{0, 20, 1, 2, 3}); err != nil {
		t.Fatal(err)
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	if n, err := conn.Read(make([]byte, 1)); n > 0 || err == nil {
		t.Error("answered")
	}
	w.last(t, " : dropped: 3 of 20 bytes")
}
