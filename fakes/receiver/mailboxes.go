package receiver

import (
	"bytes"
	"errors"
	"slices"
	"sync"
)

// maxStored is the most messages that a mailbox holds.
const maxStored = 1000

// errFull says that a mailbox holds as much as it may.
var errFull = errors.New("store message: the mailbox is full")

// Mailboxes hold the mail of users, one mailbox each, in memory; several servers
// may share them. The zero value is ready.
type Mailboxes struct {
	mu    sync.Mutex
	boxes map[string]*mailbox
}

type mailbox struct {
	last     int
	messages []Stored
}

// Stored is a message in a mailbox. Its data are not to be changed.
type Stored struct {
	// UID is its own for good, from 1, and rises.
	UID int
	// Data is the message.
	Data []byte
}

// Add stores a message as a user's newest, and returns its UID.
func (m *Mailboxes) Add(user string, data []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.boxes == nil {
		m.boxes = map[string]*mailbox{}
	}
	b := m.boxes[user]
	if b == nil {
		b = &mailbox{}
		m.boxes[user] = b
	}
	if len(b.messages) >= maxStored {
		return 0, errFull
	}
	b.last++
	b.messages = append(b.messages, Stored{UID: b.last, Data: bytes.Clone(data)})
	return b.last, nil
}

// Messages are a user's messages, the oldest first.
func (m *Mailboxes) Messages(user string) []Stored {
	m.mu.Lock()
	defer m.mu.Unlock()
	if b := m.boxes[user]; b != nil {
		return slices.Clone(b.messages)
	}
	return nil
}

// Remove deletes the messages of these UIDs.
func (m *Mailboxes) Remove(user string, uids []int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if b := m.boxes[user]; b != nil {
		b.messages = slices.DeleteFunc(b.messages, func(s Stored) bool { return slices.Contains(uids, s.UID) })
	}
}
