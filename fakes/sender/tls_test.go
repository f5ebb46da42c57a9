package sender_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"mailtls/fakes"
	"mailtls/fakes/sender"
	"mailtls/results"
)

// upgrade is the script up to the end of the handshake of STARTTLS.
func upgrade(h fakes.Hello) fakes.Script {
	return fakes.Join(fakes.Greet(), fakes.Ehlo("ehlo"), fakes.StartTLS(), fakes.Handshake(h))
}

// upgraded is the server's part of it; nil when the handshake fails.
func upgraded(c net.Conn, config *tls.Config) *tls.Conn {
	say(c, "220 mx\r\n")
	hear(c)
	say(c, "250-mx\r\n250 STARTTLS\r\n")
	hear(c)
	say(c, "220 go\r\n")
	up := tls.Server(c, config)
	if up.Handshake() != nil {
		return nil
	}
	return up
}

// copied keeps what was read from a connection.
type copied struct {
	net.Conn
	read bytes.Buffer
}

func (c *copied) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.read.Write(b[:n])
	return n, err
}

// narrow reads byte by byte, so that TLS does not read ahead.
type narrow struct{ net.Conn }

func (c narrow) Read(b []byte) (int, error) { return c.Conn.Read(b[:min(1, len(b))]) }

func TestHandshakeFacts(t *testing.T) {
	server := secure(t)
	strangers := x509.NewCertPool()
	tests := []struct {
		name    string
		hello   fakes.Hello
		roots   *x509.CertPool
		version string
		sni     string
		alpn    string
		verify  string
	}{
		{"default", fakes.Hello{}, server.authority.Roots(), "1.3", host, "", "ok"},
		{"tls 1.2", fakes.Hello{Max: tls.VersionTLS12}, server.authority.Roots(), "1.2", host, "", "ok"},
		{"no name", fakes.Hello{NoSNI: true}, server.authority.Roots(), "1.3", "", "", "ok"},
		{"alpn", fakes.Hello{ALPN: []string{"smtp"}}, server.authority.Roots(), "1.3", host, "smtp", "ok"},
		{"no roots", fakes.Hello{}, nil, "1.3", host, "", ""},
		{"other roots", fakes.Hello{}, strangers, "1.3", host, "", "x509: certificate signed by unknown authority"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			addr := listen(t, func(c *net.TCPConn) {
				if up := upgraded(c, server.Config); up != nil {
					rest(up)
				}
			})
			s := session(addr, upgrade(tc.hello))
			s.Roots = tc.roots
			var keys bytes.Buffer
			s.KeyLog = &keys
			seen := sender.Play(t.Context(), s)
			if seen.End != results.EndOurs || len(seen.TLS) != 1 || seen.TLS[0].Hello == nil {
				t.Fatalf("ended %s with %+v", seen.End, seen.TLS)
			}
			f := seen.TLS[0]
			if !f.Complete || f.Version != tc.version || f.ALPN != tc.alpn || f.Hello.SNI != tc.sni {
				t.Errorf("got %v, TLS %s for %q with ALPN %q", f.Complete, f.Version, f.Hello.SNI, f.ALPN)
			}
			if f.Verify != tc.verify || len(f.Chain) == 0 {
				t.Errorf("a chain of %d is %q, want %q", len(f.Chain), f.Verify, tc.verify)
			}
			if !strings.HasPrefix(keys.String(), "CLIENT_") {
				t.Errorf("the key log holds %.40q", keys.String())
			}
		})
	}
}

// TestPlainReplyToHello: what a server says in clear in place of a handshake is
// kept as data in clear, and what it said before is no answer to anything later.
func TestPlainReplyToHello(t *testing.T) {
	addr := listen(t, func(c *net.TCPConn) {
		say(c, "220 mx\r\n")
		hear(c)
		say(c, "250 mx\r\n")
		hear(c)
		say(c, "220 go\r\n")
		_, _ = io.ReadFull(c, make([]byte, 1))
		say(c, "454 4.7.0 TLS not available\r\n")
		rest(c)
	})
	s := sender.Play(t.Context(), session(addr, fakes.Join(upgrade(fakes.Hello{}), fakes.Ehlo("ehlo-tls"))))
	if s.End != results.EndMissed || len(s.TLS) != 1 || s.TLS[0].Complete || s.TLS[0].Error == "" {
		t.Fatalf("ended %s with %+v", s.End, s.TLS)
	}
	if got := said(s, results.Server, "handshake", false); got != "454 4.7.0 TLS not available\r\n" {
		t.Errorf("under the handshake the record holds %q", got)
	}
	if got := said(s, results.Client, "ehlo-tls", false); got != "" {
		t.Errorf("the script went on with %q", got)
	}
}

