package fakes

import (
	"crypto/tls"
	"fmt"
	"strings"
)

// SendingPeer is a named honest client that delivers one message.
type SendingPeer struct {
	// Name of the peer, Doc says in a sentence what it does.
	Name, Doc string
	// Plain is true for a peer that never asks for TLS.
	Plain bool
	// Hello is how it does its handshake.
	Hello Hello
}

// Senders returns the catalogue of named sending peers.
func Senders() []SendingPeer {
	return []SendingPeer{
		{Name: "plain-only", Doc: "Knows no TLS: it sends in clear.", Plain: true},
		{Name: "tls10-only", Doc: "Speaks TLS 1.0 and nothing newer.", Hello: Hello{Min: tls.VersionTLS10, Max: tls.VersionTLS10}},
		{Name: "tls12-only", Doc: "Speaks TLS 1.2 and nothing else.", Hello: Hello{Min: tls.VersionTLS12, Max: tls.VersionTLS12}},
		{Name: "tls13-only", Doc: "Speaks TLS 1.3 and nothing older.", Hello: Hello{Min: tls.VersionTLS13, Max: tls.VersionTLS13}},
		{Name: "modern", Doc: "Speaks TLS 1.2 and 1.3.", Hello: Hello{Min: tls.VersionTLS12, Max: tls.VersionTLS13}},
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

// Deliver is the script with which the peer hands over one message through an
// smtp or submission listener.
func (p SendingPeer) Deliver() Script {
	return Join(p.Open(), Transaction(), Quit())
}

// Open is the script up to the moment where mail may be sent.
func (p SendingPeer) Open() Script {
	if p.Plain {
		return Join(Greet(), Ehlo("ehlo"))
	}
	return Join(Greet(), Ehlo("ehlo"), StartTLS(), Handshake(p.Hello), Ehlo("ehlo-tls"))
}

// OpenImplicit is Open for listeners that speak TLS first.
func (p SendingPeer) OpenImplicit() Script {
	return Join(Handshake(p.Hello), Greet(), Ehlo("ehlo-tls"))
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

// Quit ends the session in good order, whatever is answered.
func Quit() Script { return Say("quit", "", "QUIT\r\n") }
