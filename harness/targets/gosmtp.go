package targets

import (
	"context"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"runtime/debug"
	"sync"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"mailtls/fakes"
	"mailtls/fakes/pki"
	"mailtls/fakes/receiver"
	"mailtls/results"
)

// GoSMTP is a receiver built on the go-smtp library as its documentation
// advises: a check of our own engine by somebody else's.
type GoSMTP struct{}

// goSMTPIdle is the read time-out given to the library.
const goSMTPIdle = 10 * time.Second

// Spec says what the target is.
func (GoSMTP) Spec() Spec {
	return Spec{
		Name: "gosmtp", Doc: "A receiver built on the go-smtp library as its documentation advises.",
		Roles: []results.Role{results.RoleReceiver}, ClockFactor: 1,
		Variants: []Variant{{
			Name: DefaultVariant, Doc: "STARTTLS offered, plain mail taken, AUTH inside TLS only.",
			Claims: results.Claims{
				Features: []results.Feature{
					results.FeatureStartTLS, results.FeaturePublicMX, results.FeatureModern,
					results.FeatureAuthAfterTLS, results.FeatureReadback,
				},
				StallSeconds: goSMTPIdle.Seconds(),
			},
		}},
	}
}

// Available is always nil.
func (GoSMTP) Available() error { return nil }

// Version is that of the library in this program.
func (GoSMTP) Version(context.Context) (string, error) {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if m.Path == "github.com/emersion/go-smtp" {
				return m.Version, nil
			}
		}
	}
	return "", nil
}

// Start listens on a free port of 127.0.0.1.
func (g GoSMTP) Start(ctx context.Context, _ Variant, w Wiring) (*Running, error) {
	authority, err := pki.New(time.Now())
	if err != nil {
		return nil, fmt.Errorf("start gosmtp: %w", err)
	}
	cert, err := authority.Issue(fakes.CertValid, pki.ECDSAP256, append([]string{w.Host}, w.Names...)...)
	if err != nil {
		return nil, fmt.Errorf("start gosmtp: %w", err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start gosmtp: %w", err)
	}
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	q := newQueue(life, w.Collector, w.Host)
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &goSMTPSession{conn: c, wiring: w, queue: q}, nil
	}))
	server.Domain = w.Host
	server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	server.ReadTimeout, server.WriteTimeout = goSMTPIdle, goSMTPIdle
	server.MaxMessageBytes = 50 << 20
	server.ErrorLog = log.New(w.Log, "gosmtp: ", log.LstdFlags)
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(ln) })
	version, _ := g.Version(ctx)
	return &Running{
		Addrs:   map[fakes.Listener]string{fakes.ListenSMTP: ln.Addr().String()},
		Version: version, Roots: authority.Roots(), RootPEM: authority.RootPEM(), Idle: q.idle,
		Stop: func(context.Context) error {
			err := server.Close()
			cancel()
			serving.Wait()
			q.wait()
			return err
		},
	}, nil
}

// goSMTPSession is the library's view of one session.
type goSMTPSession struct {
	conn   *smtp.Conn
	wiring Wiring
	queue  *queue
	from   string
	to     []string
}

// Reset drops the transaction.
func (s *goSMTPSession) Reset() { s.from, s.to = "", nil }

// Logout has nothing to release.
func (s *goSMTPSession) Logout() error { return nil }

// Mail takes the sender.
func (s *goSMTPSession) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

// Rcpt takes a recipient.
func (s *goSMTPSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}

// Data takes the message, adds the trace header, and queues it.
func (s *goSMTPSession) Data(r io.Reader) error {
	content, err := io.ReadAll(r)
	if err != nil {
		return fmt.Errorf("read message: %w", err)
	}
	with := "ESMTP"
	if _, secure := s.conn.TLSConnectionState(); secure {
		with = "ESMTPS"
	}
	trace := fmt.Sprintf("Received: from %s (%s)\r\n\tby %s with %s;\r\n\t%s\r\n", s.conn.Hostname(),
		s.conn.Conn().RemoteAddr(), s.wiring.Host, with, time.Now().Format(time.RFC1123Z))
	return s.queue.put(context.Background(), receiver.Message{From: s.from, To: s.to, Data: append([]byte(trace), content...)})
}

// AuthMechanisms are those that the session knows.
func (s *goSMTPSession) AuthMechanisms() []string { return []string{sasl.Plain} }

// Auth checks a password.
func (s *goSMTPSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != s.wiring.User || subtle.ConstantTimeCompare([]byte(password), []byte(s.wiring.Password)) != 1 {
			return errors.New("wrong user or password")
		}
		return nil
	}), nil
}
