package results

import (
	"fmt"
	"strconv"
	"strings"
)

// The widths of an event's columns: they align whatever the file holds, so that
// two transcripts can be compared line by line.
const (
	atWidth    = len("999.999999999")
	layerWidth = len("clear")
	stageWidth = len("handshake")
	markWidth  = 4
)

// digestWord introduces a digest where an event's bytes would stand.
const digestWord = "digest"

func writeEvent(w *lineWriter, e *Event) {
	w.begin("  ")
	w.word(fmt.Sprintf("%*s", atWidth, formatSeconds(e.At)))
	w.word(string(e.From))
	w.column(layer(e.Secure), layerWidth)
	w.column(columnValue(string(e.Stage)), stageWidth)
	w.column(columnValue(e.Mark), markWidth)
	switch {
	case e.Kind != EventData:
		w.word(string(e.Kind))
		w.quoted(e.Text)
		w.text("bytes", string(e.Bytes))
	case e.Digest != nil:
		writeDigest(w, e.Digest)
		w.text("text", e.Text)
	default:
		w.quoted(string(e.Bytes))
		w.text("text", e.Text)
	}
	w.end()
}

func writeDigest(w *lineWriter, d *Digest) {
	w.word(digestWord)
	w.number("len", d.Length)
	w.attr("sha256", d.SHA256)
	w.number("segments", int64(d.Segments))
	w.text("head", string(d.Head))
	w.text("tail", string(d.Tail))
	offsets := make([]string, len(d.Canaries))
	for i, n := range d.Canaries {
		offsets[i] = strconv.FormatInt(n, 10)
	}
	w.list("canaries", offsets)
}

// layer is the word for the layer that an event was carried in.
func layer(secure bool) string {
	if secure {
		return "tls"
	}
	return "clear"
}

// columnValue is a value in a column: a dash when it is empty.
func columnValue(s string) string {
	if s == "" {
		return noValue
	}
	return token(s)
}

// isEvent tells an event's line, which begins with a time, from the others.
func isEvent(line string) bool {
	c := strings.TrimPrefix(line, "-")
	return c != "" && c[0] >= '0' && c[0] <= '9'
}

func readEvent(line string) (Event, error) {
	l := readLine(line)
	e := Event{
		At:     l.seconds("the time of the event"),
		From:   member(l, "side", l.word("the side: C, S or -"), Sides()),
		Secure: readLayer(l),
	}
	if stage := l.column("the stage"); stage != "" {
		e.Stage = member(l, "stage", stage, Stages())
	}
	e.Mark = l.column("the mark, or -")
	readPayload(l, &e)
	return e, l.done()
}

func readLayer(l *lineReader) bool {
	word := l.word("the layer: clear or tls")
	if word != layer(false) && word != layer(true) {
		l.fail("unknown layer %q; want clear or tls", word)
	}
	return word == layer(true)
}

// readPayload reads what stands behind the columns.
func readPayload(l *lineReader, e *Event) {
	f := l.next("quoted bytes, digest, or a kind of event")
	switch v := f.values[0]; {
	case !f.bare:
		e.Kind, e.Bytes, e.Text = EventData, rawBytes(v), l.attr("text")
	case v == digestWord:
		e.Kind, e.Digest, e.Text = EventData, readDigest(l), l.attr("text")
	case v == string(EventData):
		l.fail("want quoted bytes or digest in place of the word %s", v)
	default:
		e.Kind = member(l, "kind", v, EventKinds())
		e.Text = l.word("quoted text")
		e.Bytes = l.bytes("bytes")
	}
}

func readDigest(l *lineReader) *Digest {
	d := &Digest{
		Length:   l.number("len"),
		SHA256:   l.attr("sha256"),
		Segments: l.count("segments"),
		Head:     l.bytes("head"),
		Tail:     l.bytes("tail"),
	}
	for _, v := range l.list("canaries") {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			l.fail("want offsets for canaries=, found %q", v)
		}
		d.Canaries = append(d.Canaries, n)
	}
	return d
}
