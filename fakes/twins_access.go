package fakes

import (
	"crypto/tls"
	"slices"
	"time"

	"mailtls/results"
)

// accessTwins are the broken twins for the cases about servers of mailboxes.
func accessTwins() []Model {
	return slices.Concat(imapListTwins(), imapSessionTwins(), imapListenerTwins(), pop3Twins())
}

// imapListTwins list what they should not, or take logins in clear.
func imapListTwins() []Model {
	const imap = ListenIMAP
	return []Model{
		twin("imap-starttls-unlisted", "access", "Leaves STARTTLS out of its list.", strikes(imap, Fault{
			At: results.StageHello, Phase: PhaseClear, Do: ActionRewrite, Text: "* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n{tag} OK That is all\r\n",
		})),
		twin("imap-greeting-differs", "access", "Leaves STARTTLS out of the list in its greeting.", strikes(imap, Fault{
			At: results.StageGreeting, Do: ActionRewrite, Text: "* OK [CAPABILITY IMAP4rev1 LOGINDISABLED] mx\r\n",
		})),
		twin("imap-disabled-unlisted", "access", "Refuses LOGIN in clear and does not say so.", changed(imap, func(p *Profile) { p.Omit = []Omit{OmitDisabled} })),
		twin("imap-plain-in-clear", "access", "Offers PLAIN in clear.", changed(imap, func(p *Profile) { p.Logins.Clear = []string{"PLAIN"} })),
		twin("imap-login-in-clear", "access", "Takes logins in clear that it does not offer.", tolerates(imap, LenientAuthInClear)),
		twin("imap-password-told", "access", "Refuses logins in clear, and tells whether the password was right.", tolerates(imap, LenientPasswordTold)),
		twin("imap-mechanism-unlisted", "access", "Gives a challenge in clear for NTLM, which it does not list there.", tolerates(imap, LenientAuthInClear), changed(imap, func(p *Profile) {
			p.Logins.TLS = loginWindows()
		})),
		twin("imap-capabilities-kept", "access", "Lists inside TLS what it lists in clear.", changed(imap, func(p *Profile) { p.Keep = []Keep{KeepCapabilities} })),
		twin("imap-preauth", "access", "Greets a client's second session as if it had logged in.", strikes(imap, Fault{
			At: results.StageGreeting, Session: 2, Do: ActionRewrite, Text: "* PREAUTH mx\r\n",
		})),
		twin("imap-compress", "access", "Takes COMPRESS from whoever asks.", tolerates(imap, LenientCompress)),
	}
}

// imapSessionTwins mix up what is said in clear and inside TLS.
func imapSessionTwins() []Model {
	const imap = ListenIMAP
	unasked := Fault{At: results.StageHandshake, When: After, Do: ActionReply, Text: "X OK Nothing done\r\n"}
	return []Model{
		twin("imap-starttls-twice", "access", "Gives a go-ahead to STARTTLS inside TLS.", tolerates(imap, LenientDuplicateTLS)),
		twin("imap-starttls-late", "access-plain-login", "Gives a go-ahead to STARTTLS after a login.", tolerates(imap, LenientLateTLS)),
		twin("imap-speaks-before-hello", "access", "Speaks when a client is silent after the go-ahead.", strikes(imap, Fault{
			At: results.StageHandshake, When: Before, Do: ActionReply, Text: "* OK still there?\r\n", Delay: 500 * time.Millisecond, IfSilent: true,
		})),
		twin("imap-second-greeting", "access", "Greets again inside TLS when a client is silent there.", strikes(imap, Fault{
			At: results.StageHandshake, When: After, Do: ActionReply, Text: "* OK mx\r\n", Delay: 500 * time.Millisecond, IfSilent: true,
		})),
		twin("imap-buffer-kept", "access", "Runs inside TLS what came behind STARTTLS in clear.", changed(imap, func(p *Profile) { p.Keep = []Keep{KeepBuffer} })),
		twin("imap-partial-line-kept", "access", "Joins an unfinished line in clear to the first line inside TLS.", tolerates(imap, LenientPartialLine)),
		twin("imap-bare-lf", "access", "Takes a bare LF for the end of a line, and runs inside TLS what came behind it in clear.",
			tolerates(imap, LenientBareLF), changed(imap, func(p *Profile) { p.Keep = []Keep{KeepBuffer} })),
		twin("imap-literal-split", "access", "Takes STARTTLS with a literal, and answers inside TLS what it held.", tolerates(imap, LenientArgument), strikes(imap, unasked)),
		twin("imap-identity-kept", "access", "Tells inside TLS who the client said it was in clear.", changed(imap, func(p *Profile) { p.Keep = []Keep{KeepHelo} })),
		twin("imap-clear-for-handshake", "access", "Goes on in clear when no ClientHello comes.", tolerates(imap, LenientClearHandshake)),
		twin("imap-stall-unbounded", "access", "Waits a minute for a silent client, and claims to wait less.", changed(imap, func(p *Profile) { p.Idle = time.Minute })),
	}
}

