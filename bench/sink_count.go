package bench

import (
	"sync"
	"time"

	"mailtls/results"
)

// The places of the histograms in a sink's count: the phases in the order of
// results.SinkPhases, and the delays.
const (
	sinkStartTLS = iota
	sinkHandshake
	sinkHelloTLS
	sinkMessage
	sinkSession
	sinkDelay
	sinkHistograms
)

// sinkCount is what a sink counted in an interval, or in all.
type sinkCount struct {
	histograms                                                            [sinkHistograms]*results.Histogram
	accepted, completed, messages, recipients, bytes, handshakes, resumed int64
	failed                                                                map[results.ErrorClass]int64
	// first is when the first session began, last when the last one ended.
	first, last time.Duration
}

func newSinkCount() *sinkCount {
	c := &sinkCount{failed: map[results.ErrorClass]int64{}, first: -1}
	for i := range c.histograms {
		c.histograms[i] = results.NewHistogram()
	}
	return c
}

// merge adds what another counted.
func (c *sinkCount) merge(o *sinkCount) {
	for i, h := range o.histograms {
		if h.Count() > 0 {
			c.histograms[i].Merge(h)
		}
	}
	c.accepted += o.accepted
	c.completed += o.completed
	c.messages += o.messages
	c.recipients += o.recipients
	c.bytes += o.bytes
	c.handshakes += o.handshakes
	c.resumed += o.resumed
	for class, n := range o.failed {
		c.failed[class] += n
	}
	if o.first >= 0 && (c.first < 0 || o.first < c.first) {
		c.first = o.first
	}
	c.last = max(c.last, o.last)
}

// reset forgets everything.
func (c *sinkCount) reset() {
	for _, h := range c.histograms {
		if h.Count() > 0 {
			h.Reset()
		}
	}
	clear(c.failed)
	*c = sinkCount{histograms: c.histograms, failed: c.failed, first: -1}
}

func (c *sinkCount) failures() int64 {
	var n int64
	for _, failed := range c.failed {
		n += failed
	}
	return n
}

// sinkRecorder counts for some of the sessions, as recorder does for workers.
type sinkRecorder struct {
	mu            sync.Mutex
	active, spare *sinkCount
}

func newSinkRecorder() *sinkRecorder {
	return &sinkRecorder{active: newSinkCount(), spare: newSinkCount()}
}

// began counts an accepted connection.
func (r *sinkRecorder) began() {
	r.mu.Lock()
	r.active.accepted++
	r.mu.Unlock()
}

// phase counts a phase.
func (r *sinkRecorder) phase(at int, took time.Duration) {
	r.mu.Lock()
	r.active.histograms[at].Record(took)
	r.mu.Unlock()
}

// handshake counts a handshake that came about.
func (r *sinkRecorder) handshake(took time.Duration, resumed bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.active.histograms[sinkHandshake].Record(took)
	r.active.handshakes++
	if resumed {
		r.active.resumed++
	}
}

// message counts an accepted message.
func (r *sinkRecorder) message(took time.Duration, recipients int, size int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.active.histograms[sinkMessage].Record(took)
	r.active.messages++
	r.active.recipients += int64(recipients)
	r.active.bytes += size
}

// waited counts a delay.
func (r *sinkRecorder) waited(took time.Duration) { r.phase(sinkDelay, took) }

// ended counts the end of a session.
func (r *sinkRecorder) ended(accepted, now time.Duration, failed results.ErrorClass) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.active
	if c.first < 0 || accepted < c.first {
		c.first = accepted
	}
	c.last = max(c.last, now)
	if failed != "" {
		c.failed[failed]++
		return
	}
	c.completed++
	c.histograms[sinkSession].Record(now - accepted)
}

// take merges what was counted since the last time into a count.
func (r *sinkRecorder) take(into *sinkCount) {
	r.mu.Lock()
	r.active, r.spare = r.spare, r.active
	r.mu.Unlock()
	into.merge(r.spare)
	r.spare.reset()
}
