package pki

import (
	"crypto/x509"
	"fmt"
	"slices"

	"mailtls/fakes"
)

// recipe is a kind as data. The zero value of each field is what a valid server certificate has.
type recipe struct {
	kind     fakes.Cert
	doc      string
	client   bool // the extended key usage is clientAuth instead of serverAuth
	window   window
	signer   signer
	bare     bool // the leaf is sent without the intermediate
	pattern  pattern
	nameInCN bool // the first name goes into the common name, and there is no subjectAltName
	others   int  // names besides, under a domain that nobody has
	rawNames bool // the names need not be ASCII, so that what comes of it cannot be parsed by crypto/x509
	key      KeyType
	digest   x509.SignatureAlgorithm
	revoked  bool // its serial number is on the RevocationList
}

// window says when a certificate is good, relative to the authority's time.
type window int

const (
	current window = iota
	past
	future
)

// signer says who signs a leaf.
type signer int

const (
	trusted signer = iota
	unrelated
	itself
	leaf        // a leaf of the trusted intermediate, which may not sign
	subordinate // an authority below the trusted intermediate, which may have none
	constrained // the trusted intermediate whose leaves must be under another name
)

// recipes returns all kinds, in order.
func recipes() []recipe {
	return []recipe{
		{kind: fakes.CertValid, doc: "Chain, names, dates and usage are as they should be."},
		{kind: fakes.CertExpired, window: past, doc: "The leaf ended 30 days ago."},
		{kind: fakes.CertNotYetValid, window: future, doc: "The leaf begins in 30 days."},
		{kind: fakes.CertWrongName, pattern: otherName, doc: "The only name is " + wrongName + ", whatever was asked for."},
		{kind: fakes.CertSelfSigned, signer: itself, doc: "The leaf is signed with its own key."},
		{kind: fakes.CertUnknownCA, signer: unrelated, doc: "The chain leads to a root that nobody trusts; the root is not sent."},
		{kind: fakes.CertMissingIntermediate, bare: true, doc: "The leaf is sent without the intermediate that signed it."},
		{kind: fakes.CertCNOnly, nameInCN: true, doc: "The name is in the common name; there is no subjectAltName."},
		{kind: fakes.CertWildcard, pattern: wildcard, doc: "The name is *.parent, which covers the host (RFC 9525 §6.3)."},
		{kind: fakes.CertWildcardPartial, pattern: wildcardPartial, doc: "The wildcard is inside a label, as in ma*.parent."},
		{kind: fakes.CertWildcardDeep, pattern: wildcardDeep, doc: "The name is *.grandparent, and the host lies two labels below."},
		{kind: fakes.CertRevoked, revoked: true, doc: "The leaf is on the authority's list of what is revoked; it names no place where that could be had."},
		{kind: fakes.CertWildcardDouble, pattern: wildcardDouble, doc: "The name is *.*.grandparent, and the host lies two labels below."},
		{kind: fakes.CertULabel, pattern: uLabel, rawNames: true, doc: "The name has a U-label in UTF-8 where the host has an A-label (RFC 5280 §7.2 forbids it)."},
		{kind: fakes.CertNULInName, pattern: nulBehind, doc: "The name is the host with a NUL and " + wrongSuffix + " behind it."},
		{kind: fakes.CertNextHop, doc: "As it should be, and to be issued for the recipient's domain where the host is another."},
		{kind: fakes.CertLongChain, others: 500, doc: "As it should be, with so many other names that the chain is longer than 16 KiB."},
		{kind: fakes.CertLeafAsCA, signer: leaf, doc: "The leaf is signed by another leaf, which is no authority."},
		{kind: fakes.CertPathLength, signer: subordinate, doc: "The leaf is signed by an authority for which the path length above leaves no room."},
		{kind: fakes.CertNameConstraint, signer: constrained, doc: "The leaf is signed by an authority that is only good for names under " + permitted + "."},
		{kind: fakes.CertRSA1024, key: rsa1024, doc: "The key is RSA with 1024 bits, whatever key was asked for."},
		{kind: fakes.CertSHA1, digest: x509.ECDSAWithSHA1, doc: "The leaf is signed with SHA-1."},
		{kind: fakes.CertClient, client: true, doc: "A client certificate as it should be: for clientAuth only."},
		{kind: fakes.CertClientExpired, client: true, window: past, doc: "A client certificate that ended 30 days ago."},
		{kind: fakes.CertClientUnknownCA, client: true, signer: unrelated, doc: "A client certificate from a root that nobody trusts."},
		{kind: fakes.CertClientWrongEKU, doc: "A client certificate that is for serverAuth only."},
	}
}

// Kinds lists all kinds, always in the same order: for servers, then for clients.
func Kinds() []fakes.Cert {
	var kinds []fakes.Cert
	for _, r := range recipes() {
		kinds = append(kinds, r.kind)
	}
	return kinds
}

// Doc says in a sentence what a kind is; it is empty for what is no kind.
func Doc(kind fakes.Cert) string {
	r, _ := recipeFor(kind)
	return r.doc
}

func recipeFor(kind fakes.Cert) (recipe, error) {
	all := recipes()
	i := slices.IndexFunc(all, func(r recipe) bool { return r.kind == kind })
	if i < 0 {
		return recipe{}, fmt.Errorf("look up kind %q: not one of %q", kind, Kinds())
	}
	return all[i], nil
}
