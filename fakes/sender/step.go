package sender

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"mailtls/fakes"
	"mailtls/fakes/dialect"
	"mailtls/fakes/wire"
	"mailtls/results"
)

// maxReply is how many bytes are read of a reply that does not end. It is parsed
// anew with each segment, so that a generous bound would cost seconds.
const maxReply = 256 << 10

// errScript means that the script itself cannot be played.
var errScript = errors.New("script cannot be played")

// step does one move.
func (p *player) step(ctx context.Context, s fakes.Step) error {
	p.stage(s)
	switch s.Do {
	case fakes.MoveSend:
		return p.send(ctx, s)
	case fakes.MoveSay:
		if p.protocol() == results.IMAP && !p.continued {
			p.awaited = nil // answers are told apart by their tags
		}
		if err := p.send(ctx, s); err != nil {
			return err
		}
		return p.expect(ctx, s.Want)
	case fakes.MoveExpect:
		return p.expect(ctx, s.Want)
	case fakes.MoveHandshake:
		return p.handshake(ctx, s)
	case fakes.MoveHello:
		return p.hello(ctx, s)
	case fakes.MoveListen:
		return p.listen(ctx, s.For, false)
	case fakes.MoveAwaitClose:
		return p.listen(ctx, s.For, true)
	case fakes.MoveCloseNotify:
		p.closedTLS = true
		return p.conn.CloseNotify()
	case fakes.MoveHalfClose:
		return p.conn.CloseWrite()
	case fakes.MoveReset:
		return p.conn.Reset()
	case fakes.MoveKeyUpdate, fakes.MoveRekey, fakes.MoveRenegotiate, fakes.MoveRenegotiateUnbound:
		return p.renew(s.Do)
	}
	return fmt.Errorf("%w: unknown move %q", errScript, s.Do)
}

// stage tells the recorder what the events from here on belong to.
func (p *player) stage(s fakes.Step) {
	if s.Mark == "" {
		return
	}
	stage := results.StageGreeting
	switch {
	case s.Do == fakes.MoveHandshake, s.Do == fakes.MoveHello:
		stage = results.StageHandshake
	case renews(s.Do):
		stage = results.StageRenewal
	case len(s.Text) > 0 && (strings.Contains(s.Text[0], "{message}") || strings.Contains(s.Text[0], "{head}")),
		len(s.Text) == 0 && s.Body.To > 0:
		stage = results.StageBody
	case len(s.Text) > 0 && p.continued:
		stage = p.awaited[0].Stage
	case len(s.Text) > 0:
		line, _, _ := strings.Cut(p.Vars.Fill(s.Text[0]), "\r\n")
		stage = dialect.Parse(p.protocol(), line).Stage
	case s.Do != fakes.MoveExpect:
		stage = results.StageUnknown
	}
	p.upgrading = stage == results.StageStartTLS
	p.rec.At(stage, s.Mark)
}

// send writes the segments of a step.
func (p *player) send(ctx context.Context, s fakes.Step) error {
	p.await(s)
	for i, text := range s.Text {
		if i > 0 && s.Gap > 0 {
			if err := wire.Pause(ctx, s.Gap); err != nil {
				return err
			}
		}
		if err := p.records(ctx, s, strings.NewReader(p.Vars.Fill(text))); err != nil {
			return fmt.Errorf("send %s: %w", s.Mark, err)
		}
	}
	if err := p.records(ctx, s, s.Body.Reader()); err != nil {
		return fmt.Errorf("send %s: %w", s.Mark, err)
	}
	return nil
}

// protocol is the dialect of the session.
func (p *player) protocol() results.Protocol { return p.Listener.Protocol() }

// await notes the commands that a step sends: how an answer is told from what is
// no answer depends on them in IMAP and POP3. What is sent because the server
// asked for more is no command.
func (p *player) await(s fakes.Step) {
	switch p.protocol() {
	case results.IMAP, results.POP3:
		if !p.continued {
			p.awaited = append(p.awaited, dialect.Commands(p.protocol(), p.Vars.Fill(strings.Join(s.Text, "")))...)
		}
	default:
	}
}

