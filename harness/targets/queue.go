package targets

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"mailtls/fakes"
	"mailtls/fakes/dialect"
	"mailtls/fakes/receiver"
	"mailtls/fakes/sender"
	"mailtls/fakes/wire"
	"mailtls/results"
)

// queue hands accepted mail on to the collector, at once and once more a second
// for as long as the target runs.
type queue struct {
	ctx       context.Context //nolint:containedctx // the queue's life is the target's, not a call's
	collector string
	host      string
	// late, lateSecond and losesPlain: see fakes.Model.
	late       time.Duration
	lateSecond bool
	losesPlain bool

	taken   atomic.Int64
	waiting atomic.Int64
	running sync.WaitGroup
}

func newQueue(ctx context.Context, collector, host string) *queue {
	return &queue{ctx: ctx, collector: collector, host: host}
}

// put takes a message over.
func (q *queue) put(_ context.Context, m receiver.Message) error {
	if q.collector == "" || q.losesPlain && !m.Secure {
		return nil
	}
	wait := time.Duration(0)
	if odd := q.taken.Add(1)%2 == 1; odd != q.lateSecond {
		wait = q.late
	}
	q.waiting.Add(1)
	q.running.Go(func() {
		defer q.waiting.Add(-1)
		for q.pause(wait) && !q.deliver(m) {
			wait = time.Second
		}
	})
	return nil
}

// pause waits, and is false when the target ends first.
func (q *queue) pause(d time.Duration) bool { return wire.Pause(q.ctx, d) == nil }

// deliver tells whether the collector took the message.
func (q *queue) deliver(m receiver.Message) bool {
	script := fakes.Join(
		fakes.Greet(),
		fakes.Say("ehlo", "250", "EHLO "+q.host+"\r\n"),
		fakes.Say("mail", "250", "MAIL FROM:<"+m.From+">\r\n"),
	)
	for i, to := range m.To {
		script = fakes.Join(script, fakes.Say(fmt.Sprintf("rcpt%d", i+1), "250", "RCPT TO:<"+to+">\r\n"))
	}
	content := dialect.Stuff(string(m.Data))
	if !strings.HasSuffix(content, "\r\n") {
		content += "\r\n" // BDAT content need not end with a line
	}
	script = fakes.Join(script, fakes.Say("data", "354", "DATA\r\n"), fakes.Say("body", "250", content+".\r\n"), fakes.Quit())
	s := sender.Play(q.ctx, sender.Session{Script: script, Addr: q.collector, Now: elapsed()})
	return s.End == results.EndOurs
}

// idle tells whether nothing waits.
func (q *queue) idle(context.Context) (bool, error) { return q.waiting.Load() == 0, nil }

// wait returns when nothing is under way any more.
func (q *queue) wait() { q.running.Wait() }
