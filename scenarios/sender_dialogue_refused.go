package scenarios

import (
	"bytes"
	"fmt"
	"slices"

	"mailtls/results"
)

// refusedDialogue holds greetings and replies to EHLO, in clear or inside TLS, that
// are not those of a receiver that is willing.
func refusedDialogue() []Case {
	var all []Case
	for _, c := range []struct{ id, code, peer string }{
		{"dialogue/ehlo-refused-after-tls", "500", "ehlo-refused-after-tls"}, {"dialogue/ehlo-502-after-tls", "502", "ehlo-502-after-tls"},
	} {
		all = append(all, Case{
			ID: c.id, Row: "S-006", Title: fmt.Sprintf("EHLO that gets %s inside TLS leads to HELO there, or to another try", c.code),
			Source: Source{"RFC 5321 §4.1.1.1; RFC 3207 §4.2", "Where EHLO is not known HELO is what remains, and it is said inside TLS as EHLO was."},
			Levels: []LevelRule{should()}, Under: underTLS, Placements: at(c.peer), Judge: settles(heloInside),
		})
	}
	for _, code := range []string{"500", "502", "550"} {
		all = append(all, Case{
			ID: "dialogue/ehlo-" + code, Row: "S-014", Title: fmt.Sprintf("EHLO that gets %s leads to HELO, and to mail in clear only where the policy permits it", code),
			Source: Source{"RFC 5321 §4.1.1.1; RFC 3207 §6", "Without EHLO there is no TLS to be had, and whether mail then goes is for the policy to say."},
			Levels: []LevelRule{must()}, Under: underTLS, Placements: at("ehlo-" + code), Judge: settles(heloOutcome(code != "550"), neverAsked),
		})
	}
	all = append(all, Case{
		ID: "dialogue/unsolicited-ehlo-reply", Row: "S-016", Title: "What comes with the greeting is not taken for the reply to EHLO",
		Source: Source{"RFC 5321 §4.2; RFC 5321 §4.3.1", "Replies come in the order of the commands; one that nobody has asked for answers none."},
		Levels: []LevelRule{should()}, Under: underTLS, Placements: at("unsolicited-ehlo-reply"), Judge: settles(inStepOutcome, takenInStep),
	})
	for _, code := range []string{"221", "354", "421", "500", "501", "530", "554"} {
		all = append(all, Case{
			ID: "dialogue/greeting-" + code, Row: "S-017", Title: fmt.Sprintf("Nothing is sent where the greeting is %s", code),
			Source: Source{"RFC 5321 §3.1; RFC 5321 §4.3.2", "A session begins with 220; other greetings say that the server does not take mail, now or at all."},
			Levels: []LevelRule{should()}, Under: underTLS, Placements: at("greeting-" + code), Judge: settles(unserved(code), noneSent(code)),
		})
	}
	for _, code := range []string{"220", "221", "354", "421"} {
		all = append(all, Case{
			ID: "dialogue/ehlo-" + code, Row: "S-018", Title: fmt.Sprintf("No mail follows in clear where EHLO gets %s", code),
			Source: Source{"RFC 5321 §4.3.2; RFC 5321 §4.2", "EHLO succeeds with 250; another code does not open the session."},
			Levels: []LevelRule{should()}, Under: underTLS, Placements: at("ehlo-" + code), Judge: settles(unserved(code), noneSent(code)),
		})
	}
	for _, code := range []string{"501", "504", "530"} {
		all = append(all, Case{
			ID: "dialogue/ehlo-" + code, Row: "S-018", Title: fmt.Sprintf("EHLO that gets %s leads to mail in clear only by way of HELO", code),
			Source: Source{"RFC 5321 §4.3.2; RFC 5321 §4.1.1.1", "Where EHLO is refused HELO may be tried; nothing is sent without either."},
			Levels: []LevelRule{should()}, Under: underTLS, Placements: at("ehlo-" + code), Judge: settles(heloOutcome(false), neverAsked),
		})
	}
	return all
}

