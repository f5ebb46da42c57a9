package bench

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"strconv"
	"strings"
	"time"

	"mailtls/results"
)

// program is a session of a plan, made ready: what it says and its TLS.
type program struct {
	results.SessionPlan
	// hello is the verb of EHLO with the space behind it.
	hello string
	// mail, rcpts and data are the commands of the message, body its content with
	// the final dot; all is the commands in one piece. Empty without a message.
	mail, data, body, all []byte
	rcpts                 [][]byte
	// idAt is where in the body the index of the message belongs; 0 where it has
	// none.
	idAt int
	// access is the dialogue with a server of mailboxes; nil for those that carry
	// mail.
	access *accessDialogue
	// config of TLS, shared by all sessions; nil for plain ones.
	config *tls.Config
	// tickets of sessions that resume; nil for others.
	tickets *ticketStack
}

// helloName ends the names that sessions give: b17.bench.mailtls.example for the
// session with index 17, so that logs of the two sides can be joined.
const helloName = ".bench.mailtls.example"

// SenderDomain is where the messages of a run come from.
const SenderDomain = "mailtls.example"

// world is what programs need to know of the target.
type world struct {
	serverName, domain string
	roots              *x509.CertPool
	now                func() time.Time
	// trips give the messages their IDs; nil gives none.
	trips *Trips
}

// newProgram makes a session of the plan ready.
func newProgram(p results.Plan, s results.SessionPlan, w world) *program {
	g := &program{SessionPlan: s, hello: "EHLO ", access: accessOf(s.Protocol)}
	if s.Protocol == results.LMTP {
		g.hello = "LHLO "
	}
	if s.Size > 0 {
		g.compose(w.domain, w.trips)
	}
	if s.Kind.UsesTLS() {
		g.config = tlsConfig(s, w)
	}
	if s.Kind == results.KindStartTLSResumed {
		g.tickets = &ticketStack{most: 2*p.InFlight + 64}
	}
	return g
}

// compose writes the commands and the content of the message.
func (g *program) compose(domain string, trips *Trips) {
	g.mail = []byte("MAIL FROM:<bench@" + SenderDomain + ">\r\n")
	g.data = []byte("DATA\r\n")
	g.all = append(g.all, g.mail...)
	for i := range g.Recipients {
		rcpt := []byte("RCPT TO:<bench" + strconv.Itoa(i) + "@" + domain + ">\r\n")
		g.rcpts = append(g.rcpts, rcpt)
		g.all = append(g.all, rcpt...)
	}
	g.all = append(g.all, g.data...)
	id := ""
	if trips != nil {
		id, g.idAt = trips.header()
	}
	g.body = append(content(g.Size, domain, id), ".\r\n"...)
}

// content is a message of so many bytes, as far as its header, which may begin with
// a field, fits.
func content(size int, domain, field string) []byte {
	const width = 76
	header := field + "From: <bench@" + SenderDomain + ">\r\nTo: <bench0@" + domain + ">\r\nSubject: mailtls bench\r\n\r\n"
	var b strings.Builder
	b.WriteString(header)
	for left := size - len(header); left > 0; {
		n := min(left, width+2)
		if rest := left - n; rest == 1 {
			n-- // a line end is two bytes
		}
		if n < 2 {
			break
		}
		b.WriteString(strings.Repeat("x", n-2) + "\r\n")
		left -= n
	}
	return []byte(b.String())
}

// tlsConfig is the one configuration of all sessions of a kind.
func tlsConfig(s results.SessionPlan, w world) *tls.Config {
	c := &tls.Config{
		ServerName:         w.serverName,
		MinVersion:         tls.VersionTLS10, // what the target may not speak is up to it
		InsecureSkipVerify: true,             // verifier checks, where the plan wants it
	}
	if s.TLS != 0 {
		c.MinVersion, c.MaxVersion = uint16(s.TLS), uint16(s.TLS)
	}
	if s.Group != 0 {
		c.CurvePreferences = []tls.CurveID{tls.CurveID(s.Group)}
	}
	switch {
	case s.Suite != 0:
		c.CipherSuites = []uint16{uint16(s.Suite)}
	case s.TLS != 0 && s.TLS < tls.VersionTLS12:
		for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
			c.CipherSuites = append(c.CipherSuites, suite.ID)
		}
	}
	if s.Verify != results.CheckNone {
		v := &verifier{roots: w.roots, now: w.now, cached: s.Verify == results.CheckChain}
		c.VerifyConnection = v.check
	}
	return c
}

// describe says what was negotiated.
func describe(cs tls.ConnectionState) string {
	text := strings.ReplaceAll(tls.VersionName(cs.Version), " ", "")
	if cs.CurveID != 0 {
		text += " " + cs.CurveID.String()
	}
	text += " " + tls.CipherSuiteName(cs.CipherSuite)
	if n := len(cs.PeerCertificates); n > 0 {
		text += fmt.Sprintf(" %s chain of %d", cs.PeerCertificates[0].PublicKeyAlgorithm, n)
	}
	return text
}
