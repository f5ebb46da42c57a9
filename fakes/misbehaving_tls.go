package fakes

import (
	"crypto/tls"
	"fmt"
)

// speaking sets the versions.
func speaking(lowest, highest uint16) func(*Profile) {
	return func(p *Profile) { p.MinTLS, p.MaxTLS = lowest, highest }
}

// versionPeers speak one version of TLS, or choose one that they may not.
func versionPeers() []Profile {
	const ecdheECDSA, rsa3DES, unknown = 0xc02b, 0x000a, 0x0305
	return []Profile{
		peer("tls11-only", "Offers STARTTLS but speaks TLS 1.1 and nothing else.", speaking(tls.VersionTLS11, tls.VersionTLS11)),
		peer("tls12-only", "Offers STARTTLS but speaks TLS 1.2 and nothing else.", speaking(tls.VersionTLS12, tls.VersionTLS12)),
		peer("tls13-only", "Offers STARTTLS but speaks TLS 1.3 and nothing older.", speaking(tls.VersionTLS13, tls.VersionTLS13)),
		peer("ssl3-server-hello", "Answers any ClientHello with a ServerHello of SSL 3.0.", rsaKeyed,
			flights(Flight{Version: VersionSSL3, Suite: rsa3DES})),
		peer("version-not-offered", "Chooses a version behind TLS 1.3 that nobody can have offered.",
			flights(Flight{Version: unknown, Suite: tls.TLS_AES_128_GCM_SHA256})),
		peer("downgrade-sentinel", "Chooses TLS 1.2 where 1.3 is offered, with the sign in its random that 1.3 was to be had.",
			flights(Flight{To: HelloMatch{Newest: tls.VersionTLS13}, Version: tls.VersionTLS12, Suite: ecdheECDSA, Extensions: []uint16{0xff01}, Downgraded: true})),
	}
}

// rsaKeyed gives a certificate with an RSA key.
func rsaKeyed(p *Profile) { p.RSA = true }

// taking sets the suites, up to TLS 1.2.
func taking(list ...uint16) func(*Profile) {
	return func(p *Profile) { p.RSA, p.Suites, p.MinTLS, p.MaxTLS = true, list, tls.VersionTLS10, tls.VersionTLS12 }
}

// choosing answers hellos that offer one of the suites with a flight that
// chooses it, and others with the alert handshake_failure.
func choosing(f Flight, suites []uint16) func(*Profile) {
	const handshakeFailure = 40
	f.Version, f.Extensions = tls.VersionTLS12, []uint16{0xff01}
	var list []Flight
	for _, s := range suites {
		f.Suite, f.To = s, HelloMatch{Suite: s}
		list = append(list, f)
	}
	return func(p *Profile) {
		p.RSA = true
		flights(append(list, Flight{Alert: handshakeFailure})...)(p)
	}
}

// suitePeers have nothing but weak suites, or weak parameters (RFC 9325 §4).
func suitePeers() []Profile {
	const chosen = "; where it is offered, the handshake ends with the ServerHello's flight."
	all := []Profile{
		peer("rc4-only", "Has suites with RC4 and no others.", taking(tls.TLS_ECDHE_RSA_WITH_RC4_128_SHA, tls.TLS_RSA_WITH_RC4_128_SHA)),
		peer("3des-only", "Has suites with 3DES and no others.", taking(tls.TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA, tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA)),
		peer("static-rsa-only", "Has suites without forward secrecy and no others.", taking(
			tls.TLS_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_RSA_WITH_AES_256_GCM_SHA384, tls.TLS_RSA_WITH_AES_128_CBC_SHA, tls.TLS_RSA_WITH_AES_256_CBC_SHA)),
		peer("export-only", "Has export suites and no others"+chosen, choosing(Flight{}, ExportSuites())),
		peer("null-only", "Has suites without encryption and no others"+chosen, choosing(Flight{}, NullSuites())),
		peer("anonymous-only", "Has suites without a certificate and no others"+chosen, choosing(Flight{}, AnonymousSuites())),
	}
	for _, bits := range []int{512, 1024} {
		all = append(all, peer(fmt.Sprintf("dhe-%d", bits), fmt.Sprintf("Has suites with DHE over a prime of %d bits and no others%s", bits, chosen),
			choosing(Flight{DHBits: bits}, DHESuites())))
	}
	return all
}

// certificatePeers show a certificate of each kind; what is wrong with it is for
// fakes/pki to say.
func certificatePeers() []Profile {
	var all []Profile
	for _, c := range []struct {
		name string
		kind Cert
		doc  string
	}{
		{"self-signed", CertSelfSigned, "Shows a certificate that is signed with its own key."},
		{"expired", CertExpired, "Shows a certificate that has ended."},
		{"not-yet-valid", CertNotYetValid, "Shows a certificate that has not begun."},
		{"wrong-name", CertWrongName, "Shows a certificate for another name."},
		{"unknown-ca", CertUnknownCA, "Shows a certificate of a root that nobody trusts."},
		{"missing-intermediate", CertMissingIntermediate, "Leaves the intermediate certificate out."},
		{"cn-only", CertCNOnly, "Shows a certificate with its name in the common name alone."},
		{"wildcard", CertWildcard, "Shows a certificate for *.parent, which covers it; it needs a name of three labels or more."},
		{"wildcard-partial", CertWildcardPartial, "Shows a certificate with the wildcard inside a label; it needs a name of three labels or more."},
		{"wildcard-deep", CertWildcardDeep, "Shows a certificate for *.grandparent; it needs a name of four labels or more."},
		{"revoked", CertRevoked, "Shows a certificate that is revoked; only who is given the list of those can tell."},
		{"wildcard-double", CertWildcardDouble, "Shows a certificate for *.*.grandparent; it needs a name of four labels or more."},
		{"u-label", CertULabel, "Shows a certificate with a U-label in UTF-8 for its A-label, which many cannot even read; it needs a name with an A-label (xn--...)."},
		{"nul-in-name", CertNULInName, "Shows a certificate for its name with a NUL and another domain behind it."},
		{"next-hop-name", CertNextHop, "Shows a certificate for the recipient's domain, and not for its own name."},
		{"long-chain", CertLongChain, "Shows a certificate with so many names that its chain is longer than 16 KiB, and so than a record."},
		{"leaf-as-ca", CertLeafAsCA, "Shows a certificate that another leaf has signed, which is no authority."},
		{"path-length", CertPathLength, "Shows a certificate of an authority that the path length above leaves no room for."},
		{"name-constraint", CertNameConstraint, "Shows a certificate of an authority that is only good for other names."},
		{"rsa-1024", CertRSA1024, "Shows a certificate with an RSA key of 1024 bits."},
		{"sha1-signature", CertSHA1, "Shows a certificate that is signed with SHA-1."},
		{"client-certificate", CertClient, "Shows a certificate that is for clients only."},
	} {
		all = append(all, peer(c.name, c.doc, func(p *Profile) { p.Cert = c.kind }))
	}
	return append(all, peer("self-signed-tls10", "Shows a certificate that is signed with its own key, and speaks TLS 1.0 and nothing newer.",
		speaking(tls.VersionTLS10, tls.VersionTLS10), func(p *Profile) { p.Cert = CertSelfSigned }))
}
