package results

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// LogEntry is a line of an interval log: a histogram and the time it covers.
type LogEntry struct {
	// Tag says what was measured; empty for the whole sessions of an interval.
	Tag string
	// At is where it begins, from the start of the log, and Length how long it is;
	// both to the microsecond.
	At, Length time.Duration
	// Histogram of what was measured.
	Histogram *Histogram
}

// IntervalLog is the HdrHistogram interval log of a run.
type IntervalLog struct {
	// Started is when the log begins, to the millisecond.
	Started time.Time
	// Entries in their order.
	Entries []LogEntry
}

// Log gives a run's interval log: an entry an interval, without a tag, and one a
// phase over the whole run, with the phase as its tag.
func (r *Run) Log() IntervalLog {
	l := IntervalLog{Started: r.Started.UTC().Truncate(time.Millisecond)}
	for _, i := range r.Intervals {
		l.Entries = append(l.Entries, LogEntry{At: seconds(i.At), Length: seconds(i.Length), Histogram: i.Session.HDR})
	}
	for _, p := range r.named() {
		l.Entries = append(l.Entries, LogEntry{Tag: p.name, Length: seconds(r.Elapsed), Histogram: p.HDR})
	}
	return l
}

// WriteIntervalLog writes the log in HdrHistogram's format 1.3. Times in it are
// in seconds, maxima in milliseconds.
func WriteIntervalLog(w io.Writer, l IntervalLog) error {
	b := bufio.NewWriter(w)
	start := float64(l.Started.UnixMilli()) / 1000
	_, _ = fmt.Fprintf(b, "#[Histogram log format version 1.3]\n#[StartTime: %.3f (seconds since epoch), %s]\n#[BaseTime: %.3f (seconds since epoch)]\n",
		start, l.Started.UTC().Format(time.RFC3339), start)
	_, _ = b.WriteString(`"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"` + "\n")
	for _, e := range l.Entries {
		text, err := e.Histogram.MarshalText()
		if err != nil {
			return fmt.Errorf("write interval log: %w", err)
		}
		if e.Tag != "" {
			_, _ = fmt.Fprintf(b, "Tag=%s,", e.Tag)
		}
		_, _ = fmt.Fprintf(b, "%.6f,%.6f,%.6f,%s\n", e.At.Seconds(), e.Length.Seconds(), micros(e.Histogram.Max())/1000, text)
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write interval log: %w", err)
	}
	return nil
}

// ReadIntervalLog reads what WriteIntervalLog wrote. Why not the library's reader
// (2026-11): it skips lines that it does not understand.
func ReadIntervalLog(r io.Reader) (IntervalLog, error) {
	var l IntervalLog
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 16<<20)
	started := regexp.MustCompile(`^#\[StartTime: ([0-9]{1,12})\.([0-9]{3}) `)
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		if m := started.FindStringSubmatch(line); m != nil {
			sec, _ := strconv.ParseInt(m[1], 10, 64) // digits, and few enough
			ms, _ := strconv.ParseInt(m[2], 10, 64)
			l.Started = time.UnixMilli(sec*1000 + ms).UTC()
			continue
		}
		if line == "" || line[0] == '#' || line[0] == '"' {
			continue
		}
		e, err := readLogEntry(line)
		if err != nil {
			return IntervalLog{}, fmt.Errorf("read interval log: line %d: %w", n, err)
		}
		l.Entries = append(l.Entries, e)
	}
	if err := lines.Err(); err != nil {
		return IntervalLog{}, fmt.Errorf("read interval log: %w", err)
	}
	return l, nil
}

func readLogEntry(line string) (LogEntry, error) {
	var e LogEntry
	if rest, found := strings.CutPrefix(line, "Tag="); found {
		e.Tag, line, _ = strings.Cut(rest, ",")
	}
	parts := strings.Split(line, ",")
	if len(parts) != 4 {
		return e, fmt.Errorf("has %d columns, want 4 behind the tag", len(parts))
	}
	for i, into := range []*time.Duration{&e.At, &e.Length} {
		s, err := strconv.ParseFloat(parts[i], 64)
		if err != nil || !(s >= 0 && s <= 1e9) {
			return e, fmt.Errorf("%q is no time in seconds", parts[i])
		}
		*into = time.Duration(s*1e6+0.5) * time.Microsecond
	}
	e.Histogram = &Histogram{}
	return e, e.Histogram.UnmarshalText([]byte(parts[3]))
}
