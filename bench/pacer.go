package bench

import (
	"math"
	"math/rand/v2"
	"time"

	"mailtls/results"
)

// Arrival is a session that is due.
type Arrival struct {
	// Index of the session in the whole schedule, from 0.
	Index int64
	// Due is when it begins, from the start of the run.
	Due time.Duration
}

// Pacer gives the arrivals of an open plan, or of one shard of it, one after the
// other. It reads no clock: what it gives depends on the plan alone.
//
// The schedule is the plan's rate summed up over time. Arrival k is due where the
// sum reaches k, or with Poisson where it reaches the k-th point of a Poisson
// process of rate 1, so that every shape of rate can be drawn as well.
type Pacer struct {
	segments []segment
	shard    results.Shard
	// draw gives the gaps of the Poisson process; nil for even gaps.
	draw *rand.Rand
	// sum at which the next arrival is due; next is its index.
	sum  float64
	next int64
	// at is the segment in which the last arrival was.
	at int
	// left is how many more there are; below 0 without a bound.
	left int64
	// counted is when the arrivals begin that left counts.
	counted time.Duration
}

// segment is a part of a schedule in which the rate goes evenly from one value to
// another.
type segment struct {
	// start and length in seconds.
	start, length float64
	from, to      float64
	// before is the sum at its start.
	before float64
}

// NewPacer makes the pacer of an open plan that was filled and checked. For a
// search the rate is set first.
func NewPacer(p results.Plan) *Pacer {
	c := &Pacer{shard: p.Shard.Whole(), left: -1, counted: time.Duration(p.Warmup)}
	if p.Poisson {
		c.draw = rand.New(rand.NewPCG(p.Seed, 0x6d61696c746c73)) // any constant: the seed makes the difference
		c.sum = c.draw.ExpFloat64()
	}
	if p.Count > 0 {
		c.left = int64(p.Count)
	}
	for _, s := range shape(p) {
		c.add(s)
	}
	return c
}

// shape lists the plan's rates, the warm-up first.
func shape(p results.Plan) []segment {
	var list []segment
	add := func(length results.Span, from, to results.Rate) {
		list = append(list, segment{length: time.Duration(length).Seconds(), from: float64(from), to: float64(to)})
	}
	switch {
	case p.Ramp != results.Ramp{}:
		add(p.Warmup, p.Ramp.From, p.Ramp.From)
		add(p.Duration, p.Ramp.From, p.Ramp.To)
	case len(p.Steps) > 0:
		add(p.Warmup, p.Steps[0].Rate, p.Steps[0].Rate)
		for _, s := range p.Steps {
			add(s.For, s.Rate, s.Rate)
		}
	default:
		add(p.Warmup, p.Rate, p.Rate)
		add(p.Duration, p.Rate, p.Rate)
		if p.Count > 0 {
			list[1].length = math.Inf(1)
		}
	}
	return list
}

// add appends a segment.
func (c *Pacer) add(s segment) {
	if n := len(c.segments); n > 0 {
		last := c.segments[n-1]
		s.start = last.start + last.length
		s.before = last.before + last.area()
	}
	if s.length > 0 {
		c.segments = append(c.segments, s)
	}
}

// area is the sum that a segment adds.
func (s segment) area() float64 { return s.length * (s.from + s.to) / 2 }

// Next gives the shard's next arrival; false when there is none any more.
func (c *Pacer) Next() (Arrival, bool) {
	for {
		a, more := c.step()
		if !more || int(a.Index%int64(c.shard.Of)) == c.shard.Index {
			return a, more
		}
	}
}

// step gives the whole schedule's next arrival.
func (c *Pacer) step() (Arrival, bool) {
	due, more := c.when(c.sum)
	if !more || c.left == 0 {
		return Arrival{}, false
	}
	if due >= c.counted && c.left > 0 {
		c.left--
	}
	a := Arrival{Index: c.next, Due: due}
	c.next++
	if c.draw != nil {
		c.sum += c.draw.ExpFloat64()
	} else {
		c.sum = float64(c.next)
	}
	return a, true
}

// when finds the time at which the sum of the rate reaches a value. Values must
// not decrease from one call to the next.
func (c *Pacer) when(sum float64) (time.Duration, bool) {
	for ; c.at < len(c.segments); c.at++ {
		s := c.segments[c.at]
		rest := sum - s.before
		if rest >= s.area() || s.from == 0 && s.to == 0 {
			continue
		}
		// Solves from·t + slope·t²/2 = rest, in a form that does not cancel.
		slope := (s.to - s.from) / s.length
		t := 0.0
		if rest > 0 {
			t = 2 * rest / (s.from + math.Sqrt(s.from*s.from+2*slope*rest))
		}
		return time.Duration(math.Round((s.start + min(t, s.length)) * 1e9)), true
	}
	return 0, false
}

// Length is how long the schedule is, warm-up included; false where only a count
// ends it.
func (c *Pacer) Length() (time.Duration, bool) {
	last := c.segments[len(c.segments)-1]
	end := last.start + last.length
	if math.IsInf(end, 1) {
		return 0, false
	}
	return time.Duration(math.Round(end * 1e9)), true
}

// Expected is how many arrivals the rate adds up to in the shard after the
// warm-up, on average.
func (c *Pacer) Expected() float64 {
	sum := 0.0
	for _, s := range c.segments {
		if s.start >= c.counted.Seconds() {
			sum += s.area()
		}
	}
	if math.IsInf(sum, 1) {
		sum = float64(c.left)
	}
	return sum / float64(c.shard.Of)
}
