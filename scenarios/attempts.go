package scenarios

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"mailtls/results"
)

// delivery is one connection that a sender made to a peer of ours.
type delivery struct {
	*results.Session
	began time.Duration
	// turns are its commands in order, those inside TLS included.
	turns []turn
	// offered is true when STARTTLS was listed in clear.
	offered bool
}

// turn is a command of the sender, and what our peer said to it.
type turn struct {
	// verb in capitals, argument as it stands.
	verb, argument string
	secure         bool
	// answered is what the peer said until the next command; code its first reply
	// code, or "".
	answered string
	code     string
	at       time.Duration
	refs     []results.EventRef
}

// deliveries are the connections of a sender in the order in which they began.
func deliveries(t *results.Transcript) []*delivery { return legs(t, results.LegDeliver) }

func legs(t *results.Transcript, leg results.Leg) []*delivery {
	var all []*delivery
	for i := range t.Sessions {
		if s := &t.Sessions[i]; s.Leg == leg {
			all = append(all, readDelivery(s))
		}
	}
	slices.SortStableFunc(all, func(a, b *delivery) int { return int(a.began - b.began) })
	return all
}

func readDelivery(s *results.Session) *delivery {
	d := &delivery{Session: s, began: s.EndAt}
	if len(s.Events) > 0 {
		d.began = s.Events[0].At
	}
	var line []byte
	var from []results.EventRef
	for i, e := range s.Events {
		ref := results.EventRef{Session: s.ID, Event: i}
		switch {
		case e.Kind != results.EventData:
		case e.From == results.Server:
			d.said(e, ref)
		case e.Stage == results.StageBody || e.Stage == results.StageBdat && !bytes.HasPrefix(shown(e), []byte("BDAT")):
		default:
			line, from = append(line, shown(e)...), append(from, ref)
			for {
				command, rest, found := bytes.Cut(line, []byte("\n"))
				if !found {
					break
				}
				d.command(string(command), e, from)
				line, from = rest, []results.EventRef{ref}
			}
			if len(line) == 0 {
				from = nil
			}
		}
	}
	return d
}

// command takes note of a command.
func (d *delivery) command(line string, e results.Event, refs []results.EventRef) {
	verb, argument, _ := strings.Cut(strings.TrimRight(line, "\r"), " ")
	d.turns = append(d.turns, turn{
		verb: strings.ToUpper(verb), argument: argument, secure: e.Secure, at: e.At, refs: refs,
	})
}

// said takes note of what our peer says, as an answer to the last command.
func (d *delivery) said(e results.Event, ref results.EventRef) {
	if len(d.turns) == 0 {
		return
	}
	last := &d.turns[len(d.turns)-1]
	last.answered += string(shown(e))
	last.refs = append(last.refs, ref)
	if last.code == "" && len(last.answered) >= 3 {
		last.code = last.answered[:3]
	}
	if (last.verb == "EHLO" || last.verb == "HELO") && !e.Secure {
		for _, l := range strings.Split(last.answered, "\r\n")[1:] {
			d.offered = d.offered || len(l) >= 12 && strings.EqualFold(l[4:12], "STARTTLS")
		}
	}
}

// turnsOf are the commands of a verb.
func (d *delivery) turnsOf(verb string) []turn {
	var all []turn
	for _, t := range d.turns {
		if t.verb == verb {
			all = append(all, t)
		}
	}
	return all
}

// asked tells whether STARTTLS was sent.
func (d *delivery) asked() bool { return len(d.turnsOf("STARTTLS")) > 0 }

// handshakes are its handshakes, begun or complete.
func (d *delivery) complete() bool { return facts(d.Session).Complete }

// broke tells whether TLS was tried on it and did not come about.
func (d *delivery) broke() bool { return d.asked() && !d.complete() }

// taken are the marks of the messages that our peer took over with a reply of
// 2xx to the content, with the moment of that reply.
func (d *delivery) taken() map[string]results.EventRef {
	marks := map[string]results.EventRef{}
	for i, e := range d.Events {
		if e.Kind == results.EventData && e.From == results.Server && bytes.HasPrefix(shown(e), []byte("2")) &&
			(e.Stage == results.StageBody || e.Stage == results.StageBdat) {
			marks[e.Mark] = results.EventRef{Session: d.ID, Event: i}
		}
	}
	return marks
}

// taking is one taking over of a message.
type taking struct {
	*delivery
	mark   string
	at     time.Duration
	secure bool
	ref    results.EventRef
}

// takings are the takings over of the message with the canary, in order.
func takings(t *results.Transcript, all []*delivery, canary string) []taking {
	var found []taking
	for _, m := range t.Messages {
		if !slices.ContainsFunc(m.To, func(to string) bool { return strings.HasPrefix(to, canary) }) {
			continue
		}
		for _, d := range all {
			if d.ID != m.Session {
				continue
			}
			ref, taken := d.taken()[m.Mark]
			if !taken {
				continue
			}
			e := d.Events[ref.Event]
			found = append(found, taking{delivery: d, mark: m.Mark, at: e.At, secure: e.Secure, ref: ref})
		}
	}
	slices.SortStableFunc(found, func(a, b taking) int { return int(a.at - b.at) })
	return found
}

// sameAttempt is how soon a sender comes back in the same attempt at the latest.
const sameAttempt = 2 * time.Second

// attempts groups connections by attempt: within one a sender comes back at once,
// or while another connection is still open, and without having asked for the hosts
// again, where it is seen to ask.
func attempts(t *results.Transcript, all []*delivery, p results.SenderPolicy) [][]*delivery {
	asked := lookups(t)
	soon := sameAttempt
	if half := time.Duration(p.RetrySeconds / 2 * float64(time.Second)); half > 0 {
		soon = min(soon, half)
	}
	var groups [][]*delivery
	var end time.Duration
	for _, d := range all {
		again := func(at time.Duration) bool { return at > end && at < d.began }
		if len(groups) == 0 || d.began > end+soon || slices.ContainsFunc(asked, again) {
			groups = append(groups, nil)
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], d)
		end = max(end, d.EndAt)
	}
	return groups
}

// lookups are the times at which the hosts of the only message's domain were asked
// for; none where several messages make it unclear for which.
func lookups(t *results.Transcript) []time.Duration {
	if len(t.Submissions) != 1 {
		return nil
	}
	domain := domainOf(t.Submissions[0]) + "."
	var at []time.Duration
	for _, q := range t.Queries {
		if q.Type == "MX" && strings.EqualFold(q.Name, domain) {
			at = append(at, q.At)
		}
	}
	return at
}
