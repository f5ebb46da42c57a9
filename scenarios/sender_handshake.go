package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"mailtls/results"
)

// onlyTLS is what all handshakes that fail have in common.
const onlyTLS = "Behind the go-ahead only a handshake can follow, or the end of the connection."

// senderHandshake holds the cases in which the handshake fails.
func senderHandshake() []Case {
	all := []Case{
		{
			ID: "handshake/reset", Row: "S-030", Title: "A connection that is reset in the handshake is over", Cell: true,
			Source: Source{"RFC 3207 §4.1", onlyTLS},
			Levels: []LevelRule{must()}, Placements: at("reset-after-220"), Judge: reacts(results.TriggerReset, quiet),
		},
		{
			ID: "handshake/fin", Row: "S-031", Title: "A connection that is closed in the handshake is over", Cell: true,
			Source: Source{"RFC 3207 §4.1", onlyTLS},
			Levels: []LevelRule{must()}, Placements: at("fin-after-220"), Judge: reacts(results.TriggerClosed, quiet),
		},
		{
			ID: "handshake/silent", Row: "S-032", Title: "A server that falls silent in the handshake is not waited for without end", Cell: true,
			Source: Source{"RFC 5321 §4.5.3.2; RFC 3207 §4.1", "A client has a time-out for whatever it waits for."},
			Levels: []LevelRule{should()}, Placements: at("silent-after-220"), Judge: patient(reacts(results.TriggerSilent, quiet)),
		},
		{
			ID: "handshake/server-hello-then-close", Row: "S-038", Title: "A connection that is closed in the middle of the handshake is over",
			Source: Source{"RFC 3207 §4.1", onlyTLS},
			Levels: []LevelRule{must()}, Under: underTLS, Placements: at("server-hello-then-close"), Judge: reacts(results.TriggerClosed, quiet),
		},
	}
	return slices.Concat(all, failingHandshakes(), alertedHandshakes(), nextHosts())
}

// failingHandshakes holds what is no handshake, or one that must not be taken.
func failingHandshakes() []Case {
	all := []Case{
		{
			ID: "handshake/cleartext-454", Row: "S-033", Title: "454 in clear after the go-ahead is no reply",
			Source: Source{"RFC 3207 §4; RFC 3207 §4.1", onlyTLS}, Placements: at("cleartext-454-after-220"),
		},
		{
			ID: "handshake/cleartext-reply", Row: "S-033", Title: "What looks like a reply to EHLO in clear after the go-ahead is no reply",
			Source: Source{"RFC 3207 §4; RFC 3207 §4.1", onlyTLS}, Placements: at("cleartext-reply-after-220"),
		},
		{
			ID: "handshake/garbage", Row: "S-034", Title: "A handshake that is answered with garbage has failed", Cell: true,
			Source: Source{"RFC 3207 §4.1", onlyTLS}, Placements: at("garbage-after-220"),
		},
		{
			ID: "handshake/http", Row: "S-035", Title: "A handshake that is answered by a web server has failed",
			Source: Source{"RFC 3207 §4.1", onlyTLS}, Placements: at("http-after-220"),
		},
		{
			ID: "handshake/wrong-finished", Row: "S-039", Title: "A handshake with a wrong Finished is given up",
			Source: Source{"RFC 8446 §4.4.4", "Whoever receives a Finished that does not hold ends the connection."}, Placements: at("wrong-finished"),
		},
		{
			ID: "handshake/bad-signature", Row: "S-039", Title: "A handshake with a signature that does not hold is given up, whatever the certificate is worth",
			Source: Source{"RFC 8446 §4.4.3", "Whoever receives a signature that does not hold ends the handshake."}, Placements: at("bad-signature"),
		},
	}
	for i := range all {
		all[i].Levels, all[i].Judge = []LevelRule{must()}, reacts(results.TriggerFailed, quiet, nothingInside)
		if !all[i].Cell {
			all[i].Under = underTLS
		}
	}
	return all
}

