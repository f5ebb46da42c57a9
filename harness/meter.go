package harness

import (
	"sync"
	"time"

	"mailtls/results"
)

// meter tells the user how far a run has come.
type meter struct {
	mu    sync.Mutex
	tell  func(Progress)
	epoch time.Time
	at    Progress
}

func newMeter(tell func(Progress), total int, epoch time.Time) *meter {
	m := &meter{tell: tell, epoch: epoch, at: Progress{Total: total}}
	if tell != nil {
		tell(m.at)
	}
	return m
}

// ended counts a case that has ended.
func (m *meter) ended(u *unit, v results.Verdict) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.at.Done++
	if v.Status == results.StatusFail {
		m.at.Failed++
	}
	m.at.Case, m.at.Verdict, m.at.Elapsed = u.ID, v, time.Since(m.epoch)
	if m.tell != nil {
		m.tell(m.at)
	}
}
