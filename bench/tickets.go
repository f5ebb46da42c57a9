package bench

import (
	"crypto/tls"
	"sync"
)

// ticketStack keeps the tickets of one target, the newest first. A ticket of TLS
// 1.3 is used once (RFC 8446 §C.4), so any number of sessions at once need as many
// tickets: the cache of crypto/tls keeps one for each name.
type ticketStack struct {
	mu sync.Mutex
	// reuse keeps tickets that were used, as servers before TLS 1.3 issue none in
	// a resumed session.
	reuse bool
	most  int
	list  []*tls.ClientSessionState
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
	if !s.reuse {
		s.list[n-1] = nil
		s.list = s.list[:n-1]
	}
	return t, true
}

// keepUsed has the stack keep tickets that were used from now on.
func (s *ticketStack) keepUsed() {
	s.mu.Lock()
	s.reuse = true
	s.mu.Unlock()
}

// ticketSlot is the session cache of one worker: it knows whether the session
// under way showed a ticket.
type ticketSlot struct {
	stack *ticketStack
	shown bool
}

// Get gives a ticket of the stack, whatever the key: there is one target.
func (s *ticketSlot) Get(string) (*tls.ClientSessionState, bool) {
	t, found := s.stack.pop()
	s.shown = s.shown || found
	return t, found
}

// Put keeps a ticket; nil, which means that one is of no use, is gone already.
func (s *ticketSlot) Put(_ string, t *tls.ClientSessionState) {
	if t != nil {
		s.stack.push(t)
	}
}
