package scenarios

import (
	"fmt"
	"net"
	"slices"
	"strings"

	"mailtls/fakes"
	"mailtls/fakes/wire"
	"mailtls/results"
)

// senderOffers holds what a sender says in its ClientHello.
func senderOffers() []Case {
	honest := at("opportunistic")
	return []Case{
		{
			ID: "client-hello/server-name", Row: "S-062", Title: "Which host a sender asks for in its ClientHello", Under: underTLS,
			Source: Source{"RFC 8461 §7.1; RFC 7672 §8.1", "Under MTA-STS and DANE the name of the MX host is asked for; without them it is left to the sender."},
			Levels: []LevelRule{info()}, Placements: honest, Judge: firstHello(judgeServerName),
		},
		{
			ID: "client-hello/address-as-name", Row: "S-063", Title: "An address is not asked for as a name", Under: underTLS,
			Source: Source{"RFC 6066 §3", "The server name is a host name; addresses are not permitted."},
			Levels: []LevelRule{must()}, Placements: []Placement{{Peer: "opportunistic", Numeric: true}}, Judge: judgeAddressAsName,
		},
		{
			ID: "client-hello/old-versions", Row: "S-064", Title: "No version below the floor is offered", Under: underTLS,
			Source:     Source{"RFC 9325 §3.1.1", "SSL is not offered, nor TLS before 1.2 by those who keep to the document."},
			Levels:     []LevelRule{must(results.FeatureModern), must().under(Under{"a floor", func(p results.SenderPolicy) bool { return p.Floor != "" }}), info()},
			Placements: honest, Judge: firstHello(judgeVersionsOffered),
		},
		{
			ID: "client-hello/weak-suites", Row: "S-064", Title: "No suite with RC4, without encryption or with export keys is offered", Under: underTLS,
			Source: Source{"RFC 7465 §2; RFC 9325 §4.1", "A client offers no suite with RC4; none without encryption or with export keys is negotiated."},
			Levels: []LevelRule{must()}, Placements: honest, Judge: firstHello(judgeSuitesOffered),
		},
		{
			ID: "client-hello/groups", Row: "S-064", Title: "Which groups for key exchange a sender offers", Under: underTLS,
			Source: Source{"RFC 9325 §4.4", "Clients and servers name the groups that they support."},
			Levels: []LevelRule{info()}, Placements: honest, Judge: firstHello(judgeGroupsOffered),
		},
		{
			ID: "client-hello/extended-master-secret", Row: "S-064", Title: "With TLS 1.2, extended_master_secret is offered", Under: underTLS,
			Source: Source{"RFC 9325 §3.5", "In TLS 1.2 both sides support the extension that binds the master secret to the handshake."},
			Levels: []LevelRule{must()}, Placements: honest, Judge: firstHello(judgeMasterSecretOffered),
		},
	}
}

// firstHello is the judge of the first ClientHello of a sender.
func firstHello(judge func(d *delivery, h *results.ClientHello, p results.SenderPolicy, floor string) results.Verdict) Judge {
	return allOf(func(t *results.Transcript, claims results.Claims) results.Verdict {
		for _, d := range deliveries(t) {
			if h := facts(d.Session).Hello; h != nil {
				p := mine(t, claims)
				return judge(d, h, p, floorOf(p, claims))
			}
		}
		return inconclusive("no ClientHello was seen: %s", saidOf(fate(t, claims, 0)))
	})
}

// helloEvents points at the ClientHello.
func helloEvents(d *delivery) []results.EventRef {
	for i, e := range d.Events {
		if e.Kind == results.EventRecord && e.From == results.Client {
			return []results.EventRef{{Session: d.ID, Event: i}}
		}
	}
	return nil
}

func judgeServerName(d *delivery, h *results.ClientHello, _ results.SenderPolicy, _ string) results.Verdict {
	const want = "recorded: whether the MX host's name is asked for"
	switch {
	case h.SNI == "":
		return note(want, "no name is asked for", helloEvents(d)...)
	case strings.EqualFold(strings.TrimSuffix(h.SNI, "."), d.Host):
		return note(want, "the MX host's name is asked for: "+h.SNI, helloEvents(d)...)
	}
	return note(want, "another name is asked for: "+h.SNI, helloEvents(d)...)
}

// judgeAddressAsName takes a sender that does not deliver to an MX record with an
// address, which is none (RFC 5321 §5.1), for one that gives no occasion.
func judgeAddressAsName(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "no server name, or one that is no address"
	if v, bad := unsent(t); bad {
		return v
	}
	var got string
	var refs []results.EventRef
	tried := false
	for _, d := range deliveries(t) {
		h := facts(d.Session).Hello
		if h == nil {
			continue
		}
		tried, refs = true, helloEvents(d)
		got = "the server name is " + h.SNI
		if h.SNI == "" {
			got = "no server name"
		}
		if net.ParseIP(strings.Trim(h.SNI, "[].")) != nil {
			return fail(want, got, refs...)
		}
	}
	if !tried {
		return moot("no TLS was tried with a host that the MX record names by its address")
	}
	return pass(want, got, refs...)
}

func judgeVersionsOffered(d *delivery, h *results.ClientHello, p results.SenderPolicy, floor string) results.Verdict {
	got := "offered: " + strings.Join(h.Versions, ", ")
	if floor == "" {
		return note("recorded: policy "+p.Name+" says nothing of a floor", got, helloEvents(d)...)
	}
	want := "nothing below TLS " + floor
	if slices.ContainsFunc(h.Versions, func(v string) bool { return strings.HasPrefix(v, "ssl") || v < floor }) {
		return fail(want, got, helloEvents(d)...)
	}
	return pass(want, got, helloEvents(d)...)
}

func judgeSuitesOffered(d *delivery, h *results.ClientHello, _ results.SenderPolicy, _ string) results.Verdict {
	const want = "no suite with RC4, without encryption or with export keys"
	weak := suitesIn(h, slices.Concat(fakes.RC4Suites(), fakes.NullSuites(), fakes.ExportSuites()))
	if len(weak) > 0 {
		return fail(want, "offered: "+strings.Join(weak, ", "), helloEvents(d)...)
	}
	got := fmt.Sprintf("%d suites, none of these", len(h.Suites))
	if others := suitesIn(h, slices.Concat(fakes.AnonymousSuites(), fakes.TripleDESSuites())); len(others) > 0 {
		got += "; there are " + strings.Join(others, ", ")
	}
	return pass(want, got, helloEvents(d)...)
}

// suitesIn are those of the suites that a hello offers.
func suitesIn(h *results.ClientHello, of []uint16) []string {
	var found []string
	for _, s := range of {
		if name := wire.SuiteName(s); slices.Contains(h.Suites, name) {
			found = append(found, name)
		}
	}
	return found
}

func judgeGroupsOffered(d *delivery, h *results.ClientHello, _ results.SenderPolicy, _ string) results.Verdict {
	return note("recorded: the groups", "offered: "+strings.Join(h.Groups, ", "), helloEvents(d)...)
}

func judgeMasterSecretOffered(d *delivery, h *results.ClientHello, _ results.SenderPolicy, _ string) results.Verdict {
	const want = "extended_master_secret in a ClientHello with TLS 1.2"
	got := "extensions: " + strings.Join(h.Extensions, ", ")
	switch {
	case slices.Contains(h.Extensions, "extended_master_secret"):
		return pass(want, got, helloEvents(d)...)
	case !slices.Contains(h.Versions, "1.2"):
		return moot("TLS 1.2 is not offered")
	}
	return fail(want, got, helloEvents(d)...)
}