// alertedHandshakes holds alerts in reply to the ClientHello.
func alertedHandshakes() []Case {
	const fatal = "An error alert ends the connection, for both."
	var all []Case
	for _, c := range []struct{ code, name, peer string }{
		{"40", "handshake_failure", "alert-after-220"}, {"70", "protocol_version", "alert-70-after-220"},
		{"80", "internal_error", "alert-80-after-220"}, {"112", "unrecognized_name", "alert-112-after-220"},
	} {
		all = append(all, Case{
			ID: "handshake/alert-" + c.code, Row: "S-036", Title: fmt.Sprintf("A handshake that is answered with the alert %s(%s) has failed", c.name, c.code),
			Cell: c.code == "40", Source: Source{"RFC 8446 §6; RFC 8446 §6.2", fatal}, Levels: []LevelRule{must()}, Under: underTLS,
			Placements: at(c.peer), Judge: reacts(results.TriggerFailed, quiet),
		})
	}
	all[0].Under = Under{}
	return append(all, Case{
		ID: "handshake/warning-unrecognized-name", Row: "S-037", Title: "A warning that the name is not known, before the handshake goes on",
		Source: Source{"RFC 6066 §3; RFC 8446 §6", "How a client takes such a warning is left open; in TLS 1.3 there are none, but the version is not yet agreed when it comes."},
		Levels: []LevelRule{info()}, Under: underTLS, Placements: at("warning-after-220"), Judge: settles(func(_ results.SenderPolicy, f results.Fate) results.Verdict {
			return note("recorded: gone on, or given up", saidOf(f))
		}, quiet),
	})
}

// nextHosts holds what a handshake that fails leads to: another host, a try in
// clear, a login in clear, and what is left of it once the host is repaired.
func nextHosts() []Case {
	return []Case{
		{
			ID: "handshake/next-host", Row: "S-044", Title: "Where the handshake with the first host fails the second one is tried",
			Source: Source{"RFC 5321 §5.1; RFC 3207 §6", "A client tries the hosts of a domain in order until one takes the mail; where TLS is demanded only those with TLS can."},
			Levels: []LevelRule{must().under(underMandatory), info()}, Under: underTLS,
			Placements: []Placement{{Peer: "reset-after-220", Preference: 10}, {Peer: "opportunistic", Preference: 20, Host: "mx2"}}, Judge: allOf(judgeBrokenFirst, quiet),
		},
		{
			ID: "handshake/clear-retry-refused", Row: "S-045", Title: "Where the handshake fails and mail in clear gets 530 the attempt is over",
			Source: Source{"RFC 3207 §4; RFC 5321 §4.5.4.1", "530 asks for the TLS that has just failed; going round between the two leads nowhere, and a client waits before it tries again."},
			Levels: []LevelRule{must()}, Under: underTLS, Placements: at("enforcing-alert-after-220"), Judge: allOf(judgeRounds, quiet),
		},
		{
			ID: "handshake/login-in-clear", Row: "S-046", Title: "Where the handshake fails no login is sent in clear",
			Source: Source{"RFC 8314 §5.2; RFC 4954 §4", "A password is for TLS alone, and a client that has one does not send it without."},
			Levels: []LevelRule{must()}, Under: underCredentials, Placements: at("clear-login-alert-after-220"),
			Judge: settles(func(_ results.SenderPolicy, f results.Fate) results.Verdict {
				return pass("no AUTH in clear", "none; "+saidOf(f))
			}, noLoginInClear, quiet),
		},
		{
			ID: "handshake/repaired", Row: "S-047", Title: "TLS is used again once the handshake works again",
			Source: Source{"RFC 3207 §6; RFC 7435 §4", "That TLS once failed is no reason to do without it where it is to be had."},
			Levels: []LevelRule{must().under(underMandatory), info()}, Under: underTLS, Placements: at("reset-after-220"),
			Acts: []Act{
				{Do: ActSubmit}, {Do: ActTried}, {Do: ActPause, For: 3 * time.Second}, {Do: ActSwitch, Host: "mx1", Peer: "opportunistic"},
				{Do: ActSubmit}, {Do: ActAwait},
			},
			Judge: allOf(judgeRepaired, quiet),
		},
	}
}

