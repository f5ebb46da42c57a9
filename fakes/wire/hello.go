package wire

import (
	"bytes"
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"

	"mailtls/results"
)

// Extensions that are read (RFC 8446 §4.2).
const (
	extServerName        = 0
	extSupportedGroups   = 10
	extALPN              = 16
	extSupportedVersions = 43
	extKeyShare          = 51
)

// retryRandom is the random by which a ServerHello is known to be a
// HelloRetryRequest (RFC 8446 §4.1.3).
const retryRandom = "\xCF\x21\xAD\x74\xE5\x9A\x61\x11\xBE\x1D\x8C\x02\x1E\x65\xB8\x91" +
	"\xC2\xA2\x11\x16\x7A\xBB\x8C\x5E\x07\x9E\x09\xE2\xC8\xA8\x33\x9C"

// clientHello is what a ClientHello says.
type clientHello struct {
	random  []byte
	session []byte
	offer   results.ClientHello

	signatures []uint16
}

// readClientHello reads the body of a ClientHello (RFC 8446 §4.1.2) as far as it
// can be read; ok is false if that is not the whole.
func readClientHello(body []byte) (h clientHello, ok bool) {
	s := cryptobyte.String(body)
	var legacy uint16
	var session, suites, compression cryptobyte.String
	if !s.ReadUint16(&legacy) {
		return h, false
	}
	h.offer.Versions = []string{versionName(legacy)}
	if !s.ReadBytes(&h.random, 32) ||
		!s.ReadUint8LengthPrefixed(&session) ||
		!s.ReadUint16LengthPrefixed(&suites) {
		return h, false
	}
	h.session, h.offer.Suites = session, names16(suites, suiteName)
	if !s.ReadUint8LengthPrefixed(&compression) {
		return h, false
	}
	for _, method := range compression {
		if method != 0 {
			h.offer.Compression = append(h.offer.Compression, compressionName(method))
		}
	}
	ok = eachExtension(s, h.extension)
	return h, ok
}

// extension reads an extension of the hello.
func (h *clientHello) extension(kind uint16, data cryptobyte.String) {
	h.offer.Extensions = append(h.offer.Extensions, extensionName(kind))
	var list cryptobyte.String
	switch kind {
	case extServerName:
		h.offer.SNI = readServerName(data)
	case extSupportedGroups:
		if data.ReadUint16LengthPrefixed(&list) {
			h.offer.Groups = names16(list, groupName)
		}
	case extALPN:
		h.offer.ALPN = readProtocols(data)
	case extSignatures:
		if data.ReadUint16LengthPrefixed(&list) {
			h.signatures = numbers16(list)
		}
	case extSupportedVersions:
		if data.ReadUint8LengthPrefixed(&list) && len(list) >= 2 {
			h.offer.Versions = names16(list, versionName)
		}
	}
}

// readClientHelloV2 reads an SSLv2 ClientHello (RFC 5246 §E.2) from its message
// type on. A cipher kind of SSL 2.0 itself has three bytes; the others are suites
// with a zero before them.
func readClientHelloV2(body []byte) (h clientHello) {
	s := cryptobyte.String(body)
	var version, suites, session, challenge uint16
	var kinds []byte
	if !s.Skip(1) || !s.ReadUint16(&version) || !s.ReadUint16(&suites) || !s.ReadUint16(&session) ||
		!s.ReadUint16(&challenge) || !s.ReadBytes(&kinds, int(suites)) || !s.Skip(int(session)) || !s.Skip(int(challenge)) {
		return h
	}
	h.offer.Versions = []string{versionName(version)}
	for ; len(kinds) >= 3; kinds = kinds[3:] {
		name := fmt.Sprintf("0x%06x", kinds[:3])
		if kinds[0] == 0 {
			name = suiteName(uint16(kinds[1])<<8 | uint16(kinds[2]))
		}
		h.offer.Suites = append(h.offer.Suites, name)
	}
	h.offer.Length, h.offer.Records = len(body), 1
	return h
}

// serverHello is what a ServerHello or a HelloRetryRequest says.
type serverHello struct {
	random         []byte
	version, suite uint16
	group          string // from key_share; empty before TLS 1.3
	alpn           string // in TLS 1.3 it is in EncryptedExtensions instead
	named          bool   // in TLS 1.3 it is there too
	compression    string // empty for none
	extensions     []string
	retry          bool
}

