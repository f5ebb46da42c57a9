package wire_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"testing"
	"time"

	"mailtls/fakes/wire"
	"mailtls/results"
)

// BenchmarkHandshake compares a TLS 1.3 handshake without and with a recorder at
// the server's end; both include the TCP connection and the client.
func BenchmarkHandshake(b *testing.B) {
	config := serverConfig(ecdsaPair(b))
	b.Run("plain", func(b *testing.B) {
		for b.Loop() {
			client, server := tcpPair(b)
			wait := together(func() { _ = tls.Client(client, clientConfig()).Handshake() })
			if err := tls.Server(server, config).Handshake(); err != nil {
				b.Fatal(err)
			}
			wait()
			closeBoth(client, server)
		}
	})
	b.Run("recorded", func(b *testing.B) {
		for b.Loop() {
			client, server := tcpPair(b)
			wait := together(func() { _ = tls.Client(client, clientConfig()).Handshake() })
			rec := newRecorder()
			if err := wire.New(server, results.Server, rec, nil).Handshake(context.Background(), config); err != nil {
				b.Fatal(err)
			}
			_ = rec.Session()
			wait()
			closeBoth(client, server)
		}
	})
}

// BenchmarkTransfer compares the cost of a megabyte inside TLS.
func BenchmarkTransfer(b *testing.B) {
	const size = 1 << 20
	config := serverConfig(ecdsaPair(b))
	for _, name := range []string{"plain", "recorded"} {
		b.Run(name, func(b *testing.B) {
			client, server := tcpPair(b)
			b.SetBytes(size)
			_, _ = client.SetDeadline(time.Time{}), server.SetDeadline(time.Time{})
			peer := tls.Client(client, clientConfig())
			wait := together(func() { _ = peer.Handshake() })
			var end net.Conn
			if name == "plain" {
				plain := tls.Server(server, config)
				if err := plain.Handshake(); err != nil {
					b.Fatal(err)
				}
				end = plain
			} else {
				c := wire.New(server, results.Server, newRecorder(), nil)
				if err := c.Handshake(context.Background(), config); err != nil {
					b.Fatal(err)
				}
				end = c
			}
			chunk := make([]byte, size)
			wait()
			for b.Loop() {
				wait := together(func() { _, _ = peer.Write(chunk) })
				if _, err := io.CopyN(io.Discard, end, size); err != nil {
					b.Fatal(err)
				}
				wait()
			}
		})
	}
}

func closeBoth(a, b *net.TCPConn) {
	for _, c := range []*net.TCPConn{a, b} {
		_ = c.SetLinger(0) // or the ports run out
		_ = c.Close()
	}
}