// TestReplyFromBeforeTLSDoesNotCount: a reply behind the go-ahead is dropped when
// the handshake begins.
func TestReplyFromBeforeTLSDoesNotCount(t *testing.T) {
	server := secure(t)
	addr := listen(t, func(c *net.TCPConn) {
		say(c, "220 mx\r\n")
		hear(c)
		say(c, "250-mx\r\n250 STARTTLS\r\n")
		hear(c)
		say(c, "220 go\r\n250 injected\r\n")
		up := tls.Server(c, server.Config)
		hear(up)
		say(up, "250 inside\r\n")
		rest(up)
	})
	s := sender.Play(t.Context(), session(addr, fakes.Join(upgrade(fakes.Hello{}), fakes.Ehlo("ehlo-tls"))))
	switch {
	case s.End == results.EndOurs:
		if got := said(s, results.Server, "ehlo-tls", true); got != "250 inside\r\n" {
			t.Errorf("inside TLS the record holds %q", got)
		}
	case s.End != results.EndMissed || said(s, results.Server, "ehlo-tls", true) != "":
		// Where both came in two segments the second is met by the handshake.
		t.Errorf("ended %s: %+v", s.End, s.Events)
	}
}

// TestBelow: a step can send in clear although TLS is up.
func TestBelow(t *testing.T) {
	server := secure(t)
	got := make(chan string, 1)
	addr := listen(t, func(c *net.TCPConn) {
		wire := &copied{Conn: c}
		if up := upgraded(wire, server.Config); up != nil {
			hear(up)
		}
		got <- wire.read.String()
	})
	script := fakes.Join(upgrade(fakes.Hello{}), fakes.Script{
		{Mark: "below", Do: fakes.MoveSend, Text: []string{"MAIL FROM:<{helo}>\r\n"}, Below: true},
		{Mark: "then", Do: fakes.MoveAwaitClose, For: 5 * time.Second},
	})
	s := sender.Play(t.Context(), session(addr, script))
	const want = "MAIL FROM:<client.example>\r\n"
	if text := <-got; !strings.HasSuffix(text, want) {
		t.Errorf("below TLS the server read %q at the end", text[max(0, len(text)-40):])
	}
	if outside, inside := said(s, results.Client, "below", false), said(s, results.Client, "below", true); outside != want || inside != "" {
		t.Errorf("the record holds %q in clear and %q inside TLS", outside, inside)
	}
}

// TestListenBelowAfterCloseNotify: once TLS is closed, what comes is in clear.
func TestListenBelowAfterCloseNotify(t *testing.T) {
	server := secure(t)
	got := make(chan string, 1)
	addr := listen(t, func(c *net.TCPConn) {
		up := upgraded(narrow{c}, server.Config)
		if up == nil {
			return
		}
		inside := rest(up) // ends with the close_notify, TCP is open
		say(c, "503 5.5.1 not now\r\n")
		got <- inside + hear(c)
	})
	script := fakes.Join(upgrade(fakes.Hello{}), fakes.Script{
		{Mark: "inside", Do: fakes.MoveSend, Text: []string{"NOOP\r\n"}},
		{Mark: "close", Do: fakes.MoveCloseNotify},
		{Mark: "clear", Do: fakes.MoveSend, Text: []string{"MAIL\r\n"}, Below: true},
		{Do: fakes.MoveAwaitClose, For: 5 * time.Second},
	})
	s := sender.Play(t.Context(), session(addr, script))
	if text := <-got; text != "NOOP\r\nMAIL\r\n" || s.End != results.EndEOF {
		t.Errorf("ended %s, and the server got %q", s.End, text)
	}
	late := said(s, results.Server, "close", false) + said(s, results.Server, "clear", false)
	if late != "503 5.5.1 not now\r\n" {
		t.Errorf("after TLS the record holds %q", late)
	}
	if a := s.TLS[0].Alerts; len(a) == 0 || a[0].From != results.Client || a[0].Code != 0 {
		t.Errorf("the alerts are %+v", a)
	}
}
