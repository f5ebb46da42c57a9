package receiver

import (
	"bytes"
	"context"
	"crypto/md5" // what APOP is made of
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"mailtls/fakes"
	"mailtls/fakes/dialect"
	"mailtls/results"
)

// pop3 speaks POP3 (RFC 1939, RFC 2449, RFC 5034).
type pop3 struct {
	*session
	// stamp is what APOP is reckoned from; empty when it is not offered.
	stamp string
	// named is the user that USER named.
	named string
	// opened is true once the messages were looked up; deleted are marked.
	opened  bool
	held    []Stored
	deleted map[int]bool
}

func (p *pop3) greet() error {
	text := "+OK " + p.Host + " POP3 mailtls"
	if slices.Contains(p.logins(), fakes.LoginAPOP) {
		p.stamp = "<" + rand.Text() + "@" + p.Host + ">"
		text += " " + p.stamp
	}
	return p.say(text + "\r\n")
}

func (p *pop3) read() ([]byte, error) {
	line, err := p.readLine()
	if err != nil && p.Profile.Accepts(fakes.LenientUnsaved) {
		p.update()
	}
	return line, err
}

// parse reads a command line; a line with bytes that have no place in one is a
// command that nobody knows.
func (p *pop3) parse(line []byte) dialect.Command {
	if p.Profile.Accepts(fakes.LenientNUL) {
		line = bytes.TrimRight(line, "\x00")
	}
	c := dialect.ParsePOP3(string(line))
	if bytes.ContainsAny(line, "\x00\r\n") || p.Profile.Refuses(fakes.StrictCase) && !bytes.HasPrefix(line, []byte(c.Verb)) {
		return dialect.Command{Stage: results.StageUnknown}
	}
	return c
}

func (p *pop3) ok(text string) error   { return p.say("+OK " + text + "\r\n") }
func (p *pop3) fail(text string) error { return p.say("-ERR " + text + "\r\n") }

// obey answers a command honestly.
func (p *pop3) obey(ctx context.Context, c dialect.Command) error {
	named := p.named
	if !p.Profile.Keeps(fakes.KeepNamed) {
		p.named = ""
	}
	switch c.Verb {
	case "CAPA":
		return p.say(dialect.FormatPOP3("+OK That is all", p.capabilities()...))
	case "QUIT":
		p.update()
		if err := p.ok("Bye"); err != nil {
			return err
		}
		return errEnd
	case "STLS":
		return p.startTLS(ctx, c)
	case "NOOP":
		return p.ok("Nothing done")
	case "USER", "PASS", "APOP", "AUTH":
		if p.user != "" {
			return p.fail("You are logged in")
		}
		return p.authorize(c, named)
	case "STAT", "LIST", "UIDL", "RETR", "TOP", "DELE", "RSET":
		if p.user == "" {
			return p.fail("Log in first")
		}
		return p.transact(c)
	}
	return p.fail("Command not known")
}

// capabilities are the lines of CAPA (RFC 2449 §5).
func (p *pop3) capabilities() []string {
	lines := slices.Clone(p.words())
	if p.offersTLS() && p.user == "" { // what is listed may be used now (RFC 2595 §4)
		lines = append(lines, "STLS")
	}
	if slices.Contains(p.shownLogins(), fakes.LoginUser) {
		lines = append(lines, "USER")
	}
	if m := p.mechanisms(); len(m) > 0 {
		lines = append(lines, "SASL "+strings.Join(m, " "))
	}
	return lines
}

// authorize answers the commands that log in.
func (p *pop3) authorize(c dialect.Command, named string) error {
	switch c.Verb {
	case "APOP":
		return p.apop(c)
	case "AUTH":
		return p.auth(c)
	}
	admitted := p.admits(fakes.LoginUser)
	switch {
	case !admitted && !p.Profile.Accepts(fakes.LenientPasswordTold):
		return p.closed(fakes.LoginUser)
	case c.Verb == "USER" && c.Argument == "":
		return p.fail("A name is needed")
	case c.Verb == "USER":
		p.named = c.Argument
		return p.ok("And the password?")
	case named == "":
		return p.fail("USER comes first")
	case !admitted:
		return p.fail(p.told("TLS comes first", named, c.Argument))
	case !p.knows(named, c.Argument):
		return p.fail("[AUTH] Wrong user or password")
	}
	return p.welcome(named)
}

func (p *pop3) welcome(user string) error {
	p.enter(user)
	return p.ok("Welcome")
}

// closed refuses a way to log in that is not open.
func (p *pop3) closed(way string) error {
	if p.needsTLS(way) {
		return p.fail("TLS comes first")
	}
	return p.fail("There is no such login here")
}

// apop answers APOP (RFC 1939 §7).
func (p *pop3) apop(c dialect.Command) error {
	user, digest, _ := strings.Cut(c.Argument, " ")
	if p.stamp == "" || !p.admits(fakes.LoginAPOP) {
		return p.closed(fakes.LoginAPOP)
	}
	password, found := p.Accounts[user]
	want := md5.Sum([]byte(p.stamp + password))
	if !found || subtle.ConstantTimeCompare([]byte(hex.EncodeToString(want[:])), []byte(strings.ToLower(digest))) != 1 {
		return p.fail("[AUTH] Wrong user or password")
	}
	return p.welcome(user)
}

