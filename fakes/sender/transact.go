package sender

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"mailtls/fakes"
	"mailtls/fakes/dialect"
)

// transact hands the message over. It counts as delivered by the reply to its
// content alone.
func (c *conn) transact(e *entry) *trouble {
	if e.policy.Credentials && c.secure && !c.known {
		if t := c.login(); t != nil {
			return t
		}
	}
	mail, t := c.mailCommand(e)
	if t != nil {
		return t
	}
	for _, command := range []string{mail, "RCPT TO:<" + e.to + ">"} {
		if _, t := c.want(command, "250"); t != nil {
			return t
		}
	}
	return c.content(e)
}

// mailCommand is MAIL, with the size where the host asks for it (RFC 1870). A
// message that is too big is given back.
func (c *conn) mailCommand(e *entry) (string, *trouble) {
	command := "MAIL FROM:<" + e.from + ">"
	limit, listed := c.listed["SIZE"]
	if !listed {
		return command, nil
	}
	if most, err := strconv.Atoi(limit); err == nil && most > 0 && len(e.data) > most {
		return "", &trouble{status: statusTooBig, text: fmt.Sprintf("the message has %d bytes, and %s takes %d", len(e.data), c.hop.Name, most), final: true}
	}
	return command + " SIZE=" + strconv.Itoa(len(e.data)), nil
}

// content sends DATA and the message.
func (c *conn) content(e *entry) *trouble {
	r, t := c.ask("DATA")
	switch {
	case t != nil:
		return t
	case r.Code == "354":
	case r.Class() == '4', r.Class() == '5':
		return refused(r, "DATA")
	default:
		c.inStep = false
		if r.Class() == '2' && c.policy.Has(fakes.FlawFalseDelivered) {
			return nil
		}
		return unexpected(r, "DATA")
	}
	c.inStep = false
	if len(c.buf) > 0 {
		return deferred(statusProtocol, describe("before the content", errLeftover))
	}
	c.atEnd = true
	if err := c.send(ended(e.data)); err != nil {
		return c.lost("the content", err)
	}
	r, t = c.answer("the content")
	if t != nil {
		return t
	}
	c.atEnd = false
	switch r.Class() {
	case '2':
		return nil
	case '4', '5':
		return refused(r, "the content")
	}
	c.inStep = false
	return unexpected(r, "the content")
}

// ended is the content as it goes on the wire (RFC 5321 §4.5.2).
func ended(data []byte) string {
	content := dialect.Stuff(string(data))
	if !strings.HasSuffix(content, "\r\n") {
		content += "\r\n"
	}
	return content + ".\r\n"
}

// login logs in with PLAIN (RFC 4616) where that is listed. Where it is refused the
// message waits: a login is for its owner to repair.
func (c *conn) login() *trouble {
	if !slices.Contains(strings.Fields(strings.ToUpper(c.listed["AUTH"])), "PLAIN") {
		return nil
	}
	secret := base64.StdEncoding.EncodeToString([]byte("\x00" + c.mta.User + "\x00" + c.mta.Password))
	if _, t := c.want("AUTH PLAIN "+secret, "235"); t != nil {
		t.final = false
		return t
	}
	c.known = true
	return nil
}
