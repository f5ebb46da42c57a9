package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/spf13/pflag"

	"mailtls/fakes"
	"mailtls/harness/targets"
)

// remoteFlags are the addresses of a target that somebody else started.
type remoteFlags struct {
	smtp, submission, smtps, lmtp, imap, imaps, pop3, pop3s string
	collector, readback, claims                             string
	// submit and wiring are for the role sender.
	submit, wiring string
}

func (f *remoteFlags) add(fl *pflag.FlagSet) {
	fl.StringVar(&f.smtp, "smtp", "", "remote target: HOST:PORT of its smtp listener")
	fl.StringVar(&f.submission, "submission", "", "remote target: HOST:PORT of its submission listener")
	fl.StringVar(&f.smtps, "smtps", "", "remote target: HOST:PORT of its implicit TLS listener")
	fl.StringVar(&f.lmtp, "lmtp", "", "remote target: HOST:PORT of its LMTP listener")
	fl.StringVar(&f.imap, "imap", "", "remote target: HOST:PORT of its IMAP listener")
	fl.StringVar(&f.imaps, "imaps", "", "remote target: HOST:PORT of its IMAP listener with implicit TLS")
	fl.StringVar(&f.pop3, "pop3", "", "remote target: HOST:PORT of its POP3 listener")
	fl.StringVar(&f.pop3s, "pop3s", "", "remote target: HOST:PORT of its POP3 listener with implicit TLS")
	fl.StringVar(&f.collector, "collector", "", "remote target: address on which accepted mail is collected")
	fl.StringVar(&f.readback, "readback", "", "remote target: domain that it accepts mail for, and hands on to --collector")
	fl.StringVar(&f.submit, "submit", "", "remote target, role sender: HOST:PORT that takes mail for any domain from this machine")
	fl.StringVar(&f.wiring, "wiring", "", "remote target, role sender: file that mailtls wiring made")
	fl.StringVar(&f.claims, "claims", "", "remote target: YAML file of what it claims")
}

// given tells whether any of them was given.
func (f remoteFlags) given() bool { return f != remoteFlags{} }

// target makes the remote target.
func (f remoteFlags) target(authorized bool) (targets.Target, error) {
	addrs := map[fakes.Listener]string{}
	for l, addr := range map[fakes.Listener]string{
		fakes.ListenSMTP: f.smtp, fakes.ListenSubmission: f.submission, fakes.ListenSMTPS: f.smtps, fakes.ListenLMTP: f.lmtp,
		fakes.ListenIMAP: f.imap, fakes.ListenIMAPS: f.imaps, fakes.ListenPOP3: f.pop3, fakes.ListenPOP3S: f.pop3s,
	} {
		if addr != "" {
			addrs[l] = addr
		}
	}
	if f.submit != "" {
		addrs[fakes.ListenSMTP] = f.submit
	}
	switch {
	case (f.submit == "") != (f.wiring == ""):
		return nil, errors.New("read flags: --submit HOST:PORT and --wiring FILE go together, for the role sender")
	case f.submit != "" && len(addrs) > 1 || f.submit != "" && f.smtp != "":
		return nil, errors.New("read flags: --submit is for the role sender, which has a run of its own: leave the other addresses out")
	case len(addrs) == 0:
		return nil, errors.New("read flags: --target remote needs an address: --smtp HOST:PORT, or --submit HOST:PORT")
	case f.claims == "":
		return nil, errors.New("read flags: --target remote needs --claims FILE")
	case f.collector != "" && f.readback == "":
		return nil, errors.New("read flags: --collector needs --readback DOMAIN, the domain whose mail comes back")
	}
	if f.collector != "" {
		if _, _, err := net.SplitHostPort(f.collector); err != nil {
			return nil, fmt.Errorf("read --collector %q: want ADDRESS:PORT: %w", f.collector, err)
		}
	}
	return targets.NewRemote(targets.RemoteConfig{
		Addrs: addrs, ClaimsFile: f.claims, Collector: f.collector, Domain: f.readback, Authorized: authorized,
	})
}

// loopback refuses to listen where others could reach a peer of ours, unless
// the user asked for it.
func loopback(addr string, open bool) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("read address %q: want HOST:PORT: %w", addr, err)
	}
	ip, err := netip.ParseAddr(host)
	if host == "localhost" || err == nil && ip.IsLoopback() || open {
		return nil
	}
	return fmt.Errorf("listen on %s: others could reach it: give --open if that is meant", addr)
}
