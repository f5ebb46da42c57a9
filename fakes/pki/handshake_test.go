package pki_test

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"testing"
	"time"

	"mailtls/fakes/pki"

	"mailtls/fakes"
)

const patience = 10 * time.Second

// shake runs a handshake over loopback and returns what each side made of it. The client reads on, since in TLS 1.3 it
// learns only then what the server thinks of its certificate. A pipe would not do: it holds nothing, so that an alert and
// the rest of a flight would wait for each other.
func shake(t *testing.T, server, client *tls.Config) (serverErr, clientErr error) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- serve(listener, server) }()
	clientErr = visit(listener.Addr().String(), client)
	listener.Close()
	return <-done, clientErr
}

// serve takes one connection and writes a byte on it.
func serve(listener net.Listener, config *tls.Config) error {
	conn, err := listener.Accept()
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	_, err = tls.Server(conn, config).Write([]byte("!"))
	return err
}

// visit opens a connection and reads a byte from it.
func visit(addr string, config *tls.Config) error {
	conn, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	_, err = tls.Client(conn, config).Read(make([]byte, 1))
	return err
}

func TestServerVerifiesClientKinds(t *testing.T) {
	a := newAuthority(t)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, key := range []pki.KeyType{pki.ECDSAP256, pki.RSA2048} {
			for _, kind := range []fakes.Cert{fakes.CertClient, fakes.CertClientExpired, fakes.CertClientUnknownCA, fakes.CertClientWrongEKU} {
				t.Run(tls.VersionName(version)+"/"+string(key)+"/"+string(kind), func(t *testing.T) {
					cert := issue(t, a, kind, key, host)
					server := &tls.Config{
						Certificates: []tls.Certificate{issue(t, a, fakes.CertValid, key, host)}, MaxVersion: version,
						ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: a.Roots(), Time: now,
					}
					// Certificates would not do: crypto/tls sends none whose issuer the server does not ask for.
					client := &tls.Config{
						RootCAs: a.Roots(), ServerName: host, Time: now,
						GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &cert, nil },
					}
					checkShake(t, server, client, expectations()[kind].refused)
				})
			}
		}
	}
}

// checkShake wants the server to refuse, or both sides to be content when refused is nil.
func checkShake(t *testing.T, server, client *tls.Config, refused func(error) bool) {
	t.Helper()
	serverErr, clientErr := shake(t, server, client)
	if refused == nil {
		if serverErr != nil || clientErr != nil {
			t.Errorf("want content on both sides, got server: %v, client: %v", serverErr, clientErr)
		}
		return
	}
	if !isA[*tls.CertificateVerificationError](serverErr) || !refused(serverErr) {
		t.Errorf("server refused for another reason, or not at all: %v", serverErr)
	}
	if clientErr == nil {
		t.Error("client was not told")
	}
}

func TestClientVerifiesServerKinds(t *testing.T) {
	a := newAuthority(t)
	for _, kind := range pki.Kinds() {
		want := expectations()[kind]
		if want.client || kind == fakes.CertULabel {
			continue
		}
		t.Run(string(kind), func(t *testing.T) {
			server := &tls.Config{Certificates: []tls.Certificate{issue(t, a, kind, "", host)}}
			_, err := shake(t, server, &tls.Config{RootCAs: a.Roots(), ServerName: host, Time: now})
			if want.refused == nil && err != nil || want.refused != nil && !want.refused(err) {
				t.Errorf("client judged otherwise than expected: %v", err)
			}
		})
	}
}

func TestRSASuitesWithoutKeyExchange(t *testing.T) {
	a := newAuthority(t)
	server := &tls.Config{
		Certificates: []tls.Certificate{issue(t, a, fakes.CertValid, pki.RSA2048, host)}, MaxVersion: tls.VersionTLS12,
		CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256},
	}
	client := &tls.Config{RootCAs: a.Roots(), ServerName: host, Time: now, CipherSuites: server.CipherSuites}
	checkShake(t, server, client, nil)
	if got := server.Certificates[0].Leaf.KeyUsage; got&x509.KeyUsageKeyEncipherment == 0 {
		t.Error("an RSA leaf may not encipher keys, which a strict client holds against static RSA")
	}
}
