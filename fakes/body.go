package fakes

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
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
	next int    // offset behind line
	line []byte // what is left of the line begun
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
	line := bodyLine(start / LineLength)
	end := min(len(line), r.part.To-start)
	r.line = line[r.next-start : end]
	if r.next == start && line[0] == '.' && !r.part.Raw {
		r.line = append([]byte{'.'}, r.line...)
	}
	r.next = start + end
	return true
}

// bodyLine is a line of the generated body.
func bodyLine(n int) []byte {
	const filler = "TLS carries this line of a message made to be compared"
	line := fmt.Appendf(make([]byte, 0, LineLength), "%08d ", n)
	if n%8 == 7 {
		line[0] = '.'
	}
	line = append(line, filler[:min(len(filler), LineLength-2-len(line))]...)
	line = append(line, bytes.Repeat([]byte{'-'}, LineLength-2-len(line))...)
	return append(line, "\r\n"...)
}
