package scenarios

import (
	"fmt"
	"slices"
	"time"

	"mailtls/results"
)

// senderRefusals holds the cases in which STARTTLS gets another answer than 220.
func senderRefusals() []Case {
	const later = "After 454 a client goes on without TLS, or comes back later, as its policy says."
	all := []Case{{
		ID: "refusals/454", Row: "S-020", Title: "STARTTLS that gets 454 is not there for the time being", Cell: true,
		Source: Source{"RFC 3207 §4", later},
		Levels: []LevelRule{must()}, Placements: at("starttls-454"), Judge: reacts(results.TriggerRefused4xx, onceAsked, notGivenBack),
	}}
	for _, code := range []string{"450", "451"} {
		all = append(all, Case{
			ID: "refusals/" + code, Row: "S-021", Title: fmt.Sprintf("STARTTLS that gets %s is not there for the time being", code),
			Source: Source{"RFC 3207 §4; RFC 5321 §4.2.1", later},
			Levels: []LevelRule{must()}, Under: underTLS, Placements: at("starttls-" + code),
			Judge: reacts(results.TriggerRefused4xx, onceAsked, notGivenBack),
		})
	}
	all = append(all, Case{
		ID: "refusals/421", Row: "S-021", Title: "A server that closes with 421 in reply to STARTTLS is tried again",
		Source: Source{"RFC 5321 §3.8; RFC 3207 §4", "421 ends the connection and says nothing of TLS: it is as if the server had not been reached."},
		Levels: []LevelRule{must()}, Under: underTLS, Placements: at("starttls-421"), Judge: settles(closedOutcome, onceAsked, notGivenBack),
	})
	for _, code := range []string{"500", "502", "554"} {
		c := Case{
			ID: "refusals/" + code, Row: "S-022", Title: fmt.Sprintf("STARTTLS that gets %s is not there", code),
			Source: Source{"RFC 3207 §4; RFC 3207 §6", "What a client makes of a refusal for good is for its policy to say; it does not send in clear what is for TLS."},
			Levels: []LevelRule{info()}, Under: underTLS, Placements: at("starttls-" + code), Judge: reacts(results.TriggerRefused5xx, onceAsked),
		}
		if code == "554" {
			c.Cell, c.Under = true, Under{}
		}
		all = append(all, c)
	}
	all = append(all, Case{
		ID: "refusals/501", Row: "S-023", Title: "STARTTLS that gets 501 is not there",
		Source: Source{"RFC 3207 §4", "501 says that the command had a parameter; to one that had none it is a refusal like others."},
		Levels: []LevelRule{info()}, Under: underTLS, Placements: at("starttls-501"), Judge: reacts(results.TriggerRefused5xx, onceAsked),
	})
	all = append(all, Case{
		ID: "refusals/530", Row: "S-024", Title: "STARTTLS that gets 530 is not sent again on the connection",
		Source: Source{"RFC 3207 §4; RFC 3207 §6", "530 asks for STARTTLS, and as the reply to it leads nowhere: a client stops there."},
		Levels: []LevelRule{must()}, Under: underTLS, Placements: at("starttls-530"), Judge: reacts(results.TriggerRefused5xx, onceAsked),
	})
	return append(append(all, unusualRefusals()...), unansweredRefusals()...)
}

