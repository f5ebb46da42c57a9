package bench

import (
	"bytes"
	"crypto/tls"
	"net"
	"sync"
	"time"

	"mailtls/fakes"
	"mailtls/results"
)

// guest is a session of a sink. What it holds is kept for the next one.
type guest struct {
	*sink
	index int64
	rec   *sinkRecorder
	raw   *net.TCPConn
	conn  net.Conn // raw, or the TLS over it
	// version of TLS; 0 in clear. secured is when its handshake was over, until the
	// next EHLO.
	version uint16
	secured time.Duration
	// in is what was read; in[r:w] is not used yet. out are replies that wait.
	in, out []byte
	r, w    int
	// name that the client gave last; greeted says that it gave one since TLS began.
	name    []byte
	greeted bool
	// mail is where the message under way began, recipients how many it has; null
	// says that it has no sender, chunked that a part of it came by BDAT.
	mail          time.Duration
	mailing, null bool
	chunked       bool
	recipients    int
	size          int64
	head          []byte
	// nonsense counts the commands that made none.
	nonsense int
	waits    []waited
	timer    *time.Timer

	mu      sync.Mutex
	aborted bool
}

// maxNonsense is how many commands may make no sense before the session ends.
const maxNonsense = 20

// reset makes a guest ready for a connection.
func (g *guest) reset(raw *net.TCPConn, index int64) {
	g.index, g.rec = index, g.recorders[int(index)%len(g.recorders)]
	g.raw, g.conn = raw, raw
	g.version, g.secured, g.r, g.w, g.out, g.nonsense = 0, 0, 0, 0, g.out[:0], 0
	g.name, g.greeted, g.waits = g.name[:0], false, g.waits[:0]
	g.drop()
	g.mu.Lock()
	g.aborted = false
	g.mu.Unlock()
}

// drop forgets the message under way.
func (g *guest) drop() {
	g.mailing, g.null, g.chunked, g.recipients, g.size, g.head = false, false, false, 0, 0, g.head[:0]
}

// cut ends the session. It is called from another goroutine.
func (g *guest) cut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.aborted = true
	_ = g.raw.SetDeadline(time.Unix(1, 0))
}

// isCut tells whether the session was cut.
func (g *guest) isCut() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.aborted
}

// whole holds the session up to its end; empty when the client ended it by QUIT.
func (g *guest) whole(accepted time.Duration) results.ErrorClass {
	g.patience()
	if g.implicit {
		if failed := g.handshake(); failed != "" {
			return failed
		}
	}
	g.wait(results.DelayGreeting)
	g.out = append(g.out, g.greeting...)
	for {
		line, failed := g.line()
		if failed != "" {
			return failed
		}
		over, failed := g.command(line, accepted)
		if failed == "" && g.nonsense >= maxNonsense {
			g.say("421 4.7.0 too much that makes no sense\r\n")
			_ = g.flush() // the class says more
			return results.FailCommand
		}
		if over || failed != "" {
			return failed
		}
	}
}

// verbOf finds the verb of a command, and what stands behind it; empty for one
// that a sink does not know.
func verbOf(line []byte) (string, []byte) {
	for _, v := range [...]string{"MAIL", "RCPT", "DATA", "EHLO", "QUIT", "STARTTLS", "BDAT", "RSET", "NOOP", "HELO"} {
		if isWord(line, v) {
			return v, line[min(len(line), len(v)+1):]
		}
	}
	return "", nil
}

// command answers a command. over says that the session has come to its end.
func (g *guest) command(line []byte, accepted time.Duration) (over bool, failed results.ErrorClass) {
	verb, argument := verbOf(line)
	if reply := g.gate(verb); reply != "" {
		if verb == "" {
			g.nonsense++
		}
		g.say(reply)
		g.say("\r\n")
		if reply[:3] == "421" {
			_ = g.flush() // the class says more
			return true, results.FailClosed
		}
		return false, ""
	}
	switch verb {
	case "EHLO", "HELO":
		g.hello(verb, argument)
	case "STARTTLS":
		return false, g.startTLS(argument, accepted)
	case "MAIL", "RCPT":
		g.envelope(verb, argument)
	case "DATA":
		return false, g.data()
	case "BDAT":
		return false, g.bdat(argument)
	case "RSET":
		g.drop()
		g.say("250 2.0.0 ok\r\n")
	case "NOOP":
		g.say("250 2.0.0 ok\r\n")
	case "QUIT":
		g.say("221 2.0.0 bye\r\n")
		return true, g.flush()
	default:
		g.wrong("500 5.5.1 what is that?\r\n")
	}
	return false, ""
}

// say puts a reply, or a piece of one, where it waits to be written.
func (g *guest) say(text string) { g.out = append(g.out, text...) }

// wrong answers what makes no sense.
func (g *guest) wrong(text string) {
	g.nonsense++
	g.say(text)
}

// gate is the reply of a gate that refuses the verb; empty where none does.
func (g *guest) gate(verb string) string {
	if len(g.gates) == 0 {
		return ""
	}
	m := fakes.Moment{Verb: verb, Secure: g.version != 0, Version: g.version}
	for i := range g.gates {
		if g.gates[i].Refuses(m) {
			return g.gates[i].Reply
		}
	}
	return ""
}

