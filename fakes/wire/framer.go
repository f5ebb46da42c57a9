package wire

import (
	"bytes"
	"encoding/binary"
)

const (
	headerLen = 5
	// maxPayload is the longest payload in bytes that a record may have: TLS 1.2
	// allows 2048 bytes of expansion (RFC 5246 §6.2.3), TLS 1.3 256.
	maxPayload = 1<<14 + 2048
	// maxSSLv2 is the longest SSLv2 ClientHello in bytes that is taken for one.
	maxSSLv2 = 4 << 10
)

// Record types (RFC 8446 §5.1, RFC 6520 §3).
const (
	typeChangeCipherSpec = 20
	typeAlert            = 21
	typeHandshake        = 22
	typeApplicationData  = 23
	typeHeartbeat        = 24
	// typeSSLv2 is ours, for the ClientHello of RFC 5246 §E.2.
	typeSSLv2 = 0x80
)

// header is a record's header.
type header struct {
	kind    byte
	version uint16
	length  int // of the payload in bytes
}

// piece is a whole record, or a stretch of bytes that are none.
type piece struct {
	record bool
	header header
	body   []byte // payload or clear bytes, valid during the call only
	at     ticket
	extra  int // bytes of the header that are not in body
}

// framer cuts one direction of a connection into records and clear data. It
// holds at most one header or one payload back.
//
// A record may begin at the start of a segment, after a record, and anywhere in
// a segment of clear data.
type framer struct {
	begun  ticket // of the header's first byte
	head   []byte // a header begun
	inside bool   // a payload is being read
	header header
	extra  int
	body   []byte // the payload so far
	passed bool   // a piece was given out, so no SSLv2 hello is expected
}

// feed takes one segment and calls each for what is complete.
func (f *framer) feed(t ticket, seg []byte, each func(piece)) {
	for len(seg) > 0 {
		if f.inside {
			seg = f.fill(t, seg, each)
		} else {
			seg = f.start(t, seg, each)
		}
	}
}

// start reads on where a record may begin and gives the rest of the segment.
func (f *framer) start(t ticket, seg []byte, each func(piece)) []byte {
	held := len(f.head)
	if held == 0 {
		f.begun = t
	}
	n := 0
	for n < len(seg) && len(f.head) < headerLen {
		f.head = append(f.head, seg[n])
		if !f.plausible() {
			f.head = f.head[:len(f.head)-1]
			break
		}
		n++
	}
	switch {
	case len(f.head) == headerLen:
		f.open(t, each)
		return seg[n:]
	case n == len(seg):
		return nil
	case held > 0:
		f.give(piece{body: bytes.Clone(f.head[:held]), at: f.begun}, each)
		return seg
	}
	cut := nextHeader(seg)
	f.give(piece{body: seg[:cut], at: t}, each)
	return seg[cut:]
}

// plausible tells whether head may be the beginning of a record.
func (f *framer) plausible() bool {
	h := f.head
	if !f.passed && h[0]&0x80 != 0 {
		return plausibleSSLv2(h)
	}
	return plausibleHeader(h)
}

// plausibleHeader tells it of the last byte of a part of a header whose bytes
// before have been found plausible.
func plausibleHeader(h []byte) bool {
	switch len(h) {
	case 1:
		return h[0] >= typeChangeCipherSpec && h[0] <= typeHeartbeat
	case 2:
		return h[1] == 3
	case headerLen:
		return int(binary.BigEndian.Uint16(h[3:])) <= maxPayload
	default:
		return true
	}
}

// plausibleSSLv2 is plausible for the two bytes of length, the message type 1
// and the version 0.2 or 3.x that an SSLv2 ClientHello begins with. It must have
// room for its fixed part, nine bytes after the length.
func plausibleSSLv2(h []byte) bool {
	switch len(h) {
	case 1:
		return true
	case 2:
		n := int(binary.BigEndian.Uint16(h)) & 0x7fff
		return n >= 9 && n <= maxSSLv2
	case 3:
		return h[2] == 1
	case 4:
		return h[3] == 3 || h[3] == 0
	default:
		return h[3] == 3 || h[4] == 2
	}
}

// nextHeader gives the place in seg, after its first byte, at which a header
// begins that may end in the next segment; the length of seg if there is none.
// Among clear data it is asked for a known minor version too, for garbage holds
// many things.
func nextHeader(seg []byte) int {
	for i := 1; i < len(seg); i++ {
		h := seg[i:min(i+headerLen, len(seg))]
		switch {
		case !plausibleHeader(h[:1]):
		case len(h) > 1 && !plausibleHeader(h[:2]):
		case len(h) > 2 && h[2] > 4:
		case len(h) == headerLen && !plausibleHeader(h):
		default:
			return i
		}
	}
	return len(seg)
}

// open begins the payload after a whole header.
func (f *framer) open(t ticket, each func(piece)) {
	h := f.head
	f.body = f.body[:0]
	if h[0]&0x80 != 0 {
		f.header = header{
			kind: typeSSLv2, version: binary.BigEndian.Uint16(h[3:]),
			length: int(binary.BigEndian.Uint16(h)) & 0x7fff,
		}
		f.extra, f.body = 2, append(f.body, h[2:]...)
	} else {
		f.header = header{
			kind: h[0], version: binary.BigEndian.Uint16(h[1:]),
			length: int(binary.BigEndian.Uint16(h[3:])),
		}
		f.extra = headerLen
	}
	f.head, f.inside = f.head[:0], true
	if f.header.length == 0 {
		f.close(t, nil, each)
	}
}

// fill reads on in a payload and gives the rest of the segment.
func (f *framer) fill(t ticket, seg []byte, each func(piece)) []byte {
	n := min(f.header.length-len(f.body), len(seg))
	if n == f.header.length {
		f.close(t, seg[:n], each)
		return seg[n:]
	}
	f.body = append(f.body, seg[:n]...)
	if len(f.body) == f.header.length {
		f.close(t, f.body, each)
	}
	return seg[n:]
}

// close gives out a whole record.
func (f *framer) close(t ticket, body []byte, each func(piece)) {
	f.inside = false
	f.give(piece{record: true, header: f.header, body: body, at: t, extra: f.extra}, each)
}

func (f *framer) give(p piece, each func(piece)) {
	f.passed = true
	f.head = f.head[:0]
	each(p)
}

// leftover gives what is held back: bytes that may be a header, or an unfinished
// record whose body is shorter than its header says. ok is false if nothing is.
func (f *framer) leftover() (p piece, ok bool) {
	switch {
	case f.inside:
		return piece{record: true, header: f.header, body: f.body, at: f.begun, extra: f.extra}, true
	case len(f.head) > 0:
		return piece{body: f.head, at: f.begun}, true
	}
	return piece{}, false
}
