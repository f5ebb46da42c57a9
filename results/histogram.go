package results

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// The geometry of every histogram: nanoseconds from a step of 64 ns up to one
// hour, three significant digits. Above 64 µs a value is kept to within 0.1 %.
const (
	histogramLowest  = 64
	histogramHighest = int64(time.Hour)
	histogramDigits  = 3
)

// Histogram counts durations in HdrHistogram's buckets. All have one geometry, so
// any two can be merged. It is not safe for use by several goroutines.
type Histogram struct {
	h *hdrhistogram.Histogram
	// packed are the buckets that are not empty, in place of h; nil otherwise.
	packed []bucket
}

// bucket is a place among the buckets and what it counted.
type bucket struct {
	at    int32
	count int64
}

// NewHistogram makes an empty histogram of about 200 KB.
func NewHistogram() *Histogram {
	return &Histogram{h: hdrhistogram.New(histogramLowest, histogramHighest, histogramDigits)}
}

// Pack gives back the room of the buckets that are empty, which most are where
// little was counted. The histogram can be used as before, but slower.
func (g *Histogram) Pack() {
	if g.packed != nil {
		return
	}
	packed := []bucket{}
	for at, n := range g.h.Export().Counts {
		if n != 0 {
			packed = append(packed, bucket{int32(at), n})
		}
	}
	g.h, g.packed = nil, slices.Clip(packed)
}

// open gives the histogram to look at, packed or not.
func (g *Histogram) open() *hdrhistogram.Histogram {
	if g.packed == nil {
		return g.h
	}
	s := hdrhistogram.New(histogramLowest, histogramHighest, histogramDigits).Export()
	for _, b := range g.packed {
		s.Counts[b.at] = b.count
	}
	return hdrhistogram.Import(s)
}

// unpack gives the histogram to count with.
func (g *Histogram) unpack() *hdrhistogram.Histogram {
	if g.packed != nil {
		g.h, g.packed = g.open(), nil
	}
	return g.h
}

// Record counts a duration. Below 0 it counts as 0, above an hour as an hour.
func (g *Histogram) Record(d time.Duration) {
	_ = g.unpack().RecordValue(min(max(int64(d), 0), histogramHighest)) // in range: it cannot fail
}

// Count is how many durations were recorded.
func (g *Histogram) Count() int64 { return g.open().TotalCount() }

// Quantile is the duration that the share q, 0 to 1, of what was recorded does not
// exceed; 0 when nothing was recorded.
func (g *Histogram) Quantile(q float64) time.Duration {
	return time.Duration(g.open().ValueAtPercentile(q * 100))
}

// Max is the longest duration, to the histogram's precision.
func (g *Histogram) Max() time.Duration { return time.Duration(g.open().Max()) }

// Mean is the mean duration, to the histogram's precision.
func (g *Histogram) Mean() time.Duration { return time.Duration(math.Round(g.open().Mean())) }

// Merge adds what another histogram counted.
func (g *Histogram) Merge(other *Histogram) { g.unpack().Merge(other.open()) }

// Reset forgets what was recorded.
func (g *Histogram) Reset() { g.unpack().Reset() }

// Equal tells whether both counted the same.
func (g *Histogram) Equal(other *Histogram) bool {
	if g == nil || other == nil {
		return g == other
	}
	return g.open().Equals(other.open())
}

// MarshalText gives the compressed V2 encoding of HdrHistogram, in base64.
func (g *Histogram) MarshalText() ([]byte, error) {
	text, err := g.open().Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	if err != nil {
		return nil, fmt.Errorf("encode histogram: %w", err)
	}
	return text, nil
}

// UnmarshalText reads what MarshalText gave. It refuses another geometry, which
// could not be merged without loss.
func (g *Histogram) UnmarshalText(text []byte) error {
	h, err := hdrhistogram.Decode(text)
	if err != nil {
		return fmt.Errorf("decode histogram: %w", err)
	}
	if h.LowestTrackableValue() != histogramLowest || h.HighestTrackableValue() != histogramHighest || h.SignificantFigures() != histogramDigits {
		return fmt.Errorf("decode histogram: it counts from %d to %d with %d digits, ours from %d to %d with %d", h.LowestTrackableValue(),
			h.HighestTrackableValue(), h.SignificantFigures(), histogramLowest, histogramHighest, histogramDigits)
	}
	g.h, g.packed = h, nil
	return nil
}

// Summary is what a histogram says at a glance, with the histogram. Times are in
// microseconds.
type Summary struct {
	// Count of what was recorded.
	Count int64 `json:"count"`
	// P50 to P999 are quantiles.
	P50  float64 `json:"p50_us"`
	P90  float64 `json:"p90_us"`
	P99  float64 `json:"p99_us"`
	P999 float64 `json:"p999_us"`
	// Max and Mean of what was recorded.
	Max  float64 `json:"max_us"`
	Mean float64 `json:"mean_us"`
	// HDR is the histogram; never nil in a run.
	HDR *Histogram `json:"hdr"`
}

// Summarized looks at a histogram and keeps it.
func Summarized(g *Histogram) Summary {
	h := g.open()
	q := h.ValueAtPercentilesSlice([]float64{50, 90, 99, 99.9}) // one walk over the buckets for all
	at := func(i int) float64 { return micros(time.Duration(q[i])) }
	return Summary{
		Count: h.TotalCount(), P50: at(0), P90: at(1), P99: at(2), P999: at(3), Max: micros(time.Duration(h.Max())),
		Mean: micros(time.Duration(math.Round(h.Mean()))), HDR: g,
	}
}

// micros is a duration in microseconds, to the nanosecond.
func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// check refuses a summary that is not its histogram's.
func (s Summary) check() error {
	if s.HDR == nil || s.HDR.h == nil && s.HDR.packed == nil {
		return errors.New("has no histogram")
	}
	if want := Summarized(s.HDR); want != s {
		return fmt.Errorf("says %d counted with a median of %g µs, its histogram %d with %g µs", s.Count, s.P50, want.Count, want.P50)
	}
	return nil
}
