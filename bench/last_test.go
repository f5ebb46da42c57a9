package bench

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"testing"
	"time"

	"mailtls/results"
)

// TestServersThatWaitForTheClientToCloseAreNotHeldUp: some close only when they see
// that their client is done, in TLS and in clear.
func TestServersThatWaitForTheClientToCloseAreNotHeldUp(t *testing.T) {
	config, err := peerConfig()
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []results.SessionKind{results.KindImplicit, results.KindPlain} {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		waited := make(chan time.Duration, 1)
		go func() { // owned: the test waits for what it says
			waited <- waitingServer(ln, config, kind == results.KindImplicit)
		}()
		if class := oneClient(t, ln.Addr().String(), results.SessionPlan{Kind: kind})(); class != "" {
			t.Errorf("%s: %s", kind, class)
		}
		if long := <-waited; long > time.Second {
			t.Errorf("%s: the server waited %s for its client", kind, long)
		}
		_ = ln.Close()
	}
}

// waitingServer holds one session, and after QUIT waits for what the client does. It
// tells how long.
func waitingServer(ln net.Listener, config *tls.Config, implicit bool) time.Duration {
	raw, err := ln.Accept()
	if err != nil {
		return time.Hour
	}
	defer func() { _ = raw.Close() }()
	c := raw
	if implicit {
		c = tls.Server(raw, config)
	}
	lines := bufio.NewReader(c)
	_, _ = io.WriteString(c, "220 x\r\n")
	for _, reply := range []string{"250 x\r\n", "221 x\r\n"} {
		if _, err := lines.ReadString('\n'); err != nil {
			return time.Hour
		}
		_, _ = io.WriteString(c, reply)
	}
	began := time.Now()
	_ = raw.SetReadDeadline(began.Add(10 * time.Second))
	_, _ = io.Copy(io.Discard, raw) // to the end of the connection
	return time.Since(began)
}
