package scenarios

import (
	"fmt"

	"mailtls/results"
)

// senderCertificates holds what a sender makes of certificates. One that makes no
// demand takes any; one that does takes what fakes.Cert.TrustedBy says.
func senderCertificates() []Case {
	const chain, name = "RFC 7435 §4; RFC 5280 §6", "RFC 7435 §4; RFC 9525 §6.3"
	const free = "Where nobody is to be authenticated the certificate does not matter; "
	const valid = free + "else its chain holds, is in date and leads to a root that is trusted."
	const named = free + "else one of its alternative names is the name that is asked for."
	all := []Case{
		presents("self-signed", "S-070", "A self-signed certificate", Source{chain, valid}),
		presents("expired", "S-071", "A certificate that has ended", Source{chain, valid}),
		presents("not-yet-valid", "S-072", "A certificate that has not begun", Source{chain, valid}),
		presents("wrong-name", "S-073", "A certificate for another name", Source{name, named}),
		presents("unknown-ca", "S-074", "A certificate of an unknown authority", Source{chain, valid}),
		presents("missing-intermediate", "S-075", "A chain without its intermediate", Source{chain, valid}),
	}
	for i := range all {
		all[i].Cell = true
	}
	for _, c := range []Case{
		presents("cn-only", "S-077", "A certificate with its name in the common name alone", Source{name, named + " The common name is none of them."}),
		presents("wildcard", "S-078", "A wildcard in the place of the first label", Source{name, named + " A wildcard stands for one label."}),
		presents("wildcard-partial", "S-079", "A wildcard inside a label", Source{name, named + " A wildcard is a whole label."}),
		presents("wildcard-deep", "S-079", "A wildcard for more than one label", Source{name, named + " A wildcard stands for one label."}),
		presents("wildcard-double", "S-079", "Two wildcards", Source{name, named + " A wildcard is the first label and no other."}),
		unreadable(presents("u-label", "S-080", "A U-label for an A-label", Source{name, named + " Names are compared as A-labels."})),
		presents("client-certificate", "S-081", "A certificate that is for clients only",
			Source{"RFC 7435 §4; RFC 5280 §4.2.1.12", free + "else it is one for servers."}),
		presents("leaf-as-ca", "S-082", "A certificate that a leaf has signed", Source{chain, valid + " Only an authority signs."}),
		presents("path-length", "S-082", "A chain that is longer than its authority permits", Source{chain, valid}),
		presents("name-constraint", "S-082", "A certificate for a name that its authority is not good for", Source{chain, valid}),
		discouraged(presents("rsa-1024", "S-083", "A certificate with an RSA key of 1024 bits",
			Source{"RFC 9325 §4.5", "RSA keys have 2048 bits or more."})),
		discouraged(presents("sha1-signature", "S-083", "A certificate that is signed with SHA-1",
			Source{"RFC 9325 §4.5; RFC 8446 §4.4.2.4", "Certificates are signed with something better than SHA-1."})),
		unreadable(presents("nul-in-name", "S-084", "A NUL in the certificate's name",
			Source{"CVE-2009-2408; RFC 9525 §6.3", named + " A name does not end at a NUL."})),
		presents("next-hop-name", "S-085", "A certificate for the recipient's domain", Source{name, named + " The name of the MX host came by the DNS, and the domain is the recipient's."}),
	} {
		c.Under = underTLS
		all = append(all, c)
	}
	return append(all, unplayed()...)
}

// unplayed holds the cases that no peer or no policy is there for.
func unplayed() []Case {
	return []Case{
		{
			ID: "certificate/revoked", Row: "S-076", Title: "What becomes of mail to a peer whose certificate is revoked", Under: underVerified,
			Source: Source{"RFC 8461 §4.2", "Whether a certificate is revoked may be looked up, and need not be."},
			Levels: []LevelRule{info()}, Pending: "no certificate authority of ours publishes what it has revoked",
		},
		{
			ID: "certificate/pin-differs", Row: "S-086", Title: "A certificate other than the one that is pinned is refused", Under: underVerified,
			Source: Source{"RFC 7435 §4", "A sender that knows the key beforehand takes no other."},
			Levels: []LevelRule{must()}, Pending: "no policy can say that it pins a certificate",
		},
	}
}

// presents is the case of a peer with a certificate of a kind, by the peer's name.
func presents(peer, row, what string, source Source) Case {
	c := Case{
		ID: "certificate/" + peer, Row: row, Title: what + ": taken where nobody looks, and else what it is worth",
		Source: source, Levels: []LevelRule{should().under(underOpportunistic), must()}, Placements: at(peer), Judge: allOf(judgeTrust),
	}
	if peer == "u-label" { // which needs an A-label
		c.Placements[0].Host = "xn--mller-kva"
	}
	return c
}

// unreadable is for a certificate that breaks the format, which a library may
// refuse whether anybody looks at the name or not.
func unreadable(c Case) Case {
	c.Levels = []LevelRule{must().under(underVerified), info()}
	return c
}

// discouraged is for a certificate that is formally right, and too weak to count:
// which is a recommendation, and where nobody looks at it for nobody to judge.
func discouraged(c Case) Case {
	c.Levels = []LevelRule{should().under(underVerified), info()}
	c.Judge = allOf(judgeDiscouraged)
	return c
}

// judgeTrust holds what became of a message against what its policy demands of the
// certificate, and what the certificate is worth.
func judgeTrust(t *results.Transcript, claims results.Claims) results.Verdict {
	p, f := mine(t, claims), fate(t, claims, 0)
	all := deliveries(t)
	switch {
	case p.Level == results.LevelNone:
		return plainly(f, fateRefs(t))
	case f.Code == results.FateUnknown:
		return lost(t, claims, f)
	case len(all) == 0:
		return inconclusive("no connection was made: %s", saidOf(f))
	case p.Verify == results.VerifyNone:
		v := encrypted(t, claims)
		v.Want = "sent inside TLS, whatever the certificate"
		if v.Status != results.StatusPass {
			v.Got += howItWent(all)
		}
		return v
	}
	trusted, known := trustOf(all[0].Session, p.Verify, domainOf(t.Submissions[0]))
	switch {
	case !known:
		return note(fmt.Sprintf("recorded: what verifying by %s makes of it, which is not settled", p.Verify), saidOf(f), fateRefs(t)...)
	case trusted:
		v := encrypted(t, claims)
		v.Want = fmt.Sprintf("sent inside TLS: verified by %s the certificate holds", p.Verify)
		if v.Status != results.StatusPass {
			v.Got += howItWent(all)
		}
		return v
	}
	return distrusted(t, claims, f)
}

// distrusted judges a sender whose peer shows a certificate that it may not trust.
func distrusted(t *results.Transcript, claims results.Claims, f results.Fate) results.Verdict {
	p := mine(t, claims)
	if f.Code.Encrypted() {
		return fail(fmt.Sprintf("not sent: verified by %s the certificate does not hold", p.Verify), saidOf(f), fateRefs(t)...)
	}
	v := reaction(t, claims, results.TriggerFailed)
	v.Got += howItWent(deliveries(t))
	return v
}

func judgeDiscouraged(t *results.Transcript, claims results.Claims) results.Verdict {
	p, f := mine(t, claims), fate(t, claims, 0)
	switch {
	case f.Code == results.FateUnknown:
		return lost(t, claims, f)
	case p.Verify != results.VerifyNone:
		return distrusted(t, claims, f)
	}
	return note("recorded: what becomes of the mail where nobody looks at the certificate", saidOf(f)+howItWent(deliveries(t)), fateRefs(t)...)
}
