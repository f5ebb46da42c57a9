package scenarios

import (
	"fmt"
	"strings"

	"mailtls/results"
)

// Answer says in a sentence what became of the first message of a transcript, and
// why, by what was seen on the wire.
func Answer(t *results.Transcript, claims results.Claims, sender, receiver string) string {
	f := Fate(t, claims)
	if f == nil {
		return fmt.Sprintf("%s took no message for %s.", sender, receiver)
	}
	why := ""
	if all := deliveries(t); len(all) > 0 {
		why = met(all[0], policyOf(t, t.Submissions[0], claims).Level)
	}
	return fmt.Sprintf("%s to %s: %s%s.", sender, receiver, why, strings.TrimSuffix(saidOf(*f), "."))
}

// met says what a sender met with on a connection that mattered for TLS.
func met(d *delivery, level results.TLSLevel) string {
	switch tls := facts(d.Session); {
	case level == results.LevelNone && d.offered && !d.asked():
		return "TLS is offered and not tried; "
	case level == results.LevelNone:
		return ""
	case d.asked() && d.complete() && d.turnsOf("MAIL") == nil:
		return fmt.Sprintf("TLS %s is agreed on, and the sender ends it; ", tls.Version)
	case d.complete():
		return ""
	case !d.offered:
		return "TLS is not offered; "
	case !d.asked():
		return "TLS is offered and not tried; "
	case len(d.TLS) == 0:
		return fmt.Sprintf("STARTTLS is refused with %s; ", d.turnsOf("STARTTLS")[0].code)
	default:
		return "the handshake fails" + broken(tls) + "; "
	}
}

// broken says in brackets what a handshake failed of, where that was seen.
func broken(f results.TLSFacts) string {
	for _, a := range f.Alerts {
		if a.Fatal {
			by := map[results.Side]string{results.Client: "sender", results.Server: "receiver"}[a.From]
			return fmt.Sprintf(" (%s(%d) from the %s)", a.Name, a.Code, by)
		}
	}
	return ""
}
