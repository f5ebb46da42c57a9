package wire

import (
	"encoding/binary"
	"slices"
	"time"
)

// Cut has what TLS writes cut up on its way: handshake messages in clear into
// records of at most records bytes (RFC 8446 §5.1 allows it), and everything
// into segments of at most segment bytes, with a pause after the first. 0 leaves
// them whole. It is called while nothing is being written.
func (c *Conn) Cut(records, segment int, pause time.Duration) {
	c.records, c.segment, c.pause = records, segment, pause
}

// writeCut writes what TLS made.
func (c *Conn) writeCut(p []byte) (int, error) {
	out := p
	if c.records > 0 {
		out = cutRecords(p, c.records)
	}
	if c.segment <= 0 {
		_, err := c.WriteBelow(out)
		return len(p), err
	}
	for len(out) > 0 {
		n := min(c.segment, len(out))
		if _, err := c.WriteBelow(out[:n]); err != nil {
			return 0, err
		}
		out = out[n:]
		if c.pause > 0 {
			time.Sleep(c.pause)
			c.pause = 0
		}
	}
	return len(p), nil
}

// Records puts a handshake message into records of the version, each of at most
// size bytes of it; 0 means as long as records may be (RFC 8446 §5.1).
func Records(version uint16, message []byte, size int) []byte {
	const handshake, most = 22, 1 << 14
	if size <= 0 || size > most {
		size = most
	}
	var out []byte
	for part := range slices.Chunk(message, size) {
		out = append(out, handshake, byte(version>>8), byte(version))
		out = binary.BigEndian.AppendUint16(out, uint16(len(part)))
		out = append(out, part...)
	}
	return out
}

// cutRecords cuts the handshake records at the beginning of what TLS writes at
// once into smaller ones. Once keys are in use records cannot be cut, so it
// stops at the first record of another type.
func cutRecords(p []byte, size int) []byte {
	const header, handshake = 5, 22
	var out []byte
	for len(p) >= header && p[0] == handshake {
		end := header + int(binary.BigEndian.Uint16(p[3:]))
		if end > len(p) {
			break
		}
		for body := p[header:end]; len(body) > 0; {
			n := min(size, len(body))
			out = append(out, p[:3]...)
			out = binary.BigEndian.AppendUint16(out, uint16(n))
			out = append(out, body[:n]...)
			body = body[n:]
		}
		p = p[end:]
	}
	return append(out, p...)
}
