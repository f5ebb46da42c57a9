package wire

import (
	"bytes"

	"mailtls/results"
)

// maxOffer is the length in bytes up to which ReadOffer looks for a ClientHello.
const maxOffer = 64 << 10

// Offered is what ReadOffer makes of a client's bytes.
type Offered struct {
	// Hello is what the client offers.
	Hello results.ClientHello
	// Random of the ClientHello; nil in SSL 2.0.
	Random []byte
	// Session that the client named, which a server of TLS 1.3 repeats (RFC 8446
	// §4.1.3).
	Session []byte
	// Signatures are the signature schemes that it takes (RFC 8446 §4.2.3); nil
	// when it says nothing of them.
	Signatures []uint16
	// Length in bytes of what carried it.
	Length int
}

// ReadOffer reads the ClientHello at the beginning of a connection, in the
// records that carry it. It gives nil and more when more bytes are needed to
// tell, nil and not more when they begin no ClientHello.
func ReadOffer(b []byte) (offer *Offered, more bool) {
	var f framer
	var a assembler
	read := 0
	f.feed(ticket{}, b, func(p piece) {
		if offer != nil || read < 0 {
			return
		}
		read += p.extra + len(p.body)
		switch {
		case p.record && p.header.kind == typeSSLv2:
			h := readClientHelloV2(p.body)
			offer = &Offered{Hello: h.offer, Length: read}
		case p.record && p.header.kind == typeHandshake:
			_, ended := a.add(bytes.Clone(p.body))
			if len(ended) == 0 {
				return
			}
			if ended[0].kind != msgClientHello {
				read = -1
				return
			}
			h, _ := readClientHello(ended[0].body)
			h.offer.Length, h.offer.Records = ended[0].length, ended[0].records
			offer = &Offered{Hello: h.offer, Random: h.random, Session: h.session, Signatures: h.signatures, Length: read}
		default:
			read = -1
		}
	})
	return offer, offer == nil && read >= 0 && len(b) < maxOffer
}

// VersionName writes a protocol version as results.TLSFacts has it.
func VersionName(v uint16) string { return versionName(v) }

// SuiteName gives the IANA name of a cipher suite as results.TLSFacts has it.
func SuiteName(v uint16) string { return suiteName(v) }
