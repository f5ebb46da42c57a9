package main

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mailtls/fakes/pki"
	"mailtls/harness"
	"mailtls/harness/targets"
	"mailtls/results"
)

// wiringFlags are what the user asked for.
type wiringFlags struct {
	target, peersAt, dns, policies, collector, out, print string
	oneByOne, again                                       bool
	filter                                                results.Filter
}

func newWiring() *cobra.Command {
	var f wiringFlags
	cmd := &cobra.Command{
		Use:   "wiring --target remote --peers-at CIDR|ADDR:PORT-PORT --policies FILE --out FILE",
		Short: "Lay out where our peers stand for a sender that somebody else started",
		Long: "Wiring gives every host of every case and policy an address of this machine, writes\n" +
			"that into a file for mailtls run --wiring, and prints what the sender's owner\n" +
			"configures. With --dns a resolver of ours leads to the hosts; the peers' addresses\n" +
			"are then a network, whose port 25 is used. Without it the sender has fixed routes.\n" +
			"A sender with a single next hop is served by --one-by-one. A claimed lifetime of\n" +
			"the queue is watched to its end: leave it out of the claims when it is long.",
		Example: "  mailtls wiring --target remote --peers-at 192.0.2.0/24 --dns 192.0.2.1:53 --policies mine.yaml --out wiring.yaml --print resolver\n" +
			"  mailtls wiring --target remote --peers-at 192.0.2.7:2500-2999 --dns none --policies mine.yaml --out wiring.yaml --print postfix\n" +
			"  mailtls wiring --target remote --peers-at 192.0.2.7:25 --one-by-one --policies mine.yaml --policy may --out wiring.yaml",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return wiring(cmd, f) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.target, "target", "remote", "the remote target: others are wired when they start")
	fl.StringVar(&f.peersAt, "peers-at", "", "network or ADDRESS:PORT-PORT for our peers, ADDRESS:PORT with --one-by-one")
	fl.StringVar(&f.dns, "dns", "none", "ADDRESS:PORT at which we answer for the domains, or none")
	fl.StringVar(&f.policies, "policies", "", "YAML file of what the sender claims, as for run --claims")
	fl.StringVar(&f.collector, "collector", "", "with --one-by-one: ADDRESS:PORT for notifications, if they can go elsewhere; else mail that is given back may not be told from lost")
	fl.BoolVar(&f.oneByOne, "one-by-one", false, "the sender has a single next hop: play the cases one after the other")
	fl.StringVar(&f.out, "out", "", "file that is written; certificates go into the folder FILE.ca")
	fl.BoolVar(&f.again, "again", false, "do not make the wiring: read --out, and print it")
	fl.StringVar(&f.print, "print", "table", "what to print: "+strings.Join(targets.LayoutFormats(), ", "))
	fl.StringVar(&f.filter.Case, "case", "", "only the cases whose id, area or row matches this glob")
	fl.StringVar(&f.filter.Label, "filter", "", "only the cases whose labels match, in Ginkgo's grammar")
	fl.StringVar(&f.filter.Policy, "policy", "", "only this policy")
	_ = cmd.MarkFlagRequired("out")
	return cmd
}

func wiring(cmd *cobra.Command, f wiringFlags) error {
	if f.target != "remote" {
		return fmt.Errorf("wire %s: it is wired when it starts; wiring is for --target remote", f.target)
	}
	if !f.again {
		if err := f.make(); err != nil {
			return err
		}
	}
	l, err := targets.ReadLayout(f.out)
	if err != nil {
		return err
	}
	remote, err := targets.NewRemote(targets.RemoteConfig{ClaimsFile: l.Claims})
	if err != nil {
		return err
	}
	v, err := remote.Spec().Variant("", results.RoleSender)
	if err != nil {
		return err
	}
	if err := l.Print(cmd.OutOrStdout(), f.print, v.Claims.Policies); err != nil {
		return err
	}
	say(cmd.ErrOrStderr(), "wiring: %s, %d addresses for %d cases and policies\n", f.out, len(l.Addresses()), len(l.Units))
	if l.OneByOne {
		say(cmd.ErrOrStderr(), "%s\n", howLong(l, v.Claims))
	}
	return nil
}

// make lays the cases out, and writes the file and the authority.
func (f wiringFlags) make() error {
	if f.peersAt == "" || f.policies == "" {
		return errors.New("read flags: --peers-at and --policies are needed")
	}
	if f.collector != "" && !f.oneByOne {
		return errors.New("read flags: --collector goes with --one-by-one; elsewhere it is one of the peers' addresses")
	}
	resolver := f.dns
	if resolver == "none" {
		resolver = ""
	}
	for flag, value := range map[string]string{"--dns": resolver, "--collector": f.collector} {
		if _, err := netip.ParseAddrPort(value); value != "" && err != nil {
			return fmt.Errorf("read %s %q: want ADDRESS:PORT: %w", flag, value, err)
		}
	}
	if _, err := os.Stat(f.out); err == nil {
		return fmt.Errorf("write wiring: %s is there already: name another file, remove it, or print it with --again", f.out)
	}
	remote, err := targets.NewRemote(targets.RemoteConfig{ClaimsFile: f.policies})
	if err != nil {
		return err
	}
	l, err := harness.LayOut(harness.LayoutConfig{
		Target: remote, Filter: f.filter, PeersAt: f.peersAt, Resolver: resolver, OneByOne: f.oneByOne, Collector: f.collector,
	})
	if err != nil {
		return err
	}
	if l.Claims, err = filepath.Abs(f.policies); err != nil {
		return fmt.Errorf("write wiring: %w", err)
	}
	l.Authority = filepath.Base(f.out) + ".ca"
	authority, err := pki.New(time.Now())
	if err != nil {
		return err
	}
	if err := authority.Save(filepath.Join(filepath.Dir(f.out), l.Authority)); err != nil {
		return err
	}
	return l.Write(f.out)
}

// howLong says how long a run takes whose cases wait for each other.
func howLong(l *targets.Layout, claims results.Claims) string {
	units, most := harness.Longest(l, claims)
	return fmt.Sprintf("one by one: %d cases and policies, %s at the most", units, most.Round(time.Second))
}

// readWiring reads a layout that a run is to use: beyond this machine only with
// leave.
func readWiring(path string, authorized bool) (*targets.Layout, error) {
	l, err := targets.ReadLayout(path)
	if err != nil {
		return nil, err
	}
	for _, a := range l.Addresses() {
		if at, err := netip.ParseAddrPort(a); (err != nil || !at.Addr().IsLoopback()) && !authorized {
			return nil, fmt.Errorf("listen on %s: others could reach it: give --authorized if that is meant", a)
		}
	}
	return l, nil
}
