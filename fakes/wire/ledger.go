package wire

import (
	"bytes"

	"mailtls/results"
)

const (
	// keepLimit is the size in bytes up to which a data event is kept whole.
	keepLimit = 4 << 10
	// runLimit is the size in bytes up to which a run of data events is kept
	// event by event.
	runLimit = 64 << 10
)

// entry is one event with its place. Sorting by seq, then by order, gives the
// order in which things passed.
type entry struct {
	seq, order uint64
	event      results.Event
	// digest stands for the bytes of a merged event; nil otherwise.
	digest *digester
	// alert is set for events of kind alert that could be read, of is the
	// handshake it belongs to.
	alert results.Alert
	of    *attempt
}

// ledger holds the events. Data that may yet be merged is kept in run.
type ledger struct {
	entries  []entry
	order    uint64
	run      run
	canaries [][]byte
	tell     func(results.Event) // nil when nobody follows
}

// run is the data events since the last event that is no record and no data of
// the same kind.
type run struct {
	key    runKey
	total  int64
	parts  []entry
	merged bool // parts is one entry with a digest
}

// runKey tells which data events may be merged.
type runKey struct {
	from   results.Side
	secure bool
	stage  results.Stage
	mark   string
}

// put writes down an event that is no data. Records do not end a run: a payload
// inside TLS alternates with the records that carry it.
func (l *ledger) put(t ticket, e results.Event) {
	if e.Kind != results.EventRecord {
		l.settle()
	}
	n := l.enter(t, e)
	l.entries = append(l.entries, n)
	l.told(n.event)
}

// putAlert writes down an alert of the handshake a.
func (l *ledger) putAlert(t ticket, e results.Event, alert results.Alert, a *attempt) {
	l.settle()
	n := l.enter(t, e)
	n.alert, n.of = alert, a
	l.entries = append(l.entries, n)
	l.told(n.event)
}

// data writes down bytes that passed; it copies p.
func (l *ledger) data(t ticket, from results.Side, secure bool, p []byte) {
	if len(p) == 0 {
		return
	}
	key := runKey{from: from, secure: secure, stage: t.stage, mark: t.mark}
	if key != l.run.key {
		l.settle()
		l.run.key = key
	}
	l.run.total += int64(len(p))
	if !l.run.merged && l.run.total > runLimit {
		l.mergeRun(t, p)
	}
	if l.run.merged {
		l.run.parts[0].digest.add(p)
		return
	}
	n := l.enter(t, results.Event{From: from, Kind: results.EventData, Secure: secure, Bytes: bytes.Clone(p)})
	l.run.parts = append(l.run.parts, n)
	l.told(n.event)
}

// mergeRun makes one entry of the run, to which p will be added. Who follows is
// told of the beginning of p if it is the first of the run.
func (l *ledger) mergeRun(t ticket, p []byte) {
	r := &l.run
	r.merged = true
	if len(r.parts) > 0 {
		r.parts = []entry{merge(r.parts[0], r.parts, l.canaries)}
		return
	}
	n := l.enter(t, results.Event{From: r.key.from, Kind: results.EventData, Secure: r.key.secure, Bytes: bytes.Clone(p[:keepLimit])})
	l.told(n.event)
	r.parts = []entry{merge(n, nil, l.canaries)}
}

// enter gives an event its place, time, stage and mark.
func (l *ledger) enter(t ticket, e results.Event) entry {
	l.order++
	e.At, e.Stage, e.Mark = t.at, t.stage, t.mark
	return entry{seq: t.seq, order: l.order, event: e}
}

// told tells who follows of an event.
func (l *ledger) told(e results.Event) {
	if l.tell != nil {
		l.tell(e)
	}
}

// settle ends the run.
func (l *ledger) settle() {
	l.entries = append(l.entries, l.coalesce()...)
	l.run = run{}
}

// coalesce gives the events of the run as they would stand if it ended now:
// large ones that follow each other are merged. The run is left as it is.
func (l *ledger) coalesce() []entry {
	if l.run.merged {
		return l.run.parts
	}
	var out []entry
	parts := l.run.parts
	for len(parts) > 0 {
		n := 0
		for n < len(parts) && len(parts[n].event.Bytes) > keepLimit {
			n++
		}
		if n == 0 {
			out = append(out, parts[0])
			parts = parts[1:]
			continue
		}
		out = append(out, merge(parts[0], parts[:n], l.canaries))
		parts = parts[n:]
	}
	return out
}

// merge makes one entry with a digest of the parts' bytes.
func merge(first entry, parts []entry, canaries [][]byte) entry {
	first.digest = newDigester(canaries)
	for _, p := range parts {
		first.digest.add(p.event.Bytes)
	}
	first.event.Bytes = nil
	return first
}

// snapshot gives deep copies of all entries, in no particular order. Heads and
// tails of digests are longer than they will be shown (trimDigests).
func (l *ledger) snapshot() []entry {
	all := append(append([]entry(nil), l.entries...), l.coalesce()...)
	for i := range all {
		e := &all[i]
		e.event.Bytes = bytes.Clone(e.event.Bytes)
		if e.digest != nil {
			e.event.Digest = e.digest.digest()
		}
	}
	return all
}
