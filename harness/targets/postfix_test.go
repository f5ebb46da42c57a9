package targets

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/smtp"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"time"

	gosmtp "github.com/emersion/go-smtp"

	"mailtls/results"
)

// TestPostfix starts every variant of the real Postfix, and sees whether what
// it claims is true.
func TestPostfix(t *testing.T) {
	p, err := targetFor("postfix")
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Available(); err != nil {
		t.Skip(err)
	}
	if testing.Short() {
		t.Skip("starts Postfix six times; run without -short")
	}
	if version, err := p.Version(t.Context()); err != nil || !strings.HasPrefix(version, "3.") {
		t.Errorf("version is %q, %v", version, err)
	}
	awaitRoot(t, p)
	left := testLeftover(t, p)
	for _, v := range p.Spec().Variants {
		t.Run(v.Name, func(t *testing.T) {
			sink := newSink(t)
			log := &syncBuffer{}
			w := testWiring(log)
			w.Collector = sink.addr
			r, err := p.Start(t.Context(), v, w)
			if err != nil {
				t.Fatal(err)
			}
			if left != "" {
				gone(t, left)
				if left = ""; !strings.Contains(log.String(), "an earlier run has left process ") {
					t.Errorf("not told of what was left:\n%s", log)
				}
			}
			checkPostfix(t, v, r, sink)
			if err := r.Stop(t.Context()); err != nil {
				t.Error(err)
			}
			gone(t, r.Addrs["smtp"])
			if t.Failed() {
				t.Log(log)
			}
		})
	}
}

// awaitRoot waits while another test or program uses the root.
func awaitRoot(t *testing.T, p *Process) {
	t.Helper()
	dir, err := p.rootDir()
	if err != nil {
		t.Fatal(err)
	}
	timeout := time.After(15 * time.Second)
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		lock, err := lockRoot(dir)
		if err == nil {
			if err := lock.release(); err != nil {
				t.Fatal(err)
			}
			return
		}
		if !errors.Is(err, ErrRootBusy) {
			t.Fatal(err)
		}
		select {
		case <-timeout:
			t.Skip(err)
		case <-tick.C:
		}
	}
}

// testLeftover has another process start Postfix, which keeps us out, and kills
// it, which leaves Postfix behind at the address that is returned.
func testLeftover(t *testing.T, p *Process) (addr string) {
	t.Helper()
	addr, kill := hold(t, "postfix")
	_, err := p.Start(t.Context(), Variant{Name: "default"}, testWiring(&syncBuffer{}))
	wantError(t, err, "start postfix/default: lock root ", "root in use by mailtls with pid ")
	if !errors.Is(err, ErrRootBusy) {
		t.Errorf("want ErrRootBusy, got: %v", err)
	}
	kill()
	if conn, err := net.Dial("tcp", addr); err != nil {
		t.Errorf("want a Postfix left behind: %v", err)
	} else {
		_ = conn.Close()
	}
	return addr
}

func checkPostfix(t *testing.T, v Variant, r *Running, s *sink) {
	t.Helper()
	has := v.Claims.Has
	s.hold.Lock()
	checkVersions(t, v, r)
	if err := mail(r, "smtp", 0, false, "clear"); (err == nil) != has(results.FeaturePublicMX) {
		t.Errorf("in clear: %v", err)
	} else if err != nil {
		wantError(t, err, `530 "5.7.0 `)
	}
	var sent []string
	for listener, feature := range map[string]results.Feature{"submission": results.FeatureSubmission, "smtps": results.FeatureSMTPS} {
		if !has(feature) {
			continue
		}
		for rcpt, version := range map[string]uint16{listener + "12": tls.VersionTLS12, listener + "13": tls.VersionTLS13} {
			if err := mail(r, listener, version, true, rcpt); err != nil {
				t.Errorf("%s: %v", rcpt, err)
			}
			sent = append(sent, rcpt)
		}
		if err := mail(r, listener, tls.VersionTLS11, true, "never"); err == nil {
			t.Errorf("%s takes TLS 1.1", listener)
		}
		wantError(t, mail(r, listener, tls.VersionTLS13, false, "never"), `554 "5.7.1 `)
	}
	idle, err := r.Idle(t.Context())
	if idle || err != nil {
		t.Errorf("idle is %t while mail waits, %v", idle, err)
	}
	s.hold.Unlock()
	for _, rcpt := range sent {
		s.await(t, rcpt)
	}
	if has(results.FeaturePublicMX) {
		s.await(t, "clear")
	} else {
		s.await(t, "nobody")
	}
	awaitIdle(t, r)
}