// nothingInside is the check that nothing is said inside TLS: the handshake is not
// to be taken.
func nothingInside(t *results.Transcript, _ results.Claims) (results.Verdict, bool) {
	for _, d := range deliveries(t) {
		if u, found := d.firstInside(); found {
			return fail("the handshake given up", fmt.Sprintf("%s inside TLS on connection %d", u.verb, d.ID), u.refs...), true
		}
	}
	return results.Verdict{}, false
}

// judgeBrokenFirst looks at which of two hosts got the message, and how.
func judgeBrokenFirst(t *results.Transcript, claims results.Claims) results.Verdict {
	const second = "mx2."
	p, f := mine(t, claims), fate(t, claims, 0)
	if f.Code == results.FateUnknown {
		return lost(t, claims, f)
	}
	got := saidOf(f)
	taken := takings(t, deliveries(t), t.Submissions[0].Canary)
	if len(taken) > 0 {
		got += ", to " + taken[0].Host
	}
	switch {
	case !p.Forbids():
		return note("recorded: the second host inside TLS, or the first in clear", got, fateRefs(t)...)
	case f.Code.Encrypted() && len(taken) > 0 && strings.HasPrefix(taken[0].Host, second):
		return pass("sent inside TLS to the second host", got, fateRefs(t)...)
	}
	return fail("sent inside TLS to the second host", got, fateRefs(t)...)
}

// judgeRounds looks at how often a host is visited in one attempt: once with
// STARTTLS and once without.
func judgeRounds(t *results.Transcript, claims results.Claims) results.Verdict {
	const want = "at most one connection with STARTTLS and one without in each attempt"
	all := deliveries(t)
	if len(all) == 0 {
		return inconclusive("no connection was made")
	}
	groups := attempts(t, all, mine(t, claims))
	for _, group := range groups {
		var asked, plain int
		var refs []results.EventRef
		for _, d := range group {
			if len(d.turns) == 0 {
				continue
			}
			refs = append(refs, d.turns[0].refs...)
			if d.asked() {
				asked++
			} else {
				plain++
			}
		}
		if asked > 1 || plain > 1 {
			return fail(want, fmt.Sprintf("%d with and %d without", asked, plain), refs...)
		}
	}
	f := fate(t, claims, 0)
	if f.Code == results.FateUnknown {
		return lost(t, claims, f)
	}
	return pass(want, fmt.Sprintf("%d attempts; %s", len(groups), saidOf(f)), fateRefs(t)...)
}

// judgeRepaired looks at what became of two messages, the second of which was
// submitted when the host had been repaired.
func judgeRepaired(t *results.Transcript, claims results.Claims) results.Verdict {
	const want = "both messages sent inside TLS once the host is repaired"
	if len(t.Submissions) != 2 {
		return inconclusive("%d messages were submitted, not 2", len(t.Submissions))
	}
	if !slices.ContainsFunc(deliveries(t), func(d *delivery) bool { return d.broke() }) {
		return moot("no handshake had failed when the host was repaired")
	}
	first, second := fate(t, claims, 0), fate(since(t, 1), claims, 0)
	got := fmt.Sprintf("the first %s; the second %s", saidOf(first), saidOf(second))
	refs := takenRefs(t, 1)
	for _, f := range []results.Fate{first, second} {
		if f.Code == results.FateUnknown {
			return lost(t, claims, f)
		}
	}
	switch {
	case !mine(t, claims).Forbids():
		return note("recorded: the second message inside TLS, or in clear by what is remembered of the host", got, refs...)
	case first.Code.Encrypted() && second.Code.Encrypted():
		return pass(want, got, refs...)
	}
	return fail(want, got, refs...)
}

// takenRefs points at the reply by which the n-th message was taken over; where it
// was not, at what was last said.
func takenRefs(t *results.Transcript, n int) []results.EventRef {
	if got := takings(t, deliveries(t), t.Submissions[n].Canary); len(got) > 0 {
		return []results.EventRef{got[0].ref}
	}
	return fateRefs(t)
}
