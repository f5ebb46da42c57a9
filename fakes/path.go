package fakes

import (
	"fmt"
	"strings"

	"mailtls/results"
)

// Path is what the box in the middle does with the connections that pass it.
type Path struct {
	// Name of the path, kebab-case; Doc says in a sentence what it does.
	Name, Doc string
	// Moves are what it does besides forwarding.
	Moves []PathMove
}

// PathMove is one thing that the box does, once a connection.
type PathMove struct {
	Do PathAction
	// At is the stage that an injection strikes at: behind the client's command
	// where it goes to the server, behind the reply where it goes to the client.
	At results.Stage
	// To is the end that an injection goes to.
	To results.Side
	// Text that is injected, as it stands on the wire.
	Text string
}

// PathAction is what a move does.
type PathAction string

// The actions.
const (
	PathStrip  PathAction = "strip"  // take STARTTLS out of the answer to EHLO
	PathMask   PathAction = "mask"   // overwrite it there with X, as some firewalls do
	PathInject PathAction = "inject" // add Text, in one segment with what it follows
	PathFin    PathAction = "fin"    // close both sides when the ClientHello comes
	PathReset  PathAction = "reset"  // reset both sides when the ClientHello comes
)

// MaskedStartTLS is what stands in the place of a masked STARTTLS.
const MaskedStartTLS = "XXXXXXXA"

// Paths lists the boxes by name, the one that only forwards first.
func Paths() []Path {
	return []Path{
		{Name: "pass", Doc: "Forwards, and changes nothing."},
		{Name: "strip", Doc: "Takes STARTTLS out of the answer to EHLO (RFC 3207 §6).", Moves: []PathMove{{Do: PathStrip}}},
		{Name: "mask", Doc: "Overwrites STARTTLS in the answer to EHLO with " + MaskedStartTLS + ".", Moves: []PathMove{{Do: PathMask}}},
		{
			Name: "inject-command", Doc: "Adds a command in clear behind STARTTLS, which the server must forget (RFC 3207 §4.2).",
			Moves: []PathMove{{Do: PathInject, At: results.StageStartTLS, To: results.Server, Text: "RSET\r\n"}},
		},
		{
			Name: "inject-reply", Doc: "Adds a reply in clear behind the go-ahead, which the client must forget (RFC 3207 §4.2).",
			Moves: []PathMove{{Do: PathInject, At: results.StageStartTLS, To: results.Client, Text: "250 injected\r\n"}},
		},
		{Name: "fin-at-hello", Doc: "Closes the connection when the ClientHello comes.", Moves: []PathMove{{Do: PathFin}}},
		{Name: "reset-at-hello", Doc: "Resets the connection when the ClientHello comes.", Moves: []PathMove{{Do: PathReset}}},
	}
}

// PathNamed finds a path by name.
func PathNamed(name string) (Path, error) {
	var names []string
	for _, p := range Paths() {
		if p.Name == name {
			return p, nil
		}
		names = append(names, p.Name)
	}
	return Path{}, fmt.Errorf("find path %q: there are %s", name, strings.Join(names, ", "))
}

// Has tells whether the path does something of the kind.
func (p Path) Has(a PathAction) bool {
	for _, m := range p.Moves {
		if m.Do == a {
			return true
		}
	}
	return false
}
