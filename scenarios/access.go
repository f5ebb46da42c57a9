package scenarios

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"mailtls/fakes"
	"mailtls/fakes/dialect"
	"mailtls/results"
)

// Marks of the steps of clients that read mail. In IMAP they are the tags too.
const (
	markCapability    = "capability"
	markCapabilityTLS = "capability-tls"
	markLogin         = "login"
	markProbe         = "probe"
)

// accessServers holds the cases about servers of mailboxes.
func accessServers() []Case {
	return slices.Concat(
		imapOffers(), imapLogins(), imapUpgrades(), imapHandshakes(), imapInjection(), imapSessions(), imapListeners(),
		pop3Offers(), pop3Logins(), pop3Upgrades(), pop3Injection(), pop3Listeners(),
	)
}

// mailboxes is a protocol by which mailboxes are served, as cases need it.
type mailboxes struct {
	results.Protocol

	// name of the protocol, and its command that begins TLS.
	name, command string
	// clear and implicit are its listeners.
	clear, implicit fakes.Listener
	// listens, offers and covers are what a server claims: the listener that is
	// clear at first, TLS there, and the listener where TLS comes first.
	listens, offers, covers results.Feature
}

// imapBoxes and pop3Boxes are the two protocols.
func imapBoxes() mailboxes {
	return mailboxes{
		results.IMAP, "IMAP", "STARTTLS", fakes.ListenIMAP, fakes.ListenIMAPS,
		results.FeatureIMAP, results.FeatureIMAPStartTLS, results.FeatureIMAPS,
	}
}

func pop3Boxes() mailboxes {
	return mailboxes{
		results.POP3, "POP3", "STLS", fakes.ListenPOP3, fakes.ListenPOP3S,
		results.FeaturePOP3, results.FeaturePOP3STLS, results.FeaturePOP3S,
	}
}

// boxesOf is the protocol of a session.
func boxesOf(s *results.Session) mailboxes {
	if protocolOf(s) == results.POP3 {
		return pop3Boxes()
	}
	return imapBoxes()
}

// line is a command as it stands on the wire.
func (m mailboxes) line(mark, command string) string {
	if m.Protocol == results.IMAP {
		return mark + " " + command + "\r\n"
	}
	return command + "\r\n"
}

// say sends a command and awaits the answer to it.
func (m mailboxes) say(mark, want, command string) fakes.Script {
	return fakes.Say(mark, want, m.line(mark, command))
}

// greet awaits the greeting.
func (m mailboxes) greet() fakes.Script {
	if m.Protocol == results.IMAP {
		return fakes.ImapGreet()
	}
	return fakes.Pop3Greet()
}

// capability asks what the server can do.
func (m mailboxes) capability(mark string) fakes.Script {
	if m.Protocol == results.IMAP {
		return fakes.ImapCapability(mark)
	}
	return fakes.Pop3Capa(mark)
}

// startTLS asks for TLS.
func (m mailboxes) startTLS() fakes.Script {
	return m.say(markStartTLS, dialect.GoAhead(m.Protocol), m.command)
}

// upgraded is a session up to the end of the handshake.
func (m mailboxes) upgraded() fakes.Script {
	return fakes.Join(m.greet(), m.startTLS(), fakes.Handshake(broad()))
}

// covered is a session on the listener where TLS comes first, up to the greeting.
func (m mailboxes) covered() fakes.Script { return fakes.Join(fakes.Handshake(broad()), m.greet()) }

// login logs in with name and password; the last answer is under markLogin.
func (m mailboxes) login(want, password string) fakes.Script {
	if m.Protocol == results.IMAP {
		return fakes.Imap(markLogin, want, `LOGIN "{user}" "`+password+`"`)
	}
	return fakes.Join(fakes.Pop3("user", "", "USER {user}"), fakes.Pop3(markLogin, want, "PASS "+password))
}

// known is login with the right password, which must do.
func (m mailboxes) known() fakes.Script { return m.login(dialect.GoAhead(m.Protocol), "{password}") }

// probe is a command that needs a login.
func (m mailboxes) probe() fakes.Script { return m.say(markProbe, "", m.needy()) }

