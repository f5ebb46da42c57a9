package wire_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"

	"mailtls/results"
)

// clash runs handshakes of which at least one fails, and then reads what our end
// still gets. It gives the session and the error of our handshake.
func clash(t *testing.T, ours results.Side, client, server *tls.Config) (results.Session, error) {
	t.Helper()
	r := record(t, ours)
	own, peer := client, tls.Server(r.far, server)
	if ours == results.Server {
		own, peer = server, tls.Client(r.far, client)
	}
	wait := together(func() {
		if peer.Handshake() == nil {
			drain(peer)
		}
		_ = r.far.CloseWrite()
		drain(r.far)
	})
	err := r.Handshake(context.Background(), own)
	if err == nil {
		drain(r)
	}
	_ = r.Close()
	wait()
	return r.rec.Session(), err
}

func TestAlerts(t *testing.T) {
	cert := ecdsaPair(t)
	type change func(client, server *tls.Config)
	for _, c := range []struct {
		name   string
		change change
		from   results.Side
		alert  string
		secure bool // the alert is encrypted
	}{
		{"1.3/no-client-certificate", func(_, server *tls.Config) {
			server.ClientAuth = tls.RequireAnyClientCert
		}, results.Server, "certificate_required", true},
		{"1.3/client-certificate-refused", func(client, server *tls.Config) {
			client.Certificates = server.Certificates
			server.ClientAuth, server.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
		}, results.Server, "unknown_ca", true},
		{"1.3/server-certificate-refused", func(client, _ *tls.Config) {
			client.InsecureSkipVerify, client.RootCAs = false, x509.NewCertPool()
		}, results.Client, "bad_certificate", true},
		{"1.2/server-certificate-refused", func(client, _ *tls.Config) {
			client.InsecureSkipVerify, client.RootCAs = false, x509.NewCertPool()
			client.MaxVersion = tls.VersionTLS12
		}, results.Client, "bad_certificate", false},
		{"1.2/no-client-certificate", func(client, server *tls.Config) {
			server.ClientAuth = tls.RequireAnyClientCert
			client.MaxVersion = tls.VersionTLS12
		}, results.Server, "handshake_failure", false},
		{"no-common-version", func(client, server *tls.Config) {
			client.MaxVersion, server.MinVersion = tls.VersionTLS11, tls.VersionTLS12
			client.MinVersion = tls.VersionTLS10
		}, results.Server, "protocol_version", false},
		{"no-common-suite", func(client, server *tls.Config) {
			client.MaxVersion = tls.VersionTLS12
			client.CipherSuites = []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA}
			server.CipherSuites = []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}
		}, results.Server, "handshake_failure", false},
		{"no-common-protocol", func(client, server *tls.Config) {
			client.NextProtos, server.NextProtos = []string{"smtp"}, []string{"imap"}
		}, results.Server, "no_application_protocol", false},
	} {
		for _, ours := range sides {
			t.Run(c.name+"/"+string(ours), func(t *testing.T) {
				client, server := clientConfig(), serverConfig(cert)
				c.change(client, server)
				s, err := clash(t, ours, client, server)
				wantAlert(t, s, c.from, c.alert)
				f := s.TLS[0]
				if err != nil && (f.Complete || !strings.Contains(err.Error(), f.Error)) {
					t.Errorf("facts say complete=%v error=%q, the handshake %v", f.Complete, f.Error, err)
				}
				for _, e := range s.Events {
					if e.Kind == results.EventAlert && e.Secure != c.secure && strings.Contains(e.Text, c.alert) {
						t.Errorf("alert encrypted: %v, want %v", e.Secure, c.secure)
					}
				}
				if !f.Alerts[0].Fatal || f.Hello == nil {
					t.Errorf("facts: %+v", f)
				}
			})
		}
	}
}

// TestChainOfARefusedServer finds the chain although crypto/tls gives none.
func TestChainOfARefusedServer(t *testing.T) {
	cert := ecdsaPair(t)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		client, server := clientConfig(), serverConfig(cert)
		client.InsecureSkipVerify, client.RootCAs = false, x509.NewCertPool()
		client.MaxVersion = version
		s, err := clash(t, results.Client, client, server)
		if err == nil || len(s.TLS[0].Chain) != 1 || s.TLS[0].Version == "" || s.TLS[0].Group == "" {
			t.Errorf("error %v, facts %+v", err, s.TLS[0])
		}
	}
}

// TestInjectedRecord has a script write a record that our TLS knows nothing of,
// and the far end refuse it. The sequence numbers are not lost.
func TestInjectedRecord(t *testing.T) {
	cert := ecdsaPair(t)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, ours := range sides {
			client, server := clientConfig(), serverConfig(cert)
			client.MaxVersion = version
			r, peer := connect(t, ours, client, server)
			wait := together(func() { drain(peer); _ = r.far.CloseWrite() })
			junk := append([]byte{23, 3, 3, 0, 40}, make([]byte, 40)...)
			if _, err := r.WriteBelow(junk); err != nil {
				t.Fatal(err)
			}
			drain(r)
			_ = r.CloseNotify()
			wait()
			s := r.rec.Session()
			wantAlert(t, s, other(ours), "bad_record_mac")
			wantAlert(t, s, ours, "close_notify")
		}
	}
}

