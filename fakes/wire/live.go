package wire

import (
	"mailtls/results"
)

// Follow has each event told as it is written down, in addition to being kept;
// data that is merged into a digest is told in its first part only. tell is
// called with the recorder locked: it must be quick and must not call back.
func (r *Recorder) Follow(tell func(results.Event)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.log.tell = func(e results.Event) {
		shown := []results.Event{e}
		hide(shown, r.masks)
		tell(shown[0])
	}
}

// Place is a point between two events; see Restage.
type Place uint64

// Here is the place behind the last event.
func (r *Recorder) Here() Place {
	r.mu.Lock()
	defer r.mu.Unlock()
	return Place(r.seq)
}

// Restage sets the stage and mark of the events since a place that are still of
// stage unknown, and of those to come: a server knows what a command is only
// when it has read it.
func (r *Recorder) Restage(since Place, stage results.Stage, mark string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stage, r.mark = stage, mark
	r.log.settle()
	for i := len(r.log.entries) - 1; i >= 0; i-- {
		e := &r.log.entries[i]
		if e.seq > uint64(since) && e.event.Stage == results.StageUnknown {
			e.event.Stage, e.event.Mark = stage, mark
		}
		if e.seq+reordered < uint64(since) {
			return
		}
	}
}

// reordered is how far events can stand from the order of their tickets.
const reordered = 64

// Drop leaves TLS without a word: Read and Write are below TLS from here on, as
// in a server that goes on in clear after TLS was closed.
func (c *Conn) Drop() { c.up.Store(nil) }

// OnMessage has tell called with the type of each handshake message of the far
// end that comes inside TLS after the handshake (RFC 8446 §4.6, RFC 5246 §7.4),
// before TLS itself sees it. When tell returns an error TLS is told that, and
// not given the message. It is called by whoever reads, and set before that.
func (c *Conn) OnMessage(tell func(kind byte) error) { c.onMessage = tell }

// tellMessages tells of the messages that came and were not told yet.
func (c *Conn) tellMessages() error {
	if c.onMessage == nil || c.up.Load() == nil {
		return nil
	}
	c.rec.mu.Lock()
	f := &c.track.flows[index(far(c.ours))]
	came := f.came
	f.came = nil
	c.rec.mu.Unlock()
	for _, kind := range came {
		if err := c.onMessage(kind); err != nil {
			return err
		}
	}
	return nil
}
