package sender

import (
	"errors"
	"io"
	"net"
	"os"
	"regexp"
	"strings"
	"syscall"

	"mailtls/fakes/dialect"
	"mailtls/results"
)

// trouble is why a message was not delivered by a host; nil when it was.
type trouble struct {
	// status in numbers (RFC 3463).
	status string
	// text says it; said means that it is the host's own reply.
	text string
	said bool
	// host that it came about with.
	host string
	// final says that the message goes back to its sender.
	final bool
	// trigger is in which way TLS could not be had; empty when it was not that.
	trigger results.Trigger
	// tls says that it is about TLS, trigger or not.
	tls bool
	// untrusted says that the certificate did not hold.
	untrusted bool
	// reply is the code that the host said, if it was one.
	reply string
}

// The statuses of our own troubles (RFC 3463 §3).
const (
	statusNoRoute    = "5.4.4"
	statusNoAnswer   = "4.4.1"
	statusLost       = "4.4.2"
	statusExpired    = "4.4.7"
	statusProtocol   = "4.5.0"
	statusTooBig     = "5.3.4"
	statusNotOffered = "4.7.4"
	statusHandshake  = "4.7.5"
)

// deferred is a trouble of our own making.
func deferred(status, text string) *trouble { return &trouble{status: status, text: text} }

// withoutTLS is a trouble with TLS.
func withoutTLS(t results.Trigger, status, text string) *trouble {
	return &trouble{status: status, text: text, trigger: t, tls: true}
}

// enhanced is a status at the beginning of a reply's text.
var enhanced = regexp.MustCompile(`^([245]\.\d{1,3}\.\d{1,3})( |$)`)

// refused is a reply that settles it: 5xx gives the message back, everything else
// keeps it.
func refused(r dialect.Reply, to string) *trouble {
	t := &trouble{said: true, reply: r.Code, text: r.String() + " (in reply to " + to + ")", status: "4.0.0", final: r.Class() == '5'}
	if t.final {
		t.status = "5.0.0"
	}
	if len(r.Lines) > 0 {
		if found := enhanced.FindStringSubmatch(r.Lines[0]); found != nil && found[1][0] == r.Class() {
			t.status = found[1]
		}
	}
	return t
}

// unexpected is a reply that makes no sense where it came.
func unexpected(r dialect.Reply, to string) *trouble {
	return &trouble{said: true, reply: r.Code, text: r.String() + " (in reply to " + to + ", which it does not fit)", status: statusProtocol}
}

// asFinal is the trouble of a message that is given back at once.
func (t *trouble) asFinal() *trouble {
	u := *t
	u.final, u.status = true, "5"+strings.TrimLeft(t.status, "45")
	return &u
}

// expired is the trouble of a message whose lifetime is over.
func (t *trouble) expired() *trouble {
	u := *t
	u.final, u.status = true, statusExpired
	return &u
}

// broken tells how a connection ended that was in use.
func broken(err error) results.Trigger {
	var netErr net.Error
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return results.TriggerClosed
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return results.TriggerReset
	case errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &netErr) && netErr.Timeout():
		return results.TriggerSilent
	}
	return results.TriggerFailed
}
