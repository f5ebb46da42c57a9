package sender

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"mailtls/fakes"
	"mailtls/fakes/wire"
	"mailtls/results"
)

// hello sends a built hello and awaits how the server reacts.
func (p *player) hello(ctx context.Context, s fakes.Step) error {
	if s.Raw == nil {
		return fmt.Errorf("%w: no hello is given", errScript)
	}
	b, err := buildHello(*s.Raw, p.ServerName)
	if err != nil {
		return fmt.Errorf("%w: %w", errScript, err)
	}
	p.buf = nil
	p.conn.ExpectTLS()
	if err := until(ctx, p.conn.SetWriteDeadline, time.Now().Add(p.Patience)); err != nil {
		return err
	}
	segment := s.Raw.Segment
	if segment <= 0 {
		segment = len(b)
	}
	for i, part := range slices.Collect(slices.Chunk(b, segment)) {
		if i == 1 && s.Raw.Gap > 0 {
			if err := wire.Pause(ctx, s.Raw.Gap); err != nil {
				return err
			}
		}
		if _, err := p.conn.WriteBelow(part); err != nil {
			return fmt.Errorf("send hello: %w", err)
		}
	}
	return p.reaction(ctx)
}

// reaction reads until the server has sent its flight, an alert or clear text,
// or has closed.
func (p *player) reaction(ctx context.Context) error {
	deadline := time.Now().Add(p.Patience)
	for !answered(p.rec.Session()) {
		if err := until(ctx, p.conn.SetReadDeadline, deadline); err != nil {
			return err
		}
		chunk := make([]byte, 16<<10)
		if _, err := p.conn.ReadBelow(chunk); err != nil {
			return fmt.Errorf("await the answer to a hello: %w", err)
		}
	}
	return nil
}

// answered tells whether all has come that a server says to a hello before it
// needs the client's key.
func answered(s results.Session) bool {
	if n := len(s.TLS); n > 0 && (s.TLS[n-1].Version == "1.3" || s.TLS[n-1].Retry != "") {
		return true
	}
	sent := false
	for _, e := range s.Events {
		if e.From != results.Server {
			sent = sent || e.Kind == results.EventRecord
			continue
		}
		done := e.Kind == results.EventRecord && strings.Contains(e.Text, "server_hello_done")
		if done || sent && (e.Kind == results.EventData || e.Kind == results.EventAlert) {
			return true
		}
	}
	return false
}
