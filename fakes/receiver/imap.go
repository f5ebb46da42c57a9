package receiver

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"mailtls/fakes"
	"mailtls/fakes/dialect"
	"mailtls/results"
)

// imap speaks IMAP4rev1 and IMAP4rev2 (RFC 3501, RFC 9051): as much of it as it
// takes to log in, and to put mail into a user's INBOX and read it there.
type imap struct {
	*session
	// tag of the command that is being answered.
	tag string
	// selected is true once INBOX is, readonly when it was by EXAMINE.
	selected, readonly bool
	// known are the messages of the selected mailbox as the client knows them.
	known []Stored
}

func (i *imap) greet() error {
	if i.Profile.Accepts(fakes.LenientPreauth) && len(i.Accounts) > 0 {
		i.user = slices.Min(slices.Collect(maps.Keys(i.Accounts)))
		return i.say("* PREAUTH [CAPABILITY " + i.capabilities() + "] " + i.Host + " mailtls, logged in as " + i.user + "\r\n")
	}
	return i.say("* OK [CAPABILITY " + i.capabilities() + "] " + i.Host + " mailtls\r\n")
}

// capabilities are the words of CAPABILITY (RFC 9051 §6.1.1).
func (i *imap) capabilities() string {
	words := slices.Clone(i.words())
	if i.offersTLS() {
		words = append(words, "STARTTLS")
	}
	if !slices.Contains(i.shownLogins(), fakes.LoginUser) && !i.Profile.Omits(fakes.OmitDisabled) {
		words = append(words, "LOGINDISABLED")
	}
	for _, m := range i.mechanisms() {
		words = append(words, "AUTH="+m)
	}
	return strings.Join(words, " ")
}

// read reads a command, with the literals that are sent without waiting for leave.
func (i *imap) read() ([]byte, error) {
	i.tag = dialect.Untagged
	command, err := i.readLine()
	if err != nil {
		return nil, err
	}
	command = bytes.Clone(command)
	from := 0
	for {
		size, waits, literal := dialect.Literal(string(command[from:]))
		if !literal || waits {
			return command, nil
		}
		if size > maxContent {
			return nil, i.bid(lineTooLong)
		}
		content, err := i.literal(dialect.ParseIMAP(string(command)).Verb, size)
		if err != nil {
			return nil, err
		}
		line, err := i.readLine()
		if err != nil {
			return nil, err
		}
		command = append(append(append(command, "\r\n"...), content...), line...)
		from = len(command) - len(line)
	}
}

// literal reads the literal that a command announces. A message that ends with
// the connection is not stored, unless the profile takes it for whole.
func (i *imap) literal(verb string, size int64) ([]byte, error) {
	var content []byte
	for int64(len(content)) < size {
		if len(i.buf) == 0 {
			if err := i.fill(); err != nil {
				if i.Profile.Accepts(fakes.LenientTruncated) && i.user != "" && verb == "APPEND" {
					_, _ = i.mailboxes().Add(i.user, content)
				}
				return nil, err
			}
		}
		n := min(size-int64(len(content)), int64(len(i.buf)))
		content = append(content, i.buf[:n]...)
		i.buf = i.buf[n:]
	}
	return content, nil
}

// collect asks for the literals of a command that the client waits with, and
// returns its arguments. It is not ok when the client was answered already.
func (i *imap) collect(c dialect.Command) (fields []string, ok bool, err error) {
	argument, from := c.Argument, 0
	for {
		size, waits, literal := dialect.Literal(argument[from:])
		if !literal || !waits {
			break
		}
		if size > dialect.MaxLine {
			return nil, false, i.tagged("BAD", "[TOOBIG] Too long")
		}
		if err := i.say("+ Go on\r\n"); err != nil {
			return nil, false, err
		}
		content, err := i.literal(c.Verb, size)
		if err != nil {
			return nil, false, err
		}
		line, err := i.readLine()
		if err != nil {
			return nil, false, err
		}
		argument += "\r\n" + string(content) + string(line)
		from = len(argument) - len(line)
	}
	fields, ok = dialect.Fields(argument)
	if !ok {
		return nil, false, i.tagged("BAD", "The arguments are malformed")
	}
	return fields, true, nil
}

