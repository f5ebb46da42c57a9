package receiver

import (
	"crypto/x509"
	"slices"
	"strings"

	"mailtls/fakes"
)

// unlisted is the first parameter of MAIL that belongs to no keyword we listed
// (RFC 5321 §4.1.1.11); empty when there is none.
func (x *session) unlisted(argument string) string {
	_, parameters, _ := strings.Cut(argument, ">")
	for _, p := range strings.Fields(parameters) {
		name, _, _ := strings.Cut(strings.ToUpper(p), "=")
		keyword := name
		if name == "BODY" {
			keyword = "8BITMIME"
		}
		if !x.lists(keyword) {
			return name
		}
	}
	return ""
}

// lists tells whether a keyword is listed at the moment.
func (x *session) lists(keyword string) bool {
	return slices.ContainsFunc(x.capabilities(), func(line string) bool {
		first, _, _ := strings.Cut(line, " ")
		return strings.EqualFold(first, keyword)
	})
}

// bound tells whether mail of a sender domain is bound to a client certificate
// that the client has not shown.
func (x *session) bound(domain string) bool {
	i := slices.IndexFunc(x.Profile.Partners, func(p fakes.Partner) bool { return strings.EqualFold(p.Domain, domain) })
	return i >= 0 && !x.shows(x.Profile.Partners[i].Name)
}

// shows tells whether the client has shown a certificate for a name that leads
// to a root we know.
func (x *session) shows(name string) bool {
	chain := x.conn.ConnectionState().PeerCertificates
	if len(chain) == 0 {
		return false
	}
	options := x509.VerifyOptions{
		DNSName: name, Roots: x.ClientRoots, Intermediates: x509.NewCertPool(), CurrentTime: x.Clock(),
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	for _, c := range chain[1:] {
		options.Intermediates.AddCert(c)
	}
	_, err := chain[0].Verify(options)
	return err == nil
}
