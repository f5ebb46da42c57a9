package fakes

import (
	"crypto/tls"
	"fmt"
	"strings"

	"mailtls/results"
)

// SendingPeer is a named honest client that delivers one message; by POP3 it asks
// what there is.
type SendingPeer struct {
	// Name of the peer, Doc says in a sentence what it does.
	Name, Doc string
	// To is the kind of listener it goes to; the zero value is smtp.
	To Listener
	// Plain is true for a peer that never asks for TLS.
	Plain bool
	// Hello is how it does its handshake.
	Hello Hello
}

// Senders returns the catalogue of named sending peers.
func Senders() []SendingPeer {
	modern := Hello{Min: tls.VersionTLS12, Max: tls.VersionTLS13}
	return []SendingPeer{
		{Name: "plain-only", Doc: "Knows no TLS: it sends in clear.", Plain: true},
		{Name: "tls10-only", Doc: "Speaks TLS 1.0 and nothing newer.", Hello: Hello{Min: tls.VersionTLS10, Max: tls.VersionTLS10}},
		{Name: "tls12-only", Doc: "Speaks TLS 1.2 and nothing else.", Hello: Hello{Min: tls.VersionTLS12, Max: tls.VersionTLS12}},
		{Name: "tls13-only", Doc: "Speaks TLS 1.3 and nothing older.", Hello: Hello{Min: tls.VersionTLS13, Max: tls.VersionTLS13}},
		{Name: "modern", Doc: "Speaks TLS 1.2 and 1.3.", Hello: modern},
		{Name: "lmtp-plain", Doc: "Delivers by LMTP in clear.", To: ListenLMTP, Plain: true},
		{Name: "lmtp-starttls", Doc: "Delivers by LMTP, after STARTTLS.", To: ListenLMTP, Hello: modern},
		{Name: "imap-plain", Doc: "Logs in by IMAP in clear, and appends a message.", To: ListenIMAP, Plain: true},
		{Name: "imap-starttls", Doc: "Logs in by IMAP after STARTTLS, and appends a message.", To: ListenIMAP, Hello: modern},
		{Name: "imaps", Doc: "Logs in by IMAP where TLS comes first, and appends a message.", To: ListenIMAPS, Hello: modern},
		{Name: "pop3-plain", Doc: "Logs in by POP3 in clear, and asks how much mail there is.", To: ListenPOP3, Plain: true},
		{Name: "pop3-stls", Doc: "Logs in by POP3 after STLS, and asks how much mail there is.", To: ListenPOP3, Hello: modern},
		{Name: "pop3s", Doc: "Logs in by POP3 where TLS comes first, and asks how much mail there is.", To: ListenPOP3S, Hello: modern},
	}
}

// Sender finds a sending peer by name.
func Sender(name string) (SendingPeer, error) {
	var names []string
	for _, p := range Senders() {
		if p.Name == name {
			return p, nil
		}
		names = append(names, p.Name)
	}
	return SendingPeer{}, fmt.Errorf("find sending peer %q: there are %s", name, strings.Join(names, ", "))
}

// Deliver is the script with which the peer hands over one message, or asks what
// there is, through the listener it goes to.
func (p SendingPeer) Deliver() Script {
	switch p.To.Protocol() {
	case results.IMAP:
		return Join(p.Open(), ImapLogin("login", "OK"), ImapAppend("append"), ImapLogout())
	case results.POP3:
		return Join(p.Open(), Pop3Login("user", "login", "+OK"), Pop3("stat", "+OK", "STAT"), Pop3Quit())
	default:
		return Join(p.Open(), Transaction(), Quit())
	}
}

// Open is the script up to the moment where mail may be sent, or a login is due.
func (p SendingPeer) Open() Script { return Opening(p.To, !p.Plain, p.Hello) }

// OpenImplicit is Open for listeners of SMTP that speak TLS first.
func (p SendingPeer) OpenImplicit() Script { return Opening(ListenSMTPS, true, p.Hello) }

// opening is how a session begins in a dialect: the greeting is awaited, the server
// is asked what it can do in clear and inside TLS, and for TLS.
type opening struct{ greeting, clear, upgrade, inside Script }

func openingOf(l Listener) opening {
	switch l.Protocol() {
	case results.IMAP:
		return opening{ImapGreet(), ImapCapability("capability"), ImapStartTLS(), ImapCapability("capability-tls")}
	case results.POP3:
		return opening{Pop3Greet(), Pop3Capa("capa"), Pop3STLS(), Pop3Capa("capa-tls")}
	case results.LMTP:
		return opening{Greet(), Lhlo("lhlo"), StartTLS(), Lhlo("lhlo-tls")}
	default:
		return opening{Greet(), Ehlo("ehlo"), StartTLS(), Ehlo("ehlo-tls")}
	}
}

// Opening is the script of an ordinary session on a listener up to what the server
// says it can do: inside TLS on those where TLS comes first, else where it is asked
// for.
func Opening(l Listener, secure bool, h Hello) Script {
	o := openingOf(l)
	switch {
	case l.Implicit():
		return Join(Handshake(h), o.greeting, o.inside)
	case secure:
		return Join(o.greeting, o.clear, o.upgrade, Handshake(h), o.inside)
	}
	return Join(o.greeting, o.clear)
}

// Join strings scripts together.
func Join(parts ...Script) Script {
	var all Script
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// Greet awaits the greeting.
func Greet() Script { return Script{{Mark: "greeting", Do: MoveExpect, Want: "220"}} }

// Ehlo says EHLO.
func Ehlo(mark string) Script { return Say(mark, "250", "EHLO {helo}\r\n") }

// Lhlo says LHLO (RFC 2033 §4.1).
func Lhlo(mark string) Script { return Say(mark, "250", "LHLO {helo}\r\n") }

// StartTLS asks for TLS and awaits the go-ahead.
func StartTLS() Script { return Say("starttls", "220", "STARTTLS\r\n") }

// Handshake does the client's part of a TLS handshake.
func Handshake(h Hello) Script { return Script{{Mark: "handshake", Do: MoveHandshake, Hello: &h}} }

// Say sends text in the given segments and awaits one reply.
func Say(mark, want string, segments ...string) Script {
	return Script{{Mark: mark, Do: MoveSay, Text: segments, Want: want}}
}

// Transaction hands over one message.
func Transaction() Script {
	return Join(
		Say("mail", "250", "MAIL FROM:<{from}>\r\n"),
		Say("rcpt", "250", "RCPT TO:<{rcpt}>\r\n"),
		Say("data", "354", "DATA\r\n"),
		Say("body", "250", "{message}\r\n.\r\n"),
	)
}

// LocalTransaction hands one message over by LMTP for each of the recipients, and
// awaits as many replies to its content (RFC 2033 §4.2): those behind the first
// have the marks reply2, reply3 and so on.
func LocalTransaction(rcpts ...string) Script {
	all := Say("mail", "250", "MAIL FROM:<{from}>\r\n")
	for _, to := range rcpts {
		all = Join(all, Say("rcpt", "250", "RCPT TO:<"+to+">\r\n"))
	}
	all = Join(all, Say("data", "354", "DATA\r\n"), Say("body", "250", "{message}\r\n.\r\n"))
	for n := 2; n <= len(rcpts); n++ {
		all = append(all, Step{Mark: fmt.Sprintf("reply%d", n), Do: MoveExpect, Want: "250"})
	}
	return all
}

// Quit ends the session in good order, whatever is answered.
func Quit() Script { return Say("quit", "", "QUIT\r\n") }
