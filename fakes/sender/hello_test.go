package sender

import (
	"bytes"
	"crypto/tls"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"mailtls/fakes"
	"mailtls/fakes/pki"
	"mailtls/fakes/wire"
)

const host = "mx.mailtls.test"

// everything is a hello with all that it can hold.
func everything() fakes.RawHello {
	return fakes.RawHello{
		Versions: []uint16{fakes.Grease(3), tls.VersionTLS13, tls.VersionTLS12}, Suites: append([]uint16{fakes.Grease(0)}, fakes.SoundSuites()...),
		Compression: []uint8{1}, Groups: []uint16{fakes.Grease(5), uint16(tls.X25519MLKEM768), uint16(tls.X25519)},
		Shares: []uint16{fakes.Grease(5), uint16(tls.X25519MLKEM768), uint16(tls.X25519)}, ExtendedMasterSecret: true,
		Extensions: []uint16{fakes.Grease(9)}, Size: 1700, Records: 600,
	}
}

func TestBuiltHelloIsRead(t *testing.T) {
	b, err := buildHello(everything(), host)
	if err != nil {
		t.Fatal(err)
	}
	for n := range b {
		if o, more := wire.ReadOffer(b[:n]); o != nil || !more {
			t.Fatalf("the first %d of %d bytes give %v, more %v", n, len(b), o, more)
		}
	}
	o, _ := wire.ReadOffer(b)
	if o == nil {
		t.Fatal("the hello is not read")
	}
	h := o.Hello
	want := []string{
		"GREASE(0x9a9a)", "server_name", "extended_master_secret", "renegotiation_info", "supported_groups", "ec_point_formats",
		"signature_algorithms", "supported_versions", "key_share", "padding",
	}
	if !slices.Equal(h.Extensions, want) || !slices.Equal(h.Versions, []string{"GREASE(0x3a3a)", "1.3", "1.2"}) ||
		h.Suites[0] != "GREASE(0x0a0a)" || !slices.Equal(h.Compression, []string{"DEFLATE"}) || h.SNI != host ||
		h.Length != 1700 || h.Records != 3 || len(h.Groups) != 3 {
		t.Errorf("read as %+v", h)
	}
}

func TestBuiltSSL2HelloIsRead(t *testing.T) {
	b, err := buildHello(fakes.RawHello{SSL2: true, Kinds: []uint32{0x010080, 0x00000a}}, host)
	if err != nil {
		t.Fatal(err)
	}
	o, _ := wire.ReadOffer(b)
	if o == nil || o.Length != len(b) || !slices.Equal(o.Hello.Versions, []string{"ssl2"}) ||
		!slices.Equal(o.Hello.Suites, []string{"0x010080", "TLS_RSA_WITH_3DES_EDE_CBC_SHA"}) {
		t.Errorf("read as %+v", o)
	}
}

// TestBuiltHelloIsUnderstood has crypto/tls read the hello and choose.
func TestBuiltHelloIsUnderstood(t *testing.T) {
	authority, err := pki.New(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	cert, err := authority.Issue(fakes.CertValid, pki.ECDSAP256, host)
	if err != nil {
		t.Fatal(err)
	}
	plain := everything()
	plain.Compression = nil // RFC 8446 §4.1.2: none beside TLS 1.3
	old := fakes.RawHello{Version: tls.VersionTLS12, Suites: fakes.SoundSuites(), Groups: []uint16{uint16(tls.X25519)}, Compression: []uint8{1}}
	for name, c := range map[string]struct {
		hello   fakes.RawHello
		newest  uint16
		version uint16
	}{
		"tls13": {plain, tls.VersionTLS13, tls.VersionTLS13},
		"tls12": {old, tls.VersionTLS13, tls.VersionTLS12},
		"tls10": {old, tls.VersionTLS10, tls.VersionTLS10},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := buildHello(c.hello, host)
			if err != nil {
				t.Fatal(err)
			}
			client, server := net.Pipe()
			t.Cleanup(func() { _ = client.Close() })
			seen := make(chan *tls.ClientHelloInfo, 1)
			failed := make(chan error, 1)
			config := &tls.Config{
				MinVersion: tls.VersionTLS10, MaxVersion: c.newest, Certificates: []tls.Certificate{cert},
				GetConfigForClient: func(i *tls.ClientHelloInfo) (*tls.Config, error) { seen <- i; return nil, nil },
			}
			go func() { failed <- tls.Server(server, config).HandshakeContext(t.Context()); _ = server.Close() }()
			go func() { _, _ = client.Write(b) }()
			answer := make([]byte, 512)
			if _, err := client.Read(answer); err != nil {
				t.Fatal(err)
			}
			if answer[0] != 22 || answer[5] != 2 {
				t.Errorf("the answer begins with % x, which is no ServerHello", answer[:8])
			}
			_ = client.Close()
			if err := <-failed; err == nil || strings.Contains(err.Error(), "decode") {
				t.Errorf("the handshake ended with %v", err)
			}
			i := <-seen
			if i.ServerName != host || i.SupportedVersions == nil {
				t.Errorf("crypto/tls read %+v", i)
			}
		})
	}
}

func TestHybridShareIsWhole(t *testing.T) {
	b, err := buildHello(fakes.RawHello{Suites: []uint16{0x1301}, Shares: []uint16{uint16(tls.X25519MLKEM768)}}, host)
	if err != nil {
		t.Fatal(err)
	}
	if o, _ := wire.ReadOffer(b); o == nil || o.Hello.Length < 1216 {
		t.Errorf("a hybrid share is missing: %+v", o)
	}
}

func TestHelloWithoutTheSignOfRenegotiation(t *testing.T) {
	signed := fakes.RawHello{Suites: fakes.SoundSuites()}
	bare := signed
	bare.NoRenegotiation = true
	sign := []byte{0xff, 0x01, 0, 1, 0} // renegotiation_info of a first handshake
	for _, c := range []struct {
		hello fakes.RawHello
		want  bool
	}{{signed, true}, {bare, false}} {
		b, err := buildHello(c.hello, "mx.mailtls.test")
		if err != nil {
			t.Fatal(err)
		}
		if found := bytes.Contains(b, sign); found != c.want {
			t.Errorf("renegotiation_info in the hello: %v, want %v", found, c.want)
		}
	}
}
