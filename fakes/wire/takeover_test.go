package wire

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"mailtls/results"
)

// echoing gives a recorded client and a recorded server with TLS up; the server
// sends back every line, until its client is gone or tell returns an error.
func echoing(t *testing.T, config *tls.Config, tell func(*Conn, byte) error) (c, peer *Conn, wait func()) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	done, up := make(chan struct{}), make(chan *Conn, 1)
	go func() {
		defer close(done)
		defer close(up)
		raw, err := listener.Accept()
		if err != nil {
			return
		}
		s := New(raw, results.Server, quiet(), nil)
		defer func() { _ = s.Close() }()
		if s.Handshake(context.Background(), config) != nil {
			return
		}
		if tell != nil {
			s.OnMessage(func(kind byte) error { return tell(s, kind) })
		}
		up <- s
		_, _ = io.Copy(s, s)
	}()
	raw, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_ = raw.SetDeadline(time.Now().Add(10 * time.Second))
	c = New(raw, results.Client, quiet(), nil)
	client := &tls.Config{InsecureSkipVerify: true, ClientSessionCache: tls.NewLRUClientSessionCache(1)}
	if err := c.Handshake(context.Background(), client); err != nil {
		t.Fatal(err)
	}
	peer = <-up
	if peer == nil {
		t.Fatal("the server did not finish its handshake")
	}
	t.Cleanup(func() { _ = c.Close(); <-done })
	return c, peer, func() { _ = c.Close(); <-done }
}

func serverOf(t *testing.T, version uint16) *tls.Config {
	t.Helper()
	return &tls.Config{Certificates: []tls.Certificate{selfSigned(t)}, MinVersion: version, MaxVersion: version}
}

// echo sends a line and reads it back.
func echo(t *testing.T, c *Conn, in *bufio.Reader, line string) {
	t.Helper()
	if _, err := io.WriteString(c, line); err != nil {
		t.Fatalf("write %q: %v", line, err)
	}
	if got, err := in.ReadString('\n'); err != nil || got != line {
		t.Fatalf("got %q and %v, want %q", got, err, line)
	}
}

// inner lists the messages that were seen inside TLS after the handshake.
func inner(s results.Session) string {
	var seen []string
	for _, e := range s.Events {
		if e.Kind == results.EventTLS && e.Secure {
			seen = append(seen, string(e.From)+" "+e.Text)
		}
	}
	return strings.Join(seen, ", ")
}

// TestUpdateKeys goes on talking through any number of KeyUpdates, whose answers
// crypto/tls writes by itself, on either side.
func TestUpdateKeys(t *testing.T) {
	c, peer, wait := echoing(t, serverOf(t, tls.VersionTLS13), nil)
	in := bufio.NewReader(c)
	echo(t, c, in, "first\n")
	for _, request := range []bool{true, false, true, true} {
		if err := c.UpdateKeys(request); err != nil {
			t.Fatal(err)
		}
		echo(t, c, in, "again\n")
	}
	if err := peer.UpdateKeys(true); err != nil {
		t.Fatal(err)
	}
	echo(t, c, in, "and back\n")
	echo(t, c, in, "last\n")
	wait()
	want := 4 + 3 + 1 + 1 // ours, three answers, theirs, our answer
	for name, s := range map[string]results.Session{"client": c.rec.Session(), "server": peer.rec.Session()} {
		if got := inner(s); strings.Count(got, "key_update") != want {
			t.Errorf("the %s saw %s", name, got)
		}
		if len(s.TLS[0].Alerts) == 0 || s.TLS[0].Alerts[0].Name != "close_notify" {
			t.Errorf("the %s saw the alerts %+v", name, s.TLS[0].Alerts)
		}
	}
}