// unusualRefusals holds answers that do not belong to STARTTLS.
func unusualRefusals() []Case {
	all := []Case{{
		ID: "refusals/354", Row: "S-025", Title: "354 in reply to STARTTLS is no go-ahead, neither for TLS nor for the message",
		Source: Source{"RFC 3207 §4; RFC 5321 §4.3.2", "354 belongs to DATA; as the reply to STARTTLS it promises nothing."},
		Levels: []LevelRule{must()}, Under: underTLS, Placements: at("starttls-354"), Judge: settles(anyhow, commandsOnly, noHandshake),
	}}
	for _, code := range []string{"250", "221"} {
		all = append(all, Case{
			ID: "refusals/" + code, Row: "S-026", Title: fmt.Sprintf("%s in reply to STARTTLS: a go-ahead or a refusal", code),
			Source: Source{"RFC 3207 §4; RFC 5321 §4.2.1", "The go-ahead is 220; what a client makes of another 2xx is left open."},
			Levels: []LevelRule{info()}, Under: underTLS, Placements: at("starttls-" + code), Judge: settles(goneAhead),
		})
	}
	all = append(all, Case{
		ID: "refusals/bare-220", Row: "S-029", Title: "220 without a text is a go-ahead",
		Source: Source{"RFC 5321 §4.2; RFC 5321 §4.2.1", "A client goes by the code and must do without a text."},
		Levels: []LevelRule{should()}, Under: underTLS, Placements: at("bare-220"), Judge: encrypts(),
	})
	for _, c := range []struct{ id, peer, what string }{
		{"999", "starttls-999", "999"}, {"underscore", "starttls-underscore", "220 with an underscore behind it"},
		{"not-numeric", "starttls-not-numeric", "a line without a code"},
	} {
		all = append(all, Case{
			ID: "refusals/" + c.id, Row: "S-029", Title: fmt.Sprintf("The connection is given up where STARTTLS gets %s", c.what),
			Source: Source{"RFC 5321 §4.2; RFC 5321 §4.2.1", "Such a line is no reply, and tells neither that TLS is refused nor that it may begin."},
			Levels: []LevelRule{should()}, Under: underTLS, Placements: at(c.peer), Judge: settles(givenUp, onceAsked),
		})
	}
	return all
}

// unansweredRefusals holds connections that end, or fall silent, in place of an answer.
func unansweredRefusals() []Case {
	const again = "A connection that ends early is taken as a temporary trouble, and the mail is kept."
	return []Case{
		{
			ID: "refusals/silent", Row: "S-027", Title: "A server that does not answer STARTTLS is not waited for without end",
			Source: Source{"RFC 5321 §4.5.3.2; RFC 5321 §3.8", "A client has a time-out for each command, and keeps the mail when it is over."},
			Levels: []LevelRule{must()}, Under: underTLS, Placements: at("starttls-silent"), Judge: patient(settles(newConnection, notGivenBack)),
		},
		{
			ID: "refusals/fin", Row: "S-028", Title: "A connection that is closed in place of an answer to STARTTLS is tried again",
			Source: Source{"RFC 5321 §3.8; RFC 3207 §4", again},
			Levels: []LevelRule{must()}, Under: underTLS, Placements: at("starttls-fin"), Judge: settles(newConnection, notGivenBack),
		},
		{
			ID: "refusals/reset", Row: "S-028", Title: "A connection that is reset in place of an answer to STARTTLS is tried again",
			Source: Source{"RFC 5321 §3.8; RFC 3207 §4", again},
			Levels: []LevelRule{must()}, Under: underTLS, Placements: at("starttls-reset"), Judge: settles(newConnection, notGivenBack),
		},
	}
}

// notGivenBack is the check that the message is kept where what stands in the way
// may pass (RFC 5321 §4.2.1, §3.8).
func notGivenBack(t *results.Transcript, claims results.Claims) (results.Verdict, bool) {
	if f := fate(t, claims, 0); f.Code == results.FateBounced {
		return fail("not given back at once: what stands in the way may pass", saidOf(f), fateRefs(t)...), true
	}
	return results.Verdict{}, false
}

// closedOutcome concludes where STARTTLS gets 421: the sender waits, or does what
// its policy says of a temporary refusal.
func closedOutcome(p results.SenderPolicy, f results.Fate) results.Verdict {
	const want = "deferred"
	claimed, says := p.Fallback[results.TriggerRefused4xx]
	if got := reactionOf(f); got == results.ReactDefer || says && got == claimed {
		return pass(want, saidOf(f))
	}
	return fail(want, saidOf(f))
}

