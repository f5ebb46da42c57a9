package bench

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"mailtls/fakes"
	"mailtls/fakes/pki"
	"mailtls/results"
)

// playPeer is a peer that answers as little as a mail server may, and as fast as
// Go can: what is measured against it is the generator. Its argument is implicit,
// starttls (which serves plain sessions too), or floor.
func playPeer(args []string) error {
	if len(args) != 1 {
		return errors.New("want implicit, starttls or floor")
	}
	config, err := peerConfig()
	if err != nil {
		return err
	}
	return serveRole(func(c net.Conn) {
		if args[0] == "floor" {
			answerFloor(c)
			return
		}
		answer(c, config, args[0] == "implicit", func([]byte) {})
	})
}

// peerConfig is the TLS of a fast peer: a chain of two with ECDSA, no tickets.
func peerConfig() (*tls.Config, error) {
	a, err := authority()
	if err != nil {
		return nil, err
	}
	cert, err := a.Issue(fakes.CertValid, pki.ECDSAP256, peerHost)
	if err != nil {
		return nil, err
	}
	return &tls.Config{Certificates: []tls.Certificate{cert}, SessionTicketsDisabled: true}, nil
}

// serveRole serves connections on a free port until the parent goes.
func serveRole(session func(net.Conn)) error {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := ln.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err != nil {
				time.Sleep(10 * time.Millisecond) // too many are open for now
				continue
			}
			go session(c) // owned by the process, which ends with its parent
		}
	})
	ready(ln.Addr().String())
	awaitParent()
	_ = ln.Close()
	serving.Wait()
	return nil
}

// answer holds one session. It calls before with the line of EHLO before it
// answers that.
func answer(c net.Conn, config *tls.Config, implicit bool, before func(hello []byte)) {
	defer func() { _ = c.Close() }()
	if implicit {
		c = tls.Server(c, config)
	}
	_, _ = io.WriteString(c, "220 x\r\n")
	lines := bufio.NewReaderSize(c, 128)
	for {
		line, err := lines.ReadSlice('\n')
		if err != nil {
			return
		}
		switch line[0] {
		case 'S':
			_, _ = io.WriteString(c, "220 x\r\n")
			c = tls.Server(c, config)
			lines.Reset(c)
		case 'Q':
			_, _ = io.WriteString(c, "221 x\r\n")
			return
		default:
			before(line)
			_, _ = io.WriteString(c, "250-x\r\n250 STARTTLS\r\n")
		}
	}
}

// floorTurns are the bytes that the sides of a session with implicit TLS send in
// turn, the client first: ClientHello, all up to the server's Finished, the
// client's Finished, greeting, EHLO and its reply, QUIT and its reply.
var floorTurns = [][2]int{{245, 1180}, {64, 29}, {54, 43}, {28, 29}}

// answerFloor takes and sends what a session would, with no cryptography.
func answerFloor(c net.Conn) {
	defer func() { _ = c.Close() }()
	b := make([]byte, 2048)
	for _, turn := range floorTurns {
		if _, err := io.ReadFull(c, b[:turn[0]]); err != nil {
			return
		}
		if _, err := c.Write(b[:turn[1]]); err != nil {
			return
		}
	}
}

// bareConfig is the TLS of the loops that are measured: TLS 1.3 with X25519, no
// check of the chain.
func bareConfig() *tls.Config {
	return &tls.Config{ServerName: peerHost, InsecureSkipVerify: true, MinVersion: tls.VersionTLS13, CurvePreferences: []tls.CurveID{tls.X25519}}
}

// measuredSession is the same as a plan says it.
func measuredSession(kind results.SessionKind) results.SessionPlan {
	return results.SessionPlan{Kind: kind, TLS: tls.VersionTLS13, Group: results.Group(tls.X25519)}
}

// bare does what a session with implicit TLS does, to the end of the connection,
// which is the server's to bring about: with nothing around it.
func bare(addr string, config *tls.Config) error {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	inside := tls.Client(c, config)
	if err := inside.Handshake(); err != nil {
		return err
	}
	var b [256]byte
	for _, command := range []string{"", "EHLO bare.bench.mailtls.example\r\n", "QUIT\r\n"} {
		if command != "" {
			if _, err := io.WriteString(inside, command); err != nil {
				return err
			}
		}
		if _, err := inside.Read(b[:]); err != nil {
			return err
		}
	}
	if _, err := inside.Read(b[:]); !errors.Is(err, io.EOF) {
		return fmt.Errorf("await the end: %w", err)
	}
	return nil
}

// TestFastPeerDoesWhatItIsMeasuredWith: each way to talk to it comes to its end.
func TestFastPeerDoesWhatItIsMeasuredWith(t *testing.T) {
	implicit, starttls := startHelper(t, "peer implicit"), startHelper(t, "peer starttls")
	if err := bare(implicit.word, bareConfig()); err != nil {
		t.Errorf("bare loop: %v", err)
	}
	for kind, h := range map[results.SessionKind]*helper{results.KindImplicit: implicit, results.KindStartTLS: starttls, results.KindPlain: starttls} {
		if class := oneClient(t, h.word, results.SessionPlan{Kind: kind})(); class != "" {
			t.Errorf("%s: %s", kind, class)
		}
	}
}
