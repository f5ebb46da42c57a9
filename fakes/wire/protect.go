package wire

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"

	"golang.org/x/crypto/chacha20poly1305"

	"mailtls/results"
)

// protection seals and opens the records of one direction under one key. The
// sequence number, which counts the direction's records since the key came into
// use, is its owner's.
type protection struct {
	params suiteParams
	aead   cipher.AEAD
	iv     []byte
	secret []byte // TLS 1.3 traffic secret; nil in TLS 1.2
}

// suiteParams is what a cipher suite says of record protection.
type suiteParams struct {
	hash func() hash.Hash
	key  int // length in bytes
	iv   int // length in bytes of what is derived, not sent
	aead func(key []byte) (cipher.AEAD, error)
}

var (
	errSuite = errors.New("cipher suite has no AEAD known here")
	errShort = errors.New("record is too short")
)

// paramsOf gives the parameters of the AEAD suites of TLS 1.3 (RFC 8446 §B.4)
// and of TLS 1.2 with GCM (RFC 5288, RFC 5289) and ChaCha20-Poly1305 (RFC 7905).
func paramsOf(suite uint16) (suiteParams, error) {
	switch suite {
	case 0x1301:
		return suiteParams{sha256.New, 16, 12, newGCM}, nil
	case 0x1302:
		return suiteParams{sha512.New384, 32, 12, newGCM}, nil
	case 0x1303, 0xcca8, 0xcca9, 0xccaa:
		return suiteParams{sha256.New, 32, 12, chacha20poly1305.New}, nil
	case 0x009c, 0x009e, 0xc02b, 0xc02f:
		return suiteParams{sha256.New, 16, 4, newGCM}, nil
	case 0x009d, 0x009f, 0xc02c, 0xc030:
		return suiteParams{sha512.New384, 32, 4, newGCM}, nil
	}
	return suiteParams{}, errSuite
}

func newGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// protect13 derives the protection from a TLS 1.3 traffic secret (RFC 8446 §7.3).
func protect13(suite uint16, secret []byte) (*protection, error) {
	params, err := paramsOf(suite)
	if err != nil {
		return nil, err
	}
	return params.protect13(secret)
}

func (s suiteParams) protect13(secret []byte) (*protection, error) {
	key, err := expandLabel(s.hash, secret, "key", s.key)
	if err != nil {
		return nil, err
	}
	iv, err := expandLabel(s.hash, secret, "iv", s.iv)
	if err != nil {
		return nil, err
	}
	aead, err := s.aead(key)
	if err != nil {
		return nil, err
	}
	return &protection{params: s, aead: aead, iv: iv, secret: secret}, nil
}

// next gives the protection after a KeyUpdate (RFC 8446 §7.2).
func (p *protection) next() (*protection, error) {
	secret, err := expandLabel(p.params.hash, p.secret, "traffic upd", len(p.secret))
	if err != nil {
		return nil, err
	}
	return p.params.protect13(secret)
}

// protect12 derives the protection of one side's records from a TLS 1.2 master
// secret (RFC 5246 §6.3).
func protect12(suite uint16, master, clientRandom, serverRandom []byte, from results.Side) (*protection, error) {
	params, err := paramsOf(suite)
	if err != nil {
		return nil, err
	}
	seed := append([]byte("key expansion"), serverRandom...)
	seed = append(seed, clientRandom...)
	block := prf12(params.hash, master, seed, 2*(params.key+params.iv))
	keys, ivs := block[:2*params.key], block[2*params.key:]
	if from == results.Client {
		keys, ivs = keys[:params.key], ivs[:params.iv]
	} else {
		keys, ivs = keys[params.key:], ivs[params.iv:]
	}
	aead, err := params.aead(keys)
	if err != nil {
		return nil, err
	}
	return &protection{params: params, aead: aead, iv: ivs}, nil
}

