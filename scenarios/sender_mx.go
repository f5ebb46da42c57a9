package scenarios

import (
	"fmt"
	"slices"
	"strings"

	"mailtls/results"
)

// senderMX holds how a sender chooses among hosts.
func senderMX() []Case {
	order := Source{"RFC 5321 §5.1", "The hosts of a domain are tried in the order of their preference until one takes the message."}
	return []Case{
		{
			ID: "mx/first-without-tls", Row: "S-110", Title: "A host without TLS is passed over for the next one where TLS is mandatory",
			Source: order, Levels: []LevelRule{must().under(underMandatory), info()}, Under: underTLS,
			Placements: []Placement{{Preference: 10, Peer: "tls-disabled"}, {Host: "mx2", Preference: 20, Peer: "opportunistic"}},
			Judge:      allOf(judgeOtherHost),
		},
		{
			ID: "mx/none-with-tls", Row: "S-111", Title: "Mail that no host takes inside TLS is kept, tried at every host, and given back in the end",
			Source: Source{"RFC 5321 §4.5.4.1", "What cannot be delivered is kept and tried again, and given back when its time is over."},
			Levels: []LevelRule{must()}, Under: underMandatory,
			Placements: []Placement{{Preference: 10, Peer: "tls-disabled"}, {Host: "mx2", Preference: 20, Peer: "reset-after-220"}},
			Judge:      allOf(judgeExpiry(unnamed), everyHostTried),
		},
		{
			// The other address is to be one of IPv6; the loopback has a single one of
			// those, which cannot tell cases apart, so both are of IPv4.
			ID: "mx/one-address-broken", Row: "S-112", Title: "A host's second address is tried where TLS cannot be had at the first",
			Source: Source{"RFC 5321 §5.1", "A host may have several addresses, and each of them is tried."},
			Levels: []LevelRule{should()}, Under: underMandatory,
			Placements: []Placement{{Preference: 10, Peer: "reset-after-220"}, {Preference: 10, Peer: "opportunistic"}},
			Judge:      encrypts(),
		},
		{
			ID: "mx/alias", Row: "S-113", Title: "The name that is asked for and verified where the MX record leads to an alias",
			Source: Source{"RFC 5321 §5.1", "The name in an MX record is not to be an alias; some are all the same."},
			Levels: []LevelRule{info()}, Under: underTLS,
			Placements: []Placement{{Alias: true, Preference: 10, Peer: "opportunistic"}}, Judge: allOf(judgeAlias),
		},
		{
			ID: "mx/address-only", Row: "S-114", Title: "A domain without MX records is sent to inside TLS like any other",
			Source: Source{"RFC 5321 §5.1", "Without MX records the domain itself is the host, and nothing else changes."},
			Levels: []LevelRule{must().under(underMandatory), should()}, Under: underTLS,
			Placements: []Placement{{Direct: true, Peer: "opportunistic"}}, Judge: encrypts(),
		},
		{
			ID: "mx/address-only-without-tls", Row: "S-114", Title: "A domain without MX records and without TLS gets what the policy says",
			Source: Source{"RFC 5321 §5.1", "Without MX records the domain itself is the host, and nothing else changes."},
			Levels: []LevelRule{must()}, Under: underTLS,
			Placements: []Placement{{Direct: true, Peer: "tls-disabled"}}, Judge: reacts(results.TriggerNotOffered),
		},
		{
			ID: "mx/elsewhere", Row: "S-115", Title: "An MX record that leads to a host elsewhere with a good certificate deceives only who asks for no more than the host's name",
			Source: Source{"RFC 8461 §4.1; RFC 7672 §1.3.2", "MX records that are not authenticated prove nothing of the host that they lead to."},
			Levels: []LevelRule{must().under(underVerified), info()}, Under: underTLS,
			Placements: []Placement{{Host: "elsewhere.example", Preference: 10, Peer: "opportunistic"}}, Judge: allOf(judgeElsewhere),
		},
	}
}

// judgeOtherHost wants TLS at the second host where the policy forbids clear, and
// what the policy says of the first else.
func judgeOtherHost(t *results.Transcript, claims results.Claims) results.Verdict {
	if mine(t, claims).Forbids() {
		return encrypted(t, claims)
	}
	f := fate(t, claims, 0)
	if f.Code.Encrypted() {
		return note("sent, in whatever way", saidOf(f)+", at the second host", fateRefs(t)...)
	}
	return reaction(t, claims, results.TriggerNotOffered)
}

// everyHostTried is the check that a message that was given back at the end of its
// lifetime had been offered to every host.
func everyHostTried(t *results.Transcript, claims results.Claims) (results.Verdict, bool) {
	f := fate(t, claims, 0)
	if f.Code != results.FateDeferred && f.Code != results.FateBounced {
		return results.Verdict{}, false
	}
	var hosts []string
	for _, d := range deliveries(t) {
		if !slices.Contains(hosts, d.Host) {
			hosts = append(hosts, d.Host)
		}
	}
	if len(hosts) < 2 {
		return fail("both hosts tried before the message is given back", fmt.Sprintf("only %s was; %s", strings.Join(hosts, ", "), saidOf(f)), fateRefs(t)...), true
	}
	return results.Verdict{}, false
}

// judgeAlias takes down which name was asked for.
func judgeAlias(t *results.Transcript, claims results.Claims) results.Verdict {
	all, f := deliveries(t), fate(t, claims, 0)
	if len(t.Queries) == 0 {
		return moot("it is given its hosts and asks no resolver, so it meets no alias")
	}
	i := slices.IndexFunc(all, func(d *delivery) bool { return facts(d.Session).Hello != nil })
	if i < 0 {
		return note("a handshake", saidOf(f), fateRefs(t)...)
	}
	name := facts(all[i].Session).Hello.SNI
	what := "asks for another name, " + name
	switch {
	case name == "":
		what = "asks for no name"
	case name == all[i].Host:
		what = "asks for the name that the alias leads to"
	case strings.HasSuffix(name, all[i].Host):
		what = "asks for the alias"
	}
	return note("the name that is asked for, and what becomes of the message", what+"; "+saidOf(f), fateRefs(t)...)
}

// judgeElsewhere holds a delivery to a host whose name nobody vouched for against
// what the policy verifies.
func judgeElsewhere(t *results.Transcript, claims results.Claims) results.Verdict {
	f := fate(t, claims, 0)
	if mine(t, claims).Verify != results.VerifyNextHop {
		v := encrypted(t, claims)
		if v.Status == results.StatusPass {
			v.Got += ": the policy does not protect from false MX records"
		}
		return v
	}
	const want = "not sent: the certificate is not for the recipient's domain"
	switch {
	case f.Code == results.FateUnknown:
		return lost(t, claims, f)
	case f.Code == results.FateDeferred, f.Code == results.FateBounced:
		return pass(want, saidOf(f), fateRefs(t)...)
	}
	return fail(want, saidOf(f), fateRefs(t)...)
}
