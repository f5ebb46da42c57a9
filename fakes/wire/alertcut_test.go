package wire_test

import (
	"context"
	"crypto/tls"
	"net"
	"testing"
	"time"

	"mailtls/fakes/wire"
	"mailtls/results"
)

// gathering keeps what is written until it is told to send it in one segment.
type gathering struct {
	net.Conn
	on   bool
	kept []byte
}

func (g *gathering) Write(p []byte) (int, error) {
	if !g.on {
		return g.Conn.Write(p)
	}
	g.kept = append(g.kept, p...)
	return len(p), nil
}

// TestDataBeforeAWarningIsReadAtOnce has a client refuse a renegotiation in the
// same segment as its data, and then wait.
func TestDataBeforeAWarningIsReadAtOnce(t *testing.T) {
	near, far := tcpPair(t)
	rec := wire.NewRecorder(func() time.Duration { return 0 })
	server := wire.New(far, results.Server, rec, nil)
	config := serverConfig(ecdsaPair(t))
	config.MaxVersion = tls.VersionTLS12
	shaken := make(chan error, 1)
	go func() { shaken <- server.Handshake(context.Background(), config) }()
	g := &gathering{Conn: near}
	client := tls.Client(g, clientConfig())
	if err := client.Handshake(); err != nil {
		t.Fatal(err)
	}
	if err := <-shaken; err != nil {
		t.Fatal(err)
	}
	if err := server.SendHelloRequest(); err != nil {
		t.Fatal(err)
	}
	g.on = true
	if _, err := client.Write([]byte("data")); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Read(make([]byte, 1)); err == nil {
		t.Fatal("the client did not refuse the renegotiation")
	}
	if _, err := near.Write(g.kept); err != nil {
		t.Fatal(err)
	}
	_ = server.SetReadDeadline(time.Now().Add(limit))
	got := make([]byte, 8)
	if n, err := server.Read(got); err != nil || string(got[:n]) != "data" {
		t.Errorf("read %q (%v), want the data", got[:n], err)
	}
}
