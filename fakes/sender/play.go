package sender

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"time"

	"mailtls/fakes"
	"mailtls/fakes/dialect"
	"mailtls/fakes/wire"
	"mailtls/results"
)

// Session is one session to be played.
type Session struct {
	// Peer is the name of our end, for the record.
	Peer string
	// Script to play.
	Script fakes.Script
	// Listener it goes to, for the record; a script for an implicit TLS
	// listener begins with its handshake.
	Listener fakes.Listener
	// Addr is the target's "host:port".
	Addr string
	// From is our own address; the zero value leaves the choice to the system.
	From netip.Addr
	// ServerName is sent as SNI.
	ServerName string
	// Roots verify the server's chain for the record; nil makes no check. The
	// handshake goes on whatever comes of it.
	Roots *x509.CertPool
	// Tickets holds TLS sessions to be resumed; nil resumes none.
	Tickets *Tickets
	// Certificate gives the client certificate of a kind; nil has none.
	Certificate func(fakes.Cert) (tls.Certificate, error)
	// UsualCert is shown where a hello names no kind; empty shows none.
	UsualCert fakes.Cert
	// Vars fill in the script's placeholders.
	Vars fakes.Vars
	// Hide maps secrets to what is written down in their place.
	Hide map[string]string
	// Canary is looked for in payloads too large to keep.
	Canary string
	// Patience is how long a reply is awaited; 0 means DefaultPatience.
	Patience time.Duration
	// Now is the time since the transcript began.
	Now func() time.Duration
	// Wall is the time at which certificates are verified.
	Wall time.Time
	// KeyLog receives the TLS secrets in NSS format; nil keeps them nowhere.
	KeyLog io.Writer
	// Watch sees each event as it happens; nil sees nothing.
	Watch func(results.Event)
}

// DefaultPatience is how long a reply is awaited when a session names no time.
// RFC 5321 §4.5.3.2 asks clients for minutes; a conformance run has seconds.
const DefaultPatience = 10 * time.Second

// Play opens the connection, plays the script, closes, and returns what was
// seen. It never fails: what went wrong is in the session's end and notes.
func Play(ctx context.Context, s Session) results.Session {
	if s.Patience == 0 {
		s.Patience = DefaultPatience
	}
	rec := wire.NewRecorder(s.Now)
	if s.Watch != nil {
		rec.Follow(s.Watch)
	}
	for secret, shown := range s.Hide {
		rec.Hide(secret, shown)
	}
	if s.Canary != "" {
		rec.Canary(s.Canary)
	}
	verified := ""
	seen := results.Session{Peer: s.Peer, Listener: string(s.Listener)}
	rec.At(results.StageConnect, "connect")
	conn, err := s.dial(ctx)
	if err != nil {
		rec.Note(err.Error())
		seen.Server = s.Addr
		seen.End = results.EndRefused
		if ctx.Err() != nil {
			seen.End = results.EndCancelled
		}
	} else {
		p := &player{Session: s, rec: rec, conn: wire.New(conn, results.Client, rec, s.KeyLog)}
		if s.Listener.Implicit() {
			p.conn.ExpectTLS()
		}
		seen.Client, seen.Server = conn.LocalAddr().String(), conn.RemoteAddr().String()
		seen.End = p.play(ctx)
		verified = p.verified
	}
	seen.EndAt = s.Now()
	record := rec.Session()
	seen.Events, seen.TLS = record.Events, record.TLS
	if n := len(seen.TLS); n > 0 {
		seen.TLS[n-1].Verify = verified
	}
	return seen
}

func (s Session) dial(ctx context.Context) (net.Conn, error) {
	d := net.Dialer{Timeout: s.Patience}
	if s.From.IsValid() {
		d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(s.From, 0))
	}
	conn, err := d.DialContext(ctx, "tcp", s.Addr)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", s.Addr, err)
	}
	return conn, nil
}

// errMissed ends a script whose expectation was missed.
var errMissed = errors.New("expectation missed")

