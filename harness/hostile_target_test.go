package harness_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"mailtls/fakes"
	"mailtls/fakes/pki"
	"mailtls/fakes/receiver"
	"mailtls/harness/targets"
	"mailtls/results"
)

// hostileTarget is a target of which one server is all there is. Like a real one
// that was attacked, it may be honest for a while: it plays our own engine then.
type hostileTarget struct {
	hostile
	claims []results.Feature
	// between has it be honest but for the second connection from each address:
	// the one between the two ordinary conversations of a case.
	between bool
}

func (h hostileTarget) Spec() targets.Spec {
	return targets.Spec{
		Name: h.name, Doc: "A hostile server.", Roles: []results.Role{results.RoleReceiver}, ClockFactor: 1,
		Variants: []targets.Variant{{Name: targets.DefaultVariant, Claims: results.Claims{Features: h.claims}}},
	}
}

func (h hostileTarget) Available() error { return nil }

func (h hostileTarget) Version(context.Context) (string, error) { return "", nil }

// Start listens until it is stopped, or has had the connections that it lasts
// for.
func (h hostileTarget) Start(_ context.Context, _ targets.Variant, w targets.Wiring) (*targets.Running, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", h.name, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	honest, roots, err := honestServer(w.Host)
	if err != nil {
		cancel()
		return nil, errors.Join(fmt.Errorf("start %s: %w", h.name, err), ln.Close())
	}
	d := &door{hostileTarget: h, ln: ln, honest: handOver{conns: make(chan net.Conn), closed: make(chan struct{})}}
	context.AfterFunc(ctx, func() { _ = ln.Close() })
	var serving sync.WaitGroup
	serving.Go(func() { _ = honest.Serve(ctx, &d.honest) })
	serving.Go(func() { d.serve(ctx) })
	if h.absent {
		_ = ln.Close()
	}
	return &targets.Running{
		Addrs: map[fakes.Listener]string{fakes.ListenSMTP: ln.Addr().String()},
		Roots: roots.Roots(),
		Stop:  func(context.Context) error { cancel(); serving.Wait(); return nil },
	}, nil
}

func honestServer(host string) (*receiver.Server, *pki.Authority, error) {
	authority, err := pki.New(time.Now())
	if err != nil {
		return nil, nil, err
	}
	cert, err := authority.Issue(fakes.CertValid, pki.ECDSAP256, host)
	if err != nil {
		return nil, nil, err
	}
	profile, err := fakes.Receiver("opportunistic")
	if err != nil {
		return nil, nil, err
	}
	start := time.Now()
	return &receiver.Server{
		Profile: profile, Listener: fakes.ListenSMTP, Host: host, Certificate: cert,
		Now: func() time.Duration { return time.Since(start) }, Clock: time.Now,
	}, authority, nil
}

// door accepts connections and decides who holds them.
type door struct {
	hostileTarget
	ln     net.Listener
	honest handOver
}

// serve returns when every connection has ended.
func (d *door) serve(ctx context.Context) {
	var calls sync.WaitGroup
	defer calls.Wait()
	met := map[string]int{}
	for n := 1; ; n++ {
		conn, err := d.ln.Accept()
		if err != nil {
			return
		}
		if d.lasts > 0 && n == d.lasts {
			_ = d.ln.Close()
		}
		host, _, _ := net.SplitHostPort(conn.RemoteAddr().String())
		met[host]++
		if d.lasts > 0 || d.between && met[host] != 2 {
			d.honest.give(ctx, conn)
			continue
		}
		calls.Go(func() { d.hold(ctx, conn) })
	}
}

// hold does what the hostile server does on a connection. Then it says no more
// and waits for the client to go: a close would reset what was not read yet, and
// with it perhaps the last reply.
func (d *door) hold(ctx context.Context, conn net.Conn) {
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	defer func() { _ = conn.Close() }()
	c := &call{ctx: ctx, TCPConn: conn.(*net.TCPConn), in: bufio.NewReader(conn)}
	for _, a := range d.acts {
		if err := a(c); err != nil {
			return
		}
	}
	_ = c.CloseWrite()
	_ = waits(c)
}

// handOver is a listener that accepts what it is given.
type handOver struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (h *handOver) give(ctx context.Context, conn net.Conn) {
	select {
	case h.conns <- conn:
	case <-ctx.Done():
		_ = conn.Close()
	}
}

func (h *handOver) Accept() (net.Conn, error) {
	select {
	case conn := <-h.conns:
		return conn, nil
	case <-h.closed:
		return nil, net.ErrClosed
	}
}

func (h *handOver) Close() error {
	h.once.Do(func() { close(h.closed) })
	return nil
}

func (h *handOver) Addr() net.Addr { return &net.TCPAddr{} }
