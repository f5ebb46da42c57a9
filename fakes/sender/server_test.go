package sender_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mailtls/fakes"
	"mailtls/fakes/pki"
	"mailtls/fakes/sender"
	"mailtls/results"
)

// host is the name that the servers of these tests go by.
const host = "mx.mailtls.test"

// listen answers the first connection with hold, which ends when the test does.
// The address is the server's.
func listen(t *testing.T, hold func(*net.TCPConn)) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	context.AfterFunc(ctx, func() { _ = ln.Close() })
	var serving sync.WaitGroup
	serving.Go(func() {
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
		defer func() { _ = conn.Close() }()
		hold(conn.(*net.TCPConn))
	})
	t.Cleanup(func() { cancel(); serving.Wait() })
	return ln.Addr().String()
}

// say writes text; who is gone is told by what it saw.
func say(w io.Writer, text string) { _, _ = io.WriteString(w, text) }

// hear reads up to a line end, byte by byte, so that nothing is read ahead.
func hear(r io.Reader) string {
	var line []byte
	for b := make([]byte, 1); !bytes.HasSuffix(line, []byte("\n")); {
		if _, err := io.ReadFull(r, b); err != nil {
			break
		}
		line = append(line, b...)
	}
	return string(line)
}

// rest reads until the client is gone.
func rest(r io.Reader) string {
	b, _ := io.ReadAll(r)
	return string(b)
}

// session is one to be played at an address; tests change what they are about.
func session(addr string, script fakes.Script) sender.Session {
	start := time.Now()
	return sender.Session{
		Peer: "client", Script: script, Listener: fakes.ListenSMTP, Addr: addr, ServerName: host, Wall: start,
		Patience: 10 * time.Second, Now: func() time.Duration { return time.Since(start) },
		Vars: fakes.Vars{"helo": "client.example"},
	}
}

// security is a server's part of TLS.
type security struct {
	*tls.Config
	authority *pki.Authority
}

func secure(t *testing.T) security {
	t.Helper()
	authority, err := pki.New(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	cert, err := authority.Issue(fakes.CertValid, pki.ECDSAP256, host)
	if err != nil {
		t.Fatal(err)
	}
	return security{&tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"smtp"}}, authority}
}

// said joins the data of one side, under a mark, inside TLS or not.
func said(s results.Session, from results.Side, mark string, inside bool) string {
	var b strings.Builder
	for _, e := range s.Events {
		if e.Mark == mark && e.From == from && e.Kind == results.EventData && e.Secure == inside {
			b.Write(e.Bytes)
		}
	}
	return b.String()
}

// noted tells whether a note of the engine holds a text.
func noted(s results.Session, text string) bool {
	return slices.ContainsFunc(s.Events, func(e results.Event) bool {
		return e.Kind == results.EventNote && strings.Contains(e.Text, text)
	})
}

// closings lists how the connection was ended, in order: "C half-close".
func closings(s results.Session) []string {
	var all []string
	for _, e := range s.Events {
		if e.Kind == results.EventClose {
			all = append(all, string(e.From)+" "+e.Text)
		}
	}
	return all
}

// isReset tells whether an error is that of a connection that was reset.
func isReset(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && strings.Contains(op.Error(), "reset")
}
