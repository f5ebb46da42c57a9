package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"syscall"
)

// allHost is the domain that peers go by names under when all are served.
const allHost = "mailtls.test"

// announce says what is served where.
func announce(w io.Writer, booths []booth) {
	if len(booths) == 1 {
		p := booths[0].Profile
		say(w, "%s on %s: %s\n", p.Name, booths[0].at.Addr(), p.Doc)
		return
	}
	t := table(w)
	say(t, "peer\taddress\tname\twhat it does\n")
	for _, b := range booths {
		say(t, "%s\t%s\t%s\t%s\n", b.Profile.Name, b.at.Addr(), b.Host, b.Profile.Doc)
	}
	_ = t.Flush()
}

// listener gives a function that listens at the next place, for one peer after
// the other.
func (f serveFlags) listener() (func() (net.Listener, error), error) {
	if f.addresses != "" {
		return f.nextAddress()
	}
	if err := loopback(f.listen, f.open); err != nil {
		return nil, err
	}
	if !f.all {
		return func() (net.Listener, error) { return listenOn(f.listen) }, nil
	}
	return f.nextPort()
}

func listenOn(addr string) (net.Listener, error) {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	return ln, nil
}

// nextPort listens at the next port that is free.
func (f serveFlags) nextPort() (func() (net.Listener, error), error) {
	host, port, err := net.SplitHostPort(f.listen)
	if err != nil {
		return nil, fmt.Errorf("read --listen %q: %w", f.listen, err)
	}
	if port != "0" {
		return nil, fmt.Errorf("read --listen %q: with --all the ports come from --from-port; want HOST:0", f.listen)
	}
	next := int(f.fromPort)
	return func() (net.Listener, error) {
		for next < 1<<16 {
			ln, err := listenOn(net.JoinHostPort(host, strconv.Itoa(next)))
			if f.fromPort > 0 {
				next++
			}
			if err == nil || f.fromPort == 0 || !errors.Is(err, syscall.EADDRINUSE) {
				return ln, err
			}
		}
		return nil, fmt.Errorf("listen on %s: no port from %d is free", host, f.fromPort)
	}, nil
}

// nextAddress listens at the next address of a network, but for its first, which
// names the network.
func (f serveFlags) nextAddress() (func() (net.Listener, error), error) {
	network, err := netip.ParsePrefix(f.addresses)
	if err != nil {
		return nil, fmt.Errorf("read --addresses %q: want a network such as 127.20.0.0/16: %w", f.addresses, err)
	}
	next := network.Masked().Addr()
	if err := loopback(netip.AddrPortFrom(next, f.port).String(), f.open); err != nil {
		return nil, err
	}
	return func() (net.Listener, error) {
		if next = next.Next(); !network.Contains(next) {
			return nil, fmt.Errorf("listen in %s: it has too few addresses", network)
		}
		return listenOn(netip.AddrPortFrom(next, f.port).String())
	}, nil
}
