package receiver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"mailtls/fakes"
	"mailtls/results"
)

// Server plays one profile. Its fields are set before Serve and not changed
// afterwards.
type Server struct {
	// Profile it plays.
	Profile fakes.Profile
	// Listener is the kind of listener it stands behind, for the record.
	Listener fakes.Listener
	// Host is the name it goes by in its greeting and trace headers.
	Host string
	// Certificate that it shows; not needed when the profile offers no TLS.
	Certificate tls.Certificate
	// ClientRoots verify the certificates of clients, where the profile demands
	// one.
	ClientRoots *x509.CertPool
	// TicketKey seals the tickets for resumption; servers with the same one take
	// each other's. Nil has the server make its own.
	TicketKey *[32]byte
	// Accounts are the passwords of the users who may log in.
	Accounts map[string]string
	// Mail holds the users' mailboxes, for IMAP and POP3; nil makes some of its
	// own, which are empty.
	Mail *Mailboxes
	// Now is the time since the transcript began.
	Now func() time.Duration
	// Clock is the wall clock, for trace headers.
	Clock func() time.Time
	// KeyLog receives the TLS secrets in NSS format; nil keeps them nowhere.
	KeyLog io.Writer
	// Deliver takes an accepted message; nil discards it. An error refuses the
	// message with 451.
	Deliver func(context.Context, Message) error
	// Report takes the record of each session when it ends; nil drops it.
	Report func(results.Session)
	// Watch sees each event as it happens; nil sees nothing.
	Watch func(results.Event)

	sessions atomic.Int64
	tickets  tickets
	own      Mailboxes
	// broken are the sessions whose handshake did not come about.
	broken atomic.Int64

	mu sync.Mutex
	// met are the sessions from each address.
	met map[string]int
}

// Message is one accepted message.
type Message struct {
	// Session is the ID of the session's record, Mark that of its events there.
	Session int
	Mark    string
	// From and To are its envelope.
	From string
	To   []string
	// Secure is true when it came inside TLS.
	Secure bool
	// Data is the content with our trace header, without the final dot.
	Data []byte
}

// mailboxes are those that sessions work with.
func (s *Server) mailboxes() *Mailboxes {
	if s.Mail != nil {
		return s.Mail
	}
	return &s.own
}

// Serve accepts sessions until the context ends or the listener fails, closes
// the listener, and returns when every session has ended.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	stop := context.AfterFunc(ctx, func() { _ = ln.Close() })
	defer stop()
	var sessions sync.WaitGroup
	defer sessions.Wait()
	for {
		conn, err := ln.Accept()
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return nil
			}
			return fmt.Errorf("accept on %s: %w", ln.Addr(), err)
		}
		sessions.Go(func() { s.ServeConn(ctx, conn) })
	}
}

// Config is the TLS configuration that a profile asks for, the same for all
// sessions. Its tickets are crypto/tls's own. What a profile does to a session is
// not in it.
func Config(p fakes.Profile, cert tls.Certificate, clients *x509.CertPool) *tls.Config {
	c := &tls.Config{
		Certificates: []tls.Certificate{cert},
		MinVersion:   p.MinTLS,
		MaxVersion:   p.MaxTLS,
		CipherSuites: p.Suites,

		CurvePreferences: p.Groups,
	}
	if c.MinVersion == 0 {
		c.MinVersion = tls.VersionTLS12
	}
	if c.CipherSuites == nil && c.MinVersion < tls.VersionTLS12 {
		c.CipherSuites = fakes.LegacySuites()
	}
	switch p.ClientCert {
	case fakes.ClientCertNone:
	case fakes.ClientCertOptional:
		c.ClientAuth = tls.RequestClientCert
	case fakes.ClientCertRequired:
		c.ClientAuth, c.ClientCAs = tls.RequireAndVerifyClientCert, clients
	case fakes.ClientCertAny:
		c.ClientAuth = tls.RequireAnyClientCert
	}
	return c
}

// config is the TLS configuration of the session's next handshake.
func (x *session) config() *tls.Config {
	c := Config(x.Profile, x.Certificate, x.ClientRoots)
	if x.missign {
		c.Certificates[0].PrivateKey = missign(x.Certificate)
	}
	if x.Profile.Omits(fakes.OmitDefaultName) {
		c.GetConfigForClient = x.onlyNamed
	}
	x.issue(c)
	return c
}

// onlyNamed refuses clients that do not ask for our name.
func (x *session) onlyNamed(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	if hello.ServerName != x.Host {
		return nil, fmt.Errorf("no certificate for the name %q", hello.ServerName)
	}
	return nil, nil
}
