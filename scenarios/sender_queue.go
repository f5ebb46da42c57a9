package scenarios

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"mailtls/fakes"
	"mailtls/results"
)

// senderQueue holds what becomes of mail that waits.
func senderQueue() []Case {
	return []Case{
		{
			ID: "queue/per-destination", Row: "S-196", Title: "TLS can be demanded for one domain and not for another on the same host",
			Source: Source{"RFC 3207 §6", "A client can be configured to demand TLS of chosen hosts."},
			Levels: []LevelRule{must()}, Under: underMandatory,
			Placements: []Placement{{Peer: "tls-disabled"}, {Domain: "second", Under: underPlainOpportunistic}},
			Acts:       []Act{{Do: ActSubmit, Every: true}, {Do: ActAwait}}, Judge: allOf(judgeKnob),
		},
		{
			ID: "queue/expiry-notice", Row: "S-197", Title: "Mail that waits for TLS until its lifetime is over is given back with that as the reason",
			Source: Source{"RFC 3464 §2.3.4; RFC 3463 §3.5", "A notification gives a status that fits, and a diagnostic that a person can use."},
			Levels: []LevelRule{should()}, Under: underMandatory,
			Placements: at("starttls-454"), Judge: allOf(judgeExpiry(fail), onceAsked),
		},
		{
			ID: "queue/login-only-in-clear", Row: "S-198", Title: "A login is not sent in clear where it is listed in clear alone", Cell: true,
			Source: Source{"RFC 8314 §5.2; RFC 4954 §4", "Credentials are for TLS alone."},
			Levels: []LevelRule{must()}, Under: underCredentials,
			Placements: at("clear-login-without-tls"), Judge: allOf(judgeNoLogin, noClearLogin),
		},
		{
			ID: "queue/many", Row: "S-199", Title: "Of 500 messages at once to all peers each is delivered once or given back, and none is let out",
			Source: Source{"RFC 5321 §4.5.4.1; RFC 3207 §6", "However much waits, each message keeps its policy and is not lost."},
			Levels: []LevelRule{must()}, Alone: true, Intrusive: true, Lay: layMany, Judge: allOf(judgeMany),
		},
	}
}

// underPlainOpportunistic goes in clear at once where STARTTLS is not listed.
var underPlainOpportunistic = Under{"opportunistic TLS that goes on in clear", func(p results.SenderPolicy) bool {
	return p.Level == results.LevelOpportunistic && !p.Credentials && p.Fallback[results.TriggerNotOffered] == results.ReactClearSame
}}

// of are the numbers of the submissions under a policy of their own, or of those
// under the case's.
func of(t *results.Transcript, own bool) []int {
	var all []int
	for i, s := range t.Submissions {
		if own == (s.Policy != "" && s.Policy != t.Policy) {
			all = append(all, i)
		}
	}
	return all
}

// judgeKnob wants one message in clear and the other kept, at the same host. That
// the other is not in clear is seen to in every case.
func judgeKnob(t *results.Transcript, claims results.Claims) results.Verdict {
	const want = "in clear for the one domain, not so for the other"
	mandatory, free := of(t, false), of(t, true)
	if len(mandatory) != 1 || len(free) != 1 {
		return inconclusive("%d messages were submitted under the policy, and %d under the other", len(mandatory), len(free))
	}
	kept, sent := fate(t, claims, mandatory[0]), fate(t, claims, free[0])
	got := fmt.Sprintf("the one %s; the other %s", saidOf(sent), saidOf(kept))
	switch {
	case !sent.Code.Plain():
		return inconclusive("that the host can be reached was not seen: %s", got)
	case kept.Code == results.FateUnknown:
		return lost(t, claims, kept)
	case kept.Code == results.FateDeferred, kept.Code == results.FateBounced:
		return pass(want, got)
	}
	return fail(want, got)
}

// judgeExpiry wants a message kept until its lifetime is over and then given back
// with a notification that has the right status and names TLS; vague concludes where
// it does not name it.
func judgeExpiry(vague func(want, got string, refs ...results.EventRef) results.Verdict) Judge {
	return func(t *results.Transcript, claims results.Claims) results.Verdict { return expiry(t, claims, vague) }
}

func unnamed(want, got string, refs ...results.EventRef) results.Verdict {
	return nonstrict("the reason is not named", want, got, refs...)
}

func expiry(t *results.Transcript, claims results.Claims, vague func(want, got string, refs ...results.EventRef) results.Verdict) results.Verdict {
	const want = "kept until its lifetime is over, then given back with 4.4.7 or x.7.x, and TLS named"
	f := fate(t, claims, 0)
	n, back := returned(t, t.Submissions[0])
	switch {
	case f.Code == results.FateUnknown:
		return lost(t, claims, f)
	case f.Code != results.FateDeferred:
		return fail(want, saidOf(f), fateRefs(t)...)
	case !back:
		return inconclusive("%s: when it is given back is not seen", saidOf(f))
	}
	refs := noticeRefs(t, n)
	if !namesTLS(noticeText(t, n)) && !namesTLS([]byte(n.Diagnostic)) {
		return vague(want, fmt.Sprintf("status %s, and nothing about TLS; %s", n.Status, saidOf(f)), refs...)
	}
	if n.Status[min(1, len(n.Status)):] != ".4.7" && !strings.HasPrefix(n.Status[min(1, len(n.Status)):], ".7.") {
		return nonstrict("the status is "+n.Status, want, saidOf(f)+"; TLS is named", refs...)
	}
	return pass(want, fmt.Sprintf("status %s, and TLS is named; %s", n.Status, saidOf(f)), refs...)
}

