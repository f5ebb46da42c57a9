package wire

import (
	"bytes"
	"fmt"

	"mailtls/results"
)

const (
	// parkLimit bounds in bytes the records of one direction that wait for keys:
	// a server's first flight with a long chain, which may come in one segment.
	parkLimit = 256 << 10
	// lookBack is how many sequence numbers before the expected one are tried.
	// Records that a script injected were counted here, but not by the far end.
	lookBack = 8
	// missLimit is the number of records in a row that cannot be opened after
	// which no more are tried.
	missLimit = 32
)

// change takes a ChangeCipherSpec. A second one begins a renegotiation, whose
// keys are not followed.
func (d *direction) change(version uint16) {
	if version == version13 {
		return
	}
	d.lost = d.lost || d.changed
	d.changed = true
}

// sealed12 takes an encrypted record of TLS 1.2 or before.
func (k *tracker) sealed12(t ticket, from results.Side, e piece) {
	a := k.current
	d := a.dir(from)
	// The first record is the Finished.
	if e.header.kind != typeAlert && (e.header.kind != typeHandshake || d.seq == 0) {
		d.seq++
		return
	}
	if d.keys == nil && !d.lost {
		d.keys = a.keys12(from)
	}
	var plain []byte
	opened := false
	if d.keys != nil && !d.lost {
		plain, _, opened = d.open(k, e.header, e.body)
	} else {
		d.seq++
	}
	switch {
	case e.header.kind == typeHandshake && opened:
		_, ended := d.sealed.add(plain)
		for _, m := range ended {
			k.inside(t, from, m)
		}
	case opened:
		k.readAlerts(t, from, plain, true)
	case e.header.kind == typeAlert:
		k.unreadAlert(t, from, e)
	}
}

// inside lists a handshake message that came inside TLS after the handshake, as
// a KeyUpdate or a renegotiation does; tickets are in the facts.
func (k *tracker) inside(t ticket, from results.Side, m message) {
	f := &k.flows[index(from)]
	f.came = append(f.came[:min(len(f.came), listMessages)], m.kind)
	if m.kind != msgNewSessionTicket && f.messages.list(listMessages, m.length, t) {
		k.log.put(t, results.Event{From: from, Kind: results.EventTLS, Secure: true, Text: messageName(m.kind)})
	}
}

// unreadAlert lists an alert that could not be opened.
func (k *tracker) unreadAlert(t ticket, from results.Side, e piece) {
	if k.flows[index(from)].alerts.list(listAlerts, e.header.length, t) {
		k.log.put(t, results.Event{From: from, Kind: results.EventAlert, Secure: true, Text: "alert (encrypted)"})
	}
}

// keys12 gives the protection of a side's records, nil if it cannot be had.
func (a *attempt) keys12(from results.Side) *protection {
	master := a.secrets[labelMaster]
	if master == nil {
		master = a.remembered
	}
	if master == nil || a.version != version12 {
		return nil
	}
	p, err := protect12(a.suite, master, a.clientRandom, a.serverRandom, from)
	if err != nil {
		return nil
	}
	return p
}

// sealed13 takes an encrypted record of TLS 1.3, and parks it if its key is not
// known yet: crypto/tls logs a key only after it has read the record before.
func (k *tracker) sealed13(t ticket, from results.Side, e piece) {
	d := k.current.dir(from)
	switch {
	case d.lost:
	case k.current.keys13(from):
		k.unseal(t, from, e.header, e.body)
	case d.parkedBytes+len(e.body) > parkLimit:
		d.lose()
	default:
		d.parked = append(d.parked, parked{at: t, head: e.header, body: bytes.Clone(e.body)})
		d.parkedBytes += len(e.body)
	}
}

// keys13 tells whether the keys of a side are there, and derives them if it can.
func (a *attempt) keys13(from results.Side) bool {
	d := a.dir(from)
	if d.keys != nil {
		return true
	}
	secret, ok := a.secrets[trafficLabel(from, d.finished)]
	if !ok || a.version != version13 {
		return false
	}
	keys, err := protect13(a.suite, secret)
	if err != nil {
		d.lose()
		return false
	}
	d.keys, d.seq, d.misses = keys, 0, 0
	return true
}

