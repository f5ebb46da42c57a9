package targets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"syscall"
	"time"

	"mailtls/fakes"
)

// claimPorts finds a free port for each listener that wants one, and makes
// sure that the others are free. All are let go again for the software to take.
func (d *renderData) claimPorts(ctx context.Context) error {
	var held []net.Listener
	defer func() {
		for _, ln := range held {
			_ = ln.Close()
		}
	}()
	for _, name := range slices.Sorted(maps.Keys(d.Listen)) {
		addr := d.Listen[name]
		ln, err := new(net.ListenConfig).Listen(ctx, "tcp", addr.String())
		if errors.Is(err, syscall.EADDRINUSE) {
			return fmt.Errorf("take port %d of %s for %s: another program listens there; end it, or set the port to 0",
				addr.Port, addr.Host, name)
		}
		if err != nil {
			return fmt.Errorf("take port %d of %s for %s: %w", addr.Port, addr.Host, name, err)
		}
		held = append(held, ln)
		addr.Port = ln.Addr().(*net.TCPAddr).Port
	}
	return nil
}

// awaitReady waits until every listener answers. gone ends the waiting: the
// process is not there any more.
func awaitReady(ctx context.Context, addrs map[fakes.Listener]string, most time.Duration, gone <-chan struct{}) error {
	wait, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for _, l := range slices.Sorted(maps.Keys(addrs)) {
		for {
			err := knock(wait, l, addrs[l])
			if err == nil {
				break
			}
			select {
			case <-gone:
				return errors.New("the process ended before it listened")
			case <-wait.Done():
				if ctx.Err() != nil {
					return fmt.Errorf("await %s on %s: %w", l, addrs[l], context.Cause(ctx))
				}
				return fmt.Errorf("await %s on %s: no answer within %v: %w", l, addrs[l], most, err)
			case <-tick.C:
			}
		}
	}
	return nil
}

// knock connects, and awaits the beginning of a greeting where one is due in
// clear: a listener can be open although what stands behind it cannot start.
func knock(ctx context.Context, l fakes.Listener, addr string) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // nothing depends on it
	bye := "QUIT\r\n"
	switch l {
	case fakes.ListenSMTPS, fakes.ListenIMAPS, fakes.ListenPOP3S:
		return nil
	case fakes.ListenIMAP:
		bye = "a LOGOUT\r\n"
	default:
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now()) })
	defer stop()
	if _, err := conn.Read(make([]byte, 1)); err != nil {
		return fmt.Errorf("read greeting: %w", err)
	}
	if _, err := io.WriteString(conn, bye); err == nil {
		_ = conn.SetReadDeadline(time.Now().Add(time.Second))
		_, _ = io.Copy(io.Discard, conn)
	}
	return nil
}
