package receiver

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"mailtls/fakes"
	"mailtls/fakes/wire"
)

// answerHello waits for the ClientHello and answers it with the flight that
// fits; when none does, the handshake is honest.
func (x *session) answerHello(ctx context.Context, f fakes.Fault, honest func(context.Context) error) error {
	offered, first, err := x.offer()
	if err != nil {
		return err
	}
	if offered == nil {
		return honest(ctx)
	}
	for _, flight := range f.Flights {
		if fits(flight.To, offered, first) {
			x.rec.Note(fmt.Sprintf("fault: %s at %s", f.Do, f.At))
			return x.fly(ctx, flight, offered)
		}
	}
	return honest(ctx)
}

// fits tells whether a hello, of which the first segment held so many bytes, is
// meant.
func fits(m fakes.HelloMatch, o *wire.Offered, first int) bool {
	h := o.Hello
	return (m.Newest == 0 || newest(h.Versions) == wire.VersionName(m.Newest)) &&
		(m.Suite == 0 || slices.Contains(h.Suites, wire.SuiteName(m.Suite))) &&
		(!m.Compression || len(h.Compression) > 0) &&
		h.Records >= m.Records &&
		(!m.Trickle || first < o.Length)
}

// newest of the versions that are known.
func newest(offered []string) string {
	for v := uint16(tls.VersionTLS13); v >= fakes.VersionSSL3; v-- {
		if name := wire.VersionName(v); slices.Contains(offered, name) {
			return name
		}
	}
	return wire.VersionName(fakes.VersionSSL2)
}

// fly sends the flight and waits until the client is gone.
func (x *session) fly(ctx context.Context, f fakes.Flight, o *wire.Offered) error {
	if err := x.skip(o.Length); err != nil {
		return err
	}
	b, err := buildFlight(f, o, x.Certificate)
	if err != nil {
		return fmt.Errorf("answer hello: %w", err)
	}
	if err := x.conn.SetWriteDeadline(time.Now().Add(x.Profile.IdleTime())); err != nil {
		return fmt.Errorf("set deadline: %w", err)
	}
	if _, err := x.conn.WriteBelow(b); err != nil {
		return fmt.Errorf("answer hello: %w", err)
	}
	if f.Alert != 0 {
		return errEnd
	}
	if f.Close {
		if err := x.conn.CloseWrite(); err != nil {
			return err
		}
	}
	if err := x.stall(ctx, 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return errEnd
}
