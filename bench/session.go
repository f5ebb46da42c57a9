package bench

import (
	"context"
	"crypto/tls"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"mailtls/results"
)

// shared is what the sessions of all workers share.
type shared struct {
	plan     results.Plan
	programs []*program
	dial     *dialer
	clock    Clock
	// base is the wall time at which the clock began, for deadlines.
	base time.Time
	// connection is what the first session with TLS negotiated.
	connection atomic.Pointer[string]
	// trips follow the messages through a relay; nil follows none.
	trips *Trips
}

// client does the sessions of one worker. All that it needs is kept from one
// session to the next.
type client struct {
	*shared
	// own are the worker's copies of the configurations whose sessions resume,
	// with their slots; nil for others.
	own   []*tls.Config
	slots []*ticketSlot

	// What follows is of the session under way.
	g     *program
	s     *sample
	index int64
	raw   *net.TCPConn
	wire  wireConn // raw, with what passes
	conn  net.Conn // wire, or the TLS over it
	in    replyReader
	out   []byte
	lists int
	// asked says that STARTTLS was sent on this connection.
	asked bool

	// taken says that the message was accepted.
	taken bool

	// gone ends holds.
	gone chan struct{}

	mu      sync.Mutex
	open    *net.TCPConn
	aborted bool
}

func newClient(sh *shared) *client {
	c := &client{shared: sh, own: make([]*tls.Config, len(sh.programs)), slots: make([]*ticketSlot, len(sh.programs)), gone: make(chan struct{})}
	for i, g := range sh.programs {
		if g.tickets != nil {
			c.slots[i] = &ticketSlot{stack: g.tickets}
			c.own[i] = g.config.Clone()
			c.own[i].ClientSessionCache = c.slots[i]
		}
	}
	return c
}

// visit does a session.
func (c *client) visit(ctx context.Context, a Arrival, s *sample) {
	kind := kindOf(c.plan, a.Index)
	c.g, c.s, c.index, c.taken = c.programs[kind], s, a.Index, false
	c.wire.sent, c.wire.received = 0, 0
	if c.g.Hold == 0 {
		s.failed = c.reach(kind)
		c.leave(kind)
	} else {
		aside(func() { s.failed = c.reach(kind) })
		if s.failed == "" {
			c.hold(ctx)
		}
		aside(func() { c.leave(kind) })
	}
	if c.trips != nil && c.g.Size > 0 {
		c.trips.sent(a.Index, a.Due, c.taken)
	}
}

// aside does something on a stack of its own. Why (2026-11): a handshake needs a
// deep stack, which would stay with the worker while it holds its connection; of
// ten thousand held connections stacks were a third of the memory.
func aside(work func()) {
	done := make(chan struct{})
	go func() { // owned: aside waits for done
		defer close(done)
		work()
	}()
	<-done
}

// reach does all up to where the session is held, or ends.
func (c *client) reach(kind int) results.ErrorClass {
	if failed := c.connect(); failed != "" {
		return failed
	}
	failed := c.secure(kind)
	if c.g.Kind == results.KindFallback {
		failed = c.fallBack(failed)
	}
	if failed == "" && c.g.Size > 0 {
		failed = c.message()
	}
	return failed
}

// leave ends the session as its close mode wants it.
func (c *client) leave(kind int) {
	s := c.s
	if s.failed == "" && c.plan.Close == results.CloseQuit {
		s.failed = c.quit()
	}
	if s.failed == "" {
		s.end = c.clock.Now()
		s.sent, s.received = c.wire.sent, c.wire.received
		c.finish()
	}
	c.drop()
	if slot := c.slots[kind]; slot != nil {
		slot.end(s.resumed && s.failed == "")
	}
	if s.failed != "" && c.isCut() {
		s.failed = results.FailInterrupted
	}
}

// secure brings the session to where a message can be sent.
func (c *client) secure(kind int) results.ErrorClass {
	if c.g.Kind == results.KindImplicit {
		if failed := c.handshake(kind); failed != "" {
			return failed
		}
	}
	if failed := c.greet(); failed != "" {
		return failed
	}
	if c.g.Kind == results.KindPlain || c.g.Kind == results.KindImplicit {
		return ""
	}
	if failed := c.startTLS(); failed != "" {
		return failed
	}
	if failed := c.handshake(kind); failed != "" {
		return failed
	}
	if c.g.Kind == results.KindFallback {
		return ""
	}
	return c.hello(atHelloTLS)
}

// fallBack goes on in clear on a new connection after TLS failed: refused by a
// reply, an alert, or the end of the connection.
func (c *client) fallBack(failed results.ErrorClass) results.ErrorClass {
	switch {
	case failed == "":
		return results.FailNotRefused
	case !c.asked, failed == results.FailTimeout, failed == results.FailReply:
		return failed
	}
	c.drop()
	if failed := c.connect(); failed != "" {
		return failed
	}
	return c.greet()
}

// greet reads the greeting and says EHLO.
func (c *client) greet() results.ErrorClass {
	if c.g.access != nil {
		return c.greetAccess()
	}
	begin := c.clock.Now()
	if failed := c.expect(220); failed != "" {
		return failed
	}
	c.s.add(atGreeting, c.clock.Now()-begin)
	return c.hello(atHello)
}

// hello says EHLO or LHLO, or asks a server of mailboxes what it can do inside TLS.
func (c *client) hello(phase int) results.ErrorClass {
	if c.g.access != nil {
		return c.askAccess(phase, c.g.access.capabilities[1])
	}
	c.out = append(append(c.out[:0], c.g.hello...), 'b')
	c.out = strconv.AppendInt(c.out, c.index, 10)
	c.out = append(append(c.out, helloName...), '\r', '\n')
	return c.ask(phase, c.out, 250)
}