func other(side results.Side) results.Side {
	if side == results.Client {
		return results.Server
	}
	return results.Client
}

// TestAnswersInsteadOfServerHello looks at what is not a TLS server at all.
func TestAnswersInsteadOfServerHello(t *testing.T) {
	for _, c := range []struct {
		name, answer string
		clear        string // of it, as the recorder sees it
		alerts       []string
	}{
		{"reply", "454 4.7.0 TLS not available\r\n", "454 4.7.0 TLS not available\r\n", nil},
		{"short-reply", "5", "5", nil},
		{"garbage", "\xff\x16\x03\x00garbage", "\xff\x16\x03\x00garbage", nil},
		{"half-header", "\x16\x03", "\x16\x03", nil},
		{"alert", "\x15\x03\x01\x00\x02\x02\x28", "", []string{"S fatal handshake_failure(40)"}},
		{"unknown-alert", "\x15\x03\x01\x00\x02\x01\xc8", "", []string{"S warning 0xc8(200)"}},
		{"long-alert", "\x15\x03\x01\x00\x03\x02\x28\x00", "", []string{"S alert (malformed) len=3"}},
		{"two-alerts", "\x15\x03\x01\x00\x04\x01\x70\x02\x28", "", []string{
			"S warning unrecognized_name(112)", "S fatal handshake_failure(40)",
		}},
		{"alert-and-reply", "\x15\x03\x01\x00\x02\x02\x46554 no\r\n", "554 no\r\n", []string{"S fatal protocol_version(70)"}},
		{"reply-and-alert", "554 no\r\n\x15\x03\x01\x00\x02\x02\x46", "554 no\r\n", []string{"S fatal protocol_version(70)"}},
		{"nothing", "", "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := record(t, results.Client)
			wait := together(func() {
				_, _ = r.far.Read(make([]byte, 4096))
				_, _ = io.WriteString(r.far, c.answer)
				_ = r.far.CloseWrite()
				drain(r.far)
			})
			err := r.Handshake(context.Background(), clientConfig())
			left, _ := io.ReadAll(r)
			_ = r.Close()
			wait()
			s := r.rec.Session()
			if err == nil || r.Secure() {
				t.Fatal("the handshake succeeded")
			}
			if got := sent(s, results.Server, false); got != c.clear {
				t.Errorf("clear data %q, want %q", got, c.clear)
			}
			if c.name != "half-header" && string(left) != c.clear {
				t.Errorf("left to read: %q, want %q", left, c.clear)
			}
			var theirs []string
			for _, text := range texts(s, results.EventAlert) {
				if text[0] == 'S' {
					theirs = append(theirs, text)
				}
			}
			if !slices.Equal(theirs, c.alerts) {
				t.Errorf("alerts %q, want %q", theirs, c.alerts)
			}
			if len(s.TLS) != 1 || s.TLS[0].Error == "" || s.TLS[0].Hello == nil || s.TLS[0].Version != "" {
				t.Errorf("facts: %+v", s.TLS)
			}
			if got := texts(s, results.EventClose); !slices.Equal(got, []string{"S fin", "C close"}) {
				t.Errorf("closes: %q", got)
			}
		})
	}
}

// TestCannedHello plays a client of bytes against a real server.
func TestCannedHello(t *testing.T) {
	for name, c := range map[string]struct{ hello, record, alert string }{
		"sslv2": {
			"\x80\x1c\x01\x03\x01\x00\x03\x00\x00\x00\x10" + "\x00\x00\x2f" + strings.Repeat("x", 16),
			"C sslv2 client_hello v=1.0 len=28", "protocol_version",
		},
		"truncated": {"\x16\x03\x01\x00\x06\x01\x00\x00\x02\x03\x03", "C handshake client_hello v=1.0 len=6", "decode_error"},
	} {
		t.Run(name, func(t *testing.T) {
			r := record(t, results.Client)
			peer := tls.Server(r.far, serverConfig(ecdsaPair(t)))
			wait := together(func() { _ = peer.Handshake(); _ = r.far.CloseWrite() })
			r.ExpectTLS()
			if _, err := io.WriteString(r, c.hello); err != nil {
				t.Fatal(err)
			}
			drain(r)
			wait()
			s := r.rec.Session()
			if got := texts(s, results.EventRecord); got[0] != c.record {
				t.Errorf("records %q, want the first to be %q", got, c.record)
			}
			if len(s.TLS) != 1 || s.TLS[0].Complete || s.TLS[0].Error != "" {
				t.Fatalf("facts: %+v", s.TLS)
			}
			wantAlert(t, s, results.Server, c.alert)
			if err := r.CloseNotify(); err == nil {
				t.Error("close_notify without TLS was sent")
			}
		})
	}
}

func TestResetDuringHandshake(t *testing.T) {
	r := record(t, results.Client)
	wait := together(func() {
		_, _ = io.ReadFull(r.far, make([]byte, 16))
		_ = r.far.SetLinger(0)
		_ = r.far.Close()
	})
	err := r.Handshake(context.Background(), clientConfig())
	wait()
	s := r.rec.Session()
	var op *net.OpError
	if !errors.As(err, &op) || !slices.Equal(texts(s, results.EventClose), []string{"S reset"}) {
		t.Errorf("error %v, session:\n%s", err, dump(s))
	}
}