// TestWriteRecordSizes sends records of one byte and of 16 KiB by hand, between
// those of crypto/tls.
func TestWriteRecordSizes(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		c, _, _ := echoing(t, serverOf(t, version), nil)
		in := bufio.NewReaderSize(c, 1<<15)
		for _, part := range []string{"a", "b", strings.Repeat("c", 1<<14)} {
			if err := c.WriteRecord(typeApplicationData, []byte(part)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := io.WriteString(c, "d\n"); err != nil {
			t.Fatal(err)
		}
		if got, err := in.ReadString('\n'); err != nil || len(got) != 1<<14+4 {
			t.Errorf("%s: got %d bytes and %v", versionName(version), len(got), err)
		}
	}
}

// TestRenegotiate asks crypto/tls, which never renegotiates as a server.
func TestRenegotiate(t *testing.T) {
	for _, bound := range []bool{true, false} {
		c, peer, wait := echoing(t, serverOf(t, tls.VersionTLS12), nil)
		echo(t, c, bufio.NewReader(c), "first\n")
		if err := c.Renegotiate(bound); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Read(make([]byte, 10)); err == nil {
			t.Error("the server took it")
		}
		wait()
		s := peer.rec.Session()
		if got := inner(s); got != "C client_hello" {
			t.Errorf("bound %v: the server saw %s", bound, got)
		}
		if a := c.rec.Session().TLS[0].Alerts; len(a) == 0 || a[0].Name != "unexpected_message" {
			t.Errorf("bound %v: alerts %+v", bound, a)
		}
	}
}

// TestServerGoesAlong answers a renegotiation with a ServerHello.
func TestServerGoesAlong(t *testing.T) {
	stop := errors.New("enough")
	c, peer, wait := echoing(t, serverOf(t, tls.VersionTLS12), func(s *Conn, kind byte) error {
		if kind != msgClientHello {
			return nil
		}
		return errors.Join(s.SendServerHello(), stop)
	})
	if err := c.Renegotiate(false); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 10)); err == nil {
		t.Error("our own TLS took a ServerHello in the middle")
	}
	wait()
	if got := inner(c.rec.Session()); got != "C client_hello, S server_hello" {
		t.Errorf("the client saw %s", got)
	}
	if f := peer.rec.Session().TLS[0]; f.Version != "1.2" || !f.Complete {
		t.Errorf("facts %+v", f)
	}
}

// TestTickets counts tickets, and finds the one that permits early data.
func TestTickets(t *testing.T) {
	c, peer, _ := echoing(t, serverOf(t, tls.VersionTLS13), nil)
	in := bufio.NewReader(c)
	echo(t, c, in, "first\n")
	if f := c.rec.Session().TLS[0]; f.Tickets != 1 || f.EarlyData != 0 {
		t.Errorf("%d tickets, early data %d", f.Tickets, f.EarlyData)
	}
	if err := peer.SendTicket(16384); err != nil {
		t.Fatal(err)
	}
	echo(t, c, in, "second\n")
	if f := c.rec.Session().TLS[0]; f.Tickets != 2 || f.EarlyData != 16384 {
		t.Errorf("%d tickets, early data %d", f.Tickets, f.EarlyData)
	}
}

func TestTakeoverIsRefused(t *testing.T) {
	down := New(nil, results.Client, quiet(), nil)
	if err := down.WriteRecord(typeAlert, nil); !errors.Is(err, ErrTakeover) || !errors.Is(err, ErrNoTLS) {
		t.Errorf("without TLS: %v", err)
	}
	c, _, _ := echoing(t, serverOf(t, tls.VersionTLS12), nil)
	if err := c.UpdateKeys(true); !errors.Is(err, ErrTakeover) {
		t.Errorf("KeyUpdate in TLS 1.2: %v", err)
	}
	cbc := serverOf(t, tls.VersionTLS12)
	cbc.CipherSuites = []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA}
	c, _, _ = echoing(t, cbc, nil)
	if err := c.Renegotiate(true); !errors.Is(err, ErrTakeover) {
		t.Errorf("with a CBC suite: %v", err)
	}
}