// parse reads a command; one whose line has bytes that have no place in it is a
// command that nobody knows.
func (i *imap) parse(line []byte) dialect.Command {
	if i.Profile.Accepts(fakes.LenientNUL) {
		line = bytes.TrimRight(line, "\x00")
	}
	c := dialect.ParseIMAP(string(line))
	if dialect.ValidTag(c.Tag) {
		i.tag = c.Tag
	}
	first, _, _ := bytes.Cut(line, []byte("\r\n"))
	if i.tag == dialect.Untagged || bytes.ContainsAny(first, "\x00\r\n") ||
		i.Profile.Refuses(fakes.StrictCase) && !bytes.Contains(line, []byte(" "+c.Verb)) {
		return dialect.Command{Stage: results.StageUnknown}
	}
	return c
}

// obey answers a command honestly.
func (i *imap) obey(ctx context.Context, c dialect.Command) error {
	switch c.Verb {
	case "CAPABILITY":
		return i.tagged("OK", "That is all", "CAPABILITY "+i.capabilities())
	case "NOOP":
		return i.noop()
	case "ID":
		return i.id(c)
	case "LOGOUT":
		if err := i.tagged("OK", "Logged out", "BYE Come again"); err != nil {
			return err
		}
		return errEnd
	case "STARTTLS":
		return i.startTLS(ctx, c)
	case "LOGIN", "AUTHENTICATE":
		if i.user != "" {
			return i.tagged("BAD", "You are logged in")
		}
		if c.Verb == "LOGIN" {
			return i.login(c)
		}
		return i.authenticate(c)
	case "COMPRESS":
		return i.compress(c)
	}
	if !authenticated(c.Verb) {
		return i.tagged("BAD", "Command not known")
	}
	if i.user == "" {
		return i.tagged("BAD", "Log in first")
	}
	return i.serve(ctx, c)
}

// authenticated tells whether a verb is one of those we know that need a login.
func authenticated(verb string) bool {
	switch verb {
	case "ENABLE", "NAMESPACE", "LIST", "STATUS", "APPEND", "SELECT", "EXAMINE", "CLOSE", "UNSELECT", "FETCH", "UID":
		return true
	}
	return false
}

// tagged answers the command: untagged lines first, and a status with a text.
func (i *imap) tagged(status, text string, untagged ...string) error {
	var all strings.Builder
	for _, line := range untagged {
		all.WriteString("* " + line + "\r\n")
	}
	return i.say(all.String() + i.tag + " " + status + " " + text + "\r\n")
}

func (i *imap) refuse(reply string) error { return i.send(i.tag+" "+reply+"\r\n", 1) }

// wording puts the tag of the command where {tag} stands.
func (i *imap) wording(text string) string { return strings.ReplaceAll(text, "{tag}", i.tag) }

// mayUpgrade: STARTTLS is for clients that have not logged in (RFC 9051 §6.2).
func (i *imap) mayUpgrade() bool { return i.user == "" }

func (i *imap) answerTLS(a tlsAnswer) error {
	switch a {
	case tlsBroken:
		return i.tagged("NO", "[UNAVAILABLE] TLS is not available for the time being")
	case tlsUnknown:
		return i.tagged("BAD", "Command not known")
	case tlsActive:
		return i.tagged("BAD", "TLS is already active")
	case tlsLate:
		return i.tagged("BAD", "It is too late for TLS: you are logged in")
	case tlsArgument:
		return i.tagged("BAD", "STARTTLS has no parameters")
	case tlsGo:
	}
	return i.tagged("OK", "Begin TLS now")
}

func (i *imap) restart() { i.selected, i.readonly, i.known = false, false, nil }

