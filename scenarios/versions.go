package scenarios

import (
	"crypto/tls"
	"fmt"

	"mailtls/fakes"
	"mailtls/results"
)

// versions holds the cases about TLS versions. Of a target that keeps old peers
// (legacy-mx) it is only recorded what it does with them, and of one that has
// nothing newer (legacy-only) what it does with others.
func versions() []Case {
	legacy, old := info(results.FeatureLegacyMX), info(results.FeatureLegacyOnly)
	return []Case{
		version(tls.VersionTLS12, Case{
			ID: "version/tls12-missing", Row: "R-033", Title: "A client that speaks only TLS 1.2 is served",
			Source: Source{"RFC 9325 §3.1.1", "TLS 1.2 is supported by everybody."},
			Levels: []LevelRule{old, must()}, Judge: judgeServed,
		}),
		version(tls.VersionTLS13, Case{
			ID: "version/tls13-missing", Row: "R-034", Title: "A client that speaks only TLS 1.3 is served",
			Source: Source{"RFC 9325 §3.1.1", "TLS 1.3 should be supported."},
			Levels: []LevelRule{old, should()}, Judge: judgeServed,
		}),
		version(tls.VersionTLS11, Case{
			ID: "version/tls11-accepted", Row: "R-035", Title: "A client that speaks only TLS 1.1 is refused with alert 70",
			Source: Source{"RFC 8996 §5; RFC 9325 §3.1.1", "TLS 1.1 is not negotiated; its hello is answered with protocol_version."},
			Levels: []LevelRule{must(results.FeatureModern), legacy}, Judge: judgeRefused,
		}),
		version(tls.VersionTLS10, Case{
			ID: "version/tls10-accepted", Row: "R-036", Title: "A client that speaks only TLS 1.0 is refused with alert 70",
			Source: Source{"RFC 8996 §4; RFC 9325 §3.1.1", "TLS 1.0 is not negotiated; its hello is answered with protocol_version."},
			Levels: []LevelRule{must(results.FeatureModern), legacy}, Judge: judgeRefused,
		}),
	}
}

// version completes a case with a session that offers one version only.
func version(v uint16, c Case) Case {
	c.Needs = []results.Feature{results.FeatureStartTLS}
	c.Dialogues = one(greeted(), fakes.StartTLS(), fakes.Handshake(fakes.Hello{Min: v, Max: v}), fakes.Ehlo(markEhloTLS), fakes.Quit())
	return c
}

func judgeServed(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "a handshake, and 250 to EHLO inside TLS"
	s, v, ok := reach(t, "", markGreeting, markEhlo, markStartTLS)
	if !ok {
		return v
	}
	a := reply(s, markEhloTLS)
	switch {
	case !facts(s).Complete:
		return fail(want, "no handshake: "+handshakeOutcome(s), handshakeRefs(s)...)
	case !a.is("250"):
		return fail(want, handshakeOutcome(s)+"; EHLO got "+a.String(), a.refs...)
	}
	return pass(want, handshakeOutcome(s), handshakeRefs(s)...)
}

func judgeRefused(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "alert protocol_version(70)"
	s, v, ok := begun(t, "")
	if !ok {
		return v
	}
	refs := handshakeRefs(s)
	f := facts(s)
	if f.Complete {
		return fail(want, "the handshake was completed: "+handshakeOutcome(s), refs...)
	}
	a, alerted := alertFrom(f)
	switch {
	case !alerted:
		return fail(want, "refused without an alert: "+handshakeOutcome(s), refs...)
	case a.Code != protocolVersion:
		return fail(want, fmt.Sprintf("refused with alert %s(%d)", a.Name, a.Code), refs...)
	}
	return pass(want, "alert protocol_version(70)", refs...)
}
