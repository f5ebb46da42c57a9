package receiver

import (
	"context"
	"crypto/tls"

	"mailtls/fakes"
	"mailtls/results"
)

// renewal asks the profile what to do about a handshake message inside TLS. The
// stage of the record stays: a message may be under way.
func (x *session) renewal(ctx context.Context) error {
	m := fakes.Moment{Stage: results.StageRenewal, Secure: true, Known: x.user != ""}
	return x.ask(ctx, m, func(context.Context) error { return nil })
}

// meddle changes the session's state, or sends a handshake message inside TLS
// where its version has that.
func (x *session) meddle(a fakes.Action) error {
	version := x.conn.ConnectionState().Version
	switch {
	case a == fakes.ActionDrop:
		x.buf = nil
	case a == fakes.ActionTruncate:
		x.truncate = true
	case a == fakes.ActionMissign:
		x.missign = true
	case a == fakes.ActionMisfinish:
		x.conn.SpoilFinished()
	case a == fakes.ActionTicket && version == tls.VersionTLS13:
		return x.conn.SendTicket(earlyData)
	case a == fakes.ActionSpareTicket && version == tls.VersionTLS13:
		return x.conn.SendTicket(0)
	case a == fakes.ActionKeyUpdate && version == tls.VersionTLS13:
		return x.conn.UpdateKeys(true)
	case a == fakes.ActionHelloRequest && version == tls.VersionTLS12:
		return x.conn.SendHelloRequest()
	case a == fakes.ActionGoAlong && version == tls.VersionTLS12:
		return x.conn.SendServerHello()
	}
	return nil
}

// earlyData is how many bytes a bad ticket permits: what OpenSSL permits when it
// is asked to.
const earlyData = 16 << 10
