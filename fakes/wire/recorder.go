package wire

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"mailtls/results"
)

// Recorder collects the events of one session. It may be used by several
// goroutines at once, and by the Conn that writes into it.
type Recorder struct {
	now func() time.Duration

	mu       sync.Mutex
	seq      uint64
	stage    results.Stage
	mark     string
	log      ledger
	masks    []mask
	trackers []*tracker
}

// ticket is the place of an event among the others. A write draws its ticket
// before the bytes leave, so that the answer to them cannot stand before them.
type ticket struct {
	seq   uint64
	at    time.Duration
	stage results.Stage
	mark  string
}

// NewRecorder makes a recorder. now tells the time since the transcript began
// and must never go back.
func NewRecorder(now func() time.Duration) *Recorder {
	return &Recorder{now: now, stage: results.StageConnect}
}

// At sets the stage and the mark of the events from here on. The mark is the
// script's step or the transaction and may be empty. Before the first call the
// stage is results.StageConnect.
func (r *Recorder) At(stage results.Stage, mark string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stage, r.mark = stage, mark
}

// Note writes down what the harness did or noticed.
func (r *Recorder) Note(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.log.put(r.draw(), results.Event{From: results.Harness, Kind: results.EventNote, Text: text})
}

// Hide has a secret written down as shown, wherever it occurs in data or notes,
// across the edges of segments too, and in the whole session, even in what was
// seen before the call. Secrets of three bytes or more are also found where they
// are base64-encoded, at each of the three alignments, together with up to one
// neighbouring character at each end that carries bits of them. The length and
// the hash of a digest stay those of what passed.
func (r *Recorder) Hide(secret, shown string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.masks = append(r.masks, masksFor(secret, shown)...)
}

// Canary has the offsets of c kept for payloads that only a digest stands for
// (results.Digest.Canaries), plain or base64-encoded on one line. It must be
// named before the payload passes. An empty c is ignored.
func (r *Recorder) Canary(c string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c == "" {
		return
	}
	r.log.canaries = append(r.log.canaries, []byte(c))
	for _, p := range base64Forms(c) {
		r.log.canaries = append(r.log.canaries, p.text)
	}
}

// Session gives a deep copy of the events and TLS facts so far. The other fields
// are the caller's to fill. It may be called at any time, and again.
func (r *Recorder) Session() results.Session {
	r.mu.Lock()
	defer r.mu.Unlock()
	entries := r.log.snapshot()
	for _, k := range r.trackers {
		entries = append(entries, k.leftovers()...)
	}
	slices.SortFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.seq, b.seq), cmp.Compare(a.order, b.order))
	})
	var s results.Session
	for _, k := range r.trackers {
		s.TLS = append(s.TLS, k.facts(entries)...)
	}
	for _, e := range entries {
		s.Events = append(s.Events, e.event)
	}
	hide(s.Events, r.masks)
	trimDigests(s.Events)
	return s
}

// ticket draws the next ticket.
func (r *Recorder) ticket() ticket {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.draw()
}

// draw is ticket for a caller that holds the lock.
func (r *Recorder) draw() ticket {
	r.seq++
	return ticket{seq: r.seq, at: r.now(), stage: r.stage, mark: r.mark}
}

// event writes down an event that is no data.
func (r *Recorder) event(from results.Side, kind results.EventKind, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.log.put(r.draw(), results.Event{From: from, Kind: kind, Text: text})
}

// data writes down bytes that passed inside TLS.
func (r *Recorder) data(t ticket, from results.Side, p []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.log.data(t, from, true, p)
}
