package bench

import (
	"bytes"
	"context"
	"crypto/rand"
	"strconv"
	"strings"
	"sync"
	"time"

	"mailtls/results"
)

// Trips follow the messages of a run through a relay, by the Message-ID that the
// generator gives them. A Trips is of one run.
type Trips struct {
	token string

	mu sync.Mutex
	// base is the wall time at which the run's clock began, warm when its warm-up is
	// over.
	base time.Time
	warm time.Duration
	all  map[int64]trip
	// left counts the accepted messages of which nothing is known yet; changed is
	// closed when it gets less.
	left           int64
	changed        chan struct{}
	twice, strange int64
}

// trip is one message.
type trip struct {
	// due is when its session was, arrived when the final dot was read.
	due, arrived time.Duration
	// accepted by the relay; there and cameBack say what was seen of it. counted
	// ones are not of the warm-up.
	accepted, there, cameBack, counted bool
}

// NewTrips makes a Trips for one run.
func NewTrips() *Trips {
	return &Trips{token: strings.ToLower(rand.Text()[:12]), all: map[int64]trip{}, changed: make(chan struct{})}
}

// idDigits is how long the index in a Message-ID is, in hexadecimal.
const idDigits = 16

// header is the Message-ID of a message to be: its index is to be put at the place.
func (t *Trips) header() (text string, at int) {
	const before = "Message-ID: <"
	return before + strings.Repeat("0", idDigits) + "." + t.token + "@bench.mailtls.example>\r\n", len(before)
}

// putIndex writes the index of a message into its Message-ID.
func putIndex(digits []byte, index int64) {
	const hex = "0123456789abcdef"
	for i := idDigits - 1; i >= 0; i-- {
		digits[i] = hex[index&0xf]
		index >>= 4
	}
}

// indexIn finds the index of a message of ours in the beginning of a content, be it
// the message's own or that of a notification about it; -1 where there is none.
func (t *Trips) indexIn(head []byte) int64 {
	for rest := head; ; {
		i := bytes.Index(rest, []byte("."+t.token+"@"))
		if i < 0 {
			return -1
		}
		if i >= idDigits {
			if n, err := strconv.ParseInt(string(rest[i-idDigits:i]), 16, 64); err == nil && n >= 0 {
				return n
			}
		}
		rest = rest[i+1:]
	}
}

// begin says when the run's clock began.
func (t *Trips) begin(base time.Time, warm time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.base, t.warm = base, warm
}

// sent notes how the session of a message ended.
func (t *Trips) sent(index int64, due time.Duration, accepted bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	m := t.all[index]
	m.due, m.accepted, m.counted = due, accepted, due >= t.warm
	if accepted && !m.there && !m.cameBack {
		t.left++
	}
	t.all[index] = m
}

// Arrived notes a message that a sink took; see SinkJob. A message without a
// sender is a notification: the message that it is about came back.
func (t *Trips) Arrived(at time.Time, null bool, head []byte) {
	index := t.indexIn(head)
	t.mu.Lock()
	defer t.mu.Unlock()
	if index < 0 {
		t.strange++
		return
	}
	m := t.all[index]
	open := m.accepted && !m.there && !m.cameBack
	switch {
	case null:
		m.cameBack = true
	case m.there:
		t.twice++
	default:
		m.there, m.arrived = true, at.Sub(t.base)
	}
	t.all[index] = m
	if open {
		t.left--
		close(t.changed)
		t.changed = make(chan struct{})
	}
}

// Wait waits until every accepted message has arrived or come back, at most for a
// time.
func (t *Trips) Wait(ctx context.Context, most time.Duration) {
	timer := time.NewTimer(most)
	defer timer.Stop()
	for {
		t.mu.Lock()
		left, changed := t.left, t.changed
		t.mu.Unlock()
		if left == 0 {
			return
		}
		select {
		case <-changed:
		case <-timer.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// Conclude puts what became of the messages into the run, with the time from when
// their sessions were due to when they arrived as the phase relay, and judges the
// run's thresholds anew.
func (t *Trips) Conclude(run *results.Run, about results.Relay) {
	t.mu.Lock()
	defer t.mu.Unlock()
	about.Lost, about.Twice, about.Strange = map[results.LossClass]int64{}, t.twice, t.strange
	h := results.NewHistogram()
	for _, m := range t.all {
		switch {
		case !m.counted:
		case !m.accepted && m.there:
			about.Unaccepted++
		case !m.accepted:
		case m.there:
			about.Accepted++
			about.Arrived++
			h.Record(m.arrived - m.due)
		case m.cameBack:
			about.Accepted++
			about.Lost[results.LostReturned]++
		default:
			about.Accepted++
			about.Lost[results.LostNotArrived]++
		}
	}
	if h.Count() > 0 {
		run.Phases[results.PhaseRelay] = results.Summarized(h)
	}
	run.Relay = &about
	run.Conclude()
}
