package scenarios

import (
	"fmt"
	"strings"

	"mailtls/results"
)

// senderInjection holds the cases in which replies come that nobody asked for.
func senderInjection() []Case {
	forget := Source{"CVE-2021-38371; RFC 3207 §4.2", "What was said in clear behind the go-ahead must not be taken for something said inside TLS."}
	unasked := Source{"RFC 5321 §4.2", "Each command has one reply; a reply more puts all that follow in the wrong place."}
	return []Case{
		{
			ID: "reply-injection/whole-line", Row: "S-090", Title: "A reply in clear behind the go-ahead is not taken for the reply to EHLO inside TLS", Cell: true,
			Source: forget, Levels: []LevelRule{must()}, Under: underTLS,
			Placements: at("injection-delayed-reply"), Judge: allOf(disbelieved, quiet, waited, unused),
		},
		{
			ID: "reply-injection/partial-line", Row: "S-091", Title: "The beginning of a reply in clear is not glued to what comes inside TLS", Cell: true,
			Source: Source{"RFC 3207 §4.2", "What was learnt in clear is forgotten when TLS begins, half a line of it too."},
			Levels: []LevelRule{must()}, Under: underTLS,
			Placements: at("injection-partial-line"), Judge: allOf(disbelieved, quiet, unused),
		},
		{
			ID: "reply-injection/verified", Row: "S-092", Title: "A good certificate does not vouch for what was said in clear behind the go-ahead",
			Source: forget, Levels: []LevelRule{must()}, Under: underVerified,
			Placements: at("injection-whole-line"), Judge: allOf(disbelieved, quiet, waited, unused),
		},
		{
			ID: "reply-injection/pipelined-replies", Row: "S-093", Title: "Replies to commands that were not sent yet do not lead to mail", Cell: true,
			Source: unasked, Levels: []LevelRule{must()}, Under: underTLS,
			Placements: at("pipelined-replies"), Judge: allOf(judgeUnaskedReplies, onceAsked),
		},
		{
			ID: "reply-injection/opportunistic", Row: "S-094", Title: "What an opportunistic sender does where something was injected behind the go-ahead",
			Source: forget, Levels: []LevelRule{info()}, Under: underOpportunistic,
			Placements: at("injection-whole-line"), Judge: allOf(disbelieved, quiet, unused),
		},
		{
			ID: "reply-injection/bye", Row: "S-095", Title: "An injected 221 does not lead to mail in clear", Cell: true,
			Source: forget, Levels: []LevelRule{should()}, Under: underTLS,
			Placements: at("injection-221"), Judge: allOf(disbelieved, quiet),
		},
		{
			ID: "reply-injection/not-available", Row: "S-095", Title: "An injected 421 does not lead to mail in clear", Cell: true,
			Source: forget, Levels: []LevelRule{should()}, Under: underTLS,
			Placements: at("injection-421"), Judge: allOf(disbelieved, quiet),
		},
		{
			ID: "reply-injection/greeting-inside-tls", Row: "S-096", Title: "A second greeting inside TLS leads to no false delivery", Cell: true,
			Source: Source{"RFC 3207 §4.2", "Inside TLS the client speaks first; the greeting is not given again."},
			Levels: []LevelRule{should()}, Under: underTLS,
			Placements: at("greeting-inside-tls"), Judge: allOf(judgeOutOfStep, quiet, noticedAtOnce),
		},
		{
			ID: "reply-injection/extra-reply-after-rcpt", Row: "S-097", Title: "One reply too many inside TLS leads to no false delivery", Cell: true,
			Source: unasked, Levels: []LevelRule{should()}, Under: underTLS,
			Placements: at("extra-reply-after-rcpt"), Judge: allOf(judgeOutOfStep, quiet),
		},
	}
}

// waited is the check that the sender awaits the reply to EHLO inside TLS: one that
// goes on before it has taken another reply for that one.
func waited(t *results.Transcript, _ results.Claims) (results.Verdict, bool) {
	for _, d := range deliveries(t) {
		for i, u := range d.turns[:max(0, len(d.turns)-1)] {
			if u.secure && u.verb == "EHLO" && u.code == "" {
				return fail("nothing inside TLS behind EHLO before its reply has come",
					fmt.Sprintf("%s on connection %d", d.turns[i+1].verb, d.ID), d.turns[i+1].refs...), true
			}
		}
	}
	return results.Verdict{}, false
}

