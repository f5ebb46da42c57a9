package bench

import (
	"bytes"
	"strconv"
	"time"

	"mailtls/results"
)

// guestBuffer is how much a session of a sink reads at once, and so the longest
// command line; RFC 5321 §4.5.3.1.4 asks for 512 bytes.
const guestBuffer = 4 << 10

// line reads a command up to CRLF, which is not returned. It stands until the next
// reading.
func (g *guest) line() ([]byte, results.ErrorClass) {
	for scanned := 0; ; {
		if i := bytes.IndexByte(g.in[g.r+scanned:g.w], '\n'); i >= 0 {
			line := g.in[g.r : g.r+scanned+i]
			g.r += scanned + i + 1
			if n := len(line); n > 0 && line[n-1] == '\r' {
				return line[:n-1], ""
			}
			return nil, results.FailCommand
		}
		if scanned = g.w - g.r; scanned == len(g.in) {
			return nil, results.FailCommand
		}
		if failed := g.fill(); failed != "" {
			return nil, failed
		}
	}
}

// fill writes the replies that wait, and reads on, once.
func (g *guest) fill() results.ErrorClass {
	if failed := g.flush(); failed != "" {
		return failed
	}
	if g.r > 0 {
		copy(g.in, g.in[g.r:g.w])
		g.r, g.w = 0, g.w-g.r
	}
	g.patience()
	n, err := g.conn.Read(g.in[g.w:])
	g.w += n
	if n > 0 {
		return ""
	}
	return classify(err)
}

// flush writes the replies that wait.
func (g *guest) flush() results.ErrorClass {
	if len(g.out) == 0 {
		return ""
	}
	_, err := g.conn.Write(g.out)
	g.out = g.out[:0]
	if err != nil {
		return classify(err)
	}
	return ""
}

// patience gives the client the profile's idle time from now on.
func (g *guest) patience() {
	g.mu.Lock()
	if !g.aborted {
		_ = g.raw.SetDeadline(g.clock.start.Add(g.clock.Now() + g.idle))
	}
	g.mu.Unlock()
}

// content reads up to the final dot (RFC 5321 §4.1.1.4), and counts its bytes
// without that. Lines that begin with a dot are counted as they came.
func (g *guest) content() (size int64, failed results.ErrorClass) {
	at := 2 // how much of CRLF.CRLF has been met: a content may begin with the dot
	for {
		n, ended := scanContent(g.in[g.r:g.w], &at)
		g.keepHead(g.in[g.r : g.r+n])
		g.r += n
		size += int64(n)
		if ended {
			return size - int64(len(".\r\n")), ""
		}
		if failed := g.fill(); failed != "" {
			return size, failed
		}
	}
}

// scanContent goes through a piece of content, and tells how much of it was
// looked at and whether the final dot ends it. at is how many bytes of CRLF.CRLF
// the piece before ended with.
func scanContent(b []byte, at *int) (n int, ended bool) {
	const end = "\r\n.\r\n"
	i, m := 0, *at
	for i < len(b) {
		if m == 0 {
			next := bytes.IndexByte(b[i:], '\r')
			if next < 0 {
				i = len(b)
				break
			}
			i += next + 1
			m = 1
			continue
		}
		switch b[i] {
		case end[m]:
			m++
		case '\r':
			m = 1
		default:
			m = 0
		}
		if i++; m == len(end) {
			*at = 0
			return i, true
		}
	}
	*at = m
	return i, false
}

// chunk reads a chunk of so many bytes (RFC 3030 §2).
func (g *guest) chunk(size int64) results.ErrorClass {
	for left := size; left > 0; {
		n := min(left, int64(g.w-g.r))
		g.keepHead(g.in[g.r : g.r+int(n)])
		g.r += int(n)
		if left -= n; left == 0 {
			break
		}
		if failed := g.fill(); failed != "" {
			return failed
		}
	}
	return ""
}

// chunkSize reads the arguments of BDAT: a size up to 1 GiB, and LAST.
func chunkSize(argument []byte) (size int64, last, ok bool) {
	digits, rest, found := bytes.Cut(argument, []byte(" "))
	size, err := strconv.ParseInt(string(digits), 10, 64)
	last = found && isWord(rest, "LAST")
	return size, last, err == nil && size >= 0 && size <= 1<<30 && last == found
}

// headKept is how much of a content is kept for whoever looks for its ID. A
// notification has the header of the message that it is about behind its own text.
const headKept = 16 << 10

// keepHead keeps the beginning of a content, where somebody wants it.
func (g *guest) keepHead(b []byte) {
	if g.arrived == nil || len(g.head) >= headKept {
		return
	}
	g.head = append(g.head, b[:min(len(b), headKept-len(g.head))]...)
}

// wait puts the sink's delay here, where this is its point.
func (g *guest) wait(point results.DelayPoint) {
	if g.delay.Kind == "" || point != g.delayAt {
		return
	}
	asked := g.delay.Draw(evenly(g.seed, g.index, len(g.waits)))
	begin := g.clock.Now()
	if asked > 0 {
		if g.timer == nil {
			g.timer = time.NewTimer(asked)
		} else {
			g.timer.Reset(asked)
		}
		select {
		case <-g.timer.C:
		case <-g.gone:
			g.timer.Stop()
		}
	}
	took := g.clock.Now() - begin
	g.waits = append(g.waits, waited{point: point, at: begin, asked: asked, took: took})
	g.rec.waited(took)
}

// evenly draws a number between 0 and 1, both left out, for the nth delay of a
// session; it depends on nothing else but the seed.
func evenly(seed uint64, index int64, nth int) float64 {
	const golden = 0x9e3779b97f4a7c15
	x := mixed(mixed(seed+uint64(index)*golden) + uint64(nth+1)*golden)
	return (float64(x>>12) + 0.5) / (1 << 52)
}
