package dns

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync"
	"syscall"
	"time"

	"mailtls/results"
)

const (
	// idle is how long a TCP connection may be silent, or may take an answer.
	idle = 10 * time.Second
	// attempts to find a port that is free over both UDP and TCP.
	attempts = 20
)

// Server answers out of a zone. Its fields are set before Serve and not changed
// afterwards; the zone may be edited.
type Server struct {
	// Zone to answer out of.
	Zone *Zone
	// Now is the time since the transcript began; nil stamps every question with 0.
	Now func() time.Duration
	// Report takes each question, before its answer is sent, and holds the answer up
	// while it runs. Over UDP it is called in the order of arrival, but connections
	// over TCP call it at the same time. Nil drops the questions. Name is in lower case with its
	// final dot; Name and Type are empty for a packet that holds no question. Answer
	// is the code, AD and TC if set, and the data of the records: "NOERROR AD 10
	// mx.example.test.", "NOERROR" when the name has no such record, or "dropped"
	// when nothing is sent.
	Report func(results.Query)
}

// Listener is one port, over UDP and TCP.
type Listener struct {
	udp *net.UDPConn
	tcp net.Listener
}

// Listen takes a port of an address, "127.0.0.53:53"; port 0 is one that is free.
// The address should be a single one: answers over UDP come from the address that
// was asked only where there is no other.
func Listen(ctx context.Context, address string) (*Listener, error) {
	var failed error
	for range attempts {
		ln, err := listen(ctx, address)
		if err == nil {
			return ln, nil
		}
		failed = err
		if _, port, _ := net.SplitHostPort(address); port != "0" || !errors.Is(err, syscall.EADDRINUSE) {
			break
		}
	}
	return nil, fmt.Errorf("listen on %s: %w", address, failed)
}

func listen(ctx context.Context, address string) (*Listener, error) {
	var config net.ListenConfig
	tcp, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	udp, err := config.ListenPacket(ctx, "udp", tcp.Addr().String())
	if err != nil {
		_ = tcp.Close()
		return nil, err
	}
	return &Listener{udp: udp.(*net.UDPConn), tcp: tcp}, nil
}

// Addr is the address and port.
func (ln *Listener) Addr() netip.AddrPort {
	return ln.udp.LocalAddr().(*net.UDPAddr).AddrPort()
}

// Close gives the port back; Serve then returns. Closing again does nothing.
func (ln *Listener) Close() error {
	var failed []error
	for _, end := range []io.Closer{ln.udp, ln.tcp} {
		if err := end.Close(); !errors.Is(err, net.ErrClosed) {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// Serve answers until the context ends or the listener is closed or fails, closes
// the listener, and returns when nothing is left running.
func (s *Server) Serve(ctx context.Context, ln *Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = ln.Close() })
	defer stop()
	var failed [2]error
	var loops sync.WaitGroup
	loops.Go(func() { failed[0] = s.packets(ctx, cancel, ln.udp) })
	loops.Go(func() { failed[1] = s.connections(ctx, cancel, ln.tcp) })
	loops.Wait()
	_ = ln.Close()
	return errors.Join(failed[:]...)
}

// packets answers over UDP, in the order of the questions but for answers that are
// delayed. When it ends it cancels what is left.
func (s *Server) packets(ctx context.Context, cancel context.CancelFunc, conn *net.UDPConn) error {
	var late sync.WaitGroup
	defer late.Wait()
	defer cancel()
	buffer := make([]byte, 1<<16)
	for {
		n, from, err := conn.ReadFromUDPAddrPort(buffer)
		if err != nil {
			return ended(ctx, "read from", conn.LocalAddr(), err)
		}
		r := s.answer(buffer[:n], true)
		if r.packet == nil {
			continue
		}
		send := func() { _, _ = conn.WriteToUDPAddrPort(r.packet, from) } // who asked may be gone
		if r.delay == 0 {
			send()
			continue
		}
		late.Go(func() {
			if wait(ctx, r.delay) {
				send()
			}
		})
	}
}

// connections answers over TCP. When it ends it cancels what is left.
func (s *Server) connections(ctx context.Context, cancel context.CancelFunc, ln net.Listener) error {
	var conns sync.WaitGroup
	defer conns.Wait()
	defer cancel()
	for {
		conn, err := ln.Accept()
		if err != nil {
			return ended(ctx, "accept on", ln.Addr(), err)
		}
		conns.Go(func() { s.connection(ctx, conn) })
	}
}

// connection answers the questions of one connection, one after the other.
func (s *Server) connection(ctx context.Context, conn net.Conn) {
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	for {
		_ = conn.SetDeadline(time.Now().Add(idle))
		var length [2]byte
		if _, err := io.ReadFull(conn, length[:]); err != nil {
			return
		}
		packet := make([]byte, binary.BigEndian.Uint16(length[:]))
		if n, err := io.ReadFull(conn, packet); err != nil {
			s.report(results.Query{At: s.now(), Answer: fmt.Sprintf("dropped: %d of %d bytes", n, len(packet))})
			return
		}
		r := s.answer(packet, false)
		if r.packet == nil {
			continue
		}
		if !wait(ctx, r.delay) {
			return
		}
		_ = conn.SetDeadline(time.Now().Add(idle)) // the delay was ours
		binary.BigEndian.PutUint16(length[:], uint16(len(r.packet)))
		if _, err := conn.Write(slices.Concat(length[:], r.packet)); err != nil {
			return
		}
	}
}

// answer decides what becomes of a packet that has just arrived, and reports it.
func (s *Server) answer(packet []byte, udp bool) reply {
	at := s.now()
	r := s.Zone.answer(packet, udp)
	s.report(results.Query{At: at, Name: r.name, Type: r.kind, Answer: r.text})
	return r
}

// wait waits, and is false when the server ends first.
func wait(ctx context.Context, delay time.Duration) bool {
	due := time.NewTimer(delay)
	defer due.Stop()
	select {
	case <-due.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (s *Server) report(q results.Query) {
	if s.Report != nil {
		q.Kind = "dns"
		s.Report(q)
	}
}

func (s *Server) now() time.Duration {
	if s.Now == nil {
		return 0
	}
	return s.Now()
}

// ended is the error with which a loop ends; none when it was asked to.
func ended(ctx context.Context, doing string, addr net.Addr, err error) error {
	if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return fmt.Errorf("%s %s: %w", doing, addr, err)
}
