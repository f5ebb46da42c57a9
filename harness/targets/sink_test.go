package targets

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"time"

	gosmtp "github.com/emersion/go-smtp"
)

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
		_ = ln.Close() // which Close does not know when it comes before Serve
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