func (i *imap) turnAway(w lastWord) error {
	if w == noWebServer {
		return i.say("* BYE This is no web server\r\n")
	}
	return i.say("* BYE [TOOBIG] Too long\r\n")
}

// noop tells what has come into the selected mailbox.
func (i *imap) noop() error {
	if !i.selected {
		return i.tagged("OK", "Nothing done")
	}
	return i.tagged("OK", "Nothing done", i.refresh())
}

// refresh takes the mailbox as it now is for the selected one.
func (i *imap) refresh() string {
	i.known = i.mailboxes().Messages(i.user)
	return fmt.Sprintf("%d EXISTS", len(i.known))
}

// id says who we are, and who the client has said it is (RFC 2971 §3.1): so that
// it can be seen what is remembered.
func (i *imap) id(c dialect.Command) error {
	fields, ok, err := i.collect(c)
	if err != nil || !ok {
		return err
	}
	if len(fields) != 1 {
		return i.tagged("BAD", "ID has one argument")
	}
	if pairs, ok := dialect.Fields(strings.Trim(fields[0], "()")); ok && !i.kept {
		for n := 0; n+1 < len(pairs); n += 2 {
			if strings.EqualFold(pairs[n], "name") {
				i.helo = pairs[n+1]
			}
		}
	}
	client := ""
	if i.helo != "" {
		client = ` "client" ` + dialect.Quote(clean(i.helo))
	}
	return i.tagged("OK", "Pleased to meet you", `ID ("name" "mailtls"`+client+`)`)
}

// compress refuses COMPRESS (RFC 4978 §5): there is none here.
func (i *imap) compress(c dialect.Command) error {
	switch {
	case i.Profile.Accepts(fakes.LenientCompress):
		return i.tagged("OK", c.Argument+" active")
	case i.user == "":
		return i.tagged("BAD", "Log in first")
	}
	return i.tagged("NO", "There is no compression here")
}

// login answers LOGIN (RFC 9051 §6.2.3).
func (i *imap) login(c dialect.Command) error {
	admitted := i.admits(fakes.LoginUser)
	if !admitted && !i.Profile.Accepts(fakes.LenientPasswordTold) {
		return i.closed(fakes.LoginUser)
	}
	fields, ok, err := i.collect(c)
	if err != nil || !ok {
		return err
	}
	switch {
	case len(fields) != 2:
		return i.tagged("BAD", "LOGIN has a name and a password")
	case !admitted:
		return i.tagged("NO", i.told("[PRIVACYREQUIRED] TLS comes first", fields[0], fields[1]))
	case !i.knows(fields[0], fields[1]):
		return i.tagged("NO", "[AUTHENTICATIONFAILED] Wrong user or password")
	}
	i.enter(fields[0])
	return i.tagged("OK", "Welcome")
}

// closed refuses a way to log in that is not open.
func (i *imap) closed(way string) error {
	if i.needsTLS(way) {
		return i.tagged("NO", "[PRIVACYREQUIRED] TLS comes first")
	}
	return i.tagged("NO", "[CANNOT] There is no such login here")
}

// authenticate answers AUTHENTICATE (RFC 9051 §6.2.2), with a response in the
// command or without (RFC 4959).
func (i *imap) authenticate(c dialect.Command) error {
	mechanism, initial := mechanismOf(c.Argument)
	if !i.admits(mechanism) || mechanism == fakes.LoginUser || mechanism == fakes.LoginAPOP {
		return i.closed(mechanism)
	}
	user, o, err := i.sasl(mechanism, initial)
	switch {
	case err != nil:
		return err
	case o == loginCancelled:
		return i.tagged("BAD", "Cancelled")
	case o == loginMalformed:
		return i.tagged("BAD", "Malformed credentials")
	case o == loginWrong:
		return i.tagged("NO", "[AUTHENTICATIONFAILED] Wrong user or password")
	}
	i.enter(user)
	return i.tagged("OK", "Welcome")
}
