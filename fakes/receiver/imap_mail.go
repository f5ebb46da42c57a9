package receiver

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"

	"mailtls/fakes/dialect"
	"mailtls/results"
)

// inbox is the only mailbox that a user has.
const inbox = "INBOX"

// serve answers a client that has logged in.
func (i *imap) serve(ctx context.Context, c dialect.Command) error {
	if c.Verb == "APPEND" {
		return i.append(ctx, c)
	}
	fields, ok, err := i.collect(c)
	if err != nil || !ok {
		return err
	}
	switch c.Verb {
	case "ENABLE":
		return i.enable(fields)
	case "NAMESPACE":
		return i.tagged("OK", "That is all", `NAMESPACE (("" "/")) NIL NIL`)
	case "LIST":
		return i.list(fields)
	case "STATUS":
		return i.status(fields)
	case "SELECT", "EXAMINE":
		return i.selects(c.Verb, fields)
	}
	if !i.selected {
		return i.tagged("BAD", "Select a mailbox first")
	}
	switch c.Verb {
	case "CLOSE", "UNSELECT":
		i.restart()
		return i.tagged("OK", "Unselected")
	case "UID":
		if len(fields) == 0 || !strings.EqualFold(fields[0], "FETCH") {
			return i.tagged("BAD", "Command not known")
		}
		return i.fetch(fields[1:], true)
	}
	return i.fetch(fields, false)
}

// enable turns on what is listed of what is asked for (RFC 9051 §6.3.1): it is
// IMAP4rev2 or nothing.
func (i *imap) enable(fields []string) error {
	enabled := "ENABLED"
	for _, f := range fields {
		if strings.EqualFold(f, "IMAP4rev2") {
			enabled += " IMAP4rev2"
		}
	}
	return i.tagged("OK", "Enabled", enabled)
}

func (i *imap) list(fields []string) error {
	switch {
	case len(fields) != 2:
		return i.tagged("BAD", "LIST has a reference and a pattern")
	case fields[1] == "":
		return i.tagged("OK", "That is all", `LIST (\Noselect) "/" ""`)
	case fields[1] == "*", fields[1] == "%", strings.EqualFold(fields[1], inbox):
		return i.tagged("OK", "That is all", `LIST () "/" INBOX`)
	}
	return i.tagged("OK", "That is all")
}

// isInbox tells whether the first argument names the mailbox.
func isInbox(fields []string) bool { return len(fields) > 0 && strings.EqualFold(fields[0], inbox) }

func (i *imap) status(fields []string) error {
	switch {
	case len(fields) != 2:
		return i.tagged("BAD", "STATUS has a mailbox and a list")
	case !isInbox(fields):
		return i.tagged("NO", "[NONEXISTENT] There is no such mailbox")
	}
	all := i.mailboxes().Messages(i.user)
	var items []string
	for _, item := range strings.Fields(strings.ToUpper(strings.Trim(fields[1], "()"))) {
		switch item {
		case "MESSAGES", "UNSEEN":
			items = append(items, fmt.Sprintf("%s %d", item, len(all)))
		case "UIDNEXT":
			items = append(items, fmt.Sprintf("%s %d", item, next(all)))
		case "UIDVALIDITY":
			items = append(items, item+" 1")
		default:
			return i.tagged("BAD", "Item not known")
		}
	}
	return i.tagged("OK", "That is all", "STATUS INBOX ("+strings.Join(items, " ")+")")
}

// next is the UID that the next message has at the least.
func next(all []Stored) int {
	if len(all) == 0 {
		return 1
	}
	return all[len(all)-1].UID + 1
}

func (i *imap) selects(verb string, fields []string) error {
	i.restart()
	switch {
	case len(fields) == 0:
		return i.tagged("BAD", verb+" has a mailbox")
	case !isInbox(fields):
		return i.tagged("NO", "[NONEXISTENT] There is no such mailbox")
	}
	i.selected, i.readonly = true, verb == "EXAMINE"
	may := "[READ-WRITE]"
	if i.readonly {
		may = "[READ-ONLY]"
	}
	exists := i.refresh()
	return i.tagged("OK", may+" Selected", exists, `FLAGS (\Seen)`, `LIST () "/" INBOX`,
		"OK [UIDVALIDITY 1] Valid", fmt.Sprintf("OK [UIDNEXT %d] Next", next(i.known)), "OK [PERMANENTFLAGS ()] None")
}

