package wire_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"

	"mailtls/fakes/wire"
	"mailtls/results"
)

// sides gives the parts for each side that ours can be.
var sides = []results.Side{results.Client, results.Server}

// connect makes TLS between a recorded end and a plain one.
func connect(t *testing.T, ours results.Side, client, server *tls.Config) (recorded, *tls.Conn) {
	t.Helper()
	r := record(t, ours)
	if ours == results.Client {
		return r, r.secure(t, client, server, tls.Server)
	}
	return r, r.secure(t, server, client, tls.Client)
}

// talk has the far end say hello, our end answer, and both close.
func talk(t *testing.T, r recorded, peer *tls.Conn) {
	t.Helper()
	wait := together(func() {
		_, _ = io.WriteString(peer, "EHLO\r\n")
		drain(peer)
		_ = peer.CloseWrite()
	})
	if _, err := io.ReadFull(r, make([]byte, 6)); err != nil {
		t.Error(err)
	}
	if _, err := io.WriteString(r, "250 ok\r\n"); err != nil {
		t.Error(err)
	}
	if err := r.CloseNotify(); err != nil {
		t.Error(err)
	}
	drain(r)
	wait()
}

func TestHandshakeFacts(t *testing.T) {
	ec, rs := ecdsaPair(t), rsaPair(t)
	for _, c := range []struct {
		name          string
		cert          tls.Certificate
		version       uint16
		suite         uint16
		group         string
		opensNotAlert bool
	}{
		{"1.0/cbc", rs, tls.VersionTLS10, tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, "x25519", true},
		{"1.0/static-rsa", rs, tls.VersionTLS10, tls.TLS_RSA_WITH_AES_256_CBC_SHA, "", true},
		{"1.2/gcm128", rs, tls.VersionTLS12, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, "x25519", false},
		{"1.2/gcm256", ec, tls.VersionTLS12, tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, "x25519", false},
		{"1.2/chacha", rs, tls.VersionTLS12, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, "x25519", false},
		{"1.2/cbc", rs, tls.VersionTLS12, tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA, "x25519", true},
		{"1.2/rc4", rs, tls.VersionTLS12, tls.TLS_ECDHE_RSA_WITH_RC4_128_SHA, "x25519", true},
		{"1.3", ec, tls.VersionTLS13, 0, "X25519MLKEM768", false},
	} {
		for _, ours := range sides {
			t.Run(c.name+"/"+string(ours), func(t *testing.T) {
				client, server := clientConfig(), serverConfig(c.cert)
				client.MinVersion, client.MaxVersion = c.version, c.version
				client.NextProtos, server.NextProtos = []string{"smtp", "x"}, []string{"x"}
				if c.suite != 0 {
					client.CipherSuites, server.CipherSuites = []uint16{c.suite}, []uint16{c.suite}
				}
				r, peer := connect(t, ours, client, server)
				talk(t, r, peer)
				s := r.rec.Session()
				checkFacts(t, s, peer.ConnectionState(), c.cert, c.group)
				checkCloses(t, s, c.opensNotAlert)
				if got := sent(s, ours, true); got != "250 ok\r\n" {
					t.Errorf("sent inside TLS: %q", got)
				}
				if got := sent(s, results.Client, false) + sent(s, results.Server, false); got != "" {
					t.Errorf("clear data: %q", got)
				}
			})
		}
	}
}

func checkFacts(t *testing.T, s results.Session, state tls.ConnectionState, cert tls.Certificate, group string) {
	t.Helper()
	if len(s.TLS) != 1 {
		t.Fatalf("%d TLS facts, want 1", len(s.TLS))
	}
	f := s.TLS[0]
	checkHello(t, f)
	got := []any{f.Version, f.Suite, f.Group, f.ALPN, f.Complete, f.Resumed, f.Error, len(f.Chain), len(f.ClientChain)}
	want := []any{
		strings.TrimPrefix(tls.VersionName(state.Version), "TLS "), tls.CipherSuiteName(state.CipherSuite),
		group, "x", true, false, "", 1, 0,
	}
	if !slices.Equal(got, want) {
		t.Errorf("facts %v, want %v", got, want)
	}
	if len(f.Chain) == 1 && !bytes.Equal(f.Chain[0], cert.Certificate[0]) {
		t.Error("the chain is another")
	}
	text := "handshake finished " + f.Version + " " + f.Suite
	if got := texts(s, results.EventTLS); len(got) != 2 || !strings.HasSuffix(got[1], text) {
		t.Errorf("TLS events: %q, want the last to be %q", got, text)
	}
}

