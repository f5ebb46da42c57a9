package main

import (
	"cmp"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"mailtls/fakes"
	"mailtls/fakes/sender"
	"mailtls/results"
)

// sendFlags say which peer sends what, and where.
type sendFlags struct {
	peer, to, from, rcpt, helo string
	user, password             string
	implicit                   bool
}

func newSend() *cobra.Command {
	var f sendFlags
	cmd := &cobra.Command{
		Use:     "send --peer NAME --to HOST:PORT",
		Short:   "Play a sending peer that delivers one message, and show what passes",
		Example: "  mailtls send --peer tls12-only --to 127.0.0.1:2525 --rcpt you@example.com\n  mailtls send --peer imap-starttls --to 127.0.0.1:1143 --user me --password secret",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return send(cmd, f) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.peer, "peer", "", "peer to play (see mailtls list peers)")
	fl.StringVar(&f.to, "to", "", "HOST:PORT to send to")
	fl.StringVar(&f.from, "from", "sender@mailtls.example", "envelope sender")
	fl.StringVar(&f.rcpt, "rcpt", "recipient@mailtls.test", "envelope recipient")
	fl.StringVar(&f.helo, "helo", "client.mailtls.example", "name to say in EHLO")
	fl.StringVar(&f.user, "user", "user", "user to log in as, by IMAP and POP3")
	fl.StringVar(&f.password, "password", "password", "the user's password")
	fl.BoolVar(&f.implicit, "implicit", false, "begin with the handshake, as on port 465")
	_ = cmd.MarkFlagRequired("peer")
	_ = cmd.MarkFlagRequired("to")
	return cmd
}

func send(cmd *cobra.Command, f sendFlags) error {
	peer, err := fakes.Sender(f.peer)
	if err != nil {
		return err
	}
	host, _, err := net.SplitHostPort(f.to)
	if err != nil {
		return fmt.Errorf("read --to %q: want HOST:PORT: %w", f.to, err)
	}
	script, listener := peer.Deliver(), cmp.Or(peer.To, fakes.ListenSMTP)
	if f.implicit {
		if peer.Plain {
			return fmt.Errorf("send --implicit: peer %s knows no TLS", peer.Name)
		}
		if peer.To != "" {
			return fmt.Errorf("send --implicit: peer %s is for a listener of the kind %s", peer.Name, peer.To)
		}
		script, listener = fakes.Join(peer.OpenImplicit(), fakes.Transaction(), fakes.Quit()), fakes.ListenSMTPS
	}
	start := time.Now()
	message := fmt.Sprintf("From: <%s>\r\nTo: <%s>\r\nSubject: mailtls\r\nDate: %s\r\n\r\nSent by the peer %s of mailtls.",
		f.from, f.rcpt, start.Format(time.RFC1123Z), peer.Name)
	s := sender.Play(cmd.Context(), sender.Session{
		Peer: peer.Name, Script: script, Listener: listener, Addr: f.to, ServerName: host,
		Vars: fakes.Vars{
			"helo": f.helo, "from": f.from, "rcpt": f.rcpt, "user": f.user, "password": f.password,
			"message": message, "message-size": strconv.Itoa(len(message)),
		},
		Now: func() time.Duration { return time.Since(start) }, Wall: start,
		Watch: func(e results.Event) { say(cmd.OutOrStdout(), "%s\n", liveLine(e)) },
	})
	if cmd.Context().Err() != nil {
		return cmd.Context().Err()
	}
	if s.End != results.EndOurs {
		say(cmd.OutOrStdout(), "--- not delivered: %s: %s\n", s.End, s.LastNote())
		return exit(exitFailed)
	}
	say(cmd.OutOrStdout(), "--- delivered\n")
	return nil
}
