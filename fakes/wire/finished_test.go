package wire

import (
	"context"
	"crypto/tls"
	"net"
	"testing"

	"mailtls/results"
)

// TestSpoilFinished: clients refuse what is spoilt, and the recorders of both
// ends go on reading; a suite without AEAD is left as it is.
func TestSpoilFinished(t *testing.T) {
	for name, c := range map[string]struct {
		version, suite uint16
		alert          byte
	}{
		"TLS 1.3":              {tls.VersionTLS13, 0, 51},
		"TLS 1.2 GCM":          {tls.VersionTLS12, tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, 40},
		"TLS 1.2 ChaCha20":     {tls.VersionTLS12, tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, 40},
		"TLS 1.2 without AEAD": {tls.VersionTLS12, tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, 0},
	} {
		t.Run(name, func(t *testing.T) {
			config := serverOf(t, c.version)
			if c.suite != 0 {
				config.CipherSuites = []uint16{c.suite}
			}
			client, server := spoiling(t, config)
			for side, s := range map[results.Side]results.Session{results.Client: client, results.Server: server} {
				var seen byte
				for _, a := range s.TLS[0].Alerts {
					if a.Fatal && a.From == results.Client {
						seen = a.Code
					}
				}
				if seen != c.alert {
					t.Errorf("%s saw the alert %d of the client, want %d: %+v", side, seen, c.alert, s.TLS[0])
				}
			}
			if client.TLS[0].Complete != (c.alert == 0) {
				t.Errorf("the handshake came about: %v, %s", client.TLS[0].Complete, client.TLS[0].Error)
			}
		})
	}
}

// spoiling gives what both ends of a handshake saw whose server spoils its
// Finished.
func spoiling(t *testing.T, config *tls.Config) (client, server results.Session) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	ended := make(chan *Conn, 1)
	go func() {
		defer close(ended)
		raw, err := listener.Accept()
		if err != nil {
			return
		}
		s := New(raw, results.Server, quiet(), nil)
		s.SpoilFinished()
		if s.Handshake(context.Background(), config) == nil {
			_, _ = s.Read(make([]byte, 1))
		}
		_ = s.Close()
		ended <- s
	}()
	raw, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c := New(raw, results.Client, quiet(), nil)
	_ = c.Handshake(context.Background(), &tls.Config{InsecureSkipVerify: true, CipherSuites: config.CipherSuites})
	_ = c.Close()
	s := <-ended
	if s == nil {
		t.Fatal("the server met no client")
	}
	return c.rec.Session(), s.rec.Session()
}
