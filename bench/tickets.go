package bench

import (
	"crypto/tls"
	"sync"
)

// ticketStack keeps the tickets of one target, the newest first. A ticket of TLS
// 1.3 is best used once (RFC 8446 §C.4), so any number of sessions at once need as
// many tickets: the cache of crypto/tls keeps one for each name.
type ticketStack struct {
	mu   sync.Mutex
	most int
	list []*tls.ClientSessionState
}

// push keeps a ticket, in place of the oldest where there are too many.
func (s *ticketStack) push(t *tls.ClientSessionState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.list) >= s.most {
		s.list = append(s.list[:0], s.list[1:]...)
	}
	s.list = append(s.list, t)
}

// pop gives the newest ticket; false when there is none.
func (s *ticketStack) pop() (*tls.ClientSessionState, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.list)
	if n == 0 {
		return nil, false
	}
	t := s.list[n-1]
	s.list[n-1] = nil
	s.list = s.list[:n-1]
	return t, true
}

// ticketSlot is the session cache of one worker: it knows what became of tickets
// in the session under way.
type ticketSlot struct {
	stack *ticketStack
	// shown is the ticket that the session showed; nil where it had none.
	shown *tls.ClientSessionState
	// renewed says that the target issued a ticket.
	renewed bool
}

// Get gives a ticket of the stack, whatever the key: there is one target.
func (s *ticketSlot) Get(string) (*tls.ClientSessionState, bool) {
	t, found := s.stack.pop()
	if found {
		s.shown = t
	}
	return t, found
}

// Put keeps a ticket; nil, which means that one is of no use, is gone already.
func (s *ticketSlot) Put(_ string, t *tls.ClientSessionState) {
	if t != nil {
		s.renewed = true
		s.stack.push(t)
	}
}

// begin forgets the last session.
func (s *ticketSlot) begin() { s.shown, s.renewed = nil, false }

// end keeps the ticket of a session that resumed where the target issued no other:
// before TLS 1.3 that is how it is, and some, like Postfix, mean a ticket of TLS
// 1.3 to be shown again as well.
func (s *ticketSlot) end(resumed bool) {
	if resumed && !s.renewed && s.shown != nil {
		s.stack.push(s.shown)
	}
	s.begin()
}
