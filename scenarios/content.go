package scenarios

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"mailtls/fakes"
	"mailtls/results"
)

// Names of dialogues, which the judges ask for.
const (
	oneRecord   = "one-record"
	byteRecords = "byte-records"
	afterLine   = "after-line"
	afterDot    = "after-dot"
)

const (
	// short, chunked and big are lengths of generated bodies.
	short   = 10 * fakes.LineLength
	chunked = 640 * fakes.LineLength
	big     = 25 << 20
	// bigWindow is how long a big body may take.
	bigWindow = 2 * time.Minute

	markBatch     = "batch"
	markHeadChunk = "head-chunk"
	markChunk     = "chunk"
	markLastChunk = "last-chunk"
	markCut       = "cut"
)

// contents holds the cases about message content inside TLS.
func contents() []Case {
	readback := []results.Feature{results.FeatureStartTLS, results.FeatureReadback}
	return []Case{
		{
			ID: "content/pipelined-batch-lost", Row: "R-084",
			Title:  "A group of commands is answered in order, however TLS cuts it up",
			Source: Source{"RFC 2920 §3.2", "Grouped commands are answered in order, and none is thrown away."},
			Needs:  append(readback, results.FeaturePipelining), Levels: []LevelRule{must()},
			Dialogues: []fakes.Dialogue{
				{Name: oneRecord, Script: batch(0)},
				{Name: byteRecords, Script: batch(1)},
			},
			Fence: true,
			Judge: judgeBatch,
		},
		{
			ID: "content/chunks-altered", Row: "R-085",
			Title:  "BDAT content is taken byte for byte, wherever TLS records end",
			Source: Source{"RFC 3030 §2", "A chunk is as many bytes as its command says, taken as they are; each good one gets 250."},
			Needs:  append(readback, results.FeatureChunking), Levels: []LevelRule{must()},
			Dialogues: one(inside(), fakes.Say(markMail, "250", "MAIL FROM:<{from}>\r\n"), fakes.Say(markRcpt, "250", "RCPT TO:<{rcpt}>\r\n"),
				fakes.Script{{Mark: markHeadChunk, Do: fakes.MoveSay, Text: []string{"BDAT {head-size}\r\n{head}"}, RecordSize: 7, Want: "250"}},
				chunk(markChunk, fakes.Part{To: 20000, Raw: true}, ""),
				chunk(markLastChunk, fakes.Part{From: 20000, To: chunked, Raw: true}, " LAST"), fakes.Quit()),
			Fence: true,
			Judge: judgeChunks,
		},
		{
			ID: "content/big-body-altered", Row: "R-086",
			Title:  "A body of 25 MB in records of 1 byte to 16 KB arrives as it was sent",
			Source: Source{"RFC 8446 §5.1", "Where records begin and end has no meaning for what they carry."},
			Needs:  readback, Levels: []LevelRule{must()},
			Dialogues: one(inside(), envelope(), fakes.Script{
				{Mark: markBody, Do: fakes.MoveSend, Text: []string{"{head}"}, Body: fakes.Part{To: 16 << 10}, RecordSize: 1},
				{Do: fakes.MoveSend, Body: fakes.Part{From: 16 << 10, To: 32 << 10}, RecordSize: 17},
				{Do: fakes.MoveSend, Body: fakes.Part{From: 32 << 10, To: 128 << 10}, RecordSize: 255},
				{Do: fakes.MoveSend, Body: fakes.Part{From: 128 << 10, To: 1 << 20}, RecordSize: 4096},
				{Do: fakes.MoveSend, Body: fakes.Part{From: 1 << 20, To: big}},
				{Do: fakes.MoveSay, Text: []string{".\r\n"}, Want: "250"},
			}, fakes.Quit()),
			Fence: true, Window: bigWindow, Intrusive: true, Alone: true,
			Judge: judgeBig,
		},
		{
			ID: "content/truncated-taken", Row: "R-087",
			Title:  "A message that is cut short by the end of the connection is not taken",
			Source: Source{"RFC 5321 §4.1.1.4; RFC 8446 §6.1", "Only CRLF.CRLF ends a message; a connection that ends without close_notify may have been cut by anyone."},
			Needs:  []results.Feature{results.FeatureStartTLS}, Levels: []LevelRule{must()},
			Dialogues: []fakes.Dialogue{
				{Name: afterLine, Script: truncated("")},
				{Name: afterDot, Script: truncated(".")},
			},
			Fence: true,
			Judge: judgeTruncated,
		},
	}
}

// batch hands over a message with its commands in a group, inside TLS in records
// of so many bytes, 0 meaning one.
func batch(size int) fakes.Script {
	return fakes.Join(inside(), fakes.Script{
		{Mark: markBatch, Do: fakes.MoveSend, Text: []string{"MAIL FROM:<{from}>\r\nRCPT TO:<{rcpt}>\r\nDATA\r\n"}, RecordSize: size},
		{Do: fakes.MoveExpect, Want: "250"}, {Do: fakes.MoveExpect, Want: "250"}, {Do: fakes.MoveExpect, Want: "354"},
		{Mark: markBody, Do: fakes.MoveSend, Text: []string{"{head}"}, Body: fakes.Part{To: short}, RecordSize: size},
		{Do: fakes.MoveSay, Text: []string{".\r\n"}, Want: "250"},
	}, fakes.Quit())
}

// chunk sends a part of the body with BDAT in records that end anywhere.
func chunk(mark string, p fakes.Part, last string) fakes.Script {
	command := "BDAT " + strconv.Itoa(p.To-p.From) + last + "\r\n"
	return fakes.Script{{Mark: mark, Do: fakes.MoveSay, Text: []string{command}, Body: p, RecordSize: 1000, Want: "250"}}
}