// answered notes that the command at the front was answered, or is to go on.
func (p *player) answered(r dialect.Reply) {
	if len(p.awaited) == 0 {
		return
	}
	if p.continued = r.Continues(); !p.continued {
		p.awaited = p.awaited[1:]
	}
}

// expect awaits one reply that is as wanted; see fakes.Step.
func (p *player) expect(ctx context.Context, want string) error {
	deadline := time.Now().Add(p.Patience)
	var to dialect.Command
	if len(p.awaited) > 0 {
		to = p.awaited[0]
	}
	for {
		reply, rest, err := dialect.Cut(p.protocol(), p.buf, to)
		switch {
		case err == nil:
			p.buf = rest
			p.answered(reply)
			if p.upgrading && reply.Code == dialect.GoAhead(p.protocol()) && !p.conn.Secure() {
				p.conn.ExpectTLS()
			}
			if !reply.Fits(want) {
				return fmt.Errorf("%w: wanted %s, got %s", errMissed, want, reply)
			}
			return nil
		case !errors.Is(err, dialect.ErrIncomplete):
			return fmt.Errorf("%w: wanted %s: %w", errMissed, want, err)
		}
		if len(p.buf) > maxReply {
			return fmt.Errorf("%w: wanted %s, got an endless reply", errMissed, want)
		}
		if err := p.fill(ctx, deadline); err != nil {
			return fmt.Errorf("await %s: %w", orAny(want), err)
		}
	}
}

// until sets a deadline, unless the context has ended: its end sets a deadline
// of its own, which must not be put off.
func until(ctx context.Context, set func(time.Time) error, deadline time.Time) error {
	if err := set(deadline); err != nil {
		return fmt.Errorf("set deadline: %w", err)
	}
	return ctx.Err()
}

func orAny(want string) string {
	if want == "" {
		return "a reply"
	}
	return want
}

// fill reads more bytes; a server that trickles does not get more time for it.
func (p *player) fill(ctx context.Context, deadline time.Time) error {
	if err := until(ctx, p.conn.SetReadDeadline, deadline); err != nil {
		return err
	}
	chunk := make([]byte, 16<<10)
	n, err := p.conn.Read(chunk)
	p.buf = append(p.buf, chunk[:n]...)
	if n > 0 || err == nil {
		return nil
	}
	return err
}

func (p *player) handshake(ctx context.Context, s fakes.Step) error {
	hello := fakes.Hello{}
	if s.Hello != nil {
		hello = *s.Hello
	}
	p.buf, p.awaited, p.continued = nil, nil, false // what came before the handshake is no answer to anything inside it
	ctx, cancel := context.WithTimeout(ctx, p.Patience)
	defer cancel()
	if err := p.conn.SetDeadline(time.Now().Add(p.Patience)); err != nil {
		return fmt.Errorf("set deadline: %w", err)
	}
	config, err := p.config(hello)
	if err != nil {
		return err
	}
	p.conn.Cut(hello.Records, hello.Segment, hello.Gap)
	defer p.conn.Cut(0, 0, 0)
	if err := p.conn.Handshake(ctx, config); err != nil {
		return fmt.Errorf("%w: %w", errMissed, err)
	}
	return nil
}

// listen writes down what comes for a time, and goes on when the time is over.
// When the close is awaited, its coming is how the session ends, and so is its
// not coming.
func (p *player) listen(ctx context.Context, d time.Duration, awaited bool) error {
	if err := until(ctx, p.conn.SetReadDeadline, time.Now().Add(d)); err != nil {
		return err
	}
	read := p.conn.Read
	if p.closedTLS {
		read = p.conn.ReadBelow
	}
	chunk := make([]byte, 16<<10)
	for {
		n, err := read(chunk)
		p.buf = append(p.buf, chunk[:min(n, dialect.MaxLine)]...)
		var netErr net.Error
		switch {
		case err == nil:
			if len(p.buf) > 16*dialect.MaxLine {
				p.buf = nil
			}
			continue
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.As(err, &netErr) && netErr.Timeout() && !awaited:
			return nil
		case errors.Is(err, io.EOF):
			return io.EOF
		}
		return fmt.Errorf("listen: %w", err)
	}
}