// wordTLS is TLS as a word of its own; in lower case it may be part of a name.
var wordTLS = regexp.MustCompile(`\b(START)?TLS\b`)

func namesTLS(text []byte) bool { return wordTLS.Match(text) }

// noticeText is the notification up to the message that it gives back.
func noticeText(t *results.Transcript, n results.DSN) []byte {
	var text []byte
	for _, ref := range noticeRefs(t, n) {
		i := slices.IndexFunc(t.Sessions, func(s results.Session) bool { return s.ID == ref.Session })
		text = append(text, shown(t.Sessions[i].Events[ref.Event])...)
	}
	// A header of the whole may name the kinds too, but comes before.
	if parts := returnedPart.FindAllIndex(text, -1); parts != nil {
		return text[:parts[len(parts)-1][0]]
	}
	return text
}

// returnedPart begins the part of a notification that holds the message, or its
// header (RFC 6522 §3).
var returnedPart = regexp.MustCompile(`(?im)^content-type:\s*(message/rfc822|message/global|text/rfc822-headers)`)

// noticeRefs points at the content of a notification.
func noticeRefs(t *results.Transcript, n results.DSN) []results.EventRef {
	var refs []results.EventRef
	for _, s := range t.Sessions {
		for i, e := range s.Events {
			if s.ID == n.Session && s.Leg == results.LegBounce && e.From == results.Client && e.Kind == results.EventData && e.Stage == results.StageBody {
				refs = append(refs, results.EventRef{Session: s.ID, Event: i})
			}
		}
	}
	return refs
}

// noClearLogin is the check that no credentials are sent in clear.
func noClearLogin(t *results.Transcript, _ results.Claims) (results.Verdict, bool) {
	known := canaries(t)
	for _, d := range deliveries(t) {
		for i, e := range d.Events {
			if e.From == results.Client && e.Kind == results.EventData && e.Stage == results.StageAuth && !e.Secure && private(e, known) > 0 {
				return fail("no credentials in clear", fmt.Sprintf("%d bytes of a login on connection %d", private(e, known), d.ID),
					results.EventRef{Session: d.ID, Event: i}), true
			}
		}
	}
	return results.Verdict{}, false
}

// judgeNoLogin concludes where no credentials went in clear: the message waits, or
// goes without them as the policy says.
func judgeNoLogin(t *results.Transcript, claims results.Claims) results.Verdict {
	f := fate(t, claims, 0)
	if f.Code == results.FateDeferred || f.Code == results.FateBounced {
		return pass("no login in clear; the message waits, or goes without one", saidOf(f), fateRefs(t)...)
	}
	return reaction(t, claims, results.TriggerNotOffered)
}

// manyMessages is how many messages are under way at once in the case of that name.
const manyMessages = 500

// layMany gives each peer as many domains as are needed for so many messages, under
// one policy after the other.
func layMany(claims results.Claims) ([]Placement, []Act) {
	var all []Placement
	peers := fakes.MisbehavingReceivers()
	each := (manyMessages + len(peers) - 1) / len(peers)
	if len(claims.Policies) == 0 {
		return nil, nil
	}
	for i, p := range peers {
		host, _, _ := strings.Cut(p.HostUnder("test"), ".")
		for j := range each {
			place := Placement{
				Domain: fmt.Sprintf("%s-%d", p.Name, j), Host: host, Preference: 10,
				Named: claims.Policies[(i*each+j)%len(claims.Policies)].Name,
			}
			if j == 0 {
				place.Peer = p.Name
			}
			all = append(all, place)
		}
	}
	return all, []Act{{Do: ActSubmit, Every: true}, {Do: ActAwait}}
}

// judgeMany wants every message delivered or given back; that none is let out, and
// none arrives twice, is seen to in every case.
func judgeMany(t *results.Transcript, claims results.Claims) results.Verdict {
	want := fmt.Sprintf("each of %d messages delivered or given back", len(t.Submissions))
	all := deliveries(t)
	counts := map[results.FateCode]int{}
	for i, s := range t.Submissions {
		f := fateAmong(t, claims, all, i)
		if counts[f.Code]++; f.Code != results.FateUnknown {
			continue
		}
		life := policyOf(t, s, claims).Lifetime()
		if life == 0 || t.Ended.Why != results.EndWindow || t.Ended.At-s.At < expired(life) {
			return inconclusive("of the message to %s nothing was seen, and watching ended (%s)", s.Recipient, t.Ended.Why)
		}
		return fail(want, fmt.Sprintf("the message to %s was neither in %v", s.Recipient, t.Ended.At-s.At))
	}
	return pass(want, fmt.Sprintf("%d inside TLS, %d in clear where that is allowed, %d kept until their lifetime was over, %d given back before, in %d connections",
		total(counts, results.FateCode.Encrypted), total(counts, results.FateCode.Plain), counts[results.FateDeferred], counts[results.FateBounced], len(all)))
}

// total adds up what is counted for the codes of a kind.
func total(counts map[results.FateCode]int, is func(results.FateCode) bool) int {
	n := 0
	for code, c := range counts {
		if is(code) {
			n += c
		}
	}
	return n
}
