package bench

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"sync"
	"time"

	"mailtls/results"
)

// waited is a delay as it was applied.
type waited struct {
	point results.DelayPoint
	// at is when it began, asked how long it was to be and took how long it was.
	at, asked, took time.Duration
}

// delayLogHead names the columns of the log of delays. Times are in nanoseconds of
// the monotonic clock, at_ns from when the sink began to listen.
const delayLogHead = "session,name,point,at_ns,asked_ns,applied_ns\n"

// delayLog writes the delays of each session when it ends. Sessions are numbered
// from 0 as they were accepted; name is what the client called itself last, so that
// the log of another side can be joined.
type delayLog struct {
	mu   sync.Mutex
	w    *bufio.Writer
	line []byte
	err  error
}

func newDelayLog(w io.Writer) *delayLog {
	l := &delayLog{w: bufio.NewWriterSize(w, 64<<10)}
	_, l.err = l.w.WriteString(delayLogHead)
	return l
}

// write adds the delays of a session.
func (l *delayLog) write(index int64, name []byte, waits []waited) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, w := range waits {
		b := strconv.AppendInt(l.line[:0], index, 10)
		b = append(b, ',')
		b = appendName(b, name)
		b = append(append(append(b, ','), w.point...), ',')
		b = append(strconv.AppendInt(b, int64(w.at), 10), ',')
		b = append(strconv.AppendInt(b, int64(w.asked), 10), ',')
		l.line = append(strconv.AppendInt(b, int64(w.took), 10), '\n')
		if _, err := l.w.Write(l.line); err != nil && l.err == nil {
			l.err = err
		}
	}
}

// appendName adds a name, with a question mark for what names do not have.
func appendName(b, name []byte) []byte {
	for _, c := range name {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '.', c == '_', c == ':', c == '[', c == ']':
			b = append(b, c)
		default:
			b = append(b, '?')
		}
	}
	return b
}

// flush writes what waits, and says what went wrong until now.
func (l *delayLog) flush() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.w.Flush(); err != nil && l.err == nil {
		l.err = err
	}
	if l.err != nil {
		return fmt.Errorf("write the log of delays: %w", l.err)
	}
	return nil
}
