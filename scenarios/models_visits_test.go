package scenarios_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"

	"mailtls/fakes"
	"mailtls/fakes/pki"
	"mailtls/fakes/receiver"
	"mailtls/fakes/sender"
	"mailtls/results"
)

// visit is one message from a client to the receiving side of a model, and how far
// it comes: written by hand.
type visit struct {
	receiver, name string
	// hello is how the client does TLS; nil does none.
	hello *fakes.Hello
	want  string
}

// visits are what the table of models does not show: versions and suites one by
// one, and users.
func visits() []visit {
	only := func(version uint16, suites ...uint16) *fakes.Hello {
		return &fakes.Hello{Min: version, Max: version, Suites: suites}
	}
	const submission, old = "exchange-online/submission", "exchange-2010"
	return []visit{
		{submission, "in TLS 1.0 is refused inside TLS", only(tls.VersionTLS10), "EHLO in TLS 1.0: 421 4.7.66"},
		{submission, "in TLS 1.1 is refused inside TLS", only(tls.VersionTLS11), "EHLO in TLS 1.1: 421 4.7.66"},
		{submission, "in TLS 1.2 needs a login", only(tls.VersionTLS12), "MAIL in TLS 1.2: 530 5.7.0 Authentication"},
		{submission, "in TLS 1.3 needs a login", only(tls.VersionTLS13), "MAIL in TLS 1.3: 530 5.7.0 Authentication"},
		{submission, "in clear is refused", nil, "MAIL in clear: 530 5.7.0 Must issue a STARTTLS"},

		{"exchange-online", "in TLS 1.1 fails in the handshake", only(tls.VersionTLS11), "no handshake: protocol_version(70)"},
		{"exchange-online/inbound-enforcing", "in TLS 1.1 fails in the handshake", only(tls.VersionTLS11), "no handshake: protocol_version(70)"},
		{"exchange-online", "in clear delivers", nil, "delivered in clear"},
		{"exchange-onprem", "in clear delivers: " + onpremReceives, nil, "delivered in clear"},
		{"exchange-onprem", "in TLS 1.3 fails in the handshake", only(tls.VersionTLS13), "no handshake: protocol_version(70)"},
		{"exchange-onprem", "in TLS 1.1 fails in the handshake", only(tls.VersionTLS11), "no handshake: protocol_version(70)"},
		{"exchange-2010/inbound-enforcing", "with AES-CBC and static RSA delivers", only(tls.VersionTLS10, tls.TLS_RSA_WITH_AES_128_CBC_SHA), "delivered in TLS 1.0"},
		{"exchange-2010/tls12", "with static RSA delivers", only(tls.VersionTLS12, tls.TLS_RSA_WITH_AES_128_CBC_SHA256), "delivered in TLS 1.2"},
		{"exchange-2010/tls12", "in TLS 1.1 delivers", only(tls.VersionTLS11), "delivered in TLS 1.1"},

		{old, "in clear delivers", nil, "delivered in clear"},
		{old, "in TLS 1.1 fails in the handshake", only(tls.VersionTLS11), "no handshake: protocol_version(70)"},
		{old, "in TLS 1.2 fails in the handshake", only(tls.VersionTLS12), "no handshake: protocol_version(70)"},
		{old, "with RC4 delivers", only(tls.VersionTLS10, tls.TLS_RSA_WITH_RC4_128_SHA), "delivered in TLS 1.0 with TLS_RSA_WITH_RC4_128_SHA"},
		{old, "with 3DES delivers", only(tls.VersionTLS10, tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA), "delivered in TLS 1.0 with TLS_RSA_WITH_3DES_EDE_CBC_SHA"},
		{old, "with AES-CBC and static RSA delivers", only(tls.VersionTLS10, tls.TLS_RSA_WITH_AES_128_CBC_SHA), "delivered in TLS 1.0 with TLS_RSA_WITH_AES_128_CBC_SHA"},
		{old, "with AES-CBC and ECDHE delivers", only(tls.VersionTLS10, tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA), "delivered in TLS 1.0 with TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"},
	}
}

// visitEntries are the entries of a table.
func visitEntries(all []visit) []TableEntry {
	var entries []TableEntry
	for _, v := range all {
		entries = append(entries, Entry("to "+v.receiver+" "+v.name, v))
	}
	return entries
}

// pay plays the visit to a profile, and says how far the client came.
func (v visit) pay(ctx context.Context, p fakes.Profile) (string, error) {
	authority, err := pki.New(time.Now())
	if err != nil {
		return "", fmt.Errorf("make certificates: %w", err)
	}
	key := pki.ECDSAP256
	if p.RSA {
		key = pki.RSA2048
	}
	const host = "mx.mailtls.example"
	cert, err := authority.Issue(fakes.CertValid, key, host)
	if err != nil {
		return "", fmt.Errorf("make certificate: %w", err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("listen: %w", err)
	}
	start := time.Now()
	elapsed := func() time.Duration { return time.Since(start) }
	server := &receiver.Server{
		Profile: p, Listener: fakes.ListenSMTP, Host: host, Certificate: cert, ClientRoots: authority.Roots(), Now: elapsed, Clock: time.Now,
	}
	ctx, cancel := context.WithCancel(ctx)
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(ctx, ln) })
	defer func() { cancel(); serving.Wait() }()
	peer := fakes.SendingPeer{Plain: v.hello == nil}
	if v.hello != nil {
		peer.Hello = *v.hello
	}
	return farthest(sender.Play(ctx, sender.Session{
		Peer: v.name, Script: peer.Deliver(), Listener: fakes.ListenSMTP, Addr: ln.Addr().String(), ServerName: host,
		Vars: fakes.Vars{"helo": "client.example", "from": "a@client.example", "rcpt": "b@mailtls.test", "message": "Subject: x\r\n\r\nx"},
		Now:  elapsed, Wall: start,
	})), nil
}

// farthest is how far a session came: the last command with its reply, or the
// delivery.
func farthest(s results.Session) string {
	in, with := "in clear", ""
	if len(s.TLS) > 0 {
		f := s.TLS[0]
		if !f.Complete {
			for _, a := range f.Alerts {
				return fmt.Sprintf("no handshake: %s(%d)", a.Name, a.Code)
			}
			return "no handshake: " + f.Error
		}
		in, with = "in TLS "+f.Version, " with "+f.Suite
	}
	if s.End == results.EndOurs {
		return "delivered " + in + with
	}
	said, last := map[results.Side]string{}, results.Server
	for _, e := range s.Events { // TLS 1.0 cuts the first byte off
		if e.Kind != results.EventData {
			continue
		}
		if e.From != last {
			said[e.From], last = "", e.From
		}
		said[e.From] += string(e.Bytes)
	}
	verb, _, _ := strings.Cut(said[results.Client], " ")
	return verb + " " + in + ": " + said[results.Server]
}
