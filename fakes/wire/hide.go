package wire

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"slices"
	"strings"

	"mailtls/results"
)

// minBase64 is the length in bytes from which a secret or canary is looked for
// in base64. Anything shorter would be found everywhere.
const minBase64 = 3

const base64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// mask is one form of a secret, and what is written in its place.
type mask struct {
	form
	shown []byte
}

// form is text that stands for a string. In base64 the characters just before
// and after it may carry some bits of the string as well.
type form struct {
	text          []byte
	before, after bool
}

// masksFor gives the forms of a secret. An empty secret has none.
func masksFor(secret, shown string) []mask {
	if secret == "" {
		return nil
	}
	out := []mask{{form: form{text: []byte(secret)}, shown: []byte(shown)}}
	for _, f := range base64Forms(secret) {
		out = append(out, mask{form: f, shown: []byte(shown)})
	}
	return out
}

// base64Forms gives what is certain of s when it is base64-encoded (RFC 4648 §4)
// as part of a longer text, at each of the three places in a group of three
// bytes that it can begin at.
func base64Forms(s string) []form {
	if len(s) < minBase64 {
		return nil
	}
	var out []form
	for shift := range 3 {
		padded := append(make([]byte, shift), s...)
		encoded := base64.RawStdEncoding.EncodeToString(padded)
		from := (shift*8 + 5) / 6      // first character with bits of s alone
		to := (shift + len(s)) * 8 / 6 // end of the last such character
		out = append(out, form{
			text:   []byte(encoded[from:to]),
			before: shift > 0,
			after:  (shift+len(s))*8%6 != 0,
		})
	}
	return out
}

// span is a stretch of bytes to be hidden.
type span struct {
	from, to int
	shown    []byte
}

// hide writes masks over the events, which are in order. Bytes that came in
// several segments of one direction are looked at as one text.
func hide(events []results.Event, masks []mask) {
	if len(masks) == 0 {
		return
	}
	type stream struct {
		from   results.Side
		secure bool
	}
	open := make(map[stream][]*[]byte)
	for i := range events {
		e := &events[i]
		if e.Kind == results.EventNote {
			text := []byte(e.Text)
			cover([]*[]byte{&text}, masks)
			e.Text = string(text)
			continue
		}
		s := stream{e.From, e.Secure}
		switch {
		case e.Digest != nil:
			cover(append(open[s], &e.Digest.Head), masks)
			open[s] = []*[]byte{&e.Digest.Tail}
		case e.Kind == results.EventData:
			open[s] = append(open[s], &e.Bytes)
		}
	}
	for _, pieces := range open {
		cover(pieces, masks)
	}
}

// cover hides the masks in pieces, which follow each other. What is shown stands
// in the piece in which a secret began.
func cover(pieces []*[]byte, masks []mask) {
	var text []byte
	for _, p := range pieces {
		text = append(text, *p...)
	}
	spans := find(text, masks)
	if len(spans) == 0 {
		return
	}
	begin := 0
	for _, p := range pieces {
		end := begin + len(*p)
		*p = rewrite(text, begin, end, spans)
		begin = end
	}
}

// find gives the stretches to hide, in order and apart from each other.
func find(text []byte, masks []mask) []span {
	var spans []span
	for _, m := range masks {
		for at := 0; ; {
			i := bytes.Index(text[at:], m.text)
			if i < 0 {
				break
			}
			s := span{from: at + i, to: at + i + len(m.text), shown: m.shown}
			at = s.to
			if m.before && s.from > 0 && isBase64(text[s.from-1]) {
				s.from--
			}
			if m.after && s.to < len(text) && isBase64(text[s.to]) {
				s.to++
			}
			spans = append(spans, s)
		}
	}
	slices.SortStableFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	var out []span
	for _, s := range spans {
		if n := len(out); n > 0 && s.from < out[n-1].to {
			out[n-1].to = max(out[n-1].to, s.to)
			continue
		}
		out = append(out, s)
	}
	return out
}

// rewrite gives text[begin:end] with the spans hidden.
func rewrite(text []byte, begin, end int, spans []span) []byte {
	out := make([]byte, 0, end-begin)
	at := begin
	for _, s := range spans {
		if s.to <= begin || s.from >= end {
			continue
		}
		if s.from >= begin {
			out = append(out, text[at:s.from]...)
			out = append(out, s.shown...)
		}
		at = min(s.to, end)
	}
	return append(out, text[at:end]...)
}

func isBase64(c byte) bool { return strings.IndexByte(base64Alphabet, c) >= 0 }