type player struct {
	Session
	rec  *wire.Recorder
	conn *wire.Conn
	// buf holds the server's bytes that belong to no reply yet.
	buf []byte
	// awaited are the commands of IMAP and POP3 that were not answered yet, and
	// continued is true when the server asked for the rest of the first.
	awaited   []dialect.Command
	continued bool
	// chunk is for what is being sent.
	chunk []byte
	// verified is what became of the check of the server's chain.
	verified string
	// upgrading is true while the reply to STARTTLS is awaited.
	upgrading bool
	// closedTLS is true once we have said close_notify.
	closedTLS bool
}

// play runs the steps and tells how the session ended.
func (p *player) play(ctx context.Context) results.SessionEnd {
	stop := context.AfterFunc(ctx, func() { _ = p.conn.SetDeadline(time.Now()) })
	defer stop()
	defer func() { _ = p.conn.Close() }()
	for _, step := range p.Script {
		if err := p.step(ctx, step); err != nil {
			return p.ended(ctx, err)
		}
	}
	return results.EndOurs
}

// ended names the end that an error stands for.
func (p *player) ended(ctx context.Context, err error) results.SessionEnd {
	var netErr net.Error
	end := results.EndReset
	switch {
	case ctx.Err() != nil:
		end = results.EndCancelled
	case errors.Is(err, errMissed):
		end = results.EndMissed
	case errors.Is(err, errScript):
		end = results.EndBroken
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		end = results.EndEOF
	case errors.As(err, &netErr) && netErr.Timeout():
		end = results.EndTimeout
	}
	p.rec.Note(err.Error())
	return end
}

// config is the client's TLS configuration for a handshake.
func (p *player) config(h fakes.Hello) (*tls.Config, error) {
	c := &tls.Config{
		MinVersion:                  h.Min,
		MaxVersion:                  h.Max,
		CipherSuites:                h.Suites,
		NextProtos:                  h.ALPN,
		CurvePreferences:            h.Groups,
		DynamicRecordSizingDisabled: true, // a script says where its records end
		InsecureSkipVerify:          true, // judged from the recorded chain; the handshake must go on to be seen
	}
	if c.MinVersion == 0 {
		c.MinVersion = tls.VersionTLS12
	}
	if c.CipherSuites == nil && c.MinVersion < tls.VersionTLS12 {
		c.CipherSuites = fakes.LegacySuites()
	}
	switch {
	case h.NoSNI:
	case h.SNI != "":
		c.ServerName = h.SNI
	default:
		c.ServerName = p.ServerName
	}
	if p.Roots != nil {
		c.VerifyConnection = p.verify
	}
	if p.Tickets != nil {
		c.ClientSessionCache = p.Tickets
	}
	return c, p.present(c, h.Cert)
}

// present has the client show a certificate of the kind when it is asked for one.
func (p *player) present(c *tls.Config, kind fakes.Cert) error {
	if kind == "" {
		kind = p.UsualCert
	}
	if kind == "" || kind == fakes.CertNone {
		return nil
	}
	if p.Certificate == nil {
		return fmt.Errorf("%w: no client certificates are to be had for this target", errScript)
	}
	cert, err := p.Certificate(kind)
	if err != nil {
		return fmt.Errorf("%w: %w", errScript, err)
	}
	// Given by callback, because the library would hold back a certificate whose
	// issuer the server did not ask for.
	c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &cert, nil }
	return nil
}

// verify writes down whether the server's chain holds; it never refuses it.
func (p *player) verify(state tls.ConnectionState) error {
	options := x509.VerifyOptions{Roots: p.Roots, CurrentTime: p.Wall, Intermediates: x509.NewCertPool()}
	for _, c := range state.PeerCertificates[1:] {
		options.Intermediates.AddCert(c)
	}
	outcome := "ok"
	if _, err := state.PeerCertificates[0].Verify(options); err != nil {
		outcome = err.Error()
	}
	p.verified = outcome
	return nil
}
