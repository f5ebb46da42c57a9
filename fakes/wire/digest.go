package wire

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"slices"

	"mailtls/results"
)

const (
	// edge is the length in bytes of a digest's head and of its tail.
	edge = 64
	// edgeSlack is kept beyond edge so that a secret that begins before the cut
	// can still be recognised and hidden.
	edgeSlack = 256
	// maxCanaries bounds the offsets kept for one digest.
	maxCanaries = 1024
)

// digester digests a payload as it passes, in bounded memory.
type digester struct {
	length     int64
	hash       hash.Hash
	segments   int
	head, tail []byte
	patterns   [][]byte
	longest    int    // length of the longest pattern
	carry      []byte // the last longest-1 bytes
	found      []int64
}

func newDigester(patterns [][]byte) *digester {
	d := &digester{hash: sha256.New(), patterns: slices.Clone(patterns)}
	for _, p := range patterns {
		d.longest = max(d.longest, len(p))
	}
	return d
}

// add digests one segment.
func (d *digester) add(p []byte) {
	d.find(p)
	d.hash.Write(p)
	d.length += int64(len(p))
	d.segments++
	if room := edge + edgeSlack - len(d.head); room > 0 {
		d.head = append(d.head, p[:min(room, len(p))]...)
	}
	d.tail = last(append(d.tail, last(p, edge+edgeSlack)...), edge+edgeSlack)
}

// find looks for the patterns in p, and across the edge before it.
func (d *digester) find(p []byte) {
	if d.longest == 0 {
		return
	}
	window := append(d.carry, p...)
	start := d.length - int64(len(d.carry))
	for _, pattern := range d.patterns {
		// What lies in the carried bytes alone was found before.
		from := max(0, len(d.carry)-len(pattern)+1)
		for len(d.found) < maxCanaries {
			i := bytes.Index(window[from:], pattern)
			if i < 0 {
				break
			}
			d.found = append(d.found, start+int64(from+i))
			from += i + 1
		}
	}
	d.carry = append(d.carry[:0], last(window, d.longest-1)...)
}

// digest gives the digest so far; its head and tail are up to edge+edgeSlack
// bytes long.
func (d *digester) digest() *results.Digest {
	found := slices.Clone(d.found)
	slices.Sort(found)
	return &results.Digest{
		Length:   d.length,
		SHA256:   hex.EncodeToString(d.hash.Sum(nil)),
		Segments: d.segments,
		Head:     bytes.Clone(d.head),
		Tail:     bytes.Clone(d.tail),
		Canaries: slices.Compact(found),
	}
}

// trimDigests cuts heads and tails to the length in which they are shown.
func trimDigests(events []results.Event) {
	for _, e := range events {
		if d := e.Digest; d != nil {
			d.Head = d.Head[:min(edge, len(d.Head))]
			d.Tail = last(d.Tail, edge)
		}
	}
}

// last gives the last n bytes of p, or all of it.
func last(p []byte, n int) []byte {
	return p[max(0, len(p)-n):]
}
