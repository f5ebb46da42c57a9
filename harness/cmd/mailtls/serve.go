package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"mailtls/fakes"
	"mailtls/fakes/pki"
	"mailtls/fakes/receiver"
	"mailtls/results"
)

// serveFlags say what peers are served, and how.
type serveFlags struct {
	peer, listen, host, domain, ca, user, password string
	open, all                                      bool
	fromPort, port                                 uint16
	addresses                                      string
}

func newServe() *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve --peer NAME | --all",
		Short: "Play a receiving peer or all of them, and show what passes",
		Example: "  mailtls serve --peer tls10-only --listen 127.0.0.1:2525\n  swaks --to a@example.com --server 127.0.0.1:2525 --tls\n" +
			"  mailtls serve --all --from-port 2500\n  mailtls serve --all --addresses 127.20.0.0/16 --port 25",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return serve(cmd, f) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.peer, "peer", "", "peer to play (see mailtls list peers)")
	fl.BoolVar(&f.all, "all", false, "play all peers at once, each on a port or an address of its own")
	fl.StringVar(&f.listen, "listen", "127.0.0.1:0", "address to listen on; port 0 takes a free one, or with --all those from --from-port")
	fl.Uint16Var(&f.fromPort, "from-port", 2500, "with --all: the port from which on free ones are taken; 0 takes any")
	fl.StringVar(&f.addresses, "addresses", "", "with --all: network of which each peer gets an address, such as 127.20.0.0/16")
	fl.Uint16Var(&f.port, "port", 25, "with --addresses: the port at each address")
	fl.StringVar(&f.host, "host", "localhost", "name that it goes by, in its greeting and certificate; with --all the domain that each goes by a name under (default "+allHost+")")
	fl.StringVar(&f.domain, "domain", "mailtls.test", "domain that mail is for, in the certificate of next-hop-name")
	fl.StringVar(&f.ca, "ca", "", "write the root that the certificates lead to into this file")
	fl.StringVar(&f.user, "user", "user", "user who may log in")
	fl.StringVar(&f.password, "password", "password", "the user's password")
	fl.BoolVar(&f.open, "open", false, "listen where others can reach it")
	cmd.MarkFlagsOneRequired("peer", "all")
	cmd.MarkFlagsMutuallyExclusive("peer", "all")
	cmd.MarkFlagsMutuallyExclusive("addresses", "from-port")
	cmd.MarkFlagsMutuallyExclusive("addresses", "listen")
	return cmd
}

// check says what flags do not go together.
func (f serveFlags) check(cmd *cobra.Command) error {
	for flag, with := range map[string]string{"from-port": "all", "addresses": "all", "port": "addresses"} {
		if cmd.Flags().Changed(flag) && !cmd.Flags().Changed(with) {
			return fmt.Errorf("--%s goes with --%s", flag, with)
		}
	}
	return nil
}

func serve(cmd *cobra.Command, f serveFlags) error {
	if err := f.check(cmd); err != nil {
		return err
	}
	profiles := fakes.Receivers()
	if !f.all {
		p, err := fakes.Receiver(f.peer)
		if err != nil {
			return err
		}
		profiles = []fakes.Profile{p}
	} else if !cmd.Flags().Changed("host") {
		f.host = allHost
	}
	listen, err := f.listener()
	if err != nil {
		return err
	}
	booths, err := f.booths(profiles, &lockedWriter{w: cmd.OutOrStdout()})
	if err != nil {
		return err
	}
	if err := open(booths, listen); err != nil {
		return err
	}
	announce(cmd.OutOrStdout(), booths)
	if err := attend(cmd.Context(), booths); err != nil {
		return err
	}
	return cmd.Context().Err()
}

// booth is a peer and where it listens.
type booth struct {
	*receiver.Server
	at net.Listener
}

// open has each listen; when one cannot none does.
func open(booths []booth, listen func() (net.Listener, error)) error {
	for i := range booths {
		ln, err := listen()
		if err != nil {
			for _, b := range booths[:i] {
				err = errors.Join(err, b.at.Close())
			}
			return err
		}
		booths[i].at = ln
	}
	return nil
}

// attend serves until the context ends or a listener fails.
func attend(ctx context.Context, booths []booth) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, b := range booths {
		g.Go(func() error { return b.Serve(ctx, b.at) })
	}
	return g.Wait()
}

// booths makes a server for each profile, all with certificates of one authority,
// and gives the user the root.
func (f serveFlags) booths(profiles []fakes.Profile, out io.Writer) ([]booth, error) {
	authority, err := pki.New(time.Now())
	if err != nil {
		return nil, fmt.Errorf("make certificates: %w", err)
	}
	if f.ca != "" {
		if err := os.WriteFile(f.ca, authority.RootPEM(), 0o644); err != nil {
			return nil, fmt.Errorf("write root: %w", err)
		}
	}
	width := 0
	for _, p := range profiles {
		width = max(width, len(p.Name))
	}
	start := time.Now()
	var all []booth
	for _, p := range profiles {
		host, prefix := f.host, ""
		if f.all {
			host, prefix = p.HostUnder(f.host), fmt.Sprintf("%-*s ", width, p.Name)
		}
		s := f.server(p, host, start, shown{out, prefix})
		s.ClientRoots = authority.Roots()
		if s.Certificate, err = authority.ForPeer(s.Profile, s.Host, f.domain); err != nil {
			return nil, err
		}
		all = append(all, booth{Server: s})
	}
	return all, nil
}

// server plays a profile, and shows what passes.
func (f serveFlags) server(p fakes.Profile, host string, start time.Time, out shown) *receiver.Server {
	return &receiver.Server{
		Profile: p, Listener: p.Listener(), Host: host, Accounts: map[string]string{f.user: f.password},
		Now: func() time.Duration { return time.Since(start) }, Clock: time.Now,
		Watch: func(e results.Event) { out.show(liveLine(e)) },
		Report: func(s results.Session) {
			out.show(fmt.Sprintf("--- session %d from %s ended: %s", s.ID, s.Client, s.End))
		},
	}
}

// shown writes lines with something before each.
type shown struct {
	w      io.Writer
	prefix string
}

func (s shown) show(lines string) {
	say(s.w, "%s%s\n", s.prefix, strings.ReplaceAll(lines, "\n", "\n"+s.prefix))
}
