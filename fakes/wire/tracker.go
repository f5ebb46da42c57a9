package wire

import (
	"fmt"
	"strings"

	"mailtls/results"
)

const (
	// listApplication is how many records of application data are listed for
	// each direction, listOther how many of all other types, listAlerts how many
	// alerts.
	listApplication = 64
	listOther       = 256
	listAlerts      = 64
	// listMessages is how many handshake messages after the handshake are listed.
	listMessages = 64
)

// tracker follows one connection below TLS. The recorder's lock guards it.
type tracker struct {
	log     *ledger
	on      bool // records are expected
	current *attempt
	all     []*attempt
	flows   [2]flow
	scratch []byte
}

// flow is what is known of one side's bytes, whatever handshake they belong to.
type flow struct {
	frame                      framer
	application, other, alerts tally
	messages                   tally
	came                       []byte // types of messages after the handshake, not told yet
}

// tally counts events that are listed up to a limit.
type tally struct {
	listed, more int
	bytes        int64
	last         ticket // of the last one not listed
}

// list tells whether one more event is to be listed.
func (y *tally) list(limit, bytes int, t ticket) bool {
	if y.listed < limit {
		y.listed++
		return true
	}
	y.more, y.bytes, y.last = y.more+1, y.bytes+int64(bytes), t
	return false
}

// expect has records looked for from here on, in a new attempt if the current
// one has been used.
func (k *tracker) expect() {
	k.on = true
	if k.current == nil || k.current.seen || k.current.ours {
		k.begin()
	}
}

// shake gives the attempt for a handshake by crypto/tls: the current one, with
// what a script wrote before, unless that has had its handshake.
func (k *tracker) shake() *attempt {
	k.on = true
	if k.current == nil || k.current.ours {
		k.begin()
	}
	k.current.ours, k.current.seen = true, true
	return k.current
}

func (k *tracker) begin() {
	k.current = newAttempt()
	k.all = append(k.all, k.current)
}

// segment takes the bytes of one call below TLS. It gives what of them is clear
// data, and of bytes held back before; nothing as long as no records are
// expected.
func (k *tracker) segment(t ticket, from results.Side, p []byte) (plain []byte) {
	if !k.on {
		k.log.data(t, from, false, p)
		return nil
	}
	k.flows[index(from)].frame.feed(t, p, func(e piece) {
		if e.record {
			k.record(t, from, e)
			return
		}
		k.log.data(e.at, from, false, e.body)
		plain = append(plain, e.body...)
	})
	return plain
}

// record takes one whole record.
func (k *tracker) record(t ticket, from results.Side, e piece) {
	a := k.current
	d := a.dir(from)
	a.seen = true
	encrypted := a.encrypted(from)
	var began []byte
	var ended []message
	if e.header.kind == typeHandshake && !encrypted {
		began, ended = d.clear.add(e.body)
	}
	k.listRecord(t, from, e, a.recordDetail(e.header.kind, encrypted, began, ended))
	for _, m := range ended {
		a.message(from, m)
	}
	switch {
	case e.header.kind == typeSSLv2:
		a.clientHelloV2(e.body)
	case e.header.kind == typeChangeCipherSpec:
		d.change(a.version)
	case encrypted:
		k.sealed12(t, from, e)
	case e.header.kind == typeAlert:
		k.readAlerts(t, from, e.body, false)
	case e.header.kind == typeApplicationData && a.version == version13:
		k.sealed13(t, from, e)
	}
}

// listRecord writes the event of a record, or counts it.
func (k *tracker) listRecord(t ticket, from results.Side, e piece, detail string) {
	f := &k.flows[index(from)]
	y, limit := &f.other, listOther
	if e.header.kind == typeApplicationData {
		y, limit = &f.application, listApplication
	}
	if y.list(limit, e.header.length, t) {
		k.log.put(t, results.Event{
			From: from, Kind: results.EventRecord,
			Text: fmt.Sprintf("%s v=%s len=%d", detail, versionName(e.header.version), e.header.length),
		})
	}
}

// recordDetail names a record, and what it carries where that can be seen.
func (a *attempt) recordDetail(kind byte, encrypted bool, began []byte, ended []message) string {
	switch {
	case kind == typeSSLv2:
		return "sslv2 client_hello"
	case encrypted && (kind == typeHandshake || kind == typeAlert):
		return recordName(kind) + " (encrypted)"
	case kind != typeHandshake:
		return recordName(kind)
	case len(began) == 0:
		return "handshake (continued)"
	}
	const most = 8
	var names []string
	for _, m := range began[:min(most, len(began))] {
		names = append(names, messageName(m))
	}
	if len(began) > most {
		names = append(names, "...")
	}
	return "handshake " + strings.Join(a.markRetry(names, ended), ",")
}

// markRetry renames a ServerHello that is a HelloRetryRequest.
func (a *attempt) markRetry(names []string, ended []message) []string {
	for i, m := range ended {
		if m.kind != msgServerHello || i >= len(names) || names[i] != "server_hello" {
			continue
		}
		if h, _ := readServerHello(m.body); h.retry {
			names[i] = "hello_retry_request"
		}
	}
	return names
}

// facts gives the facts of the attempts, with the alerts found among entries.
func (k *tracker) facts(entries []entry) []results.TLSFacts {
	var out []results.TLSFacts
	for _, a := range k.all {
		if !a.seen {
			continue
		}
		f := a.copyFacts()
		for _, e := range entries {
			if e.of == a {
				f.Alerts = append(f.Alerts, e.alert)
			}
		}
		out = append(out, f)
	}
	return out
}

// leftovers gives events for what is unfinished or was only counted.
func (k *tracker) leftovers() []entry {
	var out []entry
	for _, from := range []results.Side{results.Client, results.Server} {
		f := &k.flows[index(from)]
		if e, ok := f.frame.leftover(); ok {
			out = append(out, k.log.enter(e.at, k.unfinished(from, e)))
		}
		for _, c := range []struct {
			what  string
			tally tally
		}{
			{"records of application data", f.application},
			{"other records", f.other},
			{"alerts", f.alerts},
			{"messages inside TLS", f.messages},
		} {
			if c.tally.more > 0 {
				out = append(out, k.log.enter(c.tally.last, results.Event{
					From: results.Harness, Kind: results.EventNote,
					Text: fmt.Sprintf("not listed: %d %s from %s, %d bytes", c.tally.more, c.what, from, c.tally.bytes),
				}))
			}
		}
	}
	return out
}

// unfinished gives the event of a piece that the connection has not completed.
func (k *tracker) unfinished(from results.Side, e piece) results.Event {
	if !e.record {
		return results.Event{From: from, Kind: results.EventData, Bytes: append([]byte(nil), e.body...)}
	}
	kind := recordName(e.header.kind)
	if e.header.kind == typeSSLv2 {
		kind = "sslv2 client_hello"
	}
	return results.Event{
		From: from, Kind: results.EventRecord,
		Text: fmt.Sprintf("%s v=%s len=%d (incomplete: %d came)",
			kind, versionName(e.header.version), e.header.length, len(e.body)),
	}
}
