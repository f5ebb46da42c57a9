package bench

import (
	"io"

	"mailtls/results"
)

// What a server lists in its reply to EHLO, as far as load sessions care.
const (
	listsStartTLS = 1 << iota
	listsPipelining
)

// A reply may be this long: a line (RFC 5321 §4.5.3.1.5 asks for 512 bytes), and
// the lines of one reply.
const (
	maxReplyLine  = 4 << 10
	maxReplyLines = 200
)

// replyReader reads SMTP replies (RFC 5321 §4.2.1) into a buffer that it keeps,
// without allocating. The zero value grows its buffer at the first reply.
type replyReader struct {
	buf  []byte
	r, w int // what is read and not used is buf[r:w]
}

// reset forgets what was read, and keeps the buffer.
func (d *replyReader) reset() { d.r, d.w = 0, 0 }

// leftover tells whether bytes were read behind the last reply.
func (d *replyReader) leftover() bool { return d.r < d.w }

// reply reads one reply: its code, and the keywords known to us on the lines
// behind the first. The class tells what went wrong; a reply that refuses is not
// wrong here.
func (d *replyReader) reply(src io.Reader) (code int, lists int, failed results.ErrorClass) {
	for n := range maxReplyLines {
		line, failed := d.line(src)
		if failed != "" {
			return 0, 0, failed
		}
		c, last, ok := replyLine(line)
		if !ok || n > 0 && c != code {
			return 0, 0, results.FailReply
		}
		code = c
		if n > 0 && len(line) > 4 {
			lists |= keyword(line[4:])
		}
		if last {
			return code, lists, ""
		}
	}
	return 0, 0, results.FailReply
}

// line reads up to CRLF, which is not returned. The line stands until the next
// one is read.
func (d *replyReader) line(src io.Reader) ([]byte, results.ErrorClass) {
	for scanned := d.r; ; {
		for i := scanned; i < d.w; i++ {
			if d.buf[i] != '\n' {
				continue
			}
			line := d.buf[d.r:i]
			d.r = i + 1
			if len(line) == 0 || line[len(line)-1] != '\r' {
				return nil, results.FailReply
			}
			return line[:len(line)-1], ""
		}
		if d.w-d.r > maxReplyLine {
			return nil, results.FailReply
		}
		scanned = d.w - d.r
		if failed := d.fill(src); failed != "" {
			return nil, failed
		}
		// fill moved what was not used to the front.
	}
}

// fill reads on, once.
func (d *replyReader) fill(src io.Reader) results.ErrorClass {
	const first = 1 << 10
	copy(d.buf, d.buf[d.r:d.w])
	d.r, d.w = 0, d.w-d.r
	if d.w == len(d.buf) {
		grown := make([]byte, max(first, 2*len(d.buf)))
		copy(grown, d.buf[:d.w])
		d.buf = grown
	}
	n, err := src.Read(d.buf[d.w:])
	d.w += n
	if n > 0 {
		return ""
	}
	return classify(err)
}

// replyLine reads the code of a line, and whether it is the reply's last.
func replyLine(line []byte) (code int, last, ok bool) {
	if len(line) < 3 {
		return 0, false, false
	}
	for _, b := range line[:3] {
		if b < '0' || b > '9' {
			return 0, false, false
		}
		code = 10*code + int(b-'0')
	}
	if code < 200 || code > 599 {
		return 0, false, false
	}
	if len(line) == 3 {
		return code, true, true
	}
	return code, line[3] == ' ', line[3] == ' ' || line[3] == '-'
}

// keyword finds what a line of the reply to EHLO lists.
func keyword(line []byte) int {
	switch {
	case isWord(line, "STARTTLS"):
		return listsStartTLS
	case isWord(line, "PIPELINING"):
		return listsPipelining
	}
	return 0
}

// isWord tells whether a line begins with a word in capitals, in any case.
func isWord(line []byte, word string) bool {
	if len(line) < len(word) || len(line) > len(word) && line[len(word)] != ' ' {
		return false
	}
	for i := range len(word) {
		if line[i]&^0x20 != word[i] {
			return false
		}
	}
	return true
}