// unused is the check that nothing is made of the keywords that were injected: SIZE
// shows as a parameter of MAIL (RFC 1870 §3), AUTH as a login.
func unused(t *results.Transcript, _ results.Claims) (results.Verdict, bool) {
	for _, d := range deliveries(t) {
		for _, u := range d.turns {
			switch {
			case !u.secure:
			case u.verb == "AUTH":
				return fail("no login: AUTH was listed in clear behind the go-ahead, and not inside TLS",
					fmt.Sprintf("AUTH on connection %d", d.ID), u.refs...), true
			case u.verb == "MAIL" && strings.Contains(strings.ToUpper(u.argument), " SIZE="):
				return fail("MAIL without SIZE: it was listed in clear behind the go-ahead, and not inside TLS",
					fmt.Sprintf("MAIL %s on connection %d", u.argument, d.ID), u.refs...), true
			}
		}
	}
	return results.Verdict{}, false
}

// disbelieved concludes where what was injected was not made use of: the sender
// goes on as if it had not come, or takes it for a handshake that failed.
func disbelieved(t *results.Transcript, claims results.Claims) results.Verdict {
	f := fate(t, claims, 0)
	if f.Code.Encrypted() {
		return pass("sent inside TLS by what was said there, or not on this connection", saidOf(f)+": what was injected was thrown away", fateRefs(t)...)
	}
	return reaction(t, claims, results.TriggerFailed)
}

// judgeUnaskedReplies wants no content on a connection where replies came that
// belong to nothing.
func judgeUnaskedReplies(t *results.Transcript, claims results.Claims) results.Verdict {
	const want = "no content on a connection with replies that nobody asked for"
	known := canaries(t)
	for _, d := range deliveries(t) {
		if !d.asked() {
			continue
		}
		for i, e := range d.Events {
			// Our peer takes QUIT for content where it was asked for some.
			if e.From == results.Client && e.Kind == results.EventData && e.Stage == results.StageBody && len(named(shown(e), known)) > 0 {
				return fail(want, fmt.Sprintf("the content on connection %d", d.ID), results.EventRef{Session: d.ID, Event: i})
			}
		}
	}
	f := fate(t, claims, 0)
	if f.Code == results.FateUnknown {
		return lost(t, claims, f)
	}
	return pass(want, saidOf(f), fateRefs(t)...)
}

// noticedAtOnce is the check that a sender which does not deliver because of a
// second greeting ends the session before it begins a transaction.
func noticedAtOnce(t *results.Transcript, claims results.Claims) (results.Verdict, bool) {
	f := fate(t, claims, 0)
	if f.Code != results.FateDeferred && f.Code != results.FateBounced {
		return results.Verdict{}, false
	}
	for _, d := range deliveries(t) {
		for _, u := range d.turnsOf("MAIL") {
			if u.secure {
				return nonstrict("noticed late, by a reply that was one too early", "the greeting overlooked, or taken as a reason to end the session",
					fmt.Sprintf("MAIL on connection %d; %s", d.ID, saidOf(f)), u.refs...), true
			}
		}
	}
	return results.Verdict{}, false
}

// judgeOutOfStep concludes where a reply came that nobody asked for: the sender may
// overlook it, or give the connection up, but what it calls delivered must be.
func judgeOutOfStep(t *results.Transcript, claims results.Claims) results.Verdict {
	const want = "delivered by the reply to the content, or not at all"
	switch f := fate(t, claims, 0); {
	case f.Code == results.FateUnknown:
		return lost(t, claims, f)
	case f.Code.Encrypted():
		return pass(want, saidOf(f)+": the reply too many was overlooked, or noticed", fateRefs(t)...)
	case f.Code == results.FateDeferred, f.Code == results.FateBounced:
		return pass(want, saidOf(f)+": the connection was given up", fateRefs(t)...)
	default:
		return reaction(t, claims, results.TriggerLostAfterTLS)
	}
}
