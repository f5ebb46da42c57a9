package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"mailtls/fakes"
)

// served is a running serve --all: where each peer is, and what is shown behind
// the table.
type served struct {
	addr, host map[string]string
	lines      chan string
	end        func() int
}

// serveAll starts serve --all and reads its table.
func serveAll(t *testing.T, args ...string) served {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	done := make(chan int, 1)
	go func() {
		code := execute(ctx, append([]string{"serve", "--all"}, args...), w, w)
		_ = w.Close()
		done <- code
	}()
	s := served{addr: map[string]string{}, host: map[string]string{}, lines: make(chan string, 1<<12)}
	lines := bufio.NewScanner(r)
	for len(s.addr) < len(fakes.Receivers()) {
		if !lines.Scan() {
			t.Fatalf("the table ends after %d peers", len(s.addr))
		}
		f := strings.Fields(lines.Text())
		if _, err := netip.ParseAddrPort(f[1]); err == nil {
			s.addr[f[0]], s.host[f[0]] = f[1], f[2]
			if p, err := fakes.Receiver(f[0]); err != nil || !strings.HasSuffix(lines.Text(), p.Doc) {
				t.Errorf("a line is %q: %v", lines.Text(), err)
			}
		}
	}
	go func() {
		for lines.Scan() {
			s.lines <- lines.Text()
		}
		close(s.lines)
	}()
	s.end = func() int { cancel(); return <-done }
	return s
}

func TestAllPeersAreServed(t *testing.T) {
	ca := filepath.Join(t.TempDir(), "root.pem")
	s := serveAll(t, "--from-port", "0", "--ca", ca)
	used := map[string]string{}
	for peer, addr := range s.addr {
		if used[addr] != "" {
			t.Errorf("%s and %s are both on %s", peer, used[addr], addr)
		}
		used[addr] = peer
	}
	for peer, want := range map[string]struct {
		code int
		said string
	}{
		"opportunistic":   {exitOK, "--- delivered"},
		"expired":         {exitOK, "--- delivered"},
		"tls-disabled":    {exitFailed, "502 "},
		"alert-after-220": {exitFailed, "handshake_failure(40)"},
	} {
		if code, out, errs := call(t, "send", "--peer", "modern", "--to", s.addr[peer]); code != want.code || !strings.Contains(out, want.said) {
			t.Errorf("%s: exit code %d: %s %s", peer, code, out, errs)
		}
	}
	checkRoot(t, s, ca)
	if code := s.end(); code != exitInterrupted {
		t.Errorf("exit code %d, want 130", code)
	}
	checkLines(t, s.lines)
}

// checkRoot has the peer with implicit TLS verified, with the root that was
// written, under the name in the table.
func checkRoot(t *testing.T, s served, ca string) {
	t.Helper()
	pem, err := os.ReadFile(ca)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	conn, err := tls.Dial("tcp", s.addr["smtps"], &tls.Config{RootCAs: roots, ServerName: s.host["smtps"]})
	if err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || line != "220 smtps.mx.mailtls.test ESMTP mailtls\r\n" {
		t.Errorf("smtps greets with %q: %v", line, err)
	}
	_ = conn.Close()
}

// checkLines wants each line to begin with the name of a peer that was met.
func checkLines(t *testing.T, lines <-chan string) {
	t.Helper()
	met := map[string]bool{}
	for line := range lines {
		if line == "mailtls: interrupted" {
			continue
		}
		name, _, _ := strings.Cut(line, " ")
		if _, err := fakes.Receiver(name); err != nil {
			t.Errorf("a line is %q", line)
		}
		met[name] = true
	}
	if len(met) != 5 {
		t.Errorf("shown were %v", met)
	}
}

func TestPlacesOfPeers(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	port := netip.MustParseAddrPort(taken.Addr().String()).Port()
	next, err := serveFlags{all: true, listen: "127.0.0.1:0", fromPort: port}.listener()
	if err != nil {
		t.Fatal(err)
	}
	ln, err := next()
	if err != nil {
		t.Fatal(err)
	}
	_ = ln.Close()
	if got := netip.MustParseAddrPort(ln.Addr().String()).Port(); got <= port {
		t.Errorf("port %d is behind one that is taken, %d", got, port)
	}
	if runtime.GOOS != "linux" {
		t.Skip("elsewhere 127.0.0.1 is the only address of its network")
	}
	next, err = serveFlags{all: true, addresses: "127.20.30.9/30", port: 0}.listener()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"127.20.30.9", "127.20.30.10", "127.20.30.11", ""} {
		ln, err := next()
		if want == "" {
			if err == nil || !strings.Contains(err.Error(), "too few addresses") {
				t.Errorf("behind the last address: %v", err)
			}
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		_ = ln.Close()
		if got := netip.MustParseAddrPort(ln.Addr().String()).Addr().String(); got != want {
			t.Errorf("listens on %s, want %s", got, want)
		}
	}
}

func TestServeNamesBadFlags(t *testing.T) {
	for flags, want := range map[string]string{
		"":                                         "[peer all] is required",
		"--all --peer opportunistic":               "[all peer] were all set",
		"--peer opportunistic --from-port 2500":    "--from-port goes with --all",
		"--all --port 2525":                        "--port goes with --addresses",
		"--all --listen 127.0.0.1:99":              "want HOST:0",
		"--all --listen 127.0.0.1":                 "want HOST:PORT",
		"--all --from-port 65530":                  "no port from 65530 is free",
		"--all --addresses 127.0.0.1":              "want a network such as",
		"--all --addresses 10.0.0.0/16":            "give --open",
		"--all --addresses 127.20.0.0/30 --port 0": "too few addresses",
		"--all --host " + strings.Repeat("x", 300): "make certificate",
	} {
		code, out, errs := call(t, append([]string{"serve"}, strings.Fields(flags)...)...)
		if code != exitFault || !strings.Contains(errs, want) || out != "" || strings.Count(errs, "\n") != 1 {
			t.Errorf("serve %s: exit code %d, said %q, %q; want 2, %q", flags, code, out, errs, want)
		}
	}
}