// startTLS asks for TLS (RFC 3207 §4).
func (c *client) startTLS() results.ErrorClass {
	if c.lists&listsStartTLS == 0 {
		return results.FailNotOffered
	}
	c.asked = true
	if failed := c.askForTLS(); failed != "" {
		return failed
	}
	if c.in.leftover() {
		return results.FailReply // what comes in clear behind the go-ahead is not part of the TLS session
	}
	return ""
}

// askForTLS sends the command, and reads the go-ahead.
func (c *client) askForTLS() results.ErrorClass {
	if c.g.access != nil {
		return c.askAccess(atStartTLS, c.g.access.start)
	}
	c.out = append(c.out[:0], "STARTTLS\r\n"...)
	return c.ask(atStartTLS, c.out, 220)
}

// handshake begins TLS on the connection.
func (c *client) handshake(kind int) results.ErrorClass {
	config, slot := c.g.config, c.slots[kind]
	if slot != nil {
		config = c.own[kind]
		slot.begin()
	}
	begin := c.clock.Now()
	inside := tls.Client(&c.wire, config)
	if err := inside.Handshake(); err != nil {
		return classifyHandshake(err)
	}
	c.s.add(atHandshake, c.clock.Now()-begin)
	c.conn = inside
	if slot == nil {
		if c.connection.Load() == nil {
			text := describe(inside.ConnectionState())
			c.connection.CompareAndSwap(nil, &text)
		}
		return ""
	}
	return c.resumed(inside.ConnectionState(), slot)
}

// resumed checks that a ticket that was shown did what it is for.
func (c *client) resumed(cs tls.ConnectionState, slot *ticketSlot) results.ErrorClass {
	c.s.resumed = cs.DidResume
	if slot.shown != nil && !cs.DidResume {
		return results.FailNotResumed
	}
	if cs.DidResume && c.connection.Load() == nil {
		text := describe(cs) + " resumed"
		c.connection.CompareAndSwap(nil, &text)
	}
	return ""
}

// message sends the message.
func (c *client) message() results.ErrorClass {
	begin := c.clock.Now()
	send := c.stepwise
	if c.g.Pipelining {
		if c.lists&listsPipelining == 0 {
			return results.FailNotOffered
		}
		send = c.pipelined
	}
	if failed := send(); failed != "" {
		return failed
	}
	if failed := c.body(); failed != "" {
		return failed
	}
	replies := 1
	if c.g.Protocol == results.LMTP {
		replies = len(c.g.rcpts) // RFC 2033 §4.2: one for each recipient
	}
	for range replies {
		if failed := c.expect(250); failed != "" {
			return failed
		}
	}
	c.taken = true
	c.s.add(atMessage, c.clock.Now()-begin)
	return ""
}

// body writes the content, with the index of the message where it has an ID.
func (c *client) body() results.ErrorClass {
	const piece = 16 << 10
	if c.g.idAt == 0 {
		return c.write(c.g.body)
	}
	n := min(len(c.g.body), piece)
	c.out = append(c.out[:0], c.g.body[:n]...)
	putIndex(c.out[c.g.idAt:], c.index)
	if failed := c.write(c.out); failed != "" || n == len(c.g.body) {
		return failed
	}
	return c.write(c.g.body[n:])
}

// stepwise sends each command when the one before has its reply.
func (c *client) stepwise() results.ErrorClass {
	if failed := c.exchange(c.g.mail, 250); failed != "" {
		return failed
	}
	for _, rcpt := range c.g.rcpts {
		if failed := c.exchange(rcpt, 250); failed != "" {
			return failed
		}
	}
	return c.exchange(c.g.data, 354)
}

// pipelined sends them in one piece (RFC 2920 §3.1).
func (c *client) pipelined() results.ErrorClass {
	if failed := c.write(c.g.all); failed != "" {
		return failed
	}
	for range 1 + len(c.g.rcpts) {
		if failed := c.expect(250); failed != "" {
			return failed
		}
	}
	return c.expect(354)
}

// quit says QUIT and reads the reply to it.
func (c *client) quit() results.ErrorClass {
	if c.g.access != nil {
		return c.leaveAccess()
	}
	c.out = append(c.out[:0], "QUIT\r\n"...)
	return c.exchange(c.out, 221)
}

// ask sends a command and reads its reply, as a phase.
func (c *client) ask(phase int, command []byte, code int) results.ErrorClass {
	begin := c.clock.Now()
	if failed := c.exchange(command, code); failed != "" {
		return failed
	}
	c.s.add(phase, c.clock.Now()-begin)
	return ""
}

// exchange sends a command and reads its reply.
func (c *client) exchange(command []byte, code int) results.ErrorClass {
	if failed := c.write(command); failed != "" {
		return failed
	}
	return c.expect(code)
}

func (c *client) write(b []byte) results.ErrorClass {
	if _, err := c.conn.Write(b); err != nil {
		return classify(err)
	}
	return ""
}

// expect reads a reply that has to be of the code's class.
func (c *client) expect(code int) results.ErrorClass {
	got, lists, failed := c.in.reply(c.conn)
	switch {
	case failed != "":
		return failed
	case got/100 == 4:
		return results.FailReply4
	case got/100 == 5:
		return results.FailReply5
	case got/100 != code/100:
		return results.FailReply
	}
	c.lists = lists
	return ""
}
