package sender

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"mailtls/fakes"
	"mailtls/fakes/wire"
)

// maxRecord is the most that a TLS record holds (RFC 8446 §5.1).
const maxRecord = 16 << 10

// records writes all that from gives, one TLS record for each write.
func (p *player) records(ctx context.Context, s fakes.Step, from io.Reader) error {
	size := s.RecordSize
	if size == 0 {
		size = maxRecord
	}
	write := p.conn.Write
	if s.Below {
		write = p.conn.WriteBelow
	}
	if p.chunk == nil {
		p.chunk = make([]byte, maxRecord)
	}
	for {
		n, err := io.ReadFull(from, p.chunk[:min(size, maxRecord)])
		if n == 0 {
			return nil
		}
		if err := until(ctx, p.conn.SetWriteDeadline, time.Now().Add(p.Patience)); err != nil {
			return err
		}
		if _, err := write(p.chunk[:n]); err != nil {
			return err
		}
		if err != nil {
			return nil // from is at its end
		}
	}
}

// renews tells whether a move takes our end of TLS over.
func renews(m fakes.Move) bool {
	switch m {
	case fakes.MoveKeyUpdate, fakes.MoveRekey, fakes.MoveRenegotiate, fakes.MoveRenegotiateUnbound:
		return true
	default:
		return false
	}
}

// renew sends a handshake message inside TLS. Where it cannot be sent, for what
// the target has chosen, an expectation is missed.
func (p *player) renew(m fakes.Move) error {
	if err := p.conn.SetWriteDeadline(time.Now().Add(p.Patience)); err != nil {
		return fmt.Errorf("set deadline: %w", err)
	}
	var err error
	switch m {
	case fakes.MoveKeyUpdate, fakes.MoveRekey:
		err = p.conn.UpdateKeys(m == fakes.MoveKeyUpdate)
	default:
		err = p.conn.Renegotiate(m == fakes.MoveRenegotiate)
	}
	if errors.Is(err, wire.ErrTakeover) {
		return fmt.Errorf("%w: %w", errMissed, err)
	}
	return err
}
