package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"mailtls/results"
)

// senderLost holds the cases in which TLS comes about, and the session does not.
func senderLost() []Case {
	const temporary = "A connection that ends early is taken as a temporary trouble: the mail is kept, and sent once."
	var all []Case
	for _, how := range []struct{ word, said string }{{"fin", "closed"}, {"reset", "reset"}} {
		all = append(all, Case{
			ID: "lost/" + how.word + "-at-ehlo", Row: "S-040", Title: fmt.Sprintf("A connection that is %s at EHLO inside TLS leads to what the policy says", how.said),
			Cell: how.word == "fin", Source: Source{"RFC 5321 §3.8; RFC 3207 §6", temporary},
			Levels: []LevelRule{must().under(underMandatory), info()}, Placements: at(how.word + "-at-ehlo"), Judge: reacts(results.TriggerLostAfterTLS),
		})
		for _, verb := range []string{"MAIL", "RCPT"} {
			peer := how.word + "-at-" + strings.ToLower(verb)
			all = append(all, Case{
				ID: "lost/" + peer, Row: "S-041", Title: fmt.Sprintf("A connection that is %s at %s inside TLS loses no mail", how.said, verb),
				Source: Source{"RFC 5321 §3.8; RFC 5321 §4.5.4.1", temporary},
				Levels: []LevelRule{must()}, Under: underTLS, Placements: at(peer), Judge: settles(newConnection, notGivenBack),
			})
		}
		all = append(all, Case{
			ID: "lost/" + how.word + "-at-final-dot", Row: "S-042", Title: fmt.Sprintf("Mail whose connection is %s in place of the last reply is sent again inside TLS, once", how.said),
			Source: Source{"RFC 5321 §4.5.3.2.6; RFC 5321 §3.8", "What became of the mail cannot be known, so that it is sent again, and as it was sent before."},
			Levels: []LevelRule{must()}, Under: underTLS, Placements: at(how.word + "-at-final-dot"),
			Acts: []Act{
				{Do: ActSubmit}, {Do: ActTaken}, {Do: ActSwitch, Host: "mx1", Peer: "opportunistic"}, {Do: ActAwait},
			},
			Judge: allOf(judgeSentAgain),
		})
	}
	for i := range all {
		if !all[i].Cell && all[i].Under.Is == nil {
			all[i].Under = underTLS
		}
	}
	return append(all, Case{
		ID: "lost/ehlo-421", Row: "S-043", Title: "421 to EHLO inside TLS leads to another try, and not to one in clear at once",
		Source: Source{"RFC 5321 §3.8; RFC 7435 §4", "421 asks to come again; TLS had worked, and nothing speaks for doing without it."},
		Levels: []LevelRule{should()}, Under: underTLS, Placements: at("ehlo-421-after-tls"), Judge: settles(notAtOnce, notGivenBack),
	})
}

// notAtOnce concludes where a server sends the client away inside TLS.
func notAtOnce(p results.SenderPolicy, f results.Fate) results.Verdict {
	const want = "deferred"
	switch got := reactionOf(f); {
	case got == results.ReactDefer:
		return pass(want, saidOf(f))
	case got == results.ReactClearLater && !p.Forbids():
		return pass("deferred; in clear not at once", saidOf(f))
	case f.Code.Encrypted():
		return note(want, saidOf(f))
	}
	return fail(want, saidOf(f))
}

// judgeSentAgain looks at a message whose content went inside TLS, and whose last
// reply did not come: it is sent once more. The peer is honest then.
func judgeSentAgain(t *results.Transcript, claims results.Claims) results.Verdict {
	const want = "sent again inside TLS"
	f := fate(t, claims, 0)
	var copies int
	var refs []results.EventRef
	for _, m := range t.Messages {
		i := slices.IndexFunc(t.Sessions, func(s results.Session) bool { return s.ID == m.Session && strings.HasSuffix(s.Peer, "-at-final-dot") })
		if i < 0 {
			continue
		}
		copies++
		refs = append(refs, bodyRef(t, m))
	}
	refs = append(refs, takenRefs(t, 0)...)
	got := fmt.Sprintf("%d without a reply, then %s", copies, saidOf(f))
	switch {
	case f.Code == results.FateUnknown:
		return lost(t, claims, f)
	case copies == 0:
		return moot("the content had not come when the peer became honest")
	case f.Code == results.FateBounced:
		return fail(want, got, refs...)
	case f.Code == results.FateDeferred && expiredAtOnce(t, claims):
		return inconclusive("the lifetime was over before another try was due: %s", got)
	case f.Code.Plain() && !mine(t, claims).Forbids():
		return note(want, "content that had gone inside TLS went in clear: "+got, refs...)
	case !f.Code.Encrypted():
		return fail(want, got, refs...)
	}
	return pass(want, got, refs...)
}

// expiredAtOnce tells that the message was given back before the claimed time to
// the next attempt had passed since the last one: a busy target came to its first
// attempt when the lifetime was nearly over.
func expiredAtOnce(t *results.Transcript, claims results.Claims) bool {
	n, found := returned(t, t.Submissions[0])
	if !found {
		return false
	}
	var last time.Duration
	for _, d := range deliveries(t) {
		last = max(last, d.EndAt)
	}
	return n.At-last < time.Duration(mine(t, claims).RetrySeconds*float64(time.Second))
}
