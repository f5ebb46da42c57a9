package scenarios

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"mailtls/results"
)

// senderUncommon holds what TLS may hold besides a plain handshake, which a sender
// gets along with.
func senderUncommon() []Case {
	const group = "A client that is asked for another key share sends one, where it offered the group."
	tls13 := []results.Feature{results.FeatureTLS13}
	return []Case{
		{
			ID: "uncommon/hello-retry-request", Row: "S-059", Title: "A peer that asks for another key share gets mail inside TLS",
			Source: Source{"RFC 8446 §4.1.4", group}, Under: underTLS, Needs: tls13, Levels: []LevelRule{must()},
			Placements: at("hello-retry-request"), Judge: getsAlong("was asked for another key share", askedAgain, nil),
		},
		{
			ID: "uncommon/long-chain", Row: "S-059", Title: "A chain that is longer than a record is taken in",
			Source: Source{"RFC 8446 §5.1; RFC 5246 §6.2.1", "A handshake message may be spread over several records."},
			Under:  underTLS, Levels: []LevelRule{must()},
			Placements: at("long-chain"), Judge: getsAlong("was shown a chain in several records", anyOccasion, nil),
		},
		{
			ID: "uncommon/four-tickets", Row: "S-059", Title: "Several tickets on a connection do no harm",
			Source: Source{"RFC 8446 §4.6.1", "A server may send tickets at any time once the handshake is over, and several of them."},
			Under:  underTLS, Needs: tls13, Levels: []LevelRule{must()},
			Placements: at("four-tickets"), Judge: getsAlong("was given several tickets", severalTickets, nil),
		},
		{
			ID: "uncommon/key-update", Row: "S-059", Title: "A change of keys is obeyed, and answered where that is asked for",
			Source: Source{"RFC 8446 §4.6.3", "A KeyUpdate is obeyed whenever it comes; one that asks for an update gets it before anything else is sent."},
			Under:  underTLS, Needs: tls13, Levels: []LevelRule{must()},
			Placements: at("key-update"), Judge: getsAlong("was asked for new keys", askedForKeys, answeredKeys),
		},
		{
			ID: "uncommon/hello-request-in-data", Row: "S-060", Title: "A wish for renegotiation in the middle of a message leaves the message whole",
			Source: Source{"RFC 5246 §7.4.1.1; RFC 9325 §3.5; RFC 5746 §4.2", "A client may leave a HelloRequest aside, refuse it with a warning, or begin a handshake that is bound to the one before."},
			Under:  underTLS, Levels: []LevelRule{should()},
			Placements: at("hello-request-in-data"), Judge: judgeHelloRequest,
		},
		{
			ID: "uncommon/certificate-asked-for", Row: "S-061", Title: "A sender without a certificate that is asked for one shows none, and goes on",
			Source: Source{"RFC 8446 §4.4.2; RFC 5246 §7.4.6", "A client that has no certificate to show answers with an empty list."},
			Under:  underTLS, Levels: []LevelRule{must()},
			Placements: at("certificate-asked-for"), Judge: getsAlong("was asked for a certificate", askedForCertificate, nil),
		},
	}
}

// occasion points at what a connection had of what a case is about; what says it
// in words.
type occasion func(d *delivery) (refs []results.EventRef, what string, met bool)

// getsAlong is the judge of a case in which TLS can be had, with something in it:
// the message goes inside TLS, and whole. After is asked of the connection where
// that was met; nil asks nothing more.
func getsAlong(what string, met occasion, after func(d *delivery) (got string, ok bool)) Judge {
	want := "sent inside TLS and whole by a sender that " + what
	return allOf(func(t *results.Transcript, claims results.Claims) results.Verdict {
		v := encrypted(t, claims)
		all := deliveries(t)
		got := takings(t, all, t.Submissions[0].Canary)
		if v.Status != results.StatusPass || len(got) == 0 || mine(t, claims).Level == results.LevelNone {
			v.Got += howItWent(all)
			return v
		}
		refs, occasion, found := met(got[0].delivery)
		if !found {
			return moot("no occasion: " + occasion)
		}
		refs = append(refs, got[0].ref)
		if !whole(t, got[0]) {
			return fail(want, "the body that arrived is not the one that was submitted", refs...)
		}
		said := saidOf(fate(t, claims, 0)) + "; " + occasion
		if after == nil {
			return pass(want, said, refs...)
		}
		if more, ok := after(got[0].delivery); !ok {
			return fail(want, said+"; "+more, refs...)
		}
		return pass(want, said, refs...)
	})
}

