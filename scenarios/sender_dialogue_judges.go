package scenarios

import (
	"fmt"
	"strings"

	"mailtls/results"
)

// conclusion is drawn from what became of the first message, and the policy.
type conclusion func(p results.SenderPolicy, f results.Fate) results.Verdict

// settles is the judge of the first message's fate, once that is known.
func settles(o conclusion, checks ...check) Judge {
	return allOf(func(t *results.Transcript, claims results.Claims) results.Verdict {
		f := fate(t, claims, 0)
		if f.Code == results.FateUnknown {
			return lost(t, claims, f)
		}
		v := o(mine(t, claims), f)
		v.Evidence = fateRefs(t)
		return v
	}, checks...)
}

// judgeFirstInside looks at the first command of each connection inside TLS.
func judgeFirstInside(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "EHLO as the first command inside TLS"
	var refs []results.EventRef
	for _, d := range deliveries(t) {
		first, found := d.firstInside()
		switch {
		case !found:
			continue
		case first.verb == "HELO":
			return nonstrict("HELO lists no extensions", want, "HELO on connection "+fmt.Sprint(d.ID), first.refs...)
		case first.verb != "EHLO":
			return fail(want, fmt.Sprintf("%s on connection %d", first.verb, d.ID), first.refs...)
		}
		refs = append(refs, first.refs...)
	}
	if len(refs) == 0 {
		return inconclusive("nothing was said inside TLS")
	}
	return pass(want, "EHLO", refs...)
}

// firstInside is the first command inside TLS.
func (d *delivery) firstInside() (turn, bool) {
	for _, u := range d.turns {
		if u.secure {
			return u, true
		}
	}
	return turn{}, false
}

// judgeForgotten is the last word where something was listed in clear only, and
// the checks found no use made of it inside TLS.
func judgeForgotten(t *results.Transcript, claims results.Claims) results.Verdict {
	const want = "nothing inside TLS that was listed in clear only"
	f := fate(t, claims, 0)
	var refs []results.EventRef
	for _, d := range deliveries(t) {
		if first, found := d.firstInside(); found {
			refs = append(refs, first.refs...)
		}
	}
	switch {
	case f.Code == results.FateUnknown:
		return lost(t, claims, f)
	case len(refs) == 0:
		return inconclusive("nothing was said inside TLS: %s", saidOf(f))
	}
	return pass(want, "nothing of it was used; "+saidOf(f), refs...)
}

// unpipelined is the check that inside TLS each command waits for the reply to the
// one before (RFC 2920 §3: several may be sent together only where PIPELINING is
// listed).
func unpipelined(t *results.Transcript, _ results.Claims) (results.Verdict, bool) {
	for _, d := range deliveries(t) {
		for i, u := range d.turns[:max(0, len(d.turns)-1)] {
			if next := d.turns[i+1]; u.secure && u.answered == "" {
				return fail("each command inside TLS alone, where PIPELINING is not listed",
					fmt.Sprintf("%s before %s was answered, on connection %d", next.verb, u.verb, d.ID), append(u.refs, next.refs...)...), true
			}
		}
	}
	return results.Verdict{}, false
}

// unsized is the check that the size of a message is not declared inside TLS where
// SIZE is not listed there, and that the message is not given back for a limit that
// was listed in clear (RFC 1870 §3).
func unsized(t *results.Transcript, claims results.Claims) (results.Verdict, bool) {
	const want = "no use of a SIZE that was listed in clear"
	for _, d := range deliveries(t) {
		for _, u := range d.turnsOf("MAIL") {
			if u.secure && strings.Contains(strings.ToUpper(u.argument), " SIZE=") {
				return fail(want, fmt.Sprintf("MAIL %s on connection %d", u.argument, d.ID), u.refs...), true
			}
		}
	}
	if f := fate(t, claims, 0); f.Code == results.FateBounced {
		return fail(want, saidOf(f), fateRefs(t)...), true
	}
	return results.Verdict{}, false
}

// noLogin is the check that no login is tried.
func noLogin(t *results.Transcript, _ results.Claims) (results.Verdict, bool) {
	return anyLogin(t, "no AUTH", func(turn) bool { return true })
}

// noLoginInClear is the check that no login is tried in clear (RFC 8314 §5.2, RFC
// 4954 §4).
func noLoginInClear(t *results.Transcript, _ results.Claims) (results.Verdict, bool) {
	return anyLogin(t, "no AUTH in clear", func(u turn) bool { return !u.secure })
}

func anyLogin(t *results.Transcript, want string, is func(turn) bool) (results.Verdict, bool) {
	for _, d := range deliveries(t) {
		for _, u := range d.turnsOf("AUTH") {
			if is(u) {
				where := "in clear"
				if u.secure {
					where = "inside TLS"
				}
				return fail(want, fmt.Sprintf("AUTH %s on connection %d", where, d.ID), u.refs...), true
			}
		}
	}
	return results.Verdict{}, false
}

// neverAsked is the check that STARTTLS is not sent.
func neverAsked(t *results.Transcript, _ results.Claims) (results.Verdict, bool) {
	for _, d := range deliveries(t) {
		if asked := d.turnsOf("STARTTLS"); len(asked) > 0 {
			return fail("no STARTTLS where it is not offered", fmt.Sprintf("STARTTLS on connection %d", d.ID), asked[0].refs...), true
		}
	}
	return results.Verdict{}, false
}

// lastSaid is the check that nothing in clear follows STARTTLS until it is
// answered: what is sent with it, or before the go-ahead is complete, can be no
// part of the session that comes.
func lastSaid(t *results.Transcript, _ results.Claims) (results.Verdict, bool) {
	for _, d := range deliveries(t) {
		for i, u := range d.turns[:max(0, len(d.turns)-1)] {
			next := d.turns[i+1]
			if u.verb == "STARTTLS" && !next.secure && (u.code == "" || u.code == "220") {
				return fail("nothing in clear behind STARTTLS before it is answered, nor after 220",
					fmt.Sprintf("%s on connection %d", next.verb, d.ID), append(u.refs, next.refs...)...), true
			}
		}
	}
	return results.Verdict{}, false
}

// judgeStartTLSLine looks at the bytes of the command.
func judgeStartTLSLine(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = `"STARTTLS\r\n"`
	var refs []results.EventRef
	for _, d := range deliveries(t) {
		for _, u := range d.turnsOf("STARTTLS") {
			said := d.spoken(u)
			switch {
			case u.argument != "" || !strings.HasSuffix(strings.ToUpper(said), "STARTTLS\r\n"):
				return fail(want, fmt.Sprintf("%q on connection %d", said, d.ID), u.refs...)
			case !strings.HasSuffix(said, "STARTTLS\r\n"):
				return nonstrict("not in capitals", want, fmt.Sprintf("%q on connection %d", said, d.ID), u.refs...)
			}
			refs = append(refs, u.refs...)
		}
	}
	if len(refs) == 0 {
		return inconclusive("STARTTLS was never sent")
	}
	return pass(want, want, refs...)
}

// spoken are the bytes that held a command.
func (d *delivery) spoken(u turn) string {
	var said []byte
	for _, ref := range u.refs {
		if e := d.Events[ref.Event]; e.From == results.Client {
			said = append(said, shown(e)...)
		}
	}
	return string(said)
}
