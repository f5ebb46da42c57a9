package scenarios

import (
	"strings"

	"mailtls/fakes/dialect"
	"mailtls/results"
)

// replies reads all replies under a mark; what is no whole reply ends them.
func replies(s *results.Session, mark string) []answer {
	first := reply(s, mark)
	var all []answer
	for a := first; a.found; {
		all = append(all, a)
		r, rest, err := dialect.CutReply(a.rest)
		a = answer{Reply: r, found: err == nil, rest: rest, refs: first.refs, secure: first.secure}
	}
	return all
}

// said lists the codes of replies.
func said(all []answer) string {
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