// checkVersions sees which versions of TLS are taken on the smtp listener.
func checkVersions(t *testing.T, v Variant, r *Running) {
	t.Helper()
	recent := v.Claims.Has(results.FeatureStartTLS) && v.Name != "tls10-only"
	old := v.Claims.Has(results.FeatureLegacyMX)
	for version, want := range map[uint16]bool{
		tls.VersionTLS10: old, tls.VersionTLS11: old && recent, tls.VersionTLS12: recent, tls.VersionTLS13: recent,
	} {
		err := mail(r, "smtp", version, false, "nobody")
		if (err == nil) != want {
			t.Errorf("%s: want accepted %t, got: %v", tls.VersionName(version), want, err)
		}
	}
}

func awaitIdle(t *testing.T, r *Running) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		idle, err := r.Idle(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if idle {
			return
		}
		<-tick.C
	}
}

// mail hands in a message with one version of TLS, or in clear when that is 0.
func mail(r *Running, listener string, version uint16, login bool, rcpt string) error {
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 64, 0, 9)}, Timeout: 5 * time.Second}
	config := &tls.Config{MinVersion: version, MaxVersion: version, RootCAs: r.Roots, ServerName: "mx.target.mailtls.test"}
	for l, addr := range r.Addrs {
		if string(l) != listener {
			continue
		}
		conn, err := dialer.Dial("tcp", addr)
		if err != nil {
			return err
		}
		defer conn.Close()
		if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
			return err
		}
		if listener == "smtps" {
			conn = tls.Client(conn, config)
		}
		c, err := smtp.NewClient(conn, config.ServerName)
		if err != nil {
			return err
		}
		if version != 0 && listener != "smtps" {
			if ok, _ := c.Extension("STARTTLS"); !ok {
				return errors.New("STARTTLS not offered")
			}
			if err := c.StartTLS(config); err != nil {
				return err
			}
		}
		return sendMail(c, login, rcpt)
	}
	return fmt.Errorf("no listener %s", listener)
}

func sendMail(c *smtp.Client, login bool, rcpt string) error {
	if login {
		if err := c.Auth(smtp.PlainAuth("", "tester", "secret word", "mx.target.mailtls.test")); err != nil {
			return err
		}
	}
	err := c.Mail("y@case.mailtls.test")
	if err == nil {
		err = c.Rcpt(rcpt + "@case.mailtls.test")
	}
	if err != nil {
		return err
	}
	body, err := c.Data()
	if err == nil {
		_, err = io.WriteString(body, "Subject: "+rcpt+"\r\n\r\nHello.\r\n")
	}
	if err == nil {
		err = body.Close()
	}
	return errors.Join(err, c.Quit())
}

// sink takes any mail.
type sink struct {
	addr string
	// hold keeps mail from being taken.
	hold sync.Mutex
	rcpt chan string
	seen map[string]bool
}

func newSink(t *testing.T) *sink {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &sink{addr: ln.Addr().String(), rcpt: make(chan string, 100), seen: map[string]bool{}}
	server := gosmtp.NewServer(gosmtp.BackendFunc(func(*gosmtp.Conn) (gosmtp.Session, error) { return &sinkSession{s: s}, nil }))
	server.Domain = "sink"
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(ln)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	return s
}

// await waits until mail for a recipient has come.
func (s *sink) await(t *testing.T, rcpt string) {
	t.Helper()
	timeout := time.After(10 * time.Second)
	for !s.seen[rcpt+"@case.mailtls.test"] {
		select {
		case got := <-s.rcpt:
			s.seen[got] = true
		case <-timeout:
			t.Fatalf("no mail for %s; there is mail for %v", rcpt, s.seen)
		}
	}
}

type sinkSession struct {
	s  *sink
	to string
}

func (c *sinkSession) Mail(string, *gosmtp.MailOptions) error { return nil }

func (c *sinkSession) Rcpt(to string, _ *gosmtp.RcptOptions) error {
	c.to = to
	return nil
}

func (c *sinkSession) Data(r io.Reader) error {
	header, err := textproto.NewReader(bufio.NewReader(r)).ReadMIMEHeader()
	if err != nil || !strings.Contains(header.Get("Received"), "from ") {
		return fmt.Errorf("message without Received: %w", err)
	}
	c.s.hold.Lock()
	defer c.s.hold.Unlock()
	c.s.rcpt <- c.to
	return nil
}

func (c *sinkSession) Reset()        {}
func (c *sinkSession) Logout() error { return nil }
