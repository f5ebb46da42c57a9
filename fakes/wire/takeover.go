package wire

import (
	"encoding/binary"
	"errors"
	"fmt"

	"mailtls/results"
)

// ErrTakeover is returned where our end's records cannot be made by hand: TLS is
// not up, its suite has no AEAD known here, or its version has no such message.
var ErrTakeover = errors.New("our end of TLS cannot be taken over")

// takeover makes our end's records by hand. crypto/tls goes on writing as if
// nothing had happened; what it writes is opened and sealed again under the keys
// and the numbers that the far end expects.
type takeover struct {
	theirs, ours sealing
}

// sealing is the keys of one direction with the number of its next record.
type sealing struct {
	keys *protection
	seq  uint64
}

// seal gives the next record.
func (s *sealing) seal(kind byte, content []byte) []byte {
	record := s.keys.seal(s.seq, kind, content)
	s.seq++
	return record
}

// update changes to the keys after a KeyUpdate.
func (s *sealing) update() error {
	next, err := s.keys.next()
	if err != nil {
		return fmt.Errorf("update keys: %w", err)
	}
	s.keys, s.seq = next, 0
	return nil
}

// WriteRecord sends one record of our own making inside TLS: any content type
// (RFC 8446 §5.1) and any content of up to 16 KiB. TLS goes on behind it.
func (c *Conn) WriteRecord(kind byte, content []byte) error {
	c.sealing.Lock()
	defer c.sealing.Unlock()
	if err := c.takeOver(0); err != nil {
		return err
	}
	_, err := c.WriteBelow(c.taken.ours.seal(kind, content))
	return err
}

// UpdateKeys sends a KeyUpdate (RFC 8446 §4.6.3) and changes our write keys. The
// far end must answer with one of its own if it is asked to.
func (c *Conn) UpdateKeys(request bool) error {
	c.sealing.Lock()
	defer c.sealing.Unlock()
	if err := c.takeOver(version13); err != nil {
		return err
	}
	message := []byte{msgKeyUpdate, 0, 0, 1, 0}
	if request {
		message[4] = 1
	}
	if _, err := c.WriteBelow(c.taken.ours.seal(typeHandshake, message)); err != nil {
		return err
	}
	return c.taken.ours.update()
}

// takeOver has our end's records made by hand from here on; version is the one
// that TLS must have, 0 means any. The caller holds sealing.
func (c *Conn) takeOver(version uint16) error {
	if c.up.Load() == nil {
		return fmt.Errorf("%w: %w", ErrTakeover, ErrNoTLS)
	}
	c.rec.mu.Lock()
	defer c.rec.mu.Unlock()
	a := c.track.current
	if version != 0 && a.version != version {
		return fmt.Errorf("%w: TLS %s is needed, and it is %s", ErrTakeover, versionName(version), versionName(a.version))
	}
	if c.taken != nil {
		return nil
	}
	s, ok := a.sealingOf(c.ours)
	if !ok {
		return fmt.Errorf("%w: no keys for %s", ErrTakeover, suiteName(a.suite))
	}
	c.taken = &takeover{theirs: s, ours: s}
	return nil
}

// sealingOf gives the keys and the number of a side's next record.
func (a *attempt) sealingOf(from results.Side) (sealing, bool) {
	d := a.dir(from)
	switch {
	case d.lost:
		return sealing{}, false
	case a.version == version13:
		if !d.finished || len(d.parked) > 0 || !a.keys13(from) {
			return sealing{}, false
		}
	case d.keys == nil:
		d.keys = a.keys12(from)
	}
	return sealing{keys: d.keys, seq: d.seq}, d.keys != nil && a.ours
}

// reseal gives what is sent for the records that crypto/tls wrote. The caller
// holds sealing.
func (c *Conn) reseal(p []byte) ([]byte, error) {
	if c.taken == nil {
		return p, nil
	}
	var out []byte
	for len(p) > 0 {
		if len(p) < headerLen {
			return nil, fmt.Errorf("reseal: %w", errShort)
		}
		h := header{kind: p[0], version: binary.BigEndian.Uint16(p[1:]), length: int(binary.BigEndian.Uint16(p[3:]))}
		if len(p) < headerLen+h.length {
			return nil, fmt.Errorf("reseal: %w", errShort)
		}
		record, err := c.taken.again(h, p[headerLen:headerLen+h.length])
		if err != nil {
			return nil, fmt.Errorf("reseal: %w", err)
		}
		out = append(out, record...)
		p = p[headerLen+h.length:]
	}
	return out, nil
}

// again opens a record of crypto/tls and seals it for the far end; both change
// keys behind a KeyUpdate.
func (t *takeover) again(h header, body []byte) ([]byte, error) {
	plain, kind, err := t.theirs.keys.open(nil, t.theirs.seq, h, body)
	if err != nil {
		return nil, err
	}
	t.theirs.seq++
	record := t.ours.seal(kind, plain)
	if kind == typeHandshake && len(plain) > 0 && plain[0] == msgKeyUpdate && t.ours.keys.secret != nil {
		return record, errors.Join(t.theirs.update(), t.ours.update())
	}
	return record, nil
}