func (m mailboxes) needy() string {
	if m.Protocol == results.IMAP {
		return "SELECT INBOX"
	}
	return "STAT"
}

// bye ends the session in good order.
func (m mailboxes) bye() fakes.Script {
	if m.Protocol == results.IMAP {
		return fakes.ImapLogout()
	}
	return fakes.Pop3Quit()
}

// one is the list of a single, nameless dialogue on the listener that is clear at
// first.
func (m mailboxes) one(parts ...fakes.Script) []fakes.Dialogue {
	return []fakes.Dialogue{m.on(m.clear, "", parts...)}
}

// on is a dialogue on a listener.
func (m mailboxes) on(l fakes.Listener, name string, parts ...fakes.Script) fakes.Dialogue {
	return fakes.Dialogue{Name: name, Listener: l, Script: fakes.Join(parts...)}
}

// played completes cases of the protocol; those that name no needs need TLS on the
// listener that is clear at first, and those that name no levels are MUST.
func (m mailboxes) played(cases ...Case) []Case {
	for i := range cases {
		c := &cases[i]
		c.Protocol = m.Protocol
		if c.Needs == nil {
			c.Needs = []results.Feature{m.offers}
		}
		if c.Levels == nil {
			c.Levels = []LevelRule{must()}
		}
	}
	return cases
}

// offering is what a server lists.
type offering struct {
	// startTLS is true when the command that begins TLS is listed, user when the
	// login with name and password is: in IMAP where LOGINDISABLED is not.
	startTLS, user bool
	// mechanisms of SASL, in upper case and sorted.
	mechanisms []string
}

// plain are the mechanisms that show the password.
func (o offering) plain() []string {
	return slices.DeleteFunc(slices.Clone(o.mechanisms), func(m string) bool { return m != "PLAIN" && m != "LOGIN" })
}

// String lists it.
func (o offering) String() string {
	var all []string
	if o.startTLS {
		all = append(all, "TLS")
	}
	if o.user {
		all = append(all, "a login with name and password")
	}
	for _, m := range o.mechanisms {
		all = append(all, "SASL "+m)
	}
	return cmp.Or(strings.Join(all, ", "), "neither TLS nor a login")
}

// listed reads what an answer lists: to CAPABILITY or CAPA, or in the greeting of
// an IMAP server. It is not ok when there is no list.
func listed(p results.Protocol, a answer) (o offering, ok bool) {
	if p == results.POP3 {
		return listedByPOP3(a), a.is("+OK")
	}
	for _, words := range capabilityLists(a) {
		ok, o.user = true, !slices.Contains(words, "LOGINDISABLED")
		o.startTLS = slices.Contains(words, "STARTTLS")
		for _, w := range words {
			if mechanism, found := strings.CutPrefix(w, "AUTH="); found {
				o.mechanisms = append(o.mechanisms, mechanism)
			}
		}
	}
	slices.Sort(o.mechanisms)
	return o, ok
}

// capabilityLists finds the capability lists of an IMAP answer (RFC 9051 §7.1,
// §7.2.2).
func capabilityLists(a answer) [][]string {
	var all [][]string
	for i, line := range a.Lines {
		if i == 0 {
			line = "x OK " + line
		}
		r, _, err := dialect.CutResponse([]byte(line + "\r\n"))
		if words := r.Capabilities(); err == nil && words != nil {
			all = append(all, words)
		}
	}
	return all
}

// listedByPOP3 reads the answer to CAPA (RFC 2449 §6, RFC 2595 §4).
func listedByPOP3(a answer) offering {
	var o offering
	for _, line := range a.Lines[min(1, len(a.Lines)):] {
		words := strings.Fields(strings.ToUpper(line))
		switch {
		case len(words) == 0:
		case words[0] == "STLS":
			o.startTLS = true
		case words[0] == "USER":
			o.user = true
		case words[0] == "SASL":
			o.mechanisms = words[1:]
		}
	}
	slices.Sort(o.mechanisms)
	return o
}

// Times for which a server is watched while it should be silent.
const (
	brief  = 2 * time.Second
	calmly = 3 * time.Second
)
