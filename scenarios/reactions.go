package scenarios

import (
	"fmt"

	"mailtls/results"
)

// check looks at one thing in a transcript; bad is true when its verdict ends the
// judging.
type check func(t *results.Transcript, claims results.Claims) (v results.Verdict, bad bool)

// allOf is the judge that makes the checks in order and then asks the last word.
func allOf(last Judge, checks ...check) Judge {
	return func(t *results.Transcript, claims results.Claims) results.Verdict {
		if v, bad := unsent(t); bad {
			return v
		}
		for _, c := range checks {
			if v, bad := c(t, claims); bad {
				return v
			}
		}
		return last(t, claims)
	}
}

// unsent tells whether the target did not take what was submitted.
func unsent(t *results.Transcript) (results.Verdict, bool) {
	if len(t.Submissions) == 0 {
		return inconclusive("nothing was submitted"), true
	}
	for _, s := range t.Submissions {
		if len(s.Reply) == 0 || s.Reply[0] != '2' {
			return inconclusive("the target did not take the message: %s", unsaid(s.Reply)), true
		}
	}
	return results.Verdict{}, false
}

// lost concludes on a message of which nothing was seen in the end: where the
// target claims a lifetime, it was neither kept nor given back.
func lost(t *results.Transcript, claims results.Claims, f results.Fate) results.Verdict {
	life := mine(t, claims).Lifetime()
	if life == 0 || t.Ended.Why != results.EndWindow || t.Ended.At < expired(life) {
		return inconclusive("%s, and watching ended (%s)", saidOf(f), t.Ended.Why)
	}
	return fail(fmt.Sprintf("delivered, or given back when the lifetime of %v was over", life), saidOf(f))
}

// reacts is the judge of a way in which TLS cannot be had: what the sender then
// does must be what its policy says.
func reacts(trigger results.Trigger, checks ...check) Judge {
	return allOf(func(t *results.Transcript, claims results.Claims) results.Verdict {
		return reaction(t, claims, trigger)
	}, checks...)
}

func reaction(t *results.Transcript, claims results.Claims, trigger results.Trigger) results.Verdict {
	p, f := mine(t, claims), fate(t, claims, 0)
	got, refs := reactionOf(f), fateRefs(t)
	claimed, says := p.Fallback[trigger]
	switch {
	case f.Code == results.FateUnknown:
		return lost(t, claims, f)
	case p.Level == results.LevelNone:
		return plainly(f, refs)
	case f.Code.Encrypted():
		return note("TLS could not be had", saidOf(f), refs...)
	case !says && p.Forbids() && got == results.ReactDefer:
		return pass("deferred", saidOf(f), refs...)
	case !says:
		return note(fmt.Sprintf("policy %s says nothing of %s", p.Name, trigger), saidOf(f), refs...)
	case got != claimed:
		return fail(fmt.Sprintf("%s when TLS is %s, as policy %s says", claimed, trigger, p.Name), saidOf(f), refs...)
	case got == results.ReactClearLater && p.LaterSeconds > 0 && f.Seconds > p.LaterSeconds:
		return fail(fmt.Sprintf("in clear after %g s at the latest, as policy %s says", p.LaterSeconds, p.Name), saidOf(f), refs...)
	}
	return pass(fmt.Sprintf("%s when TLS is %s", claimed, trigger), saidOf(f), refs...)
}

// plainly judges a sender that does no TLS.
func plainly(f results.Fate, refs []results.EventRef) results.Verdict {
	const want = "sent in clear, without a try at TLS"
	if f.Code == results.FatePlain {
		return pass(want, saidOf(f), refs...)
	}
	if f.Code.Encrypted() || f.Code == results.FatePlainSame || f.Code == results.FatePlainNew || f.Code == results.FatePlainLater {
		return fail(want, saidOf(f), refs...)
	}
	return note(want, saidOf(f), refs...)
}

// fateRefs points at what decided the fate of the first message: the reply by
// which it was taken over, else what was last said on the last connection.
func fateRefs(t *results.Transcript) []results.EventRef {
	all := deliveries(t)
	if got := takings(t, all, t.Submissions[0].Canary); len(got) > 0 {
		return []results.EventRef{got[0].ref}
	}
	if len(all) == 0 {
		return nil
	}
	last := all[len(all)-1]
	if len(last.turns) == 0 && len(last.Events) > 0 {
		return []results.EventRef{{Session: last.ID, Event: len(last.Events) - 1}}
	} else if len(last.turns) == 0 {
		return nil
	}
	return last.turns[len(last.turns)-1].refs
}

// encrypts is the judge of a case in which TLS can be had: it must be used.
func encrypts() Judge {
	return allOf(func(t *results.Transcript, claims results.Claims) results.Verdict {
		return encrypted(t, claims)
	})
}

// encrypted judges a message that is to go inside TLS, in one of the versions
// where some are named.
func encrypted(t *results.Transcript, claims results.Claims, versions ...string) results.Verdict {
	p, f := mine(t, claims), fate(t, claims, 0)
	want := "sent inside TLS"
	if len(versions) > 0 {
		want = fmt.Sprintf("sent in TLS %v", versions)
	}
	switch {
	case p.Level == results.LevelNone:
		return plainly(f, fateRefs(t))
	case f.Code == results.FateUnknown:
		return lost(t, claims, f)
	case !f.Code.Encrypted():
		return fail(want, saidOf(f), fateRefs(t)...)
	}
	for _, v := range versions {
		if f.TLS == v {
			return pass(want, saidOf(f), fateRefs(t)...)
		}
	}
	if len(versions) == 0 {
		return pass(want, saidOf(f), fateRefs(t)...)
	}
	return fail(want, saidOf(f), fateRefs(t)...)
}

// quiet is the check that nothing came in clear on a connection once its
// handshake had begun: it can only be TLS from there (RFC 3207 §4).
func quiet(t *results.Transcript, _ results.Claims) (results.Verdict, bool) {
	for _, d := range deliveries(t) {
		begun := false
		for _, u := range d.turns {
			if begun && !u.secure && !d.complete() {
				return fail("nothing in clear on a connection behind the go-ahead to STARTTLS",
					fmt.Sprintf("%s on connection %d", u.verb, d.ID), u.refs...), true
			}
			begun = begun || u.verb == "STARTTLS" && u.code == "220"
		}
	}
	return results.Verdict{}, false
}

// onceAsked is the check that STARTTLS is sent at most once on a connection.
func onceAsked(t *results.Transcript, _ results.Claims) (results.Verdict, bool) {
	for _, d := range deliveries(t) {
		if asked := d.turnsOf("STARTTLS"); len(asked) > 1 {
			return fail("STARTTLS at most once on a connection", fmt.Sprintf("%d times on connection %d", len(asked), d.ID), asked[1].refs...), true
		}
	}
	return results.Verdict{}, false
}
