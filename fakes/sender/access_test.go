package sender_test

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"

	"mailtls/fakes"
	"mailtls/fakes/sender"
	"mailtls/results"
)

// accessSession is a session on a listener, with what logs in.
func accessSession(l fakes.Listener, addr string, script fakes.Script) sender.Session {
	s := session(addr, script)
	s.Listener = l
	s.Vars = fakes.Vars{
		"helo": "client.example", "from": "a@client.example", "rcpt": "b@mailtls.test", "user": "user", "password": "secret",
		"auth-plain": "AHVzZXIAc2VjcmV0", "message": "Subject: x\r\n\r\nbody", "message-size": "18",
	}
	return s
}

// goIMAP serves with a server of others until the test ends.
func goIMAP(t *testing.T, implicit bool) string {
	t.Helper()
	user := imapmemserver.NewUser("user", "secret")
	if err := user.Create("INBOX", nil); err != nil {
		t.Fatal(err)
	}
	mem := imapmemserver.New()
	mem.AddUser(user)
	config := secure(t).Config
	config.NextProtos = nil
	server := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return mem.NewSession(), nil, nil
		},
		Caps:      imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapIMAP4rev2: {}},
		TLSConfig: config, Logger: log.New(io.Discard, "", 0),
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	if implicit {
		ln = tls.NewListener(ln, config)
	}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(ln) })
	t.Cleanup(func() { _ = server.Close(); serving.Wait() })
	return addr
}

// TestImapWithAnotherServer plays the peers of the catalogue with a server that is
// not ours.
func TestImapWithAnotherServer(t *testing.T) {
	for name, want := range map[string]results.SessionEnd{"imap-starttls": results.EndOurs, "imaps": results.EndOurs, "imap-plain": results.EndMissed} {
		peer, err := fakes.Sender(name)
		if err != nil {
			t.Fatal(err)
		}
		s := sender.Play(t.Context(), accessSession(peer.To, goIMAP(t, peer.To.Implicit()), peer.Deliver()))
		if s.End != want {
			t.Errorf("%s: ended %s: %s", name, s.End, s.LastNote())
		}
		if got := said(s, results.Server, "append-body", true); want == results.EndOurs && !strings.Contains(got, "append OK") {
			t.Errorf("%s: the message got %q", name, got)
		}
	}
	s := sender.Play(t.Context(), accessSession(fakes.ListenIMAP, goIMAP(t, false), fakes.Join(
		fakes.Opening(fakes.ListenIMAP, true, fakes.Hello{}), fakes.ImapAuthPlain("auth", "OK"), fakes.ImapLogout())))
	if s.End != results.EndOurs {
		t.Errorf("AUTHENTICATE: ended %s: %s", s.End, s.LastNote())
	}
}

// scripted answers each line with the next of the texts; the first is the greeting.
func scripted(t *testing.T, texts ...string) string {
	t.Helper()
	return listen(t, func(c *net.TCPConn) {
		for i, text := range texts {
			if i > 0 && hear(c) == "" {
				return
			}
			say(c, text)
		}
		rest(c)
	})
}