// imapListenerTwins are broken in their TLS, or where it comes first.
func imapListenerTwins() []Model {
	const imaps = ListenIMAPS
	old := func(p *Profile) { p.MinTLS, p.MaxTLS = tls.VersionTLS10, tls.VersionTLS13 }
	remembers := func(p *Profile) { p.Keep = []Keep{KeepTicket} }
	return []Model{
		twin("imaps-greets-in-clear", "access", "Greets in clear where TLS comes first, when a client is silent.", strikes(imaps, Fault{
			At: results.StageHandshake, When: Before, Do: ActionReply, Text: "* OK mx\r\n", Delay: time.Second, IfSilent: true,
		})),
		twin("imaps-starttls", "access", "Gives a go-ahead to STARTTLS where TLS came first.", tolerates(imaps, LenientDuplicateTLS)),
		twin("imap-old-versions", "access", "Takes TLS 1.0 and 1.1, and claims to be modern.", changed(ListenIMAP, old), changed(imaps, old)),
		twin("imap-append-truncated", "access", "Stores a message whose connection ended in the middle.", tolerates(imaps, LenientTruncated)),
		twin("imap-resumed-login-kept", "access", "Takes a client for logged in when the session was whose ticket it shows.", changed(ListenIMAP, remembers), changed(imaps, remembers)),
		twin("imap-external-missing", "access-mtls", "Asks for client certificates, and has no login for them.", changed(imaps, func(p *Profile) { p.Logins = BasicAfterTLS() })),
		twin("imap-expired-certificate", "access", "Shows a certificate that has ended.", changed(imaps, func(p *Profile) { p.Cert = CertExpired })),
		twin("imap-certificate-for-another", "access", "Shows a certificate for another name.", changed(imaps, func(p *Profile) { p.Cert = CertWrongName })),
	}
}

// pop3Twins are broken as servers of POP3.
func pop3Twins() []Model {
	const pop3, pop3s = ListenPOP3, ListenPOP3S
	return []Model{
		twin("pop3-stls-unlisted", "access", "Leaves STLS out of its list.", strikes(pop3, Fault{
			At: results.StageHello, Phase: PhaseClear, Do: ActionRewrite, Text: "+OK That is all\r\nTOP\r\nUIDL\r\n.\r\n",
		})),
		twin("pop3-user-listed", "access", "Lists USER in clear.", changed(pop3, func(p *Profile) { p.Logins.Clear = []string{LoginUser} })),
		twin("pop3-login-in-clear", "access", "Takes logins in clear that it does not offer.", tolerates(pop3, LenientAuthInClear)),
		twin("pop3-password-told", "access", "Refuses logins in clear, and tells whether the password was right.", tolerates(pop3, LenientPasswordTold)),
		twin("pop3-user-kept", "access-plain-login", "Remembers inside TLS whom USER named in clear.", changed(pop3, func(p *Profile) { p.Keep = []Keep{KeepNamed} })),
		twin("pop3-stls-late", "access-plain-login", "Gives a go-ahead to STLS after a login.", tolerates(pop3, LenientLateTLS)),
		twin("pop3-capabilities-kept", "access", "Lists inside TLS what it lists in clear.", changed(pop3, func(p *Profile) { p.Keep = []Keep{KeepCapabilities} })),
		twin("pop3-stls-twice", "access", "Gives a go-ahead to STLS inside TLS.", tolerates(pop3, LenientDuplicateTLS)),
		twin("pop3-buffer-kept", "access", "Runs inside TLS what came behind STLS in clear.", changed(pop3, func(p *Profile) { p.Keep = []Keep{KeepBuffer} })),
		twin("pop3-partial-line-kept", "access", "Joins an unfinished line in clear to the first line inside TLS.", tolerates(pop3, LenientPartialLine)),
		twin("pop3-stall-unbounded", "access", "Waits a minute for a silent client, and claims to wait less.", changed(pop3, func(p *Profile) { p.Idle = time.Minute })),
		twin("pop3-weary", "access", "Greets late once many clients have broken off.", changed(pop3, func(p *Profile) { p.Weary = 995 })),
		twin("pop3s-greets-in-clear", "access", "Greets in clear where TLS comes first, when a client is silent.", strikes(pop3s, Fault{
			At: results.StageHandshake, When: Before, Do: ActionReply, Text: "+OK mx\r\n", Delay: time.Second, IfSilent: true,
		})),
		twin("pop3s-stls", "access", "Gives a go-ahead to STLS where TLS came first.", tolerates(pop3s, LenientDuplicateTLS)),
		twin("pop3-deleted-without-quit", "access", "Deletes what was marked when the connection ends without QUIT.", tolerates(pop3s, LenientUnsaved)),
	}
}

// changed changes how a listener for mailboxes is served.
func changed(l Listener, change func(*Profile)) func(*Model) {
	return func(m *Model) {
		p := m.Access[l]
		change(&p)
		m.Access[l] = p
	}
}

func tolerates(l Listener, what Lenient) func(*Model) {
	return changed(l, func(p *Profile) { p.Lenient = append(p.Lenient, what) })
}

func strikes(l Listener, f Fault) func(*Model) {
	return changed(l, func(p *Profile) { p.Faults = append(p.Faults, f) })
}