// readServerHello reads the body of a ServerHello (RFC 8446 §4.1.3); ok is false
// if it ends before the suite or has a broken list of extensions.
func readServerHello(body []byte) (h serverHello, ok bool) {
	s := cryptobyte.String(body)
	var session cryptobyte.String
	var compression uint8
	if !s.ReadUint16(&h.version) || !s.ReadBytes(&h.random, 32) ||
		!s.ReadUint8LengthPrefixed(&session) || !s.ReadUint16(&h.suite) || !s.ReadUint8(&compression) {
		return h, false
	}
	h.retry = bytes.Equal(h.random, []byte(retryRandom))
	if compression != 0 {
		h.compression = compressionName(compression)
	}
	ok = eachExtension(s, func(kind uint16, data cryptobyte.String) {
		h.extensions = append(h.extensions, extensionName(kind))
		var v uint16
		switch kind {
		case extSupportedVersions:
			if data.ReadUint16(&v) {
				h.version = v
			}
		case extKeyShare:
			if data.ReadUint16(&v) {
				h.group = groupName(v)
			}
		case extALPN:
			h.alpn = first(readProtocols(data))
		case extServerName:
			h.named = true
		}
	})
	return h, ok
}

// readEncryptedExtensions gives the protocol that the server chose (RFC 8446
// §4.3.1), empty if it chose none, and whether it made use of the server name.
func readEncryptedExtensions(body []byte) (alpn string, named bool) {
	eachExtension(body, func(kind uint16, data cryptobyte.String) {
		switch kind {
		case extALPN:
			alpn = first(readProtocols(data))
		case extServerName:
			named = true
		}
	})
	return alpn, named
}

// readCertificates gives the certificates of a Certificate message, leaf first:
// RFC 8446 §4.4.2 for TLS 1.3, RFC 5246 §7.4.2 for the versions before.
func readCertificates(body []byte, version uint16) [][]byte {
	s := cryptobyte.String(body)
	var list, cert, skip cryptobyte.String
	tls13 := version >= version13
	if tls13 && !s.ReadUint8LengthPrefixed(&skip) {
		return nil
	}
	if !s.ReadUint24LengthPrefixed(&list) {
		return nil
	}
	var chain [][]byte
	for !list.Empty() {
		if !list.ReadUint24LengthPrefixed(&cert) || tls13 && !list.ReadUint16LengthPrefixed(&skip) {
			break
		}
		chain = append(chain, bytes.Clone(cert))
	}
	return chain
}

// readNamedCurve gives the group of a ServerKeyExchange with ECDHE (RFC 8422
// §5.4); empty if it is not a named curve.
func readNamedCurve(body []byte) string {
	s := cryptobyte.String(body)
	var kind uint8
	var group uint16
	if !s.ReadUint8(&kind) || kind != 3 || !s.ReadUint16(&group) {
		return ""
	}
	return groupName(group)
}

// readDHBits gives the size of the prime in a ServerKeyExchange with DHE (RFC
// 5246 §7.4.3); 0 if it cannot be read.
func readDHBits(body []byte) int {
	s := cryptobyte.String(body)
	var prime cryptobyte.String
	if !s.ReadUint16LengthPrefixed(&prime) {
		return 0
	}
	return new(big.Int).SetBytes(prime).BitLen()
}

// eachExtension calls f for every extension of a list that may be missing.
func eachExtension(s cryptobyte.String, f func(kind uint16, data cryptobyte.String)) bool {
	if s.Empty() {
		return true
	}
	var list, data cryptobyte.String
	var kind uint16
	if !s.ReadUint16LengthPrefixed(&list) {
		return false
	}
	for !list.Empty() {
		if !list.ReadUint16(&kind) || !list.ReadUint16LengthPrefixed(&data) {
			return false
		}
		f(kind, data)
	}
	return s.Empty()
}

// readServerName gives the first host name of a server_name list (RFC 6066 §3).
func readServerName(s cryptobyte.String) string {
	var list, name cryptobyte.String
	var kind uint8
	if !s.ReadUint16LengthPrefixed(&list) {
		return ""
	}
	for list.ReadUint8(&kind) && list.ReadUint16LengthPrefixed(&name) {
		if kind == 0 {
			return string(name)
		}
	}
	return ""
}

// readProtocols gives a list of protocol names (RFC 7301 §3.1).
func readProtocols(s cryptobyte.String) []string {
	var list, name cryptobyte.String
	var out []string
	if !s.ReadUint16LengthPrefixed(&list) {
		return nil
	}
	for list.ReadUint8LengthPrefixed(&name) {
		out = append(out, string(name))
	}
	return out
}

// names16 names each number of a list.
func names16(s cryptobyte.String, name func(uint16) string) []string {
	var out []string
	var v uint16
	for s.ReadUint16(&v) {
		out = append(out, name(v))
	}
	return out
}

// first gives the first of a list, empty if there is none.
func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// numbers16 reads a list of two-byte numbers.
func numbers16(list cryptobyte.String) (numbers []uint16) {
	for v := uint16(0); list.ReadUint16(&v); {
		numbers = append(numbers, v)
	}
	return numbers
}