// truncated begins a message and ends TCP behind a text, without close_notify.
func truncated(text string) fakes.Script {
	return fakes.Join(inside(), envelope(), fakes.Script{
		{Mark: markBody, Do: fakes.MoveSend, Text: []string{"{head}"}, Body: fakes.Part{To: short}},
		{Do: fakes.MoveSend, Text: []string{text}},
		{Mark: markCut, Do: fakes.MoveHalfClose},
	}, awaitClose(closing))
}

func judgeBatch(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "250, 250, 354 to the group, 250 to the message, and the same body as was sent"
	var refs []results.EventRef
	for _, name := range []string{oneRecord, byteRecords} {
		s, v, ok := reach(t, name, markGreeting, markEhlo, markStartTLS, markHandshake, markEhloTLS)
		if !ok {
			return v
		}
		if _, listed := reply(s, markEhloTLS).Keywords()["PIPELINING"]; !listed {
			return inconclusive("PIPELINING is claimed and not listed inside TLS")
		}
		got, _ := replies(s, markBatch)
		refs = append(refs, sent(s, markBatch)...)
		for i, code := range []string{"250", "250", "354"} {
			switch {
			case i < len(got) && got[i].Class() == '4', i == 1 && i < len(got) && strings.HasPrefix(got[i].Code, "55"):
				return inconclusive("the group got %s", said(got))
			case i >= len(got) || got[i].Code != code:
				return fail(want, fmt.Sprintf("%s: the group got %s (%s)", name, said(got), ending(s)), sent(s, markBatch)...)
			}
		}
		switch a := reply(s, markBody); {
		case a.is("4", "5"):
			return inconclusive("%s: the message got %s", name, a)
		case !a.is("250"):
			return fail(want, name+": the message got "+a.String(), a.refs...)
		}
	}
	if v, ok := intact(t, want, 2, fakes.Part{To: short}); !ok {
		return v
	}
	return pass(want, "250, 250, 354, 250 both in one record and in records of 1 byte; both messages arrived as they were sent", refs...)
}

func judgeChunks(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "250 to each chunk, and the same body as was sent"
	s, v, ok := reach(t, "", markGreeting, markEhlo, markStartTLS, markHandshake, markEhloTLS, markMail, markRcpt)
	if !ok {
		return v
	}
	if _, listed := reply(s, markEhloTLS).Keywords()["CHUNKING"]; !listed {
		return inconclusive("CHUNKING is claimed and not listed inside TLS")
	}
	for _, mark := range []string{markHeadChunk, markChunk, markLastChunk} {
		switch a := reply(s, mark); {
		// A message may be unwanted, which is told from a chunk that was not
		// understood by the reply to the last one.
		case a.is("4"), mark == markLastChunk && (a.is("550", "552") || a.is("5") && hasStatus(a, "5.7.")):
			return inconclusive("%s got %s", mark, a)
		case !a.is("250"):
			return fail(want, mark+" got "+a.String(), a.refs...)
		}
	}
	if v, ok := intact(t, want, 1, fakes.Part{To: chunked}); !ok {
		return v
	}
	return pass(want, "250 to each chunk; the message arrived as it was sent", reply(s, markLastChunk).refs...)
}

func judgeBig(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "250 to the message, and the same body as was sent"
	s, v, ok := reach(t, "", markGreeting, markEhlo, markStartTLS, markHandshake, markEhloTLS, markMail, markRcpt, markData)
	if !ok {
		return v
	}
	a := reply(s, markBody)
	switch {
	case a.is("4", "5"), !a.found && (tooLarge(s) || s.End == results.EndTimeout):
		return inconclusive("the message of 25 MB got %s (the target lists SIZE %s)", a, size(s))
	case !a.is("2"):
		return fail(want, "the message got "+a.String(), a.refs...)
	}
	if v, ok := intact(t, want, 1, fakes.Part{To: big}); !ok {
		return v
	}
	return pass(want, fmt.Sprintf("a body of %d bytes arrived as it was sent", big), a.refs...)
}

// tooLarge tells whether the target lists a SIZE (RFC 1870 §4) that is below
// that of the big body.
func tooLarge(s *results.Session) bool {
	n, err := strconv.ParseInt(size(s), 10, 64)
	return err == nil && n > 0 && n < big
}

// size is the limit that the target lists inside TLS.
func size(s *results.Session) string {
	return strings.TrimSpace(reply(s, markEhloTLS).Keywords()["SIZE"])
}

func judgeTruncated(t *results.Transcript, claims results.Claims) results.Verdict {
	const want = "no 250, and no message"
	var refs []results.EventRef
	var got []string
	for _, name := range []string{afterLine, afterDot} {
		s, v, ok := reach(t, name, markGreeting, markEhlo, markStartTLS, markHandshake, markEhloTLS, markMail, markRcpt, markData)
		if !ok {
			return v
		}
		if !marked(s, markCut) {
			return inconclusive("%s: the session was over before it could be cut: %s", name, ending(s))
		}
		a := reply(s, markCut)
		if a.is("2") {
			return fail(want, name+": the message that was cut short got "+a.String(), a.refs...)
		}
		got = append(got, name+": "+a.String())
		refs = append(refs, sent(s, markBody)...)
	}
	if all := mail(t); len(all) > 0 {
		return fail(want, fmt.Sprintf("%d messages that were cut short arrived", len(all)), bodyRef(t, all[0]))
	}
	text := strings.Join(got, "; ")
	if claims.Has(results.FeatureReadback) {
		text += "; no message arrived"
	}
	return pass(want, text, refs...)
}
