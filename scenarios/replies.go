package scenarios

import (
	"strings"

	"mailtls/fakes/dialect"
	"mailtls/results"
)

// said lists the codes of replies.
func said(all []dialect.Reply) string {
	if len(all) == 0 {
		return "no reply"
	}
	codes := make([]string, len(all))
	for i, a := range all {
		codes[i] = a.Code
	}
	return strings.Join(codes, ", ")
}

// inner points at the handshake messages of a type that came from a side inside
// TLS, after the handshake.
func inner(s *results.Session, from results.Side, name string) []results.EventRef {
	var refs []results.EventRef
	for i, e := range s.Events {
		if e.Kind == results.EventTLS && e.Secure && e.From == from && e.Text == name {
			refs = append(refs, results.EventRef{Session: s.ID, Event: i})
		}
	}
	return refs
}
