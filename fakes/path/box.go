package path

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"mailtls/fakes"
	"mailtls/results"
)

// Times that a box keeps.
const (
	// dialTime is how long the server may take to accept a connection.
	dialTime = 10 * time.Second
	// lingerTime is how long one side may go on once the other has ended.
	lingerTime = 10 * time.Second
)

// Box forwards connections to one server. Its fields are set before Serve and not
// changed afterwards.
type Box struct {
	// Path is what it does besides forwarding.
	Path fakes.Path
	// Server is the "host:port" that it forwards to.
	Server string
	// Now tells the time since the transcript began; needed.
	Now func() time.Duration
	// Opened is told when a connection comes, and Report of each one that has ended,
	// with its record. Leg and Host are the caller's to fill. Both may be nil.
	Opened func()
	Report func(results.Session)

	count atomic.Int64
}

// Serve forwards until the context ends or the listener fails, closes the
// listener, and returns when every connection has ended.
func (b *Box) Serve(ctx context.Context, ln net.Listener) error {
	stop := context.AfterFunc(ctx, func() { _ = ln.Close() })
	defer stop()
	var running sync.WaitGroup
	defer running.Wait()
	for {
		conn, err := ln.Accept()
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return nil
			}
			return fmt.Errorf("accept on %s: %w", ln.Addr(), err)
		}
		client, ok := conn.(*net.TCPConn)
		if !ok {
			_ = conn.Close()
			return fmt.Errorf("accept on %s: a %T is no TCP connection", ln.Addr(), conn)
		}
		if b.Opened != nil {
			b.Opened()
		}
		running.Go(func() { b.forward(ctx, client) })
	}
}

// forward plays one connection.
func (b *Box) forward(ctx context.Context, client *net.TCPConn) {
	r := newRelay(b, client)
	s := results.Session{
		ID: int(b.count.Add(1)), Peer: b.Path.Name, Listener: string(fakes.ListenSMTP),
		Client: client.RemoteAddr().String(), Server: client.LocalAddr().String(),
	}
	d := net.Dialer{Timeout: dialTime}
	server, err := d.DialContext(ctx, "tcp", b.Server)
	if err != nil {
		r.rec.Note(fmt.Sprintf("the server cannot be reached: %v", err))
		_ = r.client.Reset()
		s.End = results.EndOurs
	} else {
		s.End = r.run(ctx, server.(*net.TCPConn))
	}
	seen := r.rec.Session()
	s.TLS, s.Events, s.EndAt = seen.TLS, seen.Events, b.Now()
	if b.Report != nil {
		b.Report(s)
	}
}