func checkHello(t *testing.T, f results.TLSFacts) {
	t.Helper()
	h := f.Hello
	if h == nil || h.SNI != host || h.Records != 1 || h.Length < 100 ||
		!slices.Equal(h.ALPN, []string{"smtp", "x"}) || !slices.Equal(h.Versions, []string{f.Version}) ||
		!slices.Contains(h.Groups, "x25519") || !slices.Contains(h.Suites, f.Suite) {
		t.Errorf("hello: %+v", h)
	}
}

// checkCloses looks for a close_notify from both ends, each last of its side.
func checkCloses(t *testing.T, s results.Session, opaque bool) {
	t.Helper()
	text := "warning close_notify(0)"
	if opaque {
		text = "alert (encrypted)"
	}
	got := texts(s, results.EventAlert)
	slices.Sort(got)
	if want := []string{"C " + text, "S " + text}; !slices.Equal(got, want) {
		t.Errorf("alerts %q, want %q\n%s", got, want, dump(s))
	}
	if alerts := len(s.TLS[0].Alerts); opaque && alerts != 0 || !opaque && alerts != 2 {
		t.Errorf("%d alerts in the facts", alerts)
	}
}

func TestRecordEventsOfAHandshake(t *testing.T) {
	cert := rsaPair(t)
	client := clientConfig()
	client.MaxVersion = tls.VersionTLS12
	r, peer := connect(t, results.Client, client, serverConfig(cert))
	talk(t, r, peer)
	var kinds []string
	for _, text := range texts(r.rec.Session(), results.EventRecord) {
		kinds = append(kinds, text[:strings.Index(text, " v=")])
	}
	want := []string{
		"C handshake client_hello", "S handshake server_hello", "S handshake certificate",
		"S handshake server_key_exchange", "S handshake server_hello_done",
		"C handshake client_key_exchange", "C change_cipher_spec", "C handshake (encrypted)",
		"S change_cipher_spec", "S handshake (encrypted)",
		"S application_data", "C application_data", "C alert (encrypted)", "S alert (encrypted)",
	}
	if !slices.Equal(kinds, want) {
		t.Errorf("got  %q\nwant %q", kinds, want)
	}
}

func TestHelloRetry(t *testing.T) {
	cert := ecdsaPair(t)
	for _, ours := range sides {
		client, server := clientConfig(), serverConfig(cert)
		client.CurvePreferences = []tls.CurveID{tls.X25519, tls.CurveP384}
		server.CurvePreferences = []tls.CurveID{tls.CurveP384}
		r, peer := connect(t, ours, client, server)
		talk(t, r, peer)
		s := r.rec.Session()
		f := s.TLS[0]
		if len(s.TLS) != 1 || f.Group != "secp384r1" || f.Version != "1.3" || !f.Complete || len(f.Chain) != 1 {
			t.Errorf("facts: %+v", s.TLS)
		}
		records := strings.Join(texts(s, results.EventRecord), "\n")
		if !strings.Contains(records, "S handshake hello_retry_request") || strings.Count(records, "client_hello") != 2 {
			t.Errorf("records:\n%s", records)
		}
		wantAlert(t, s, results.Client, "close_notify")
		wantAlert(t, s, results.Server, "close_notify")
	}
}

func TestResumption(t *testing.T) {
	cert := ecdsaPair(t)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, chosen := range []bool{false, true} {
			for _, ours := range sides {
				t.Run(tls.VersionName(version)+"/"+string(ours), func(t *testing.T) {
					client, server := clientConfig(), serverConfig(cert)
					client.MaxVersion = version
					client.ClientSessionCache = tls.NewLRUClientSessionCache(1)
					if chosen {
						server.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
							return serverConfig(cert), nil
						}
					}
					for _, resumed := range []bool{false, true} {
						r, peer := connect(t, ours, client, server)
						talk(t, r, peer)
						s := r.rec.Session()
						if s.TLS[0].Resumed != resumed || peer.ConnectionState().DidResume != resumed {
							t.Errorf("resumed: %v, want %v", s.TLS[0].Resumed, resumed)
						}
						if s.TLS[0].Named == resumed {
							t.Errorf("named: %v, want %v", s.TLS[0].Named, !resumed)
						}
						if !chosen || ours == results.Client {
							checkCloses(t, s, false)
						}
						if len(s.TLS[0].Chain) != 1 && ours == results.Client {
							t.Errorf("chain of %d", len(s.TLS[0].Chain))
						}
					}
				})
			}
		}
	}
}

