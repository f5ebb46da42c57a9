package scenarios_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"mailtls/fakes"
	"mailtls/fakes/pki"
	"mailtls/fakes/receiver"
	"mailtls/fakes/sender"
	"mailtls/results"
)

var _ = Describe("When must TLS come first for clients (POP3, IMAP4)?", Label("models"), func() {
	BeforeEach(func() {
		if os.Getenv(envTarget)+os.Getenv(envCase)+os.Getenv(envFilter) != "" {
			Skip("a target or a selection of cases was asked for")
		}
	})

	DescribeTable("a client", func(ctx SpecContext, k knock, l fakes.Listener) {
		p, err := fakes.Receiver("exchange-mailbox/" + k.loginType + "/" + string(l))
		Expect(err).NotTo(HaveOccurred())
		Expect(k.differs(ctx, p, l)).To(BeEmpty())
	}, knockEntries())
})

// knock is one session of a client with a mailbox of Exchange, and which ways to log
// in it finds there: written by hand.
type knock struct {
	loginType, because string
	// hello is how the client does TLS; nil does none. Where fails is true there is
	// no handshake, and nothing else to be told.
	hello *fakes.Hello
	fails bool
	// open are the ways that are gone along with, closed those that are refused.
	open, closed string
}

// knocks tell the three login types of Exchange's POP3 and IMAP4 services: what a
// login in clear that shows the password gets, and one that does not show it. Once
// inside TLS all are served alike.
func knocks() []knock {
	only := func(version uint16) *fakes.Hello { return &fakes.Hello{Min: version, Max: version} }
	const (
		every  = "PLAIN LOGIN NTLM GSSAPI USER"
		hidden = "NTLM GSSAPI"
		shown  = "PLAIN LOGIN USER"
		none   = "EXTERNAL"
	)
	all := []knock{
		{loginType: "plain-text-login", because: "nothing needs TLS", open: every, closed: none},
		{loginType: "plain-text-authentication", because: "a basic login needs TLS, one that hides the password does not", open: hidden, closed: shown + " " + none},
		{loginType: "secure-login", because: "every login needs TLS", closed: every + " " + none},
	}
	for _, t := range []string{"plain-text-login", "plain-text-authentication", "secure-login"} {
		all = append(all,
			knock{loginType: t, because: "TLS has come first", hello: only(tls.VersionTLS12), open: every, closed: none},
			knock{loginType: t, because: "TLS has come first", hello: only(tls.VersionTLS13), open: every, closed: none},
			knock{loginType: t, because: "it is too old", hello: only(tls.VersionTLS10), fails: true},
			knock{loginType: t, because: "it is too old", hello: only(tls.VersionTLS11), fails: true},
		)
	}
	return all
}

// String says what the client does and gets.
func (k knock) String() string {
	in := "in clear"
	if k.hello != nil {
		in = "in " + tls.VersionName(k.hello.Max)
	}
	switch {
	case k.fails:
		return fmt.Sprintf("%s gets no handshake: %s", in, k.because)
	case k.open == "":
		return fmt.Sprintf("%s finds %s closed: %s", in, k.closed, k.because)
	}
	return fmt.Sprintf("%s finds %s open and %s closed: %s", in, k.open, k.closed, k.because)
}

// at tells whether the client can come by a listener.
func (k knock) at(l fakes.Listener) bool { return k.hello != nil || !l.Implicit() }

// mailboxListeners are those by which mailboxes are served.
func mailboxListeners() []fakes.Listener {
	return []fakes.Listener{fakes.ListenIMAP, fakes.ListenIMAPS, fakes.ListenPOP3, fakes.ListenPOP3S}
}

// knockEntries are the entries of a table: one a client and listener.
func knockEntries() []TableEntry {
	var entries []TableEntry
	for _, k := range knocks() {
		for _, l := range mailboxListeners() {
			if k.at(l) {
				entries = append(entries, Entry(fmt.Sprintf("of %s with %s %s", l, k.loginType, k), k, l))
			}
		}
	}
	return entries
}

// script asks for each way to log in, and awaits what was told. USER comes last of
// those that are open: it is the only one that is gone to its end.
func (k knock) script(l fakes.Listener) fakes.Script {
	greet, upgrade, bye, refused := fakes.ImapGreet(), fakes.ImapStartTLS(), fakes.ImapLogout(), "NO"
	ask := func(way, want string) fakes.Script { return fakes.Imap("ask-"+way, want, "AUTHENTICATE "+way) }
	user := func(want string) fakes.Script { return fakes.ImapLogin("ask-USER", want) }
	cancelled, welcome := "BAD", "OK"
	if l.Protocol() == results.POP3 {
		greet, upgrade, bye, refused = fakes.Pop3Greet(), fakes.Pop3STLS(), fakes.Pop3Quit(), "-ERR"
		ask = func(way, want string) fakes.Script { return fakes.Pop3("ask-"+way, want, "AUTH "+way) }
		user = func(want string) fakes.Script { return fakes.Pop3("ask-USER", want, "USER {user}") }
		cancelled, welcome = "-ERR", "+OK"
	}
	all := greet
	switch {
	case l.Implicit():
		all = fakes.Join(fakes.Handshake(*k.hello), greet)
	case k.hello != nil:
		all = fakes.Join(greet, upgrade, fakes.Handshake(*k.hello))
	}
	for _, way := range strings.Fields(k.closed) {
		if way == fakes.LoginUser {
			all = fakes.Join(all, user(refused))
			continue
		}
		all = fakes.Join(all, ask(way, refused))
	}
	for _, way := range strings.Fields(k.open) {
		if way == fakes.LoginUser {
			all = fakes.Join(all, user(welcome))
			continue
		}
		all = fakes.Join(all, ask(way, "+"), fakes.Say("", cancelled, "*\r\n"))
	}
	return fakes.Join(all, bye)
}

// mailboxCert is what the mailboxes show.
var mailboxCert = sync.OnceValues(func() (tls.Certificate, error) {
	authority, err := pki.New(time.Now())
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("make certificates: %w", err)
	}
	return authority.Issue(fakes.CertValid, pki.ECDSAP256, "mail.example.test")
})

// differs plays the session against a profile, and says what is not as it was told;
// empty when all is.
func (k knock) differs(ctx context.Context, p fakes.Profile, l fakes.Listener) (string, error) {
	cert, err := mailboxCert()
	if err != nil {
		return "", err
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("listen: %w", err)
	}
	start := time.Now()
	now := func() time.Duration { return time.Since(start) }
	server := &receiver.Server{
		Profile: p, Listener: l, Host: "mail.example.test", Accounts: map[string]string{"user": "password"},
		Certificate: cert, Now: now, Clock: time.Now,
	}
	ctx, cancel := context.WithCancel(ctx)
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(ctx, ln) })
	defer func() { cancel(); serving.Wait() }()
	seen := sender.Play(ctx, sender.Session{
		Script: k.script(l), Listener: l, Addr: ln.Addr().String(), ServerName: "mail.example.test", Now: now, Wall: start,
		Vars: fakes.Vars{"user": "user", "password": "password"},
	})
	tried := len(seen.TLS) > 0
	switch {
	case k.fails && (!tried || seen.TLS[0].Complete || seen.TLS[0].Error == ""):
		return fmt.Sprintf("%s: the session ended %s, %s", k, seen.End, seen.LastNote()), nil
	case !k.fails && seen.End != results.EndOurs:
		return fmt.Sprintf("%s: %s", k, seen.LastNote()), nil
	}
	return "", nil
}
