package fakes

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
)

// LineLength of the generated body in bytes, its CRLF included: a part that ends
// at a multiple of it ends with a whole line.
const LineLength = 64

// Part is a stretch of the generated body, a text without end of which every line
// is another and every eighth begins with a dot.
type Part struct {
	// From and To are the offsets of its first byte and of the one behind its
	// last; From is a multiple of LineLength unless Raw.
	From, To int
	// Raw leaves dots at the beginning of lines as they are, for BDAT; DATA has
	// them doubled (RFC 5321 §4.5.2).
	Raw bool
}

// Reader gives what is sent for the part.
func (p Part) Reader() io.Reader { return &partReader{part: p, next: p.From} }

// SHA256 of the part as it is before dots are doubled, in lower-case
// hexadecimal.
func (p Part) SHA256() string {
	p.Raw = true
	h := sha256.New()
	_, _ = io.Copy(h, p.Reader()) // neither of them fails
	return hex.EncodeToString(h.Sum(nil))
}

type partReader struct {
	part Part
	next int // offset behind line
	line []byte
	// room is for a line and its second dot.
	room [LineLength + 1]byte
}

// Read gives the next bytes of the part.
func (r *partReader) Read(b []byte) (int, error) {
	n := 0
	for n < len(b) {
		if len(r.line) == 0 && !r.fill() {
			return n, io.EOF
		}
		m := copy(b[n:], r.line)
		n, r.line = n+m, r.line[m:]
	}
	return n, nil
}

// fill takes the next line, or what of it belongs to the part.
func (r *partReader) fill() bool {
	if r.next >= r.part.To {
		return false
	}
	start := r.next - r.next%LineLength
	line := r.room[1:]
	bodyLine(line, start/LineLength)
	end := min(LineLength, r.part.To-start)
	r.line = line[r.next-start : end]
	if r.next == start && line[0] == '.' && !r.part.Raw {
		r.room[0] = '.'
		r.line = r.room[:1+end]
	}
	r.next = start + end
	return true
}

// bodyLine writes line n of the generated body: its number, or a dot in place of
// the first digit, and always the same words.
func bodyLine(line []byte, n int) {
	const digits = 8
	const words = " TLS carries this line of messages made to be compared\r\n"
	copy(line[digits:], words)
	for i, rest := digits-1, n; i >= 0; i, rest = i-1, rest/10 {
		line[i] = '0' + byte(rest%10)
	}
	if n%8 == 7 {
		line[0] = '.'
	}
}
