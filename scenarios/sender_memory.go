package scenarios

import (
	"fmt"
	"slices"

	"mailtls/results"
)

// underSeparate has each message make a connection of its own, so that a host that
// has changed is seen.
var underSeparate = Under{"TLS, each message on a connection of its own", func(p results.SenderPolicy) bool {
	return p.Level != results.LevelNone && !p.Reuse
}}

// atFirst is how many messages a host takes before it changes.
const atFirst = 3

// senderMemory holds what a sender makes of a host that was better before.
func senderMemory() []Case {
	worse := func(peer string) []Act {
		return []Act{
			{Do: ActSubmit, Messages: atFirst}, {Do: ActAwait}, {Do: ActSwitch, Host: "mx1", Peer: peer}, {Do: ActSubmit}, {Do: ActAwait},
		}
	}
	return []Case{
		{
			ID: "memory/tls-vanished", Row: "S-04A", Title: "A host that had TLS before and has none now",
			Source: Source{"RFC 3207 §6", "A client may remember that a host offered TLS, and become wary when it no longer does."},
			Levels: []LevelRule{must().under(underMandatory), info()}, Under: underSeparate, Placements: at("opportunistic"),
			Acts: worse("tls-disabled"), Judge: allOf(judgeWorse(results.SenderPolicy.Forbids)),
		},
		{
			ID: "memory/certificate-changed", Row: "S-04B", Title: "A host that had a certificate to trust before and shows another now",
			Source: Source{"RFC 3207 §6; RFC 7435 §4", "Where no certificate is asked for one that changes does not matter, unless the client remembers."},
			Levels: []LevelRule{must().under(underVerified), info()}, Under: underSeparate, Placements: at("opportunistic"),
			Acts: worse("self-signed"), Judge: allOf(judgeWorse(func(p results.SenderPolicy) bool { return p.Verify != results.VerifyNone })),
		},
	}
}

// judgeWorse looks at the message that comes to a host when that has become worse;
// waits tells under which policies it must be deferred.
func judgeWorse(waits func(results.SenderPolicy) bool) Judge {
	return func(t *results.Transcript, claims results.Claims) results.Verdict {
		if len(t.Submissions) != atFirst+1 {
			return inconclusive("%d messages were submitted, not %d", len(t.Submissions), atFirst+1)
		}
		for n := range atFirst {
			if f := fate(t, claims, n); !f.Code.Encrypted() {
				return inconclusive("message %d before the change was %s", n+1, saidOf(f))
			}
		}
		f := fate(since(t, atFirst), claims, 0)
		refs := takenRefs(t, atFirst)
		got := fmt.Sprintf("after %d inside TLS: %s", atFirst, saidOf(f))
		switch {
		case f.Code == results.FateUnknown:
			return lost(t, claims, f)
		case !waits(mine(t, claims)):
			return note("recorded: sent as the host is now, or deferred by what is remembered of it", got, refs...)
		case f.Code == results.FateDeferred:
			return pass("deferred", got, refs...)
		}
		return fail("deferred", got, refs...)
	}
}

// since is what was seen from the n-th submission on, with that as the only one:
// connections that had ended before are not its own. The submitter may hear that a
// message was taken only when it has been delivered.
func since(t *results.Transcript, n int) *results.Transcript {
	later := *t
	later.Submissions = t.Submissions[n : n+1]
	later.Sessions = nil
	brought := takings(t, deliveries(t), t.Submissions[n].Canary)
	for _, s := range t.Sessions {
		if s.EndAt > t.Submissions[n].At || slices.ContainsFunc(brought, func(b taking) bool { return b.ID == s.ID }) {
			later.Sessions = append(later.Sessions, s)
		}
	}
	return &later
}