// drain opens what was parked in a, as far as the keys go.
func (k *tracker) drain(a *attempt) {
	if a != k.current {
		return
	}
	for _, from := range []results.Side{results.Client, results.Server} {
		d := a.dir(from)
		for len(d.parked) > 0 && a.keys13(from) {
			p := d.parked[0]
			d.parked = d.parked[1:]
			d.parkedBytes -= len(p.body)
			k.unseal(p.at, from, p.head, p.body)
		}
	}
}

// unseal opens a record of TLS 1.3 and reads it.
func (k *tracker) unseal(t ticket, from results.Side, h header, body []byte) {
	d := k.current.dir(from)
	plain, kind, ok := d.open(k, h, body)
	switch {
	case ok && kind == typeAlert:
		k.readAlerts(t, from, plain, true)
	case ok && kind == typeHandshake:
		_, ended := d.sealed.add(plain)
		for _, m := range ended {
			if d.finished {
				k.inside(t, from, m)
			}
			k.current.message(from, m)
			d.advance(m.kind)
		}
	}
}

// advance changes keys after the messages that say so.
func (d *direction) advance(kind byte) {
	switch {
	case kind == msgFinished && !d.finished:
		d.finished, d.keys = true, nil
	case kind == msgKeyUpdate && d.keys != nil:
		next, err := d.keys.next()
		if err != nil {
			d.lose()
			return
		}
		d.keys, d.seq = next, 0
	}
}

// open opens a record under the expected sequence number or one of those before.
func (d *direction) open(k *tracker, h header, body []byte) (content []byte, kind byte, ok bool) {
	for back := uint64(0); back <= min(lookBack, d.seq); back++ {
		plain, inner, err := d.keys.open(k.scratch[:0], d.seq-back, h, body)
		if err == nil {
			k.scratch = plain
			d.seq, d.misses = d.seq-back+1, 0
			return plain, inner, true
		}
	}
	d.seq++
	if d.misses++; d.misses > missLimit {
		d.lose()
	}
	return nil, 0, false
}

// lose gives the direction's records up.
func (d *direction) lose() {
	d.lost, d.keys, d.parked, d.parkedBytes = true, nil, nil, 0
}

// readAlerts reads the payload of an alert record (RFC 8446 §6, RFC 5246 §7.2).
// It is one alert; several are read too, as long as they look like alerts.
func (k *tracker) readAlerts(t ticket, from results.Side, p []byte, secure bool) {
	y := &k.flows[index(from)].alerts
	event := results.Event{From: from, Kind: results.EventAlert, Secure: secure}
	if !plausibleAlerts(p) {
		if y.list(listAlerts, len(p), t) {
			event.Text = fmt.Sprintf("alert (malformed) len=%d", len(p))
			k.log.put(t, event)
		}
		return
	}
	for ; len(p) > 0; p = p[2:] {
		if !y.list(listAlerts, 2, t) {
			continue
		}
		alert := results.Alert{From: from, Fatal: k.current.fatal(p[0], p[1]), Code: p[1], Name: alertName(p[1])}
		severity := "warning"
		if alert.Fatal {
			severity = "fatal"
		}
		event.Text = fmt.Sprintf("%s %s(%d)", severity, alert.Name, alert.Code)
		k.log.putAlert(t, event, alert, k.current)
	}
}

// plausibleAlerts tells whether p is one alert, or several of known levels.
func plausibleAlerts(p []byte) bool {
	if len(p) == 0 || len(p)%2 != 0 {
		return false
	}
	for i := 0; len(p) > 2 && i < len(p); i += 2 {
		if p[i] != 1 && p[i] != 2 {
			return false
		}
	}
	return true
}

// fatal tells whether an alert ends the connection. TLS 1.3 ignores the level:
// all but two alerts do (RFC 8446 §6).
func (a *attempt) fatal(level, code byte) bool {
	const closeNotify, userCanceled = 0, 90
	if a.version == version13 {
		return code != closeNotify && code != userCanceled
	}
	return level == 2
}
