package results

import (
	"encoding/base64"
	"fmt"
	"math"
	"strconv"
)

// begin opens a session.
func (d *transcriptReader) begin(l *lineReader) error {
	id, err := strconv.Atoi(l.word("the session's number"))
	if err != nil || id < 1 || d.ids[id] {
		l.fail("want a session number of its own, from 1")
	}
	d.ids[id] = true
	d.session = &Session{
		ID:       id,
		Leg:      member(l, "leg", l.attr("leg"), Legs()),
		Peer:     l.attr("peer"),
		Host:     l.attr("host"),
		Listener: l.attr("listener"),
		Client:   l.attr("client"),
		Server:   l.attr("server"),
		Alike:    l.countOrZero("alike"),
	}
	return l.done()
}

// sessionLine reads a line that belongs to the open session.
func (d *transcriptReader) sessionLine(keyword, rest, line string) error {
	s := d.session
	switch keyword {
	case "end":
		return d.end(readLine(rest))
	case "tls":
		f, err := readTLS(readLine(rest))
		s.TLS = append(s.TLS, f)
		return err
	case "hello", "alert", "chain", "client-chain":
		if len(s.TLS) == 0 {
			return fmt.Errorf("want a line tls before %s", keyword)
		}
		return readTLSDetail(&s.TLS[len(s.TLS)-1], keyword, rest)
	}
	if !isEvent(line) {
		return fmt.Errorf("unknown line %.40q in session %d; want a time and an event, "+
			"tls, hello, alert, chain, client-chain or end", keyword, s.ID)
	}
	e, err := readEvent(line)
	s.Events = append(s.Events, e)
	return err
}

// end closes the session.
func (d *transcriptReader) end(l *lineReader) error {
	d.session.End = member(l, "end", l.word("how the session ended"), SessionEnds())
	d.session.EndAt = l.seconds("when the session ended")
	d.t.Sessions = append(d.t.Sessions, *d.session)
	d.session = nil
	return l.done()
}

func readTLS(l *lineReader) (TLSFacts, error) {
	f := TLSFacts{
		Version:     l.attr("version"),
		Suite:       l.attr("suite"),
		Group:       l.attr("group"),
		Retry:       l.attr("retry"),
		Compression: l.attr("compression"),
		DHBits:      l.countOrZero("dh-bits"),
		Extensions:  l.list("extensions"),
		ALPN:        l.attr("alpn"),
		Named:       l.flag("named"),
		Requested:   l.flag("requested"),
		Resumed:     l.flag("resumed"),
		Complete:    l.flag("complete"),
		Tickets:     int(l.optional("tickets", math.MaxInt32)),
		EarlyData:   uint32(l.optional("early-data", math.MaxUint32)),
		Error:       l.attr("error"),
		Verify:      l.attr("verify"),
	}
	return f, l.done()
}

// readTLSDetail reads a line that belongs to the handshake above it.
func readTLSDetail(f *TLSFacts, keyword, rest string) error {
	switch keyword {
	case "chain", "client-chain":
		der, err := base64.StdEncoding.Strict().DecodeString(rest)
		if err != nil || len(der) == 0 {
			return fmt.Errorf("want a certificate in base64, found %.40q", rest)
		}
		if keyword == "chain" {
			f.Chain = append(f.Chain, der)
		} else {
			f.ClientChain = append(f.ClientChain, der)
		}
		return nil
	case "alert":
		a, err := readAlert(readLine(rest))
		f.Alerts = append(f.Alerts, a)
		return err
	default:
		if f.Hello != nil {
			return fmt.Errorf("want one line %s only", keyword)
		}
		var err error
		f.Hello, err = readHello(readLine(rest))
		return err
	}
}

func readAlert(l *lineReader) (Alert, error) {
	a := Alert{From: member(l, "side", l.word("the side: C or S"), Sides())}
	word := l.word("fatal or warning")
	if word != severity(true) && word != severity(false) {
		l.fail("unknown severity %q; want fatal or warning", word)
	}
	a.Fatal = word == severity(true)
	code, err := strconv.ParseUint(l.word("the alert's code"), 10, 8)
	if err != nil {
		l.fail("want the alert's code, 0 to 255")
	}
	a.Code = uint8(code)
	a.Name = l.word("the alert's name")
	return a, l.done()
}

func readHello(l *lineReader) (*ClientHello, error) {
	h := &ClientHello{
		Versions:    l.list("versions"),
		Suites:      l.list("suites"),
		Groups:      l.list("groups"),
		SNI:         l.attr("sni"),
		ALPN:        l.list("alpn"),
		Compression: l.list("compression"),
		Extensions:  l.list("extensions"),
		Length:      l.count("length"),
		Records:     l.count("records"),
	}
	return h, l.done()
}
