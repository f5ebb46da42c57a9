package harness

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"sync"
	"time"

	"mailtls/fakes/receiver"
	"mailtls/results"
)

// ledger tells which case the sessions of the collector belong to, by the canary
// in their envelopes. A session may carry mail of several cases; each gets the
// parts that are its own.
type ledger struct {
	mu sync.Mutex
	// units by canary.
	units map[string]*unit
	// open are the messages of sessions that have not ended, by session.
	open map[int][]arrival
	// unattributed sessions fit no case.
	unattributed int
	// slowest is the longest time that a fence has taken.
	slowest time.Duration
	// changed is closed and replaced whenever something arrives.
	changed chan struct{}
}

// arrival is one message on its way into a transcript.
type arrival struct {
	message receiver.Message
	unit    *unit
	fence   bool
	// bodyLength and bodySHA256: see results.Message.
	bodyLength int64
	bodySHA256 string
}

// digestBody measures what stands behind the first empty line of a message.
func digestBody(content []byte) (length int64, sum string) {
	_, body, found := bytes.Cut(content, []byte("\r\n\r\n"))
	if !found {
		return 0, ""
	}
	hash := sha256.Sum256(body)
	return int64(len(body)), hex.EncodeToString(hash[:])
}

func newLedger() *ledger {
	return &ledger{units: map[string]*unit{}, open: map[int][]arrival{}, changed: make(chan struct{})}
}

// enter makes a unit known before anything of it is sent.
func (l *ledger) enter(u *unit) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.units[u.canary] = u
}

// message takes note of an accepted message.
func (l *ledger) message(m receiver.Message) {
	a := arrival{message: m}
	a.bodyLength, a.bodySHA256 = digestBody(m.Data)
	a.message.Data = nil
	l.mu.Lock()
	defer l.mu.Unlock()
	for canary, u := range l.units {
		for _, to := range m.To {
			if len(to) >= len(canary) && to[:len(canary)] == canary {
				a.unit = u
				a.fence = len(to) >= len(canary)+len(fenceMark) && to[len(canary):len(canary)+len(fenceMark)] == fenceMark
			}
		}
	}
	l.open[m.Session] = append(l.open[m.Session], a)
	if a.unit != nil {
		a.unit.pending++
		a.unit.fenced = a.unit.fenced || a.fence
	}
	l.signal()
}

// session takes the record of a session that has ended, and shares it out.
func (l *ledger) session(s results.Session) {
	l.mu.Lock()
	defer l.mu.Unlock()
	arrivals := l.open[s.ID]
	delete(l.open, s.ID)
	marks := map[*unit][]arrival{}
	for _, a := range arrivals {
		if a.unit == nil {
			l.unattributed++
			continue
		}
		a.unit.pending--
		marks[a.unit] = append(marks[a.unit], a)
	}
	for u, own := range marks {
		u.readback = append(u.readback, share(s, u, own))
	}
	if len(arrivals) == 0 {
		l.stray(s)
	}
	l.signal()
}

// stray shares out a session that brought no message: it belongs to the case
// whose canary it names, to nobody when no transaction was begun, and is
// unattributed else.
func (l *ledger) stray(s results.Session) {
	begun := false
	for _, e := range s.Events {
		begun = begun || e.Stage == results.StageMail
		for canary, u := range l.units {
			if e.From == results.Client && bytes.Contains(e.Bytes, []byte(canary)) {
				u.readback = append(u.readback, share(s, u, nil))
				return
			}
		}
	}
	if begun {
		l.unattributed++
	}
}

// readback is the part of a collector's session that belongs to one unit.
type readback struct {
	session  results.Session
	arrivals []arrival
}

// share copies the unit's own transactions, and what the session said around
// them; times are told from the unit's beginning.
func share(s results.Session, u *unit, own []arrival) readback {
	keep := map[string]bool{"": true}
	for _, a := range own {
		keep[a.message.Mark] = true
	}
	part := s
	part.Leg = results.LegReadback
	part.EndAt -= u.began
	part.Events = nil
	for _, e := range s.Events {
		if keep[e.Mark] || own == nil {
			e.At -= u.began
			part.Events = append(part.Events, e)
		}
	}
	return readback{session: part, arrivals: own}
}

// fence takes note of the time that a fence took, and returns the longest.
func (l *ledger) fence(took time.Duration) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.slowest = max(l.slowest, took)
	return l.slowest
}

// arrivals counts what has arrived for a unit.
func (l *ledger) arrivals(u *unit) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return u.pending + len(u.readback)
}

// signal wakes whoever waits; the lock is held.
func (l *ledger) signal() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// look returns whether the unit's fence has arrived, whether all its messages'
// sessions have ended, and a channel that is closed when this may have changed.
func (l *ledger) look(u *unit) (fenced, complete bool, changed <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return u.fenced, u.pending == 0, l.changed
}
