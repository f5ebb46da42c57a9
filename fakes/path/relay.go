package path

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"
	"time"

	"mailtls/fakes"
	"mailtls/fakes/dialect"
	"mailtls/fakes/wire"
	"mailtls/results"
)

// relay is one connection on its way through the box.
type relay struct {
	path   fakes.Path
	rec    *wire.Recorder
	client *wire.Conn
	server *net.TCPConn

	mu   sync.Mutex
	talk dialogue
	// done are the moves that were made, by number.
	done map[int]bool
	// held is the beginning of an answer to EHLO that is to be changed.
	held []byte

	ending sync.Mutex // guards end
	end    results.SessionEnd
}

// ear tells the relay of what the client says before it is written down.
type ear struct {
	*net.TCPConn
	heard func([]byte)
}

// Read reads a segment.
func (e ear) Read(p []byte) (int, error) {
	n, err := e.TCPConn.Read(p)
	e.heard(p[:n])
	return n, err //nolint:wrapcheck // a connection's errors are its user's
}

func newRelay(b *Box, client *net.TCPConn) *relay {
	r := &relay{path: b.Path, rec: wire.NewRecorder(b.Now), done: map[int]bool{}}
	r.client = wire.New(ear{client, r.heard}, results.Server, r.rec, nil)
	r.rec.At(results.StageGreeting, "")
	r.talk.stage = results.StageGreeting
	return r
}

// run forwards both ways until both have ended.
func (r *relay) run(ctx context.Context, server *net.TCPConn) results.SessionEnd {
	r.server = server
	stop := context.AfterFunc(ctx, func() { r.close(results.EndCancelled) })
	defer stop()
	var both sync.WaitGroup
	both.Go(r.upward)
	both.Go(r.downward)
	both.Wait()
	r.close(results.EndEOF)
	return r.end
}

// heard takes note of what the client says.
func (r *relay) heard(p []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.talk.hear(p)
	r.rec.At(r.talk.stage, "")
}

// upward forwards what the client says.
func (r *relay) upward() {
	buf := make([]byte, 32<<10)
	for {
		n, err := r.client.ReadBelow(buf)
		if n > 0 {
			out, cut := r.toServer(buf[:n])
			if cut {
				return
			}
			if _, err := r.server.Write(out); err != nil {
				r.broken(err, results.EndOurs)
				return
			}
		}
		if err != nil {
			if !r.broken(err, results.EndEOF) {
				_ = r.server.CloseWrite()
				_ = r.server.SetReadDeadline(time.Now().Add(lingerTime))
			}
			return
		}
	}
}

// downward forwards what the server says.
func (r *relay) downward() {
	buf := make([]byte, 32<<10)
	for {
		n, err := r.server.Read(buf)
		if err := r.toClient(buf[:n]); err != nil {
			r.broken(err, results.EndEOF)
			return
		}
		if err != nil {
			if !r.broken(err, results.EndOurs) {
				_ = r.client.CloseWrite()
				_ = r.client.SetReadDeadline(time.Now().Add(lingerTime))
			}
			return
		}
	}
}

// broken tells whether a connection was reset rather than closed, and passes that
// on; else how it ended is kept.
func (r *relay) broken(err error, otherwise results.SessionEnd) bool {
	if errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) {
		r.reset(results.EndReset)
		return true
	}
	r.ended(otherwise)
	return false
}

// ended keeps how the session ended; the first counts.
func (r *relay) ended(how results.SessionEnd) {
	r.ending.Lock()
	defer r.ending.Unlock()
	if r.end == "" {
		r.end = how
	}
}

// close closes both sides, and reset resets them.
func (r *relay) close(how results.SessionEnd) {
	r.ended(how)
	_ = r.client.Close()
	_ = r.server.Close()
}

func (r *relay) reset(how results.SessionEnd) {
	r.ended(how)
	_ = r.server.SetLinger(0)
	_ = r.client.Reset()
	_ = r.server.Close()
}

// toServer is what goes on of what the client has said; cut says that the
// connection was ended instead.
func (r *relay) toServer(p []byte) (out []byte, cut bool) {
	r.mu.Lock()
	secure := r.talk.secure
	out = r.inject(p, results.Server)
	r.mu.Unlock()
	switch {
	case secure && r.path.Has(fakes.PathReset):
		r.rec.Note("both sides are reset")
		r.reset(results.EndOurs)
		return nil, true
	case secure && r.path.Has(fakes.PathFin):
		r.rec.Note("both sides are closed")
		r.close(results.EndOurs)
		return nil, true
	}
	return out, false
}

// toClient forwards what the server has said. What the client answers is heard
// only when it has passed: it may be the first of TLS.
func (r *relay) toClient(p []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(p) == 0 {
		return nil
	}
	out, goAhead := p, false
	if !r.talk.secure {
		goAhead = r.talk.say(p)
		out = r.inject(r.altered(p), results.Client)
	}
	_, err := r.client.WriteBelow(out)
	if goAhead {
		r.talk.secure, r.talk.stage = true, results.StageHandshake
		r.client.ExpectTLS()
		r.rec.At(r.talk.stage, "")
	}
	return err //nolint:wrapcheck // it is judged by what it is
}

// altered is an answer to EHLO without STARTTLS, where the path is for that; it is
// held back until it is whole.
func (r *relay) altered(p []byte) []byte {
	if r.talk.stage != results.StageHello || !r.path.Has(fakes.PathStrip) && !r.path.Has(fakes.PathMask) {
		return p
	}
	r.held = append(r.held, p...)
	reply, rest, err := dialect.CutReply(r.held)
	if errors.Is(err, dialect.ErrIncomplete) {
		return nil
	}
	whole := r.held
	r.held = nil
	if err != nil {
		return whole
	}
	lines := r.hideStartTLS(reply.Lines)
	return append([]byte(dialect.Format(reply.Code, lines...)), rest...)
}

// hideStartTLS takes the keyword out, or masks it.
func (r *relay) hideStartTLS(lines []string) []string {
	var left []string
	for i, line := range lines {
		switch {
		case i == 0 || dialect.ParseSMTP(line).Verb != "STARTTLS":
			left = append(left, line)
		case r.path.Has(fakes.PathMask):
			r.rec.Note("the server said " + line)
			left = append(left, fakes.MaskedStartTLS)
		default:
			r.rec.Note("the server said " + line)
		}
	}
	return left
}

// inject adds to what goes to a side what is to follow it there. The lock is held.
func (r *relay) inject(p []byte, to results.Side) []byte {
	if len(p) == 0 || r.talk.secure {
		return p
	}
	for i, m := range r.path.Moves {
		if m.Do != fakes.PathInject || m.To != to || m.At != r.talk.stage || r.done[i] {
			continue
		}
		r.done[i] = true
		r.rec.Note(fmt.Sprintf("%d bytes were added for the %s", len(m.Text), map[results.Side]string{results.Server: "server", results.Client: "client"}[to]))
		p = append(append([]byte(nil), p...), m.Text...)
	}
	return p
}
