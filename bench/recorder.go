package bench

import (
	"sync"
	"time"

	"mailtls/results"
)

// The places of the histograms in a count: the phases, and what is beside them.
const (
	atConnect = iota
	atGreeting
	atHello
	atStartTLS
	atHandshake
	atHelloTLS
	atMessage
	phaseCount // the phases that a session times itself
	atSession  = iota - 1
	atRaw
	atLag
	histogramCount
)

// sample is what one session measured.
type sample struct {
	// took is how long the phases took; met says which there were.
	took [phaseCount]time.Duration
	met  [phaseCount]bool
	// paused is how long the session waited on purpose.
	paused time.Duration
	// end is when its last reply was there; 0 where it failed.
	end time.Duration
	// failed is the class of its failure; empty when it completed.
	failed results.ErrorClass
	// sent and received are the bytes on the wire up to then.
	sent, received int64
	// resumed says that TLS resumed an earlier session.
	resumed bool
}

// add counts a phase; a session that connects twice has some of them twice.
func (s *sample) add(phase int, took time.Duration) {
	s.took[phase] += took
	s.met[phase] = true
}

// count is what was counted in an interval, or in a run.
type count struct {
	// histograms are made when there is something for them, for they are large.
	histograms [histogramCount]*results.Histogram
	attempted  int64
	completed  int64
	resumed    int64
	failed     map[results.ErrorClass]int64
	// sent and received are the bytes of completed sessions.
	sent, received int64
	// ended is when the last session did.
	ended time.Duration
}

func newCount() *count { return &count{failed: map[results.ErrorClass]int64{}} }

// histogram gives the one at a place.
func (c *count) histogram(at int) *results.Histogram {
	if c.histograms[at] == nil {
		c.histograms[at] = results.NewHistogram()
	}
	return c.histograms[at]
}

// merge adds what another counted.
func (c *count) merge(o *count) {
	for i, h := range o.histograms {
		if h != nil && h.Count() > 0 {
			c.histogram(i).Merge(h)
		}
	}
	c.attempted += o.attempted
	c.completed += o.completed
	c.resumed += o.resumed
	c.sent += o.sent
	c.received += o.received
	for class, n := range o.failed {
		c.failed[class] += n
	}
	c.ended = max(c.ended, o.ended)
}

// reset forgets everything.
func (c *count) reset() {
	for _, h := range c.histograms {
		if h != nil && h.Count() > 0 {
			h.Reset()
		}
	}
	c.attempted, c.completed, c.resumed, c.sent, c.received, c.ended = 0, 0, 0, 0, 0, 0
	clear(c.failed)
}

func (c *count) failures() int64 {
	var n int64
	for _, failed := range c.failed {
		n += failed
	}
	return n
}

// recorder counts for one or several workers, so that a worker hardly ever waits
// for another. What is counted is taken away by swapping two counts, so that
// nobody waits while they are merged.
type recorder struct {
	mu     sync.Mutex
	active *count
	spare  *count
}

func newRecorder() *recorder { return &recorder{active: newCount(), spare: newCount()} }

// began counts a session that begins, later than due by lag.
func (r *recorder) began(lag time.Duration) {
	r.mu.Lock()
	r.active.attempted++
	r.active.histogram(atLag).Record(lag)
	r.mu.Unlock()
}

// ended counts a session that was due and began at these times. Phases of
// sessions that failed are not counted: they would say how fast failures are.
func (r *recorder) ended(due, began, now time.Duration, s *sample) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.active
	c.ended = max(c.ended, now)
	if s.failed != "" {
		c.failed[s.failed]++
		return
	}
	c.completed++
	c.sent += s.sent
	c.received += s.received
	if s.resumed {
		c.resumed++
	}
	for i, met := range s.met {
		if met {
			c.histogram(i).Record(s.took[i])
		}
	}
	c.histogram(atSession).Record(s.end - due - s.paused)
	c.histogram(atRaw).Record(s.end - began - s.paused)
}

// take merges what was counted since the last time into a count.
func (r *recorder) take(into *count) {
	r.mu.Lock()
	r.active, r.spare = r.spare, r.active
	r.mu.Unlock()
	into.merge(r.spare)
	r.spare.reset()
}
