package receiver

import (
	"bytes"
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

var (
	// errEnd ends a session in good order.
	errEnd = errors.New("session ends")
	// errNoTLS ends a session whose handshake failed.
	errNoTLS = errors.New("no TLS")
)

// maxContent is the largest message taken, in bytes; it is what SIZE announces.
const maxContent = 50 << 20

// session is one connection being served.
type session struct {
	*Server
	conn  *wire.Conn
	peek  *peekConn
	rec   *wire.Recorder
	tally fakes.Tally
	id    int
	nth   int // of the sessions from the client's address
	// buf holds bytes read and not yet used.
	buf []byte
	// rewrite replaces the next honest reply; nil when it stands.
	rewrite *string
	// truncate halves the next message.
	truncate bool
	// missign has the next handshake signed wrongly.
	missign bool
	// chunk is what is read into.
	chunk []byte

	// ticket is the ID of the tickets that we issue, shown that of the one the
	// client resumed with.
	ticket, shown string

	helo         string
	kept         bool // helo was given before TLS and wrongly counts for good
	esmtp        bool
	user         string
	from         string
	mail         bool // MAIL was accepted
	rcpts        []string
	chunks       []byte // content that came by BDAT
	chunked      bool   // BDAT was used in this transaction
	transactions int
	end          results.SessionEnd
}

// ServeConn serves one connection that was accepted elsewhere, and closes it. It
// returns when the session has ended and was reported; a context that ends cuts
// it short. It may run any number of times at once, with and without Serve: the
// sessions are counted together.
func (s *Server) ServeConn(ctx context.Context, raw net.Conn) {
	rec := wire.NewRecorder(s.Now)
	if s.Watch != nil {
		rec.Follow(s.Watch)
	}
	peek := &peekConn{Conn: raw}
	x := &session{
		Server: s, id: int(s.sessions.Add(1)), nth: s.meet(raw.RemoteAddr()), peek: peek, rec: rec, tally: fakes.Tally{},
		conn: wire.New(peek, results.Server, rec, s.KeyLog), end: results.EndOurs,
	}
	stop := context.AfterFunc(ctx, func() { _ = raw.SetDeadline(time.Now()) })
	x.run(ctx)
	stop()
	_ = x.conn.Close()
	if s.Report == nil {
		return
	}
	seen := rec.Session()
	seen.ID, seen.Peer, seen.Listener = x.id, s.Profile.Name, string(s.Listener)
	seen.Client, seen.Server = raw.RemoteAddr().String(), raw.LocalAddr().String()
	seen.End, seen.EndAt = x.end, s.Now()
	s.Report(seen)
}

// meet counts the sessions from an address.
func (s *Server) meet(from net.Addr) int {
	host, _, _ := net.SplitHostPort(from.String())
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.met == nil {
		s.met = map[string]int{}
	}
	s.met[host]++
	return s.met[host]
}

func (x *session) run(ctx context.Context) {
	err := x.converse(ctx)
	var netErr net.Error
	switch {
	case errors.Is(err, errEnd):
	case ctx.Err() != nil:
		x.end = results.EndCancelled
	case errors.Is(err, errNoTLS):
		x.broken.Add(1)
		x.rec.Note(err.Error())
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		x.end = results.EndEOF
	case errors.As(err, &netErr) && netErr.Timeout():
		x.end = results.EndTimeout
		x.rec.Note(fmt.Sprintf("client silent for %v", x.Profile.IdleTime()))
	default:
		x.end = results.EndReset
		x.rec.Note(err.Error())
	}
}

// converse holds the whole session.
func (x *session) converse(ctx context.Context) error {
	if x.Profile.Offer == fakes.OfferImplicit {
		if err := x.at(ctx, results.StageHandshake, x.first); err != nil {
			return err
		}
	}
	x.rec.At(results.StageGreeting, "")
	if err := x.at(ctx, results.StageGreeting, x.greet); err != nil {
		return err
	}
	for {
		if err := x.command(ctx); err != nil {
			return err
		}
	}
}

func (x *session) greet(ctx context.Context) error {
	if p := x.Profile; p.Weary > 0 && x.broken.Load() >= int64(p.Weary) {
		if err := wire.Pause(ctx, fakes.WearyDelay); err != nil {
			return err
		}
	}
	return x.reply("220", x.Host+" ESMTP mailtls")
}

// command reads one command and answers it.
func (x *session) command(ctx context.Context) error {
	first := x.rec.Here()
	x.rec.At(results.StageUnknown, "")
	line, err := x.readLine()
	if err != nil {
		return err
	}
	c := x.parse(line)
	switch c.Verb {
	case "GET", "HEAD", "POST", "PUT", "OPTIONS", "CONNECT": // before any gate: what follows is no SMTP (CVE-2021-3618)
		if !x.Profile.Accepts(fakes.LenientHTTP) {
			return x.finish("421", "4.7.0 This is no web server")
		}
	case "MAIL":
		if !x.mail {
			x.transactions++
		}
	}
	x.rec.Restage(first, c.Stage, x.mark(c.Stage))
	return x.ask(ctx, x.moment(c.Stage, c.Verb),
		func(ctx context.Context) error { return x.obey(ctx, c) })
}

// moment is the present occasion; the verb is empty where no command was given.
func (x *session) moment(stage results.Stage, verb string) fakes.Moment {
	return fakes.Moment{
		Stage: stage, Verb: verb, Session: x.nth, Known: x.user != "",
		Secure: x.conn.Secure(), Version: x.conn.ConnectionState().Version,
	}
}

// mark names the transaction that a stage belongs to.
func (x *session) mark(s results.Stage) string {
	switch s {
	case results.StageMail, results.StageRcpt, results.StageData, results.StageBody, results.StageBdat:
		return fmt.Sprintf("t%d", x.transactions)
	default:
		return ""
	}
}

// at asks the profile about a moment that no command brought about.
func (x *session) at(ctx context.Context, stage results.Stage, honest func(context.Context) error) error {
	x.rec.At(stage, "")
	return x.ask(ctx, x.moment(stage, ""), honest)
}

// ask asks the profile what to do at a moment, and does it.
func (x *session) ask(ctx context.Context, m fakes.Moment, honest func(context.Context) error) error {
	d := x.Profile.Decide(m, x.tally)
	for _, f := range d.Before {
		if err := x.act(ctx, f); err != nil {
			return err
		}
	}
	if err := x.answer(ctx, d, honest); err != nil {
		return err
	}
	for _, f := range d.After {
		if err := x.act(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

func (x *session) answer(ctx context.Context, d fakes.Decision, honest func(context.Context) error) error {
	switch {
	case d.Instead != nil && d.Instead.Do == fakes.ActionRewrite:
		x.rewrite = &d.Instead.Text
		return honest(ctx)
	case d.Instead != nil && d.Instead.Do == fakes.ActionFlight:
		return x.answerHello(ctx, *d.Instead, honest)
	case d.Instead != nil:
		return x.act(ctx, *d.Instead)
	case d.Refusal != "":
		if err := x.send(d.Refusal+"\r\n", 1); err != nil {
			return err
		}
		if strings.HasPrefix(d.Refusal, "421") { // which ends the session (RFC 5321 §3.8)
			return errEnd
		}
		return nil
	}
	return honest(ctx)
}

// reply sends an honest reply, unless the profile rewrites it.
func (x *session) reply(code string, lines ...string) error {
	text := dialect.Format(code, lines...)
	if x.rewrite != nil {
		text, x.rewrite = *x.rewrite, nil
	}
	return x.send(text, 1)
}

// send writes text in so many segments.
func (x *session) send(text string, segments int) error {
	size := max(1, (len(text)+max(1, segments)-1)/max(1, segments))
	for b := []byte(text); len(b) > 0; {
		n := min(size, len(b))
		if err := x.conn.SetWriteDeadline(time.Now().Add(x.Profile.IdleTime())); err != nil {
			return fmt.Errorf("set deadline: %w", err)
		}
		if _, err := x.conn.Write(b[:n]); err != nil {
			return fmt.Errorf("send reply: %w", err)
		}
		b = b[n:]
	}
	return nil
}

// fill reads more bytes from the client, for as long as the profile waits.
func (x *session) fill() error { return x.fillWithin(x.Profile.IdleTime()) }

func (x *session) fillWithin(d time.Duration) error {
	if err := x.conn.SetReadDeadline(time.Now().Add(d)); err != nil {
		return fmt.Errorf("set deadline: %w", err)
	}
	if x.chunk == nil {
		x.chunk = make([]byte, 16<<10)
	}
	n, err := x.conn.Read(x.chunk)
	x.buf = append(x.buf, x.chunk[:n]...)
	if n > 0 {
		return nil
	}
	if errors.Is(err, io.EOF) && x.conn.Secure() && x.Profile.Accepts(fakes.LenientClearAfterTLS) {
		return x.fillBelow()
	}
	if err == nil {
		return nil
	}
	return fmt.Errorf("read: %w", err)
}

// fillBelow reads what comes in clear after TLS was closed.
func (x *session) fillBelow() error {
	chunk := make([]byte, 4<<10)
	n, err := x.conn.ReadBelow(chunk)
	x.buf = append(x.buf, chunk[:n]...)
	if err != nil {
		return fmt.Errorf("read below TLS: %w", err)
	}
	x.conn.Drop()
	return nil
}

// readLine takes one line, without its end, off the client's bytes. Only CRLF
// ends a line (RFC 5321 §2.3.8).
func (x *session) readLine() ([]byte, error) {
	end := []byte("\r\n")
	if x.Profile.Accepts(fakes.LenientBareLF) {
		end = end[1:]
	}
	for {
		if line, rest, found := bytes.Cut(x.buf, end); found {
			x.buf = rest
			return bytes.TrimSuffix(line, []byte("\r")), nil
		}
		if len(x.buf) > dialect.MaxLine {
			x.buf = nil
			return nil, x.finish("500", "5.5.2 Line too long")
		}
		if err := x.fill(); err != nil {
			return nil, err
		}
	}
}

// finish sends a last reply and ends the session.
func (x *session) finish(code, text string) error {
	if err := x.reply(code, text); err != nil {
		return err
	}
	return errEnd
}