func TestClientCertificate(t *testing.T) {
	cert, own := ecdsaPair(t), ecdsaPair(t)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, ours := range sides {
			client, server := clientConfig(), serverConfig(cert)
			client.MaxVersion, client.Certificates = version, []tls.Certificate{own}
			server.ClientAuth = tls.RequireAnyClientCert
			r, peer := connect(t, ours, client, server)
			talk(t, r, peer)
			f := r.rec.Session().TLS[0]
			if len(f.ClientChain) != 1 || !bytes.Equal(f.ClientChain[0], own.Certificate[0]) {
				t.Errorf("%s as %s: client chain of %d", f.Version, ours, len(f.ClientChain))
			}
			if !f.Requested {
				t.Errorf("%s as %s: the request for it was not seen", f.Version, ours)
			}
			if len(f.Chain) != 1 || !bytes.Equal(f.Chain[0], cert.Certificate[0]) {
				t.Errorf("%s as %s: chain of %d", f.Version, ours, len(f.Chain))
			}
		}
	}
}

func TestHandshakeEndsWithContext(t *testing.T) {
	r := record(t, results.Client)
	ctx, cancel := context.WithCancel(context.Background())
	wait := together(func() {
		_, _ = r.far.Read(make([]byte, 1))
		cancel()
	})
	err := r.Handshake(ctx, clientConfig())
	wait()
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want one for the context", err)
	}
	s := r.rec.Session()
	if r.Secure() || s.TLS[0].Complete || s.TLS[0].Error == "" || s.TLS[0].Hello == nil {
		t.Errorf("facts: %+v", s.TLS[0])
	}
	if got := texts(s, results.EventClose); !slices.Equal(got, []string{"C close"}) {
		t.Errorf("closes: %q", got)
	}
	if err := r.Close(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("second close: %v", err)
	}
}

func TestKeyLogs(t *testing.T) {
	client, server := tcpPair(t)
	rec := newRecorder()
	var first, second bytes.Buffer
	c := wire.New(client, results.Client, rec, &first)
	config := clientConfig()
	config.KeyLogWriter = &second
	peer := tls.Server(server, serverConfig(ecdsaPair(t)))
	wait := together(func() { _ = peer.Handshake() })
	if err := c.Handshake(context.Background(), config); err != nil {
		t.Fatal(err)
	}
	wait()
	if first.String() != second.String() || strings.Count(first.String(), "\n") != 4 {
		t.Errorf("key logs:\n%s\n%s", &first, &second)
	}
	if err := c.Handshake(context.Background(), config); err == nil {
		t.Error("a second handshake inside TLS was begun")
	}
	if got := c.ConnectionState(); !got.HandshakeComplete {
		t.Errorf("connection state: %+v", got)
	}
}

// TestSecondAttempt fails a handshake and makes another on the same connection.
func TestSecondAttempt(t *testing.T) {
	r := record(t, results.Client)
	wait := together(func() {
		_, _ = r.far.Read(make([]byte, 4096))
		_, _ = io.WriteString(r.far, "454 not now\r\n")
	})
	if err := r.Handshake(context.Background(), clientConfig()); err == nil {
		t.Fatal("a handshake with text succeeded")
	}
	wait()
	r.secure(t, clientConfig(), serverConfig(ecdsaPair(t)), tls.Server)
	s := r.rec.Session()
	if len(s.TLS) != 2 || s.TLS[0].Complete || !s.TLS[1].Complete || s.TLS[1].Version != "1.3" {
		t.Errorf("session:\n%s", dump(s))
	}
	if len(s.TLS[1].Chain) != 1 {
		t.Errorf("chain of %d", len(s.TLS[1].Chain))
	}
}
