package scenarios_test

import (
	"net"
	"os"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"mailtls/fakes"
	"mailtls/fakes/receiver"
	"mailtls/fakes/sender"
	"mailtls/results"
)

// The login types of Exchange's POP3 and IMAP4 services, told by hand: a login in
// clear that shows the password, and one that does not.
var _ = Describe("When must TLS come first for clients (POP3, IMAP4)?", Label("models"), func() {
	BeforeEach(func() {
		if os.Getenv(envTarget)+os.Getenv(envCase)+os.Getenv(envFilter) != "" {
			Skip("a target or a selection of cases was asked for")
		}
	})

	imap := func(want, command string) fakes.Script {
		return fakes.Join(fakes.ImapGreet(), fakes.Imap("a", want, command))
	}
	pop3 := func(want, command string) fakes.Script {
		return fakes.Join(fakes.Pop3Greet(), fakes.Pop3("a", want, command))
	}
	const login, ntlm, user, pop3NTLM = `LOGIN user password`, "AUTHENTICATE NTLM", "USER user", "AUTH NTLM"

	DescribeTable("in clear", func(ctx SpecContext, loginType string, listener fakes.Listener, script fakes.Script) {
		profile, err := fakes.Receiver("exchange-mailbox/" + loginType + "/" + string(listener))
		Expect(err).NotTo(HaveOccurred())
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		Expect(err).NotTo(HaveOccurred())
		start := time.Now()
		now := func() time.Duration { return time.Since(start) }
		s := &receiver.Server{
			Profile: profile, Listener: listener, Host: "mail.example.test", Accounts: map[string]string{"user": "password"},
			Now: now, Clock: time.Now,
		}
		served := make(chan struct{})
		go func() { defer close(served); _ = s.Serve(ctx, ln) }()
		seen := sender.Play(ctx, sender.Session{Script: script, Listener: listener, Addr: ln.Addr().String(), Now: now})
		Expect(ln.Close()).To(Succeed())
		Eventually(ctx, served).Should(BeClosed())
		Expect(seen.End).To(Equal(results.EndOurs), seen.LastNote())
	},
		Entry("PlainTextLogin: nothing needs TLS", "plain-text-login", fakes.ListenIMAP, imap("OK", login)),
		Entry("PlainTextLogin, POP3", "plain-text-login", fakes.ListenPOP3, pop3("+OK", user)),
		Entry("PlainTextAuthentication: a basic login needs TLS", "plain-text-authentication", fakes.ListenIMAP, imap("NO", login)),
		Entry("PlainTextAuthentication, POP3", "plain-text-authentication", fakes.ListenPOP3, pop3("-ERR", user)),
		Entry("PlainTextAuthentication: one that hides the password does not", "plain-text-authentication", fakes.ListenIMAP, imap("+", ntlm)),
		Entry("PlainTextAuthentication, POP3, the same", "plain-text-authentication", fakes.ListenPOP3, pop3("+", pop3NTLM)),
		Entry("SecureLogin: a basic login needs TLS", "secure-login", fakes.ListenIMAP, imap("NO", login)),
		Entry("SecureLogin, POP3", "secure-login", fakes.ListenPOP3, pop3("-ERR", user)),
		Entry("SecureLogin: every login does", "secure-login", fakes.ListenIMAP, imap("NO", ntlm)),
		Entry("SecureLogin, POP3, the same", "secure-login", fakes.ListenPOP3, pop3("-ERR", pop3NTLM)),
	)
})
