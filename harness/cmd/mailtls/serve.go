package main

import (
	"fmt"
	"net"
	"os"
	"time"

	"github.com/spf13/cobra"

	"mailtls/fakes"
	"mailtls/fakes/pki"
	"mailtls/fakes/receiver"
	"mailtls/results"
)

// serveFlags say what peer is served, and how.
type serveFlags struct {
	peer, listen, host, ca, user, password string
	open                                   bool
}

func newServe() *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:     "serve --peer NAME --listen ADDR",
		Short:   "Play a receiving peer, and show what passes",
		Example: "  mailtls serve --peer tls10-only --listen 127.0.0.1:2525\n  swaks --to a@example.com --server 127.0.0.1:2525 --tls",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return serve(cmd, f) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.peer, "peer", "", "peer to play (see mailtls list peers)")
	fl.StringVar(&f.listen, "listen", "127.0.0.1:0", "address to listen on; port 0 takes a free one")
	fl.StringVar(&f.host, "host", "localhost", "name that it goes by, in its greeting and certificate")
	fl.StringVar(&f.ca, "ca", "", "write the root that its certificate leads to into this file")
	fl.StringVar(&f.user, "user", "user", "user who may log in")
	fl.StringVar(&f.password, "password", "password", "the user's password")
	fl.BoolVar(&f.open, "open", false, "listen where others can reach it")
	_ = cmd.MarkFlagRequired("peer")
	return cmd
}

func serve(cmd *cobra.Command, f serveFlags) error {
	profile, err := fakes.Receiver(f.peer)
	if err != nil {
		return err
	}
	if err := loopback(f.listen, f.open); err != nil {
		return err
	}
	out := &lockedWriter{w: cmd.OutOrStdout()}
	start := time.Now()
	server := &receiver.Server{
		Profile: profile, Listener: fakes.ListenSMTP, Host: f.host, Accounts: map[string]string{f.user: f.password},
		Now: func() time.Duration { return time.Since(start) }, Clock: time.Now,
		Watch: func(e results.Event) { say(out, "%s\n", liveLine(e)) },
		Report: func(s results.Session) {
			say(out, "--- session %d from %s ended: %s\n", s.ID, s.Client, s.End)
		},
	}
	if profile.Offer == fakes.OfferImplicit {
		server.Listener = fakes.ListenSMTPS
	}
	if err := certify(server, f.ca); err != nil {
		return err
	}
	ln, err := net.Listen("tcp", f.listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", f.listen, err)
	}
	say(out, "%s on %s: %s\n", profile.Name, ln.Addr(), profile.Doc)
	if err := server.Serve(cmd.Context(), ln); err != nil {
		return err
	}
	return cmd.Context().Err()
}

// certify gives the server its certificate, and the user the root.
func certify(s *receiver.Server, ca string) error {
	authority, err := pki.New(time.Now())
	if err != nil {
		return fmt.Errorf("make certificate: %w", err)
	}
	kind, key := s.Profile.Cert, pki.ECDSAP256
	if kind == "" {
		kind = fakes.CertValid
	}
	if s.Profile.RSA {
		key = pki.RSA2048
	}
	if s.Certificate, err = authority.Issue(kind, key, s.Host); err != nil {
		return fmt.Errorf("make certificate: %w", err)
	}
	if ca == "" {
		return nil
	}
	if err := os.WriteFile(ca, authority.RootPEM(), 0o644); err != nil {
		return fmt.Errorf("write root: %w", err)
	}
	return nil
}
