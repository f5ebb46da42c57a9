package scenarios

import (
	"fmt"
	"slices"
	"strings"

	"mailtls/results"
)

// senderSuites holds what a sender makes of peers whose suites or parameters are
// too weak, or are not among those that it offers.
func senderSuites() []Case {
	const never = "Suites with RC4, without encryption or with export keys are not negotiated."
	const prime = "Diffie-Hellman groups have at least 2048 bits; where the alternative is clear text, a weaker one is the lesser evil."
	all := []Case{
		{
			ID: "suite/rc4-only", Row: "S-056", Title: "A peer that has nothing but RC4 gets no mail inside TLS", Under: underTLS,
			Source: Source{"RFC 7465 §2; RFC 9325 §4.1", never}, Levels: []LevelRule{must()}, Placements: at("rc4-only"), Judge: refuses("with RC4"),
		},
		{
			ID: "suite/3des-only", Row: "S-056", Title: "A peer that has nothing but 3DES gets no mail inside TLS", Cell: true,
			Source: Source{"RFC 9325 §4.1; RFC 9325 §5.2", "Ciphers of less than 128 bits, 3DES among them, should not be negotiated; where the alternative is clear text, they are the lesser evil."},
			Levels: []LevelRule{info().under(underOpportunistic), should()}, Placements: at("3des-only"), Judge: refuses("with 3DES"),
		},
		{
			ID: "suite/static-rsa-only", Row: "S-056", Title: "A peer without forward secrecy gets no mail inside TLS", Under: underTLS,
			Source: Source{"RFC 9325 §4.1; RFC 9325 §5.2", "Suites whose secret is sent under the certificate's RSA key should not be negotiated; where the alternative is clear text, they are the lesser evil."},
			Levels: []LevelRule{info().under(underOpportunistic), should()}, Placements: at("static-rsa-only"), Judge: refuses("without forward secrecy"),
		},
		{
			ID: "suite/export-only", Row: "S-056", Title: "A peer that has nothing but export suites gets no mail inside TLS", Under: underTLS,
			Source: Source{"RFC 9325 §4.1", never}, Levels: []LevelRule{must()}, Placements: at("export-only"), Judge: refuses("with an export suite"),
		},
		{
			ID: "suite/null-only", Row: "S-056", Title: "A peer that has nothing but suites without encryption gets no mail inside TLS", Under: underTLS,
			Source: Source{"RFC 9325 §4.1", never}, Levels: []LevelRule{must()}, Placements: at("null-only"), Judge: refuses("without encryption"),
		},
		{
			ID: "suite/anonymous-only", Row: "S-056", Title: "A peer without a certificate gets no mail that needs one", Under: underTLS,
			Source: Source{"RFC 7672 §8.2; RFC 7435 §4", "Without a certificate nobody is authenticated; where nobody is to be, that is no loss."},
			Levels: []LevelRule{must().under(underVerified), info()}, Placements: at("anonymous-only"), Judge: refuses("with an anonymous suite"),
		},
		{
			ID: "suite/signature-scheme-not-offered", Row: "S-058", Title: "A signature in a scheme that was not offered ends the handshake", Under: underTLS,
			Source: Source{"RFC 5246 §7.4.3; RFC 8446 §4.4.3", "The scheme of a signature is one of those that the client offered."},
			Levels: []LevelRule{must()}, Placements: at("signature-scheme-not-offered"), Judge: refuses("with a signature scheme that was not offered", illegalParameter, handshakeFailure),
		},
	}
	for _, bits := range []string{"512", "1024"} {
		all = append(all, Case{
			ID: "suite/dhe-" + bits, Row: "S-057", Title: "A Diffie-Hellman prime of " + bits + " bits ends the handshake", Under: underTLS,
			Source: Source{"RFC 9325 §4.5; RFC 9325 §5.2", prime}, Levels: []LevelRule{must().under(underMandatory), should()},
			Placements: at("dhe-" + bits), Judge: refuses("with a Diffie-Hellman prime of " + bits + " bits"),
		})
	}
	return all
}

// Alert numbers that judges of senders ask about besides (RFC 8446 §6).
const (
	handshakeFailure = 40
	illegalParameter = 47
)

// refuses is the judge of a peer that has nothing but what a sender is to refuse:
// no session comes about, and what follows is what the policy says of a handshake
// that fails. What says of such a session with or without what it is. Where alerts
// are named, a choice of the peer's is to be answered
// with one of them.
func refuses(what string, alerts ...uint8) Judge {
	want := "no session " + what
	return allOf(func(t *results.Transcript, claims results.Claims) results.Verdict {
		if mine(t, claims).Level == results.LevelNone {
			return plainly(fate(t, claims, 0), fateRefs(t))
		}
		said, silent := "", false
		for _, d := range deliveries(t) {
			if refs := wentOn(d); len(refs) > 0 || d.complete() {
				return fail(want, "the sender took it: "+agreed(d), append(refs, handshakeRefs(d.Session)...)...)
			}
			a, alerted := alertOf(d)
			switch {
			case !d.asked() || facts(d.Session).Hello == nil:
			case facts(d.Session).Suite == "":
				said = "it was not offered"
			case !alerted:
				said, silent = "it was refused without an alert", len(alerts) > 0
			default:
				said = fmt.Sprintf("it was refused with %s(%d)", a.Name, a.Code)
				silent = len(alerts) > 0 && !slices.Contains(alerts, a.Code)
			}
		}
		v := reaction(t, claims, results.TriggerFailed)
		if said != "" {
			v.Got = said + "; " + v.Got
		}
		if v.Status == results.StatusPass && silent {
			return nonstrict("refused, and not with the alert that is due", fmt.Sprintf("%s, and alert %v", want, alerts), v.Got, v.Evidence...)
		}
		return v
	})
}

// agreed says what our peer chose.
func agreed(d *delivery) string {
	f := facts(d.Session)
	got := "TLS " + f.Version + ", " + f.Suite
	if f.DHBits > 0 {
		got += fmt.Sprintf(", with a prime of %d bits", f.DHBits)
	}
	return got
}

// wentOn points at the handshake messages of a sender behind our ServerHello: it
// took what was chosen.
func wentOn(d *delivery) []results.EventRef {
	var refs []results.EventRef
	answered := false
	for i, e := range d.Events {
		if e.Kind != results.EventRecord {
			continue
		}
		switch {
		case e.From == results.Server:
			answered = answered || strings.Contains(e.Text, "server_hello")
		case answered && e.From == results.Client && strings.HasPrefix(e.Text, "handshake"):
			refs = append(refs, results.EventRef{Session: d.ID, Event: i})
		}
	}
	return refs
}

// alertOf is the first alert of the sender other than close_notify.
func alertOf(d *delivery) (results.Alert, bool) {
	for _, a := range facts(d.Session).Alerts {
		if a.From == results.Client && a.Code != closeNotify {
			return a, true
		}
	}
	return results.Alert{}, false
}
