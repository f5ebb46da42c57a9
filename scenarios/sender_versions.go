package scenarios

import (
	"fmt"
	"slices"

	"mailtls/results"
)

// senderVersions holds what a sender makes of peers that speak one version of
// TLS, or choose one that they may not.
func senderVersions() []Case {
	const aborts = "A client that is answered with a version it did not offer, or with the sign of a downgrade, ends the handshake with an alert."
	above := func(version string) LevelRule { return must().under(underFloor(version)) }
	return []Case{
		{
			ID: "version/tls12-only", Row: "S-050", Title: "A peer with TLS 1.2 alone gets mail inside TLS 1.2", Cell: true,
			Source: Source{"RFC 9325 §3.1.1", "TLS 1.2 is supported by all."},
			Levels: []LevelRule{must()}, Placements: at("tls12-only"), Judge: only("1.2"),
		},
		{
			ID: "version/tls13-only", Row: "S-051", Title: "A peer with TLS 1.3 alone gets mail inside TLS 1.3", Cell: true,
			Source: Source{"RFC 9325 §3.1.1", "TLS 1.3 should be supported, and is used where both sides have it."},
			Levels: []LevelRule{must(results.FeatureTLS13), should()}, Placements: at("tls13-only"), Judge: only("1.3"),
		},
		{
			ID: "version/tls11-only", Row: "S-052", Title: "What becomes of mail to a peer that has nothing newer than TLS 1.1", Cell: true,
			Source: Source{"RFC 8996 §5", "TLS 1.1 is not negotiated any more."},
			Levels: []LevelRule{must(results.FeatureModern), above("1.1"), info()}, Placements: at("tls11-only"), Judge: only("1.1"),
		},
		{
			ID: "version/tls10-only", Row: "S-053", Title: "What becomes of mail to a peer that has nothing newer than TLS 1.0", Cell: true,
			Source: Source{"RFC 7435 §3; RFC 9325 §5.2", "Where the alternative is clear text, weak encryption is better than none; a floor can turn weak TLS into clear text."},
			Levels: []LevelRule{must(results.FeatureModern), above("1.0"), info()}, Placements: at("tls10-only"), Judge: only("1.0"),
		},
		{
			ID: "version/ssl3-chosen", Row: "S-054", Title: "A ServerHello of SSL 3.0 ends the handshake",
			Source: Source{"RFC 7568 §3", "SSL 3.0 is not used; whoever gets a ServerHello of that version ends the handshake."},
			Under:  underTLS, Levels: []LevelRule{must()}, Placements: at("ssl3-server-hello"),
			Judge: refuses("with SSL 3.0", protocolVersion),
		},
		{
			ID: "version/not-offered", Row: "S-055", Title: "A version that was not offered ends the handshake",
			Source: Source{"RFC 8446 §4.1.3; RFC 8446 §4.2.1", aborts},
			Under:  underTLS, Levels: []LevelRule{must()}, Placements: at("version-not-offered"),
			Judge: refuses("with a version that was not offered", illegalParameter, protocolVersion),
		},
		{
			ID: "version/downgrade-sentinel", Row: "S-055", Title: "The sign of a downgrade from TLS 1.3 ends the handshake",
			Source: Source{"RFC 8446 §4.1.3", aborts},
			Under:  underTLS, Levels: []LevelRule{must()}, Placements: at("downgrade-sentinel"),
			Judge: allOf(refuses("in TLS 1.2 with the sign of a downgrade", illegalParameter), offersTLS13),
		},
	}
}

// underFloor selects policies that send inside nothing as low as a version.
func underFloor(version string) Under {
	return Under{"a floor above TLS " + version, func(p results.SenderPolicy) bool {
		return p.Level != results.LevelNone && p.Floor > version
	}}
}

// floorOf is the lowest version that a sender says it sends in; empty when it
// says nothing.
func floorOf(p results.SenderPolicy, claims results.Claims) string {
	if p.Floor == "" && claims.Has(results.FeatureModern) {
		return "1.2"
	}
	return p.Floor
}

// only is the judge of a peer that speaks one version and no other. Where the
// policy's floor or ceiling keep it out, no session comes about, and what follows
// is what the policy says of a handshake that fails. Where nothing is said of a
// version that is optional, what becomes of the mail is recorded.
func only(version string) Judge {
	return allOf(func(t *results.Transcript, claims results.Claims) results.Verdict {
		p := mine(t, claims)
		floor := floorOf(p, claims)
		out := version < floor || p.Ceiling != "" && version > p.Ceiling
		expected := version == "1.2" || version == "1.3" && claims.Has(results.FeatureTLS13) || version < "1.2" && floor != ""
		switch {
		case p.Level == results.LevelNone:
			return plainly(fate(t, claims, 0), fateRefs(t))
		case out:
			return outside(t, claims, version, floor)
		case expected:
			return encrypted(t, claims, version)
		}
		if v := reaction(t, claims, results.TriggerFailed); v.Status != results.StatusPass && v.Status != results.StatusInfo {
			return v
		}
		return note(fmt.Sprintf("recorded: TLS %s, of which policy %s says nothing", version, p.Name), saidOf(fate(t, claims, 0)), fateRefs(t)...)
	})
}

// outside judges a peer whose only version a policy does not allow.
func outside(t *results.Transcript, claims results.Claims, version, floor string) results.Verdict {
	p, f := mine(t, claims), fate(t, claims, 0)
	limit := "a floor of TLS " + floor
	if version > floor {
		limit = "a ceiling of TLS " + p.Ceiling
	}
	for _, d := range deliveries(t) {
		if d.complete() {
			return fail(fmt.Sprintf("no session in TLS %s under %s", version, limit), "a handshake was completed: "+handshakeOutcome(d.Session),
				handshakeRefs(d.Session)...)
		}
	}
	v := reaction(t, claims, results.TriggerFailed)
	if v.Status == results.StatusPass && f.Code.Plain() {
		return note(fmt.Sprintf("recorded: what %s makes of a peer with TLS %s alone", limit, version),
			fmt.Sprintf("%s turned TLS %s into clear text: %s", limit, version, saidOf(f)), v.Evidence...)
	}
	return v
}

// offersTLS13 is the check that the sender offers TLS 1.3, without which there is
// nothing to downgrade from.
func offersTLS13(t *results.Transcript, _ results.Claims) (results.Verdict, bool) {
	for _, d := range deliveries(t) {
		if h := facts(d.Session).Hello; h != nil && !slices.Contains(h.Versions, "1.3") {
			return moot("TLS 1.3 is not offered"), true
		}
	}
	return results.Verdict{}, false
}
