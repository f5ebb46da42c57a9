package receiver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"time"

	"mailtls/fakes"
	"mailtls/fakes/wire"
)

// act does what a fault says; errEnd when the session is over.
func (x *session) act(ctx context.Context, f fakes.Fault) error {
	if strikes, err := x.comesTo(ctx, f); !strikes || err != nil {
		return err
	}
	x.rec.Note(fmt.Sprintf("fault: %s at %s", f.Do, f.At))
	switch f.Do {
	case fakes.ActionReply, fakes.ActionRewrite:
		return x.send(x.tongue.wording(f.Text), f.Segments)
	case fakes.ActionGarbage:
		return x.send(garbage(), f.Segments)
	case fakes.ActionStall:
		return x.stall(ctx, f.Delay)
	case fakes.ActionFin:
		return errEnd
	case fakes.ActionReset:
		if err := x.conn.Reset(); err != nil {
			return err
		}
		return errEnd
	case fakes.ActionHalfClose:
		return x.conn.CloseWrite()
	case fakes.ActionAwait, fakes.ActionHear:
		return x.hear(f.Do == fakes.ActionHear)
	case fakes.ActionDrop, fakes.ActionTruncate, fakes.ActionTicket, fakes.ActionGoAlong, fakes.ActionMissign, fakes.ActionMisfinish,
		fakes.ActionSpareTicket, fakes.ActionKeyUpdate, fakes.ActionHelloRequest:
		return x.meddle(f.Do)
	case fakes.ActionFlight: // stands in place of a handshake only; see answer
	}
	return fmt.Errorf("act: cannot %q at %s", f.Do, f.At)
}

// comesTo waits as a fault says, and tells whether it strikes then.
func (x *session) comesTo(ctx context.Context, f fakes.Fault) (bool, error) {
	switch {
	case f.IfSilent:
		spoken, err := x.speaks(f.Delay)
		return !spoken, err
	case f.Do != fakes.ActionStall && f.Delay > 0:
		return true, wire.Pause(ctx, f.Delay)
	}
	return true, nil
}

// speaks tells whether the client says anything within a time.
func (x *session) speaks(d time.Duration) (bool, error) {
	var err error
	switch {
	case len(x.buf) > 0:
	case x.conn.Secure():
		err = x.fillWithin(d) // TLS may have read ahead
	default:
		if err = x.conn.SetReadDeadline(time.Now().Add(d)); err == nil {
			_, err = x.peek.Peek()
		}
	}
	var netErr net.Error
	if errors.As(err, &netErr) && netErr.Timeout() {
		return false, nil
	}
	return true, err
}

// stall says nothing for a time, or until the client is gone.
func (x *session) stall(ctx context.Context, d time.Duration) error {
	if d > 0 {
		return wire.Pause(ctx, d)
	}
	if err := x.conn.SetReadDeadline(time.Time{}); err != nil {
		return fmt.Errorf("set deadline: %w", err)
	}
	chunk := make([]byte, 4<<10)
	for {
		if _, err := x.conn.ReadBelow(chunk); err != nil {
			if errors.Is(err, io.EOF) {
				return err
			}
			return fmt.Errorf("stall: %w", err)
		}
	}
}

// garbage is 4 KiB that begin neither a reply nor a TLS record; always the
// same.
func garbage() string {
	source := rand.New(rand.NewPCG(3207, 8314))
	b := make([]byte, 4<<10)
	for i := range b {
		b[i] = byte(source.UintN(256))
	}
	b[0] = 0xff
	return string(b)
}
