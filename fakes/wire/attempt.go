package wire

import (
	"bytes"
	"crypto/tls"
	"slices"
	"strings"

	"mailtls/results"
)

// attempt is one TLS handshake, ours or one made of bytes that a script wrote,
// and the state of the records after it.
type attempt struct {
	facts results.TLSFacts
	// seen is true when there is something worth telling.
	seen bool
	// ours is true when crypto/tls plays our end.
	ours bool
	// retried is true after a HelloRetryRequest.
	retried bool

	version, suite             uint16 // 0 before the ServerHello
	clientRandom, serverRandom []byte
	secrets                    map[string][]byte
	remembered                 []byte // master secret that may be resumed

	dirs [2]direction
}

// direction is the state of one side's records.
type direction struct {
	clear  assembler // handshake messages in clear
	sealed assembler // handshake messages inside TLS 1.3 records
	// changed is true after ChangeCipherSpec.
	changed bool
	// finished is true after the Finished of TLS 1.3.
	finished bool
	// keys in use; nil when none are, or are not known yet.
	keys *protection
	// seq numbers the next record under keys.
	seq uint64
	// misses counts records in a row that could not be opened.
	misses int
	// lost is true when no more records are looked into.
	lost bool
	// parked are the records that wait for keys.
	parked      []parked
	parkedBytes int
}

// parked is a record that waits for its key.
type parked struct {
	at   ticket
	head header
	body []byte
}

func newAttempt() *attempt { return &attempt{secrets: make(map[string][]byte)} }

// dir gives the direction of a side.
func (a *attempt) dir(from results.Side) *direction { return &a.dirs[index(from)] }

// index numbers the two sides of a connection.
func index(from results.Side) int {
	if from == results.Client {
		return 0
	}
	return 1
}

// far gives the other side.
func far(side results.Side) results.Side {
	if side == results.Client {
		return results.Server
	}
	return results.Client
}

// encrypted tells whether the records of a side are encrypted by the rules of
// TLS 1.2 and before. In TLS 1.3 ChangeCipherSpec means nothing (RFC 8446 §D.4).
func (a *attempt) encrypted(from results.Side) bool {
	return a.dir(from).changed && a.version < version13
}

// message reads a handshake message for the facts.
func (a *attempt) message(from results.Side, m message) {
	a.seen = true
	switch m.kind {
	case msgClientHello:
		a.clientHello(m)
	case msgServerHello:
		a.serverHello(m)
	case msgNewSessionTicket:
		a.ticket(from, m)
	case msgEncryptedExtensions:
		a.facts.ALPN, a.facts.Named = readEncryptedExtensions(m.body)
	case msgCertificate:
		chain := readCertificates(m.body, a.version)
		if from == results.Client {
			a.facts.ClientChain = chain
		} else {
			a.facts.Chain = chain
		}
	case msgCertificateRequest:
		a.facts.Requested = a.facts.Requested || from == results.Server
	case msgServerKeyExchange:
		switch {
		case strings.Contains(a.facts.Suite, "_ECDH"):
			a.facts.Group = readNamedCurve(m.body)
		case strings.Contains(a.facts.Suite, "_DHE_"), strings.Contains(a.facts.Suite, "_DH_anon_"):
			a.facts.DHBits = readDHBits(m.body)
		}
	}
}

// clientHello keeps the first offer. The second one, after a HelloRetryRequest,
// repeats it but for the key share.
func (a *attempt) clientHello(m message) {
	h, _ := readClientHello(m.body)
	if h.random != nil {
		a.clientRandom = h.random
	}
	if a.facts.Hello == nil {
		h.offer.Length, h.offer.Records = m.length, m.records
		a.facts.Hello = &h.offer
	}
}

// clientHelloV2 keeps the offer of an SSLv2 ClientHello.
func (a *attempt) clientHelloV2(body []byte) {
	if h := readClientHelloV2(body); a.facts.Hello == nil {
		a.facts.Hello = &h.offer
	}
}

func (a *attempt) serverHello(m message) {
	h, ok := readServerHello(m.body)
	if !ok && h.suite == 0 {
		return
	}
	a.version = h.version
	if h.retry {
		a.retried, a.facts.Retry = true, h.group
		return
	}
	a.suite, a.serverRandom = h.suite, h.random
	a.facts.Version, a.facts.Suite = versionName(h.version), suiteName(h.suite)
	a.facts.Group, a.facts.ALPN, a.facts.Named = h.group, h.alpn, h.named
	a.facts.Compression, a.facts.Extensions = h.compression, h.extensions
}

// complete takes the facts of our own end after a handshake that was finished.
func (a *attempt) complete(s tls.ConnectionState, ours results.Side) {
	f := &a.facts
	f.Complete, f.Resumed = true, s.DidResume
	f.Version, f.Suite, f.ALPN = versionName(s.Version), suiteName(s.CipherSuite), s.NegotiatedProtocol
	if f.Group == "" && s.CurveID != 0 {
		f.Group = groupName(uint16(s.CurveID))
	}
	chain := &f.Chain
	if ours == results.Server {
		chain = &f.ClientChain
	}
	if len(*chain) == 0 {
		for _, c := range s.PeerCertificates {
			*chain = append(*chain, c.Raw)
		}
	}
}

// copyFacts gives a deep copy of the facts, but for the alerts.
func (a *attempt) copyFacts() results.TLSFacts {
	f := a.facts
	if f.Hello != nil {
		h := *f.Hello
		h.Versions, h.Suites = slices.Clone(h.Versions), slices.Clone(h.Suites)
		h.Groups, h.ALPN = slices.Clone(h.Groups), slices.Clone(h.ALPN)
		h.Compression, h.Extensions = slices.Clone(h.Compression), slices.Clone(h.Extensions)
		f.Hello = &h
	}
	f.Extensions = slices.Clone(f.Extensions)
	f.Chain, f.ClientChain = cloneChain(f.Chain), cloneChain(f.ClientChain)
	return f
}

func cloneChain(chain [][]byte) [][]byte {
	var out [][]byte
	for _, c := range chain {
		out = append(out, bytes.Clone(c))
	}
	return out
}
