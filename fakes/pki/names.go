package pki

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
	"golang.org/x/net/idna"
)

// wrongName is what a wrong-name certificate is for. Nothing can be reached under .invalid (RFC 2606 §2).
const wrongName = "wrong-name.invalid"

// wrongSuffix stands behind the NUL of a nul-in-name certificate, permitted is
// what an authority with a name constraint is good for.
const (
	wrongSuffix = ".nul.invalid"
	permitted   = "constraint.invalid"
)

// maxCommonName is the most characters a common name can have (RFC 5280 appendix A.1, ub-common-name).
const maxCommonName = 64

// pattern makes of a host name the name that goes into the certificate; nil leaves it as it is.
type pattern func(host string) (string, error)

// setNames puts names into the template. The common name is a label for people, never a host name, so that a target which
// falls back on it cannot pass by accident; cn-only is the exception.
func setNames(template *x509.Certificate, r recipe, names []string) error {
	if len(names) == 0 {
		return errors.New("set names: none given, want at least one host name or address")
	}
	template.Subject.CommonName = "mailtls " + string(r.kind)
	for _, name := range names {
		name = strings.TrimSuffix(name, ".")
		if name == "" {
			return errors.New("set names: a name is empty")
		}
		if r.nameInCN {
			return setCommonName(template, name)
		}
		if err := addName(template, r.pattern, name); err != nil {
			return err
		}
	}
	for i := range r.others {
		template.DNSNames = append(template.DNSNames, fmt.Sprintf("name-%03d.of-many.mailtls.invalid", i))
	}
	if r.rawNames {
		template.ExtraExtensions = append(template.ExtraExtensions, rawNames(template.DNSNames))
	}
	return nil
}

// rawNames is a subjectAltName (RFC 5280 §4.2.1.6) whose names may be of any
// bytes, which crypto/x509 would refuse to write.
func rawNames(names []string) pkix.Extension {
	dnsName := asn1.Tag(2).ContextSpecific()
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for _, name := range names {
			b.AddASN1(dnsName, func(b *cryptobyte.Builder) { b.AddBytes([]byte(name)) })
		}
	})
	return pkix.Extension{Id: []int{2, 5, 29, 17}, Value: b.BytesOrPanic()}
}

func setCommonName(template *x509.Certificate, name string) error {
	if len(name) > maxCommonName {
		return fmt.Errorf("set common name %q: %d characters, the limit is %d", name, len(name), maxCommonName)
	}
	template.Subject.CommonName = name
	return nil
}

func addName(template *x509.Certificate, p pattern, name string) error {
	if p != nil {
		made, err := p(name)
		if err != nil {
			return err
		}
		name = made
	}
	if ip := net.ParseIP(name); ip != nil {
		template.IPAddresses = append(template.IPAddresses, ip)
	} else if !slices.Contains(template.DNSNames, name) {
		template.DNSNames = append(template.DNSNames, name)
	}
	return nil
}

func otherName(string) (string, error) { return wrongName, nil }

func wildcard(host string) (string, error) {
	_, parent, err := split(host, 1)
	return "*." + parent, err
}

// wildcardPartial keeps the first half of the first label: mail.example.test becomes ma*.example.test.
func wildcardPartial(host string) (string, error) {
	label, parent, err := split(host, 1)
	return label[:(len(label)+1)/2] + "*." + parent, err
}

func wildcardDeep(host string) (string, error) {
	_, grandparent, err := split(host, 2)
	return "*." + grandparent, err
}

func wildcardDouble(host string) (string, error) {
	_, grandparent, err := split(host, 2)
	return "*.*." + grandparent, err
}

// uLabel turns the A-labels of a host name into U-labels (RFC 5890 §2.3.2.1).
func uLabel(host string) (string, error) {
	name, err := idna.ToUnicode(host)
	if err != nil || name == host {
		return "", fmt.Errorf("make U-label for %q: want a host name with an A-label (xn--...)", host)
	}
	return name, nil
}

func nulBehind(host string) (string, error) { return host + "\x00" + wrongSuffix, nil }

// split takes the first labels off a host name. At least two must be left: many verifiers refuse a wildcard right below a
// top-level domain, which would be a second defect.
func split(host string, labels int) (first, rest string, err error) {
	all := strings.Split(host, ".")
	if net.ParseIP(host) != nil || slices.Contains(all, "") || len(all) < labels+2 {
		return "", "", fmt.Errorf("make wildcard for %q: want a host name of at least %d labels", host, labels+2)
	}
	return all[0], strings.Join(all[labels:], "."), nil
}
