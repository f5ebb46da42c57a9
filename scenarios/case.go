package scenarios

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"mailtls/fakes"
	"mailtls/results"
)

// Case is one requirement.
type Case struct {
	// ID is area/defect in kebab-case; it never changes once published.
	ID string
	// Row of the catalogue, such as "R-016".
	Row string
	// Title says in a line what is required.
	Title string
	// Source is where the requirement comes from.
	Source Source
	// Role and Protocol of the target.
	Role     results.Role
	Protocol results.Protocol
	// Also is a second role of targets that the case is for; empty when it is for
	// Role only.
	Also results.Role
	// Needs are the claims without which the case does not apply.
	Needs []results.Feature
	// Levels by claims; the first that fits counts.
	Levels []LevelRule
	// Dialogues that our peers hold with the target, in order.
	Dialogues []fakes.Dialogue
	// Fence is true when mail may come of it: an ordinary message follows, and
	// watching goes on until it was read back and the queue is empty.
	Fence bool
	// Under selects the policies that a sender case is played under; the zero
	// value is every policy. Placements are the hosts that a sender finds, Acts
	// what is done; nil means that one message is submitted and watched to its end.
	Under      Under
	Placements []Placement
	Acts       []Act
	// Lay gives the placements and acts of a sender case that spans all policies
	// that are claimed; it is played once, under the first of them.
	Lay func(results.Claims) ([]Placement, []Act)
	// Cell is true for a sender case that fills a column of the matrix.
	Cell bool
	// PerLevel is true for a sender case in which policies of the same level and
	// verification act alike: it is played under the first of them.
	PerLevel bool
	// Window is how long the case is watched at the most; 0 means DefaultWindow.
	Window time.Duration
	// Intrusive cases burden the target or abuse it; they are off for targets
	// beyond this machine and private networks.
	Intrusive bool
	// Alone is true for a case that would disturb others played beside it.
	Alone bool
	// Temporary is true when a 421, 45x or 454 may be the target's answer to what
	// the case asks; elsewhere it makes the case inconclusive.
	Temporary bool
	// Pending says why the case cannot be played yet; empty when it can.
	Pending string
	// Judge concludes.
	Judge Judge
}

// DefaultWindow is how long a case is watched when it names no time.
const DefaultWindow = 30 * time.Second

// Judge reads a transcript and concludes. It gives status, want, got, reason and
// evidence; the level is the case's.
type Judge func(*results.Transcript, results.Claims) results.Verdict

// Source is where a requirement comes from.
type Source struct {
	// Clause such as "RFC 3207 §4"; several are joined by "; ".
	Clause string
	// Text is what it asks for, in our own words.
	Text string
}

// LevelRule gives a case a level.
type LevelRule struct {
	// Needs are the claims it holds for; nil holds for all.
	Needs []results.Feature
	// Under selects the policies it holds for; the zero value holds for all.
	Under Under
	// Level of the case under these claims.
	Level results.Level
}

// must, should and info are the usual rules.
func must(needs ...results.Feature) LevelRule { return LevelRule{Needs: needs, Level: results.Must} }
func should(needs ...results.Feature) LevelRule {
	return LevelRule{Needs: needs, Level: results.Should}
}
func info(needs ...results.Feature) LevelRule { return LevelRule{Needs: needs, Level: results.Info} }

// under limits a rule to some policies.
func (r LevelRule) under(u Under) LevelRule {
	r.Under = u
	return r
}

// Level is how strongly the case binds a target with these claims, a sender under
// the policy of this name; INFO when no rule fits.
func (c Case) Level(claims results.Claims, policy string) results.Level {
	p, claimed := claims.Policy(policy)
	for _, rule := range c.Levels {
		if claims.Missing(rule.Needs) == "" && (rule.Under.Is == nil || claimed && rule.Under.Is(p)) {
			return rule.Level
		}
	}
	return results.Info
}

// Strongest is the strongest level of any rule, for lists that know no target.
func (c Case) Strongest() results.Level {
	for _, l := range []results.Level{results.Must, results.Should, results.May} {
		if slices.ContainsFunc(c.Levels, func(r LevelRule) bool { return r.Level == l }) {
			return l
		}
	}
	return results.Info
}

// WatchTime is Window, or DefaultWindow when that is 0.
func (c Case) WatchTime() time.Duration {
	if c.Window == 0 {
		return DefaultWindow
	}
	return c.Window
}

// All returns every case in the order of the catalogue's rows. What the cases hold is
// not to be changed.
func All() []Case { return slices.Clone(catalogue()) }

// catalogue is made once: it is asked for often.
var catalogue = sync.OnceValue(makeCatalogue)

func makeCatalogue() []Case {
	var all []Case
	for _, area := range [][]Case{
		offer(), starttls(), handshake(), tunnel(), state(), injection(),
		versions(), certificates(), policy(), enforcing(), authentication(),
		hellos(), records(), resumption(), clientCertificates(), contents(), smuggling(), robustness(),
		implicit(), lmtp(), published(), crossProtocol(), trace(), requireTLS(),
	} {
		all = append(all, played(results.RoleReceiver, area)...)
	}
	for _, area := range [][]Case{
		senderRefusals(), senderHandshake(), senderLost(), senderMemory(), senderEnforced(), senderReuse(), senderQueue(), senderRetries(),
	} {
		all = append(all, played(results.RoleSender, area)...)
	}
	for _, area := range [][]Case{
		senderDialogue(), senderVersions(), senderSuites(), senderUncommon(), senderOffers(), senderCertificates(),
		senderInjection(), senderMX(),
	} {
		for _, c := range played(results.RoleSender, area) {
			c.PerLevel = !c.Cell
			all = append(all, c)
		}
	}
	all = append(all, played(results.RoleAccessServer, accessServers())...)
	slices.SortStableFunc(all, func(a, b Case) int { return strings.Compare(a.Row, b.Row) })
	return all
}

// played fills in what the cases of an area leave out.
func played(role results.Role, area []Case) []Case {
	for i := range area {
		area[i].Role, area[i].Protocol = cmp.Or(area[i].Role, role), cmp.Or(area[i].Protocol, results.SMTP)
	}
	return area
}

// For tells whether the case is for targets of the role.
func (c Case) For(role results.Role) bool { return role != "" && (role == c.Role || role == c.Also) }

// Find returns the case with the id.
func Find(id string) (Case, error) {
	for _, c := range catalogue() {
		if c.ID == id {
			return c, nil
		}
	}
	return Case{}, fmt.Errorf("find case %q: see mailtls list cases", id)
}
