package wire

import (
	"encoding/binary"
	"fmt"

	"mailtls/results"
)

// SpoilFinished has our Finished of the next handshake not hold (RFC 8446
// §4.4.4, RFC 5246 §7.4.9): it is opened on its way, changed, and sealed again,
// so that nothing but its content is wrong. Suites that have no AEAD known here
// keep a Finished that holds. It is called before the handshake.
func (c *Conn) SpoilFinished() {
	c.sealing.Lock()
	defer c.sealing.Unlock()
	c.spoil = true
}

// writeSpoilt writes what TLS made, one record after the other, because the
// recorder must have seen the records before to know the keys of the next. The
// caller holds sealing.
func (c *Conn) writeSpoilt(p []byte) error {
	for len(p) > 0 {
		n := len(p)
		if n >= headerLen {
			n = min(n, headerLen+int(binary.BigEndian.Uint16(p[3:])))
		}
		record := p[:n]
		if c.spoil && n > headerLen {
			record = c.spoilt(record)
		}
		if _, err := c.WriteBelow(record); err != nil {
			return fmt.Errorf("write record: %w", err)
		}
		p = p[n:]
	}
	return nil
}

// spoilt gives the record with a wrong Finished in place of ours, and any other
// as it is.
func (c *Conn) spoilt(record []byte) []byte {
	h := header{kind: record[0], version: binary.BigEndian.Uint16(record[1:]), length: len(record) - headerLen}
	c.rec.mu.Lock()
	s, ok := c.track.current.finishing(c.ours, h.kind)
	c.rec.mu.Unlock()
	if !ok {
		return record
	}
	plain, kind, err := s.keys.open(nil, s.seq, h, record[headerLen:])
	if err != nil || kind != typeHandshake || len(plain) == 0 || plain[0] != msgFinished {
		return record
	}
	c.spoil = false
	plain[len(plain)-1] ^= 1
	return s.keys.seal(s.seq, kind, plain)
}

// finishing gives the keys and the number of a side's next record where that may
// be its Finished.
func (a *attempt) finishing(from results.Side, kind byte) (sealing, bool) {
	d := a.dir(from)
	switch {
	case d.lost, d.finished:
		return sealing{}, false
	case a.version == version13 && kind == typeApplicationData:
		if !a.keys13(from) {
			return sealing{}, false
		}
	case a.encrypted(from) && kind == typeHandshake:
		if d.keys == nil {
			d.keys = a.keys12(from)
		}
	default:
		return sealing{}, false
	}
	return sealing{keys: d.keys, seq: d.seq}, d.keys != nil
}