// newConnection concludes where a connection ended at STARTTLS: nothing but
// another one can help, and where the policy has it that may be one in clear.
func newConnection(p results.SenderPolicy, f results.Fate) results.Verdict {
	want := "deferred, or sent in clear on a new connection"
	if p.Forbids() {
		want = "deferred"
	}
	switch got := reactionOf(f); {
	case got == results.ReactDefer, !p.Forbids() && (got == results.ReactClearNew || got == results.ReactClearLater):
		return pass(want, saidOf(f))
	case f.Code.Encrypted():
		return note(want, saidOf(f))
	}
	return fail(want, saidOf(f))
}

// anyhow concludes where any fate will do that the policy permits.
func anyhow(_ results.SenderPolicy, f results.Fate) results.Verdict {
	const want = "the connection given up, or gone on as after a refusal"
	if f.Code.Encrypted() {
		return fail(want, saidOf(f))
	}
	return pass(want, saidOf(f))
}

// goneAhead records what a sender makes of a 2xx that is not 220.
func goneAhead(_ results.SenderPolicy, f results.Fate) results.Verdict {
	const want = "recorded: a go-ahead or a refusal"
	if f.Code.Encrypted() {
		return note(want, "a go-ahead; "+saidOf(f))
	}
	return note(want, "no go-ahead; "+saidOf(f))
}

// givenUp concludes where STARTTLS gets no reply that can be read.
func givenUp(p results.SenderPolicy, f results.Fate) results.Verdict {
	const want = "the connection given up, and the mail deferred"
	switch got := reactionOf(f); {
	case got == results.ReactDefer:
		return pass(want, saidOf(f))
	case !p.Forbids() && (got == results.ReactClearNew || got == results.ReactClearLater):
		return pass(want, saidOf(f))
	case f.Code.Encrypted():
		return fail(want, "taken for a go-ahead; "+saidOf(f))
	}
	return fail(want, "taken for a refusal; "+saidOf(f))
}

// commandsOnly is the check that what is said in clear after STARTTLS are commands,
// and not the message.
func commandsOnly(t *results.Transcript, _ results.Claims) (results.Verdict, bool) {
	known := []string{"EHLO", "HELO", "MAIL", "RCPT", "DATA", "BDAT", "RSET", "NOOP", "QUIT", "AUTH", "STARTTLS"}
	for _, d := range deliveries(t) {
		asked := false
		for _, u := range d.turns {
			if asked && !u.secure && !slices.Contains(known, u.verb) {
				return fail("the message only behind DATA", fmt.Sprintf("%q in clear on connection %d", clip([]byte(u.verb)), d.ID), u.refs...), true
			}
			asked = asked || u.verb == "STARTTLS"
		}
	}
	return results.Verdict{}, false
}

// noHandshake is the check that no handshake is begun.
func noHandshake(t *results.Transcript, _ results.Claims) (results.Verdict, bool) {
	for _, d := range deliveries(t) {
		if facts(d.Session).Hello != nil {
			return fail("no handshake without a go-ahead", fmt.Sprintf("a ClientHello on connection %d", d.ID), handshakeRefs(d.Session)...), true
		}
	}
	return results.Verdict{}, false
}

// patient has a pass depend on how long the sender waited for a silent peer: no
// longer than it says.
func patient(j Judge) Judge {
	const slack = 2 * time.Second
	return func(t *results.Transcript, claims results.Claims) results.Verdict {
		v, p := j(t, claims), mine(t, claims)
		if v.Status != results.StatusPass || p.TimeoutSeconds == 0 {
			return v
		}
		for _, d := range deliveries(t) {
			asked := d.turnsOf("STARTTLS")
			if len(asked) == 0 {
				continue
			}
			if waited := d.EndAt - asked[0].at; waited > time.Duration(p.TimeoutSeconds*float64(time.Second))+slack {
				return nonstrict("it waits longer than it says", fmt.Sprintf("given up after %g s", p.TimeoutSeconds),
					fmt.Sprintf("%.1f s on connection %d", waited.Seconds(), d.ID), asked[0].refs...)
			}
		}
		return v
	}
}
