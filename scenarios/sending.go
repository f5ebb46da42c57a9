package scenarios

import (
	"slices"
	"time"

	"mailtls/results"
)

// Under selects policies of a sender.
type Under struct {
	// Name says in words which.
	Name string
	// Is tells whether a policy is one of them.
	Is func(results.SenderPolicy) bool
}

// The usual selections.
var (
	underAny           = Under{"any policy", func(results.SenderPolicy) bool { return true }}
	underNone          = Under{"no TLS", func(p results.SenderPolicy) bool { return p.Level == results.LevelNone }}
	underTLS           = Under{"TLS", func(p results.SenderPolicy) bool { return p.Level != results.LevelNone }}
	underOpportunistic = Under{"opportunistic TLS", func(p results.SenderPolicy) bool { return p.Level == results.LevelOpportunistic }}
	underMandatory     = Under{"mandatory TLS", func(p results.SenderPolicy) bool { return p.Forbids() }}
	underVerified      = Under{"verified TLS", func(p results.SenderPolicy) bool { return p.Verify != results.VerifyNone }}
	underUnverified    = Under{"TLS without verification", func(p results.SenderPolicy) bool {
		return p.Level != results.LevelNone && p.Verify == results.VerifyNone
	}}
	underCredentials = Under{"TLS, with credentials for the next hop", func(p results.SenderPolicy) bool { return p.Credentials }}
	underReuse       = Under{"TLS, with connections that are shared", func(p results.SenderPolicy) bool { return p.Reuse }}
)

// Placement is one host that takes mail for a domain of a case.
type Placement struct {
	// Domain tells the case's domains apart; empty is the first one.
	Domain string
	// Under selects the policy of the domain: the first that the target claims;
	// the zero value is the policy that the case is played under.
	Under Under
	// Named is the policy of the domain by its name, in place of Under; it is for
	// cases that are laid out by the claims.
	Named string
	// Host is a label such as "mx2"; empty is "mx1". The same label is the same
	// host, with one more address for each placement that has a peer. A name with a
	// dot is that of a domain elsewhere, below which the host has a name of its own.
	Host string
	// Preference of the MX record.
	Preference uint16
	// Peer that stands there, by name; empty where the host stands already.
	Peer string
	// Alias has the MX record lead to another name, which is an alias of the host.
	Alias bool
	// Direct has no MX record: the domain itself has the address.
	Direct bool
	// Numeric has the MX record hold the address in place of a name.
	Numeric bool
}

// at places a peer as the only host of the only domain.
func at(peer string) []Placement { return []Placement{{Peer: peer}} }

// HostLabel is Host, or its default.
func (p Placement) HostLabel() string {
	if p.Host == "" {
		return "mx1"
	}
	return p.Host
}

// Act is one thing that is done in a sender case.
type Act struct {
	Do ActKind
	// Domain that a message is for, as in Placement.
	Domain string
	// Messages that are submitted at once; 0 means one.
	Messages int
	// Every is for a message to each of the case's domains; what Domain says does
	// not count then.
	Every bool
	// Host whose peer is switched, and the Peer that stands there from now on.
	// With Tickets it honours those of the peer before it.
	Host, Peer string
	Tickets    bool
	// For is how long a pause lasts.
	For time.Duration
}

// ActKind is what is done.
type ActKind string

// The acts.
const (
	ActSubmit ActKind = "submit" // hand a message to the target
	ActAwait  ActKind = "await"  // wait until what was submitted is delivered or given back
	ActTaken  ActKind = "taken"  // wait until what was submitted for the domain was taken; its connection may still be open
	ActTried  ActKind = "tried"  // wait until the target has come and gone once
	ActSwitch ActKind = "switch" // put another peer in a host's place
	ActPause  ActKind = "pause"  // wait
)

// once is what most cases do: one message, watched to its end.
func once() []Act { return []Act{{Do: ActSubmit}, {Do: ActAwait}} }