// auth answers AUTH (RFC 5034 §4).
func (p *pop3) auth(c dialect.Command) error {
	mechanism, initial := mechanismOf(c.Argument)
	if !p.admits(mechanism) || mechanism == fakes.LoginUser || mechanism == fakes.LoginAPOP {
		return p.closed(mechanism)
	}
	user, o, err := p.sasl(mechanism, initial)
	switch {
	case err != nil:
		return err
	case o == loginCancelled:
		return p.fail("Cancelled")
	case o == loginMalformed:
		return p.fail("Malformed credentials")
	case o == loginWrong:
		return p.fail("[AUTH] Wrong user or password")
	}
	return p.welcome(user)
}

func (p *pop3) refuse(reply string) error { return p.send(reply+"\r\n", 1) }

func (p *pop3) wording(text string) string { return text }

// mayUpgrade: STLS is for clients that have not logged in (RFC 2595 §4).
func (p *pop3) mayUpgrade() bool { return p.user == "" }

func (p *pop3) answerTLS(a tlsAnswer) error {
	switch a {
	case tlsBroken:
		return p.fail("TLS is not available for the time being")
	case tlsUnknown:
		return p.fail("Command not known")
	case tlsActive:
		return p.fail("TLS is already active")
	case tlsLate:
		return p.fail("It is too late for TLS: you are logged in")
	case tlsArgument:
		return p.fail("STLS has no parameters")
	case tlsGo:
	}
	return p.ok("Begin TLS now")
}

func (p *pop3) restart() {
	if !p.Profile.Keeps(fakes.KeepNamed) {
		p.named = ""
	}
	p.opened, p.held, p.deleted, p.stamp = false, nil, nil, ""
}

func (p *pop3) turnAway(w lastWord) error {
	if w == noWebServer {
		return p.fail("This is no web server")
	}
	return p.fail("Line too long")
}

// open looks the user's messages up, once for the session.
func (p *pop3) open() {
	if !p.opened {
		p.held, p.deleted, p.opened = p.mailboxes().Messages(p.user), map[int]bool{}, true
	}
}

// update deletes what is marked, which QUIT alone brings about (RFC 1939 §6).
func (p *pop3) update() {
	var uids []int
	for n := range p.deleted {
		uids = append(uids, p.held[n-1].UID)
	}
	if p.user != "" && len(uids) > 0 {
		p.mailboxes().Remove(p.user, uids)
	}
}

// transact answers a client that has logged in.
func (p *pop3) transact(c dialect.Command) error {
	p.open()
	number, rest, _ := strings.Cut(c.Argument, " ")
	n, err := strconv.Atoi(number)
	there := err == nil && n >= 1 && n <= len(p.held) && !p.deleted[n]
	switch {
	case c.Verb == "STAT":
		count, size := p.total()
		return p.ok(fmt.Sprintf("%d %d", count, size))
	case c.Verb == "RSET":
		clear(p.deleted)
		return p.ok("Nothing is marked")
	case c.Argument == "" && (c.Verb == "LIST" || c.Verb == "UIDL"):
		return p.listing(c.Verb)
	case !there:
		return p.fail("There is no such message")
	}
	switch c.Verb {
	case "DELE":
		p.deleted[n] = true
		return p.ok("Marked")
	case "LIST", "UIDL":
		return p.ok(p.entry(c.Verb, n))
	case "TOP":
		lines, err := strconv.Atoi(rest)
		if err != nil || lines < 0 {
			return p.fail("TOP has a message and a number of lines")
		}
		return p.say(dialect.FormatPOP3("+OK The beginning", top(linesOf(p.held[n-1].Data), lines)...))
	}
	return p.say(dialect.FormatPOP3(fmt.Sprintf("+OK %d octets", len(p.held[n-1].Data)), linesOf(p.held[n-1].Data)...))
}

// total counts what is not marked.
func (p *pop3) total() (count, size int) {
	for n, m := range p.held {
		if !p.deleted[n+1] {
			count, size = count+1, size+len(m.Data)
		}
	}
	return count, size
}

func (p *pop3) listing(verb string) error {
	var lines []string
	for n := range p.held {
		if !p.deleted[n+1] {
			lines = append(lines, p.entry(verb, n+1))
		}
	}
	return p.say(dialect.FormatPOP3("+OK That is all", lines...))
}

// entry is a message's line in a listing.
func (p *pop3) entry(verb string, n int) string {
	value := len(p.held[n-1].Data)
	if verb == "UIDL" {
		value = p.held[n-1].UID
	}
	return fmt.Sprintf("%d %d", n, value)
}

func linesOf(data []byte) []string {
	return strings.Split(strings.TrimSuffix(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n"), "\n")
}

// top is the header, the empty line behind it and so many lines more.
func top(lines []string, n int) []string {
	if end := slices.Index(lines, ""); end >= 0 && end+1+n < len(lines) {
		return lines[:end+1+n]
	}
	return lines
}