// hello answers EHLO and HELO.
func (g *guest) hello(verb string, name []byte) {
	if g.secured > 0 {
		g.rec.phase(sinkHelloTLS, g.clock.Now()-g.secured)
		g.secured = 0
	}
	g.drop()
	g.name, g.greeted = append(g.name[:0], name...), true
	switch {
	case verb == "HELO":
		g.out = append(g.out, g.helo...)
	case g.version != 0:
		g.out = append(g.out, g.listTLS...)
	default:
		g.out = append(g.out, g.listClear...)
	}
}

// startTLS answers STARTTLS (RFC 3207 §4) and begins TLS.
func (g *guest) startTLS(argument []byte, accepted time.Duration) results.ErrorClass {
	switch {
	case !g.upgrades:
		g.wrong("502 5.5.1 there is no TLS here\r\n")
		return ""
	case g.version != 0:
		g.wrong("503 5.5.1 this is TLS already\r\n")
		return ""
	case len(argument) > 0:
		g.wrong("501 5.5.4 STARTTLS has no parameters\r\n")
		return ""
	case g.r < g.w:
		return results.FailCommand // what comes in clear behind STARTTLS is not part of the TLS session
	}
	g.rec.phase(sinkStartTLS, g.clock.Now()-accepted)
	g.wait(results.DelayStartTLS)
	g.say("220 2.0.0 go ahead\r\n")
	if failed := g.flush(); failed != "" {
		return failed
	}
	g.drop()
	g.name, g.greeted = g.name[:0], false
	if failed := g.handshake(); failed != "" {
		return failed
	}
	g.secured = g.clock.Now()
	return ""
}

// handshake begins TLS on the connection.
func (g *guest) handshake() results.ErrorClass {
	g.patience()
	begin := g.clock.Now()
	inside := tls.Server(g.raw, g.config)
	if err := inside.Handshake(); err != nil {
		return classifyHandshake(err)
	}
	acknowledge(g.raw)
	cs := inside.ConnectionState()
	g.conn, g.version = inside, cs.Version
	g.rec.handshake(g.clock.Now()-begin, cs.DidResume)
	if g.connection.Load() == nil {
		text := describe(cs)
		g.connection.CompareAndSwap(nil, &text)
	}
	return ""
}

// envelope answers MAIL and RCPT.
func (g *guest) envelope(verb string, argument []byte) {
	switch {
	case verb == "MAIL" && (!g.greeted || g.mailing), verb == "RCPT" && !g.mailing:
		g.wrong("503 5.5.1 not now\r\n")
	case verb == "MAIL" && hasPrefixFold(argument, "FROM:"):
		g.mailing, g.mail = true, g.clock.Now()
		g.null = bytes.HasPrefix(bytes.TrimLeft(argument[len("FROM:"):], " "), []byte("<>"))
		g.say("250 2.1.0 ok\r\n")
	case verb == "RCPT" && hasPrefixFold(argument, "TO:"):
		g.recipients++
		g.say("250 2.1.5 ok\r\n")
	default:
		g.wrong("501 5.5.4 where is the address?\r\n")
	}
}

// hasPrefixFold tells whether b begins with a word in capitals, in any case.
func hasPrefixFold(b []byte, prefix string) bool {
	return len(b) >= len(prefix) && bytes.EqualFold(b[:len(prefix)], []byte(prefix))
}

// data takes a message by DATA.
func (g *guest) data() results.ErrorClass {
	if g.recipients == 0 || g.chunked {
		g.wrong("503 5.5.1 there are no recipients\r\n")
		return ""
	}
	g.say("354 go ahead\r\n")
	var failed results.ErrorClass
	if g.size, failed = g.content(); failed != "" {
		return failed
	}
	g.accept()
	return ""
}

// bdat takes a chunk of a message.
func (g *guest) bdat(argument []byte) results.ErrorClass {
	size, last, ok := chunkSize(argument)
	if !ok {
		return results.FailCommand // where the chunk ends is not known
	}
	if failed := g.chunk(size); failed != "" {
		return failed
	}
	if g.recipients == 0 {
		g.wrong("503 5.5.1 there are no recipients\r\n")
		return ""
	}
	g.chunked = true
	if g.size += size; last {
		g.accept()
		return ""
	}
	g.say("250 2.0.0 ok\r\n")
	return ""
}

// accept takes a message over, the whole of which is there.
func (g *guest) accept() {
	if g.arrived != nil {
		g.arrived(time.Now(), g.null, g.head)
	}
	g.wait(results.DelayContent)
	g.say("250 2.0.0 ok\r\n")
	g.rec.message(g.clock.Now()-g.mail, g.recipients, g.size)
	g.drop()
}

// leave closes the connection, as the client expects after QUIT.
func (g *guest) leave(failed results.ErrorClass) {
	if failed != "" {
		_ = g.raw.Close()
		return
	}
	_ = g.conn.Close() // with close_notify inside TLS
}