// open gives the content and the type of the record with sequence number seq.
// The content is appended to dst. For TLS 1.3 the type is the inner one, and
// padding is gone.
func (p *protection) open(dst []byte, seq uint64, h header, body []byte) ([]byte, byte, error) {
	explicit := p.explicit()
	if len(body) < explicit+p.aead.Overhead() {
		return nil, 0, errShort
	}
	nonce := p.nonce(seq, body[:explicit])
	length := len(body)
	if p.secret == nil {
		length -= explicit + p.aead.Overhead()
	}
	plain, err := p.aead.Open(dst, nonce, body[explicit:], p.additional(seq, h.kind, h.version, length))
	if err != nil {
		return nil, 0, fmt.Errorf("open record: %w", err)
	}
	if p.secret == nil {
		return plain, h.kind, nil
	}
	return stripPadding(plain[len(dst):])
}

// seal gives the whole record, header included, that carries plain under
// sequence number seq.
func (p *protection) seal(seq uint64, kind byte, plain []byte) []byte {
	var explicit []byte
	if p.explicit() > 0 {
		explicit = binary.BigEndian.AppendUint64(nil, seq)
	}
	outer, length := kind, len(plain)
	if p.secret != nil {
		plain = append(append([]byte(nil), plain...), kind)
		outer, length = typeApplicationData, len(plain)+p.aead.Overhead()
	}
	record := []byte{outer, version12 >> 8, version12 & 0xff}
	record = binary.BigEndian.AppendUint16(record, uint16(len(explicit)+len(plain)+p.aead.Overhead()))
	record = append(record, explicit...)
	return p.aead.Seal(record, p.nonce(seq, explicit), plain, p.additional(seq, outer, version12, length))
}

// explicit is the length of the part of the nonce that is sent in the record
// (RFC 5288 §3).
func (p *protection) explicit() int { return p.aead.NonceSize() - len(p.iv) }

// nonce is iv and the explicit part, or iv with the sequence number mixed in
// (RFC 8446 §5.3, RFC 7905 §2).
func (p *protection) nonce(seq uint64, explicit []byte) []byte {
	nonce := append(append([]byte(nil), p.iv...), explicit...)
	if len(explicit) == 0 {
		tail := nonce[len(nonce)-8:]
		binary.BigEndian.PutUint64(tail, binary.BigEndian.Uint64(tail)^seq)
	}
	return nonce
}

// additional is the additional data of a record: its header in TLS 1.3 (RFC 8446
// §5.2), and the sequence number before a header with the length of the content
// in TLS 1.2 (RFC 5246 §6.2.3.3).
func (p *protection) additional(seq uint64, kind byte, version uint16, length int) []byte {
	var out []byte
	if p.secret == nil {
		out = binary.BigEndian.AppendUint64(out, seq)
	}
	out = append(out, kind)
	out = binary.BigEndian.AppendUint16(out, version)
	return binary.BigEndian.AppendUint16(out, uint16(length))
}

// stripPadding takes the padding and the type off a TLS 1.3 record (RFC 8446
// §5.4).
func stripPadding(plain []byte) ([]byte, byte, error) {
	for n := len(plain) - 1; n >= 0; n-- {
		if plain[n] != 0 {
			return plain[:n], plain[n], nil
		}
	}
	return nil, 0, errors.New("open record: it has no type")
}

// expandLabel is HKDF-Expand-Label without context (RFC 8446 §7.1).
func expandLabel(h func() hash.Hash, secret []byte, label string, length int) ([]byte, error) {
	label = "tls13 " + label
	info := binary.BigEndian.AppendUint16(nil, uint16(length))
	info = append(info, byte(len(label)))
	info = append(info, label...)
	return hkdf.Expand(h, secret, string(append(info, 0)), length)
}

// prf12 is the pseudo-random function of TLS 1.2 (RFC 5246 §5); seed begins with
// the label.
func prf12(h func() hash.Hash, secret, seed []byte, length int) []byte {
	mac := hmac.New(h, secret)
	sum := func(parts ...[]byte) []byte {
		mac.Reset()
		for _, p := range parts {
			mac.Write(p)
		}
		return mac.Sum(nil)
	}
	var out []byte
	for a := sum(seed); len(out) < length; a = sum(a) {
		out = append(out, sum(a, seed)...)
	}
	return out[:length]
}
