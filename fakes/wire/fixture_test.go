package wire_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"mailtls/fakes/wire"
	"mailtls/results"
)

const host = "mx.example.test"

// limit is how long a test waits for what must happen.
const limit = 5 * time.Second

// keyPair makes a self-signed certificate for host.
func keyPair(t testing.TB, key crypto.Signer) tls.Certificate {
	t.Helper()
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func ecdsaPair(t testing.TB) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return keyPair(t, key)
}

func rsaPair(t testing.TB) tls.Certificate {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return keyPair(t, key)
}

// clientConfig accepts any certificate.
func clientConfig() *tls.Config {
	return &tls.Config{ServerName: host, InsecureSkipVerify: true}
}

func serverConfig(cert tls.Certificate) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS10}
}

// tcpPair gives the two ends of a TCP connection, closed at the end of the test.
func tcpPair(t testing.TB) (client, server *net.TCPConn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	accepted := make(chan net.Conn, 1)
	go func() {
		defer close(accepted)
		if c, err := listener.Accept(); err == nil {
			accepted <- c
		}
	}()
	dialled, err := net.DialTimeout("tcp", listener.Addr().String(), limit)
	if err != nil {
		t.Fatal(err)
	}
	c, ok := <-accepted
	if !ok {
		t.Fatal("the connection was not accepted")
	}
	for _, end := range []net.Conn{dialled, c} {
		if err := end.SetDeadline(time.Now().Add(limit)); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { end.Close() })
	}
	return dialled.(*net.TCPConn), c.(*net.TCPConn)
}

// recorded is a recorded end and the plain end that it faces.
type recorded struct {
	*wire.Conn
	rec *wire.Recorder
	far *net.TCPConn
}

// record gives a connection whose end ours is recorded.
func record(t testing.TB, ours results.Side) recorded {
	t.Helper()
	client, server := tcpPair(t)
	rec := newRecorder()
	if ours == results.Client {
		return recorded{Conn: wire.New(client, ours, rec, nil), rec: rec, far: server}
	}
	return recorded{Conn: wire.New(server, ours, rec, nil), rec: rec, far: client}
}

func newRecorder() *wire.Recorder {
	began := time.Now()
	return wire.NewRecorder(func() time.Duration { return time.Since(began) })
}

// secure makes both ends finish their handshakes.
func (r recorded) secure(t testing.TB, ours, theirs *tls.Config, far func(net.Conn, *tls.Config) *tls.Conn) *tls.Conn {
	t.Helper()
	peer := far(r.far, theirs)
	done := make(chan error, 1)
	go func() { done <- peer.Handshake() }()
	if err := r.Handshake(context.Background(), ours); err != nil {
		t.Errorf("our handshake: %v", err)
	}
	if err := <-done; err != nil {
		t.Errorf("the far handshake: %v", err)
	}
	if t.Failed() {
		t.Fatalf("session:\n%s", dump(r.rec.Session()))
	}
	return peer
}

// texts gives the texts of the events of a kind, each with its sender.
func texts(s results.Session, kind results.EventKind) []string {
	var out []string
	for _, e := range s.Events {
		if e.Kind == kind {
			out = append(out, string(e.From)+" "+e.Text)
		}
	}
	return out
}

// sent gives what a side sent in clear or inside TLS.
func sent(s results.Session, from results.Side, secure bool) string {
	var out bytes.Buffer
	for _, e := range s.Events {
		if e.Kind == results.EventData && e.From == from && e.Secure == secure {
			out.Write(e.Bytes)
		}
	}
	return out.String()
}

// dump writes a session for a person.
func dump(s results.Session) string {
	var out strings.Builder
	for _, e := range s.Events {
		fmt.Fprintf(&out, "%s %-6s secure=%-5v %s %s %q", e.From, e.Kind, e.Secure, e.Stage, e.Text, e.Bytes)
		if e.Digest != nil {
			fmt.Fprintf(&out, " digest of %d in %d", e.Digest.Length, e.Digest.Segments)
		}
		out.WriteString("\n")
	}
	for _, f := range s.TLS {
		fmt.Fprintf(&out, "version=%s suite=%s group=%s complete=%v error=%q alerts=%v\n",
			f.Version, f.Suite, f.Group, f.Complete, f.Error, f.Alerts)
	}
	return out.String()
}

// want fails the test if a side did not send an alert.
func wantAlert(t *testing.T, s results.Session, from results.Side, name string) {
	t.Helper()
	if len(s.TLS) == 0 {
		t.Fatalf("no TLS facts:\n%s", dump(s))
	}
	facts := s.TLS[len(s.TLS)-1]
	if !slices.ContainsFunc(facts.Alerts, func(a results.Alert) bool { return a.From == from && a.Name == name }) {
		t.Errorf("no alert %s from %s:\n%s", name, from, dump(s))
	}
}

// drain reads until the connection ends.
func drain(c io.Reader) { _, _ = io.Copy(io.Discard, c) }

// together runs f beside the test and gives a function that waits for it.
func together(f func()) (wait func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	return func() { <-done }
}