// TestAnswersAreToldApart: what a script awaits, and what the server says.
func TestAnswersAreToldApart(t *testing.T) {
	noop := fakes.Imap("noop", "OK", "NOOP")
	for _, tt := range []struct {
		name     string
		listener fakes.Listener
		script   fakes.Script
		says     []string
		want     results.SessionEnd
	}{
		{"untagged first", fakes.ListenIMAP, noop, []string{"* OK hi\r\n", "* 3 EXISTS\r\n* CAPABILITY X\r\nnoop OK done\r\n"}, results.EndOurs},
		{"another tag", fakes.ListenIMAP, noop, []string{"* OK hi\r\n", "X OK injected\r\nnoop OK done\r\n"}, results.EndOurs},
		{"only another tag", fakes.ListenIMAP, noop, []string{"* OK hi\r\n", "X OK injected\r\n"}, results.EndTimeout},
		{"NO", fakes.ListenIMAP, noop, []string{"* OK hi\r\n", "noop NO\r\n"}, results.EndMissed},
		{"literal that looks like an answer", fakes.ListenIMAP, fakes.Imap("noop", "NO", "NOOP"), []string{"* OK hi\r\n", "* 1 FETCH (BODY[] {9}\r\nnoop OK\r\n)\r\nnoop NO x\r\n"}, results.EndOurs},
		{"no answer at all", fakes.ListenIMAP, noop, []string{"* OK hi\r\n", "250 fine\r\n"}, results.EndMissed},
		{"preauth", fakes.ListenIMAP, noop, []string{"* PREAUTH hi\r\n"}, results.EndMissed},
		{
			"in turn", fakes.ListenIMAP, fakes.Script{{Mark: "two", Do: fakes.MoveSend, Text: []string{"a NOOP\r\n", "b LOGIN u p\r\n"}}, {Do: fakes.MoveExpect, Want: "OK"}, {Do: fakes.MoveExpect, Want: "NO"}},
			[]string{"* OK hi\r\n", "", "a OK\r\nb NO\r\n"}, results.EndOurs,
		},
		{
			"go on", fakes.ListenIMAP, fakes.ImapAuthPlain("auth", "NO"),
			[]string{"* OK hi\r\n", "+ \r\n", "auth NO wrong\r\n"}, results.EndOurs,
		},
		{
			"go on is not OK", fakes.ListenPOP3, fakes.Pop3AuthPlain("auth", "-ERR"),
			[]string{"+OK hi\r\n", "+OK fine\r\n"}, results.EndMissed,
		},
		{
			"pop3 goes on", fakes.ListenPOP3, fakes.Join(fakes.Pop3AuthPlain("auth", "+OK"), fakes.Pop3("list", "+OK", "LIST"), fakes.Pop3("one", "+OK", "LIST 1")),
			[]string{"+OK hi\r\n", "+ \r\n", "+OK in\r\n", "+OK\r\n1 2\r\n.\r\n", "+OK 1 2\r\n"}, results.EndOurs,
		},
		{"list without an end", fakes.ListenPOP3, fakes.Pop3Capa("capa"), []string{"+OK hi\r\n", "+OK\r\nSTLS\r\n"}, results.EndTimeout},
		{"refused list", fakes.ListenPOP3, fakes.Pop3("capa", "-ERR", "CAPA"), []string{"+OK hi\r\n", "-ERR no\r\n"}, results.EndOurs},
		{"lmtp", fakes.ListenLMTP, fakes.Lhlo("lhlo"), []string{"220 hi\r\n", "250-mx\r\n250 PIPELINING\r\n"}, results.EndOurs},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			greet := map[results.Protocol]fakes.Script{results.IMAP: fakes.ImapGreet(), results.POP3: fakes.Pop3Greet(), results.LMTP: fakes.Greet()}
			s := accessSession(tt.listener, scripted(t, tt.says...), fakes.Join(greet[tt.listener.Protocol()], tt.script))
			if tt.want == results.EndTimeout {
				s.Patience = 300 * time.Millisecond
			}
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			if got := sender.Play(ctx, s); got.End != tt.want {
				t.Errorf("ended %s, want %s: %s", got.End, tt.want, got.LastNote())
			}
		})
	}
}

// TestUpgradeInOtherDialects: after the go-ahead what comes is a handshake, and what
// was awaited in clear is not awaited inside TLS.
func TestUpgradeInOtherDialects(t *testing.T) {
	for _, tt := range []struct {
		listener fakes.Listener
		script   fakes.Script
		says     [3]string
	}{
		{fakes.ListenIMAP, fakes.Join(fakes.ImapGreet(), fakes.Say("starttls", "OK", "starttls STARTTLS\r\nX NOOP\r\n"), fakes.Handshake(fakes.Hello{}), fakes.Imap("noop", "OK", "NOOP")), [3]string{"* OK\r\n", "starttls OK\r\n", "noop OK\r\n"}},
		{fakes.ListenPOP3, fakes.Join(fakes.Pop3Greet(), fakes.Say("starttls", "+OK", "STLS\r\nCAPA\r\n"), fakes.Handshake(fakes.Hello{}), fakes.Pop3("noop", "+OK", "NOOP")), [3]string{"+OK\r\n", "+OK\r\n", "+OK\r\n"}},
	} {
		tlsConfig := secure(t).Config
		addr := listen(t, func(c *net.TCPConn) {
			say(c, tt.says[0])
			hear(c)
			hear(c)
			say(c, tt.says[1])
			inside := tls.Server(c, tlsConfig)
			hear(inside)
			say(inside, tt.says[2])
			rest(inside)
		})
		s := sender.Play(t.Context(), accessSession(tt.listener, addr, tt.script))
		if s.End != results.EndOurs || len(s.TLS) != 1 || !s.TLS[0].Complete {
			t.Errorf("%s: ended %s: %s", tt.listener, s.End, s.LastNote())
		}
		for _, e := range s.Events {
			if e.Mark == "starttls" && e.Kind == results.EventData && e.Stage != results.StageStartTLS {
				t.Errorf("%s: %q is at the stage %s", tt.listener, e.Bytes, e.Stage)
			}
		}
	}
}