// Laid is the case with its hosts and acts laid out for the claims.
func (c Case) Laid(claims results.Claims) Case {
	if c.Lay != nil {
		c.Placements, c.Acts = c.Lay(claims)
	}
	return c
}

// Steps are the acts of a sender case.
func (c Case) Steps() []Act {
	if c.Acts == nil {
		return once()
	}
	return c.Acts
}

// Policies are those of the claimed policies that the case is played under, in
// the order in which they are claimed. A policy without which a second domain of
// the case cannot be had must be claimed too.
func (c Case) Policies(claims results.Claims) []results.SenderPolicy {
	var all []results.SenderPolicy
	for _, p := range claims.Policies {
		if c.Under.Is == nil || c.Under.Is(p) {
			all = append(all, p)
		}
	}
	for _, p := range c.Placements {
		if _, found := p.Policy(claims, results.SenderPolicy{}); !found {
			return nil
		}
	}
	if c.Lay != nil && len(all) > 1 {
		return all[:1]
	}
	return all
}

// Units are the policies of the report's lines for a sender case: those that it is
// played under and the filter leaves, or, where no such policy is claimed, one
// without a name. Of policies that differ in nothing that the case is about only the
// first is kept, unless one is asked for by name.
func (c Case) Units(claims results.Claims, f results.Filter) []results.SenderPolicy {
	all := c.Policies(claims)
	if len(all) == 0 && f.Policy == "" {
		return []results.SenderPolicy{{}}
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(all, func(p results.SenderPolicy) bool {
		if f.Policy != "" {
			return p.Name != f.Policy
		}
		kind := string(p.Level) + " " + string(p.Verify)
		again := seen[kind]
		seen[kind] = true
		return c.PerLevel && again
	})
}

// Policy is the policy of the placement's domain in a case that is played under
// another.
func (p Placement) Policy(claims results.Claims, main results.SenderPolicy) (results.SenderPolicy, bool) {
	if p.Named != "" {
		return claims.Policy(p.Named)
	}
	if p.Under.Is == nil {
		return main, true
	}
	i := slices.IndexFunc(claims.Policies, p.Under.Is)
	if i < 0 {
		return results.SenderPolicy{}, false
	}
	return claims.Policies[i], true
}

// Profile is the peer that the case puts a sender before, where it is a single
// one from beginning to end.
func (c Case) Profile() string {
	if len(c.Placements) != 1 || slices.ContainsFunc(c.Acts, func(a Act) bool { return a.Do == ActSwitch }) {
		return ""
	}
	return c.Placements[0].Peer
}

// SenderWindow is how long a sender case is watched at the most: until the queue
// lifetime is over, and as long again as a notification may take.
func (c Case) SenderWindow(p results.SenderPolicy) time.Duration {
	const grace = 30 * time.Second
	if c.Window > 0 {
		return c.Window
	}
	if p.LifetimeSeconds == 0 {
		return DefaultSenderWindow
	}
	return p.Lifetime() + grace
}

// DefaultSenderWindow is how long a sender that claims no lifetime of its queue is
// watched: it covers a retry of most.
const DefaultSenderWindow = 2 * time.Minute

// Ordinarily is the delivery to an ordinary host that is made before and after the
// cases of a policy; when is a word for which of the two. The host is forgiving:
// what is wrong with the sender is for the cases to say.
func Ordinarily(when string) Case {
	return Case{
		ID: "sanity/" + when, Role: results.RoleSender, Protocol: results.SMTP, Title: "An ordinary message is delivered",
		Levels: []LevelRule{must()}, Placements: at("forgiving"), Judge: encrypts(),
	}
}

// SubmittedBody is the body of the message with the canary, without the line end
// that the end of the content brings with it.
func SubmittedBody(canary string) string {
	return "This message belongs to a test of TLS on mail paths: " + canary + "."
}