// heloInside concludes where EHLO is refused inside TLS.
func heloInside(_ results.SenderPolicy, f results.Fate) results.Verdict {
	const want = "sent inside TLS after HELO, or deferred"
	switch {
	case f.Code.Encrypted(), f.Code == results.FateDeferred:
		return pass(want, saidOf(f))
	case f.Code.Plain():
		return nonstrict("TLS was given up for it", want, saidOf(f))
	}
	return fail(want, saidOf(f))
}

// heloOutcome concludes where EHLO is refused in clear by a receiver that knows
// HELO; due says that the code asks for HELO.
func heloOutcome(due bool) conclusion {
	return func(p results.SenderPolicy, f results.Fate) results.Verdict {
		want := "sent in clear after HELO"
		if !due {
			want += ", or not at all"
		}
		switch kept := f.Code == results.FateDeferred || f.Code == results.FateBounced; {
		case p.Forbids() && kept:
			return pass("not sent", saidOf(f))
		case p.Forbids():
			return fail("not sent", saidOf(f))
		case f.Code.Plain(), kept && !due:
			return pass(want, saidOf(f))
		case kept:
			return nonstrict("HELO would have done", want, saidOf(f))
		}
		return note(want, saidOf(f))
	}
}

// takenInStep is the check that mail in clear does not pass over an offer of TLS:
// a sender that does so has taken something else for the reply to EHLO.
func takenInStep(t *results.Transcript, _ results.Claims) (results.Verdict, bool) {
	for _, d := range deliveries(t) {
		if sent := d.turnsOf("MAIL"); d.listsTLS() && !d.asked() && len(sent) > 0 {
			return fail("the reply that follows EHLO is the one that counts, and STARTTLS is listed there",
				fmt.Sprintf("MAIL in clear on connection %d, without STARTTLS", d.ID), sent[0].refs...), true
		}
	}
	return results.Verdict{}, false
}

// listsTLS tells whether the peer lists STARTTLS in clear, to EHLO or to an EHLO that
// was sent together with what comes next.
func (d *delivery) listsTLS() bool {
	return slices.ContainsFunc(d.Events, func(e results.Event) bool {
		return e.From == results.Server && e.Kind == results.EventData && !e.Secure && bytes.Contains(shown(e), []byte("STARTTLS\r\n"))
	})
}

func inStepOutcome(_ results.SenderPolicy, f results.Fate) results.Verdict {
	const want = "sent inside TLS, or the connection given up and the mail deferred"
	switch {
	case f.Code.Encrypted(), f.Code == results.FateDeferred:
		return pass(want, saidOf(f))
	case f.Code == results.FateBounced:
		return fail(want, saidOf(f))
	}
	return note(want, saidOf(f))
}

// noneSent is the check that neither STARTTLS nor MAIL follows a greeting, or a
// reply to EHLO, of a code that does not open a session. A sender that looks at
// the first digit alone, as it may with codes that it does not know (RFC 5321
// §4.3.2), takes any 2xx for one that does.
func noneSent(code string) check {
	return func(t *results.Transcript, _ results.Claims) (results.Verdict, bool) {
		want := "neither STARTTLS nor MAIL after " + code
		for _, d := range deliveries(t) {
			i := slices.IndexFunc(d.turns, func(u turn) bool { return u.verb == "STARTTLS" || u.verb == "MAIL" })
			if i < 0 {
				continue
			}
			got := fmt.Sprintf("%s on connection %d", d.turns[i].verb, d.ID)
			if code[0] == '2' {
				return nonstrict("it goes by the first digit", want, got, d.turns[i].refs...), true
			}
			return fail(want, got, d.turns[i].refs...), true
		}
		return results.Verdict{}, false
	}
}

// unserved concludes where a receiver does not open the session: mail is kept, or
// given back where the code is no temporary one.
func unserved(code string) conclusion {
	return func(_ results.SenderPolicy, f results.Fate) results.Verdict {
		want := "deferred"
		if code[0] != '4' {
			want = "deferred, or given back"
		}
		if f.Code == results.FateDeferred || f.Code == results.FateBounced && code[0] != '4' {
			return pass(want, saidOf(f))
		}
		return fail(want, saidOf(f))
	}
}
