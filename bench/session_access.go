package bench

import (
	"bytes"
	"io"

	"mailtls/results"
)

// accessDialogue is what a session says to a server of mailboxes. It logs in
// nobody: what is loaded is the way to TLS and what TLS costs.
type accessDialogue struct {
	// capabilities asks what the server can do, the second time inside TLS; start
	// begins TLS, and leave ends the session.
	capabilities [2][]byte
	start, leave []byte
	// greeting and reply read what the server says.
	greeting func(*replyReader, io.Reader) results.ErrorClass
	reply    func(d *replyReader, src io.Reader, command []byte) (lists int, failed results.ErrorClass)
}

// accessOf is the dialogue of a protocol; nil for those that carry mail.
func accessOf(p results.Protocol) *accessDialogue {
	switch p {
	case results.IMAP:
		return &accessDialogue{
			capabilities: [2][]byte{[]byte("a1 CAPABILITY\r\n"), []byte("a3 CAPABILITY\r\n")}, start: []byte("a2 STARTTLS\r\n"), leave: []byte("a4 LOGOUT\r\n"),
			greeting: imapGreeting, reply: imapReply,
		}
	case results.POP3:
		return &accessDialogue{
			capabilities: [2][]byte{[]byte("CAPA\r\n"), []byte("CAPA\r\n")}, start: []byte("STLS\r\n"), leave: []byte("QUIT\r\n"),
			greeting: popStatus, reply: popReply,
		}
	default:
		return nil
	}
}

// greetAccess reads the greeting and asks what the server can do.
func (c *client) greetAccess() results.ErrorClass {
	begin := c.clock.Now()
	if failed := c.g.access.greeting(&c.in, c.conn); failed != "" {
		return failed
	}
	c.s.add(atGreeting, c.clock.Now()-begin)
	return c.askAccess(atHello, c.g.access.capabilities[0])
}

// askAccess sends a command and reads its reply, as a phase.
func (c *client) askAccess(phase int, command []byte) results.ErrorClass {
	begin := c.clock.Now()
	if failed := c.write(command); failed != "" {
		return failed
	}
	lists, failed := c.g.access.reply(&c.in, c.conn, command)
	if failed != "" {
		return failed
	}
	c.lists = lists
	c.s.add(phase, c.clock.Now()-begin)
	return ""
}

// leaveAccess ends the session, and reads the reply to that.
func (c *client) leaveAccess() results.ErrorClass {
	if failed := c.write(c.g.access.leave); failed != "" {
		return failed
	}
	_, failed := c.g.access.reply(&c.in, c.conn, c.g.access.leave)
	return failed
}

// imapGreeting reads the greeting (RFC 9051 §7.1): OK, PREAUTH or BYE.
func imapGreeting(d *replyReader, src io.Reader) results.ErrorClass {
	line, failed := d.line(src)
	switch {
	case failed != "":
		return failed
	case !bytes.HasPrefix(line, []byte("* ")):
		return results.FailReply
	case isWord(line[2:], "OK"), isWord(line[2:], "PREAUTH"):
		return ""
	case isWord(line[2:], "BYE"):
		return results.FailReply5
	}
	return results.FailReply
}

// imapReply reads up to the tagged line (RFC 9051 §2.2.2), and what CAPABILITY
// lists before it.
func imapReply(d *replyReader, src io.Reader, command []byte) (lists int, failed results.ErrorClass) {
	tag := command[:3] // with the space behind it
	for range maxReplyLines {
		line, failed := d.line(src)
		switch {
		case failed != "":
			return 0, failed
		case bytes.HasPrefix(line, []byte("* ")):
			if isWord(line[2:], "CAPABILITY") && hasWord(line, "STARTTLS") {
				lists |= listsStartTLS
			}
		case !bytes.HasPrefix(line, tag):
			return 0, results.FailReply
		case isWord(line[len(tag):], "OK"):
			return lists, ""
		case isWord(line[len(tag):], "NO"), isWord(line[len(tag):], "BAD"):
			return 0, results.FailReply5
		default:
			return 0, results.FailReply
		}
	}
	return 0, results.FailReply
}

// popStatus reads a line with a status (RFC 1939 §3).
func popStatus(d *replyReader, src io.Reader) results.ErrorClass {
	line, failed := d.line(src)
	switch {
	case failed != "":
		return failed
	case isStatus(line, "+OK"):
		return ""
	case isStatus(line, "-ERR"):
		return results.FailReply5
	}
	return results.FailReply
}

// isStatus tells whether a line begins with a status.
func isStatus(line []byte, status string) bool {
	return bytes.HasPrefix(line, []byte(status)) && (len(line) == len(status) || line[len(status)] == ' ')
}

// popReply reads the reply to a command; that of CAPA goes on up to a dot (RFC 2449
// §5).
func popReply(d *replyReader, src io.Reader, command []byte) (lists int, failed results.ErrorClass) {
	if failed := popStatus(d, src); failed != "" || command[0] != 'C' {
		return 0, failed
	}
	for range maxReplyLines {
		line, failed := d.line(src)
		switch {
		case failed != "":
			return 0, failed
		case len(line) == 1 && line[0] == '.':
			return lists, ""
		case isWord(line, "STLS"):
			lists |= listsStartTLS
		}
	}
	return 0, results.FailReply
}

// hasWord tells whether a word in capitals stands between spaces, in any case.
func hasWord(line []byte, word string) bool {
	for {
		if isWord(line, word) {
			return true
		}
		i := bytes.IndexByte(line, ' ')
		if i < 0 {
			return false
		}
		line = line[i+1:]
	}
}
