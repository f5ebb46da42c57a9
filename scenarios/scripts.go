package scenarios

import (
	"crypto/tls"
	"time"

	"mailtls/fakes"
	"mailtls/results"
)

// Marks of the steps that most scripts share.
const (
	markGreeting  = "greeting"
	markEhlo      = "ehlo"
	markStartTLS  = "starttls"
	markHandshake = "handshake"
	markEhloTLS   = "ehlo-tls"
	markMail      = "mail"
	markRcpt      = "rcpt"
	markData      = "data"
	markBody      = "body"
	markQuit      = "quit"
	markNoop      = "noop"
)

// closing is how long the end of a connection is awaited where it is due at
// once.
const closing = 5 * time.Second

// broad is a handshake that any target can take part in, TLS 1.0 to 1.3.
func broad() fakes.Hello { return fakes.Hello{Min: tls.VersionTLS10, Max: tls.VersionTLS13} }

// greeted is a session up to its first EHLO.
func greeted() fakes.Script { return fakes.Join(fakes.Greet(), fakes.Ehlo(markEhlo)) }

// upgraded is a session up to the end of the handshake; nothing was said inside
// TLS yet.
func upgraded() fakes.Script {
	return fakes.Join(greeted(), fakes.StartTLS(), fakes.Handshake(broad()))
}

// inside is a session up to EHLO inside TLS.
func inside() fakes.Script { return fakes.Join(upgraded(), fakes.Ehlo(markEhloTLS)) }

// envelope is a transaction up to the go-ahead to its content.
func envelope() fakes.Script {
	return fakes.Join(
		fakes.Say(markMail, "250", "MAIL FROM:<{from}>\r\n"),
		fakes.Say(markRcpt, "250", "RCPT TO:<{rcpt}>\r\n"),
		fakes.Say(markData, "354", "DATA\r\n"),
	)
}

// listen is silence for a time.
func listen(mark string, d time.Duration) fakes.Script {
	return fakes.Script{{Mark: mark, Do: fakes.MoveListen, For: d}}
}

// awaitClose is silence until the target closes, for a time at the most.
func awaitClose(d time.Duration) fakes.Script {
	return fakes.Script{{Do: fakes.MoveAwaitClose, For: d}}
}

// below sends in clear, below TLS where that is up.
func below(mark, text string) fakes.Script {
	return fakes.Script{{Mark: mark, Do: fakes.MoveSend, Text: []string{text}, Below: true}}
}

// one is the list of a single, nameless dialogue on the smtp listener.
func one(parts ...fakes.Script) []fakes.Dialogue {
	return []fakes.Dialogue{{Script: fakes.Join(parts...)}}
}

// Sanity is the script of an ordinary conversation: what any client may say to
// the listener without sending mail or logging in. It is held before and after
// each case.
func Sanity(l fakes.Listener, claims results.Claims) fakes.Script {
	switch l.Protocol() {
	case results.IMAP:
		return fakes.Join(fakes.Opening(l, claims.Has(results.FeatureIMAPStartTLS), broad()), fakes.ImapLogout())
	case results.POP3:
		return fakes.Join(fakes.Opening(l, claims.Has(results.FeaturePOP3STLS), broad()), fakes.Pop3Quit())
	case results.LMTP:
		return fakes.Join(fakes.Opening(l, claims.Has(results.FeatureLMTP), broad()), fakes.Quit())
	default:
		return fakes.Join(fakes.Opening(l, claims.Has(results.FeatureStartTLS), broad()), fakes.Quit())
	}
}

// Ordinary is the script of an ordinary delivery, used for fences.
func Ordinary(startTLS bool) fakes.Script {
	open := greeted()
	if startTLS {
		open = inside()
	}
	return fakes.Join(open, fakes.Transaction(), fakes.Quit())
}

// Submission is the script by which a message is handed to a sender.
func Submission() fakes.Script { return fakes.Join(greeted(), fakes.Transaction(), fakes.Quit()) }