// howItWent says how the last handshake of a sender went.
func howItWent(all []*delivery) string {
	for i := len(all) - 1; i >= 0; i-- {
		if d := all[i]; d.asked() {
			if a, alerted := alertOf(d); alerted {
				return fmt.Sprintf("; the sender's alert was %s(%d)", a.Name, a.Code)
			}
			return "; " + handshakeOutcome(d.Session)
		}
	}
	return ""
}

// whole tells whether the body that arrived is the one that was submitted.
func whole(t *results.Transcript, a taking) bool {
	body := SubmittedBody(t.Submissions[0].Canary) + "\r\n"
	sum := sha256.Sum256([]byte(body))
	for _, m := range t.Messages {
		if m.Session == a.ID && m.Mark == a.mark {
			return m.BodyLength == int64(len(body)) && m.BodySHA256 == hex.EncodeToString(sum[:])
		}
	}
	return false
}

func anyOccasion(d *delivery) ([]results.EventRef, string, bool) {
	return nil, agreed(d), true
}

func askedAgain(d *delivery) ([]results.EventRef, string, bool) {
	f := facts(d.Session)
	if f.Retry == "" {
		return nil, agreed(d) + " without a HelloRetryRequest", false
	}
	return handshakeRefs(d.Session), "asked again for " + f.Retry, true
}

func severalTickets(d *delivery) ([]results.EventRef, string, bool) {
	f := facts(d.Session)
	return handshakeRefs(d.Session), fmt.Sprintf("%s, %d tickets", agreed(d), f.Tickets), f.Tickets > 1
}

func askedForKeys(d *delivery) ([]results.EventRef, string, bool) {
	refs := inner(d.Session, results.Server, "key_update")
	return refs, fmt.Sprintf("%s, keys changed %d times", agreed(d), len(refs)), len(refs) > 0
}

func answeredKeys(d *delivery) (string, bool) {
	if len(inner(d.Session, results.Client, "key_update")) == 0 {
		return "the sender's keys did not change", false
	}
	return "", true
}

func askedForCertificate(d *delivery) ([]results.EventRef, string, bool) {
	f := facts(d.Session)
	if !f.Requested {
		return nil, agreed(d) + ", no certificate was asked for", false
	}
	said := "no certificate was shown"
	if len(f.ClientChain) > 0 {
		said = "the certificate shown is for " + subject(f.ClientChain[0])
	}
	return handshakeRefs(d.Session), said, true
}

// judgeHelloRequest takes a message that arrives whole, and a sender that breaks
// off and keeps its message. One that goes in clear for it is recorded.
func judgeHelloRequest(t *results.Transcript, claims results.Claims) results.Verdict {
	const want = "sent inside TLS and whole, or broken off and kept"
	if v, bad := unsent(t); bad {
		return v
	}
	f, all := fate(t, claims, 0), deliveries(t)
	var refs []results.EventRef
	var said []string
	for _, d := range all {
		wish := inner(d.Session, results.Server, "hello_request")
		refs = append(refs, wish...)
		if len(wish) == 0 {
			continue
		}
		if again := inner(d.Session, results.Client, "client_hello"); len(again) > 0 {
			said = append(said, "the sender began a handshake")
		} else if a, alerted := alertOf(d); alerted {
			said = append(said, fmt.Sprintf("the sender's alert was %s(%d)", a.Name, a.Code))
		} else {
			said = append(said, "the wish was left aside")
		}
	}
	got := strings.Join(append(said, saidOf(f)), "; ")
	switch taken := takings(t, all, t.Submissions[0].Canary); {
	case f.Code == results.FateUnknown:
		return lost(t, claims, f)
	case len(refs) == 0:
		return inconclusive("no renegotiation was asked for: %s", got)
	case f.Code.Plain():
		return note(want, got, append(refs, fateRefs(t)...)...)
	case f.Code.Encrypted() && !whole(t, taken[0]):
		return fail(want, "the body that arrived is not the one that was submitted; "+got, append(refs, taken[0].ref)...)
	}
	return pass(want, got, append(refs, fateRefs(t)...)...)
}
