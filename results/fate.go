package results

import "time"

// FateCode says in a letter or two what became of a message.
type FateCode string

// The codes.
const (
	FatePlain      FateCode = "P"   // in clear, TLS not being wanted
	FatePlainSame  FateCode = "Pc"  // in clear, on the connection where TLS could not be had
	FatePlainNew   FateCode = "Pn"  // in clear, on a new connection in the same attempt
	FatePlainLater FateCode = "Pd"  // in clear, in a later attempt
	FateTLS10      FateCode = "T10" // in TLS 1.0
	FateTLS11      FateCode = "T11" // in TLS 1.1
	FateTLS12      FateCode = "T12" // in TLS 1.2
	FateTLS13      FateCode = "T13" // in TLS 1.3
	FateDeferred   FateCode = "D"   // kept, and given back only when the queue lifetime was over
	FateBounced    FateCode = "B"   // given back before that
	FateUnknown    FateCode = "?"   // neither delivered nor given back while it was watched
)

// FateCodes lists every code.
func FateCodes() []FateCode {
	return []FateCode{
		FatePlain, FatePlainSame, FatePlainNew, FatePlainLater, FateTLS10, FateTLS11, FateTLS12, FateTLS13,
		FateDeferred, FateBounced, FateUnknown,
	}
}

// Plain tells whether the message went in clear.
func (c FateCode) Plain() bool {
	switch c {
	case FatePlain, FatePlainSame, FatePlainNew, FatePlainLater:
		return true
	case FateTLS10, FateTLS11, FateTLS12, FateTLS13, FateDeferred, FateBounced, FateUnknown:
	}
	return false
}

// Encrypted tells whether the message went inside TLS.
func (c FateCode) Encrypted() bool {
	switch c {
	case FateTLS10, FateTLS11, FateTLS12, FateTLS13:
		return true
	case FatePlain, FatePlainSame, FatePlainNew, FatePlainLater, FateDeferred, FateBounced, FateUnknown:
	}
	return false
}

// Proofs that a message was kept and not lost.
const (
	ProvedByDelivery = "delivery"
	ProvedByDSN      = "expiry-dsn" // the notification that came when the lifetime was over
	ProvedByDrain    = "drain"      // it arrived once the peer was honest
)

// Fate is what became of one message, by the wire and the notifications alone.
type Fate struct {
	// Code says it in short.
	Code FateCode `json:"code"`
	// Seconds from its submission until then.
	Seconds float64 `json:"seconds"`
	// Connections that were made for it until then.
	Connections int `json:"connections"`
	// TLS is the version it was delivered in; empty when it was not, or in clear.
	TLS string `json:"tls,omitempty"`
	// DSN is the status code and the diagnostic of the notification; empty without
	// one.
	DSN string `json:"dsn,omitempty"`
	// ProvedBy says what the code rests on.
	ProvedBy string `json:"proved_by,omitempty"`
}

// DSN is what a delivery status notification says of one recipient (RFC 3464
// §2.3).
type DSN struct {
	// At is the time since the transcript began at which it arrived, Session the
	// ID of the session that it arrived on.
	At      time.Duration
	Session int
	// Recipient that it is about; Action such as "failed"; Status such as
	// "5.7.10"; Diagnostic and Remote as they stand there.
	Recipient, Action, Status, Diagnostic, Remote string
}
