package page

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"mailtls/results"
)

// chunkSize is how much text is packed together, in bytes: enough for alike transcripts to share what they say, and
// little enough to be unpacked at once.
const chunkSize = 320 << 10

// pool packs transcripts into the room that there is.
type pool struct {
	room  int
	out   strings.Builder
	count int
	full  bool

	units []int
	texts strings.Builder
}

func newPool(room int) *pool { return &pool{room: room} }

// parting stands between the transcripts of a chunk; visible never leaves it in a text.
const parting = "\x00"

// fill takes the transcripts of the units in their order of weight, until the room is used up.
func (p *pool) fill(b *book) error {
	order := make([]int, len(b.units))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(x, y int) int { return cmp.Compare(weight(b.units[x].CaseResult), weight(b.units[y].CaseResult)) })
	for _, i := range order {
		u := b.units[i]
		read := b.reports[u.report].Transcript
		if p.full || u.Transcript == "" || read == nil {
			continue
		}
		t, err := read(u.CaseResult)
		if err != nil {
			return fmt.Errorf("transcript of %s: %s: %w", b.names[u.report], u.Key(), err)
		}
		if t == nil {
			continue
		}
		p.units = append(p.units, i)
		p.texts.WriteString(tell(t, u.Evidence) + parting)
		if p.texts.Len() > chunkSize {
			if err := p.close(); err != nil {
				return err
			}
		}
	}
	return p.close()
}

// weight orders units by how much their transcripts are wanted, the most first.
func weight(c *results.CaseResult) int {
	levels := []results.Level{results.Must, results.Should, results.May, results.Info}
	switch {
	case c.Status == results.StatusFail, c.Status == results.StatusError, c.Leaked > 0:
		return 0
	case c.Status == results.StatusWaived, c.Status == results.StatusInconclusive:
		return 1
	case c.Status == results.StatusNonstrict:
		return 2
	case c.Status == results.StatusInfo:
		return 3
	}
	return 4 + slices.Index(levels, c.Level)
}

// close packs the open chunk, or as much of it as there is room for.
func (p *pool) close() error {
	texts := strings.SplitAfter(p.texts.String(), parting)
	units := p.units
	p.texts.Reset()
	p.units = nil
	for len(units) > 0 {
		packed, err := pack([]byte(strings.Join(texts[:len(units)], "")))
		if err != nil {
			return err
		}
		block := p.block(units, packed)
		if len(block) <= p.room {
			p.room -= len(block)
			p.count++
			p.out.WriteString(block)
			return nil
		}
		p.full = true
		units = units[:len(units)/2]
	}
	return nil
}

// block is a chunk with the units that it tells of.
func (p *pool) block(units []int, packed string) string {
	numbers := make([]string, len(units))
	for i, n := range units {
		numbers[i] = strconv.Itoa(n)
	}
	return script(fmt.Sprintf("chunk-%d", p.count), strings.Join(numbers, ",")+";"+packed)
}

// blocks are all chunks.
func (p *pool) blocks() string { return p.out.String() }
