package harness_test

import (
	"math/rand/v2"
	"slices"
	"strings"
)

// hostile is a server that misbehaves, as data.
type hostile struct {
	name string
	// acts are what it does on a connection, in order.
	acts []act
	// absent has nothing listen at all.
	absent bool
	// lasts is after how many connections its listener is gone, for ever, though
	// these are held honestly; 0 for one that stays and is hostile.
	lasts int
	// clear: it is met without TLS, where an ordinary conversation goes well even
	// if every session is hostile.
	clear bool
	// cases to play, as a label filter; empty for a few that stand for all.
	cases string
	// sees is what is concluded where the ordinary conversations around the case
	// go well, and only its own session is met so: status and a part of what was
	// got, by case. Cases that are not named are inconclusive.
	sees map[string]string
}

const (
	// fewCases are one whose session ends in clear, one that is content when there
	// is no TLS, and one that wants TLS to be refused in a certain way.
	fewCases = "row:R-001 || row:R-016 || row:R-036"
	// tlsCases are those about the handshake that take little time.
	tlsCases = "row:R-001 || row:R-008 || row:R-016 || row:R-025 || area:version"
)

// greeted, asked and started are the beginning of a session, honest so far.
func greeted() []act { return []act{says("220 mx ESMTP\r\n"), hears} }
func asked() []act   { return after(greeted(), says("250-mx\r\n250 STARTTLS\r\n"), hears) }
func started() []act { return after(asked(), says("220 go\r\n")) }

func after(before []act, acts ...act) []act { return slices.Concat(before, acts) }

// listed: up to EHLO all was as it should be.
func listed() map[string]string {
	return map[string]string{"offer/keyword-missing": "pass STARTTLS is listed"}
}

// noTLS: after its go-ahead the server kept silent until it was spoken to, and
// then there was no handshake, which breaks what is asked of versions; where
// something stood behind STARTTLS that is the safe way out.
func noTLS() map[string]string {
	return map[string]string{
		"offer/keyword-missing":      "pass STARTTLS is listed",
		"handshake/speaks-first":     "pass nothing was sent",
		"handshake/garbage-answered": "nonstrict the target stayed silent",
		"injection/same-segment":     "pass no TLS session",
		"version/tls12-missing":      "fail no handshake",
		"version/tls13-missing":      "fail no handshake",
		"version/tls11-accepted":     "fail refused without an alert",
		"version/tls10-accepted":     "fail refused without an alert",
	}
}

// but changes an expectation: case, what is seen, and so on.
func but(sees map[string]string, changes ...string) map[string]string {
	for pair := range slices.Chunk(changes, 2) {
		sees[pair[0]] = pair[1]
	}
	return sees
}

// noise is text that is neither SMTP nor TLS; always the same.
func noise(length int) string {
	source := rand.New(rand.NewPCG(5321, 8446))
	b := make([]byte, length)
	for i := range b {
		b[i] = byte(source.UintN(256))
	}
	b[0] = 0xff
	return string(b)
}

// hostiles are the servers.
func hostiles() []hostile {
	return slices.Concat(beforeGreeting(), inReplies(), inRefusals(), inHandshake())
}

// beforeGreeting are servers that do not get as far as a greeting.
func beforeGreeting() []hostile {
	long := strings.Repeat("x", 1<<20)
	return []hostile{
		{name: "absent", absent: true},
		{name: "dies-half-way", lasts: 4, sees: listed()},
		{name: "closes-at-once", acts: []act{closes}},
		{name: "ends-at-once"},
		{name: "resets-at-once", acts: []act{resets}},
		{name: "never-answers", acts: []act{waits}},
		{name: "greeting-without-end", acts: []act{says(long), waits}},
		{name: "greeting-of-1-mib", acts: []act{says("220 " + long + "\r\n"), waits}},
		{name: "greeting-for-ever", acts: []act{floods("220-" + long[:100] + "\r\n")}},
		{name: "greeting-garbage", acts: []act{says(noise(4 << 10)), waits}},
		{name: "greeting-sslv2", acts: []act{says("\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10" + noise(35)), waits}},
		{name: "greeting-421", acts: []act{says("421 4.3.2 busy\r\n")}},
		{name: "greeting-554", acts: []act{says("554 5.7.1 go away\r\n"), waits}},
		{name: "greeting-999", acts: []act{says("999 mx\r\n"), waits}},
		{name: "greeting-000", acts: []act{says("000 mx\r\n"), waits}},
		{name: "greeting-25", acts: []act{says("25\r\n"), waits}},
		{name: "greeting-2500", acts: []act{says("2500 x\r\n"), waits}},
	}
}