// append stores a message (RFC 9051 §6.3.12).
func (i *imap) append(ctx context.Context, c dialect.Command) error {
	announced, size, waits, ok := announcement(c.Argument)
	if !ok {
		return i.tagged("BAD", "APPEND has a mailbox and a literal")
	}
	fields, ok := dialect.Fields(announced)
	if !waits {
		fields, ok = dialect.Fields(c.Argument)
	}
	switch {
	case !ok || len(fields) == 0:
		return i.tagged("BAD", "The arguments are malformed")
	case !isInbox(fields):
		return i.tagged("NO", "[TRYCREATE] There is no such mailbox")
	case !waits:
		return i.store([]byte(fields[len(fields)-1]))
	case size > maxContent:
		return i.tagged("NO", "[TOOBIG] Too big")
	}
	if err := i.say("+ Go on\r\n"); err != nil {
		return err
	}
	i.rec.At(results.StageBody, i.mark(results.StageBody))
	return i.ask(ctx, i.moment(results.StageBody, ""), func(context.Context) error { return i.body(c, size) })
}

// announcement splits the argument of APPEND from the literal that it announces at
// its end, or holds when the client does not wait.
func announcement(argument string) (before string, size int64, waits, ok bool) {
	line, _, held := strings.Cut(argument, "\r\n")
	size, waits, ok = dialect.Literal(line)
	return line[:max(0, strings.LastIndexAny(line, "{~"))], size, waits, ok && held != waits
}

func (i *imap) body(c dialect.Command, size int64) error {
	content, err := i.literal(c.Verb, size)
	if err != nil {
		return err
	}
	line, err := i.readLine()
	if err != nil {
		return err
	}
	if len(line) > 0 {
		return i.tagged("BAD", "APPEND ends with its literal")
	}
	return i.store(content)
}

// store puts a whole message into the mailbox.
func (i *imap) store(content []byte) error {
	if i.truncate {
		half := content[:len(content)/2]
		content, i.truncate = half[:bytes.LastIndexByte(half, '\n')+1], false
	}
	uid, err := i.mailboxes().Add(i.user, content)
	if err != nil {
		i.rec.Note(err.Error())
		return i.tagged("NO", "[OVERQUOTA] Not stored")
	}
	text := "[APPENDUID 1 " + strconv.Itoa(uid) + "] Stored as " + i.mark(results.StageBody)
	if !i.selected {
		return i.tagged("OK", text)
	}
	return i.tagged("OK", text, i.refresh())
}

// fetch gives messages (RFC 9051 §6.4.5): UID, FLAGS, RFC822.SIZE, and the whole.
func (i *imap) fetch(fields []string, byUID bool) error {
	if len(fields) != 2 {
		return i.tagged("BAD", "FETCH has a set and a list")
	}
	items := strings.Fields(strings.ToUpper(strings.Trim(fields[1], "()")))
	if byUID {
		items = append([]string{"UID"}, items...)
	}
	var all []string
	for n, m := range i.known {
		number, last := n+1, len(i.known)
		if byUID {
			number, last = m.UID, i.known[len(i.known)-1].UID
		}
		in, ok := within(fields[0], number, last)
		if !ok {
			return i.tagged("BAD", "The set is malformed")
		}
		if !in {
			continue
		}
		values, ok := valuesOf(m, items)
		if !ok {
			return i.tagged("BAD", "Item not known")
		}
		all = append(all, fmt.Sprintf("%d FETCH (%s)", n+1, values))
	}
	return i.tagged("OK", "That is all", all...)
}

// valuesOf are a message's items as FETCH gives them.
func valuesOf(m Stored, items []string) (string, bool) {
	seen := map[string]bool{}
	var all []string
	for _, item := range items {
		if seen[item] {
			continue
		}
		seen[item] = true
		switch item {
		case "UID":
			all = append(all, fmt.Sprintf("UID %d", m.UID))
		case "FLAGS":
			all = append(all, "FLAGS ()")
		case "RFC822.SIZE":
			all = append(all, fmt.Sprintf("RFC822.SIZE %d", len(m.Data)))
		case "RFC822", "BODY[]", "BODY.PEEK[]":
			name := strings.Replace(item, ".PEEK", "", 1)
			all = append(all, fmt.Sprintf("%s {%d}\r\n%s", name, len(m.Data), m.Data))
		default:
			return "", false
		}
	}
	return strings.Join(all, " "), true
}

// within tells whether a number is in a set such as 1:3,7 or 2:*, in which the
// star is the last; not ok when it is no set.
func within(set string, number, last int) (in, ok bool) {
	for _, part := range strings.Split(set, ",") {
		from, to, ranged := strings.Cut(part, ":")
		if !ranged {
			to = from
		}
		a, b := bound(from, last), bound(to, last)
		if a < 0 || b < 0 {
			return false, false
		}
		in = in || min(a, b) <= number && number <= max(a, b)
	}
	return in, true
}

func bound(text string, last int) int {
	if text == "*" {
		return last
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return -1
	}
	return n
}
