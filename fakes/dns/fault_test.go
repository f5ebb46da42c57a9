package dns_test

import (
	"testing"
	"time"

	miekg "github.com/miekg/dns"

	"mailtls/fakes/dns"
)

func TestFaults(t *testing.T) {
	const honest = "NOERROR AD 10 mx1.a.test., 20 mx2.a.test."
	for _, c := range []struct {
		name  string
		fault dns.Fault
		// wants are the accounts of questions over UDP, UDP and TCP.
		wants [3]string
	}{
		{"nxdomain", dns.Fault{Do: dns.NXDomain}, [3]string{"NXDOMAIN AD", "NXDOMAIN AD", "NXDOMAIN AD"}},
		{"servfail", dns.Fault{Do: dns.ServFail}, [3]string{"SERVFAIL", "SERVFAIL", "SERVFAIL"}},
		{"refused", dns.Fault{Do: dns.Refused, Type: "mx"}, [3]string{"REFUSED", "REFUSED", "REFUSED"}},
		{"once", dns.Fault{Do: dns.ServFail, Times: 1}, [3]string{"SERVFAIL", honest, honest}},
		{"other type", dns.Fault{Do: dns.ServFail, Type: "A"}, [3]string{honest, honest, honest}},
		{"truncate", dns.Fault{Do: dns.Truncate}, [3]string{"NOERROR AD TC", "NOERROR AD TC", honest}},
		{"delay only", dns.Fault{Delay: time.Millisecond}, [3]string{honest, honest, honest}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := serve(t)
			w.Secure("a.test", "alias.test")
			w.fault(t, "A.test", c.fault)
			for i, network := range []string{"udp", "udp", "tcp"} {
				w.ask(t, network, "a.test", miekg.TypeMX, true)
				w.last(t, "a.test. MX: "+c.wants[i])
			}
			w.fault(t, "a.test")
			w.ask(t, "udp", "a.test", miekg.TypeMX, true)
			w.last(t, "a.test. MX: "+honest)
		})
	}
}

func TestFaultBehindAnAlias(t *testing.T) {
	w := serve(t)
	w.add(t, dns.Alias("alias.test", "mx1.a.test"))
	w.fault(t, "mx1.a.test", dns.Fault{Do: dns.ServFail, Times: 1}, dns.Fault{Do: dns.NXDomain})
	for _, want := range []string{"SERVFAIL", "NXDOMAIN CNAME mx1.a.test."} {
		w.ask(t, "udp", "alias.test", miekg.TypeA, false)
		w.last(t, "alias.test. A: "+want)
	}
}

// TestSilence: the first answer is the one to the next question.
func TestSilence(t *testing.T) {
	w := serve(t)
	w.fault(t, "a.test", dns.Fault{Do: dns.Silence})
	for _, network := range []string{"udp", "tcp"} {
		conn := w.send(t, network, "a.test.", "mx1.a.test.")
		r, err := conn.ReadMsg()
		if err != nil || r.Question[0].Name != "mx1.a.test." {
			t.Errorf("%s: %v, %v", network, err, r)
		}
		if log := w.log(); log[len(log)-2].Answer != "dropped" {
			t.Errorf("%s: reported %v", network, log)
		}
	}
}

// send asks for addresses and leaves the answers to be read.
func (w *world) send(t *testing.T, network string, names ...string) *miekg.Conn {
	t.Helper()
	conn, err := miekg.Dial(network, w.at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	for _, name := range names {
		if err := conn.WriteMsg(new(miekg.Msg).SetQuestion(name, miekg.TypeA)); err != nil {
			t.Fatal(err)
		}
	}
	return conn
}

func TestDelay(t *testing.T) {
	const delay = 20 * time.Millisecond
	w := serve(t)
	w.fault(t, "a.test", dns.Fault{Delay: delay, Times: 2}, dns.Fault{Delay: time.Hour})
	for _, network := range []string{"udp", "tcp"} {
		began := time.Now()
		w.ask(t, network, "a.test", miekg.TypeMX, false)
		if took := time.Since(began); took < delay {
			t.Errorf("%s: answered after %s, want %s", network, took, delay)
		}
	}
	// Over UDP an answer that waits does not hold up the next.
	conn := w.send(t, "udp", "a.test.", "mx1.a.test.")
	if r, err := conn.ReadMsg(); err != nil || r.Question[0].Name != "mx1.a.test." {
		t.Errorf("%v, %v", err, r)
	}
}

// TestTooLong: what does not fit is cut, and whole over TCP; a Go resolver asks
// again by itself.
func TestTooLong(t *testing.T) {
	w := serve(t)
	long := make([]byte, 3000)
	for i := range long {
		long[i] = byte(i)
	}
	w.add(t, dns.Text("long.test", string(long)))
	if r := w.ask(t, "udp", "long.test", miekg.TypeTXT, true); !r.Truncated || len(r.Answer) > 0 {
		t.Errorf("over UDP: %v", r)
	}
	if r := w.ask(t, "tcp", "long.test", miekg.TypeTXT, true); r.Truncated || len(r.Answer) != 1 {
		t.Errorf("over TCP: %v", r)
	}
	got, err := w.resolver().LookupTXT(t.Context(), "long.test.")
	if err != nil || len(got) != 1 || got[0] != string(long) {
		t.Errorf("%d texts, %v", len(got), err)
	}
}
