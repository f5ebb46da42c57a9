package results_test

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"mailtls/results"
)

// The longest fuzzed inputs: well below the longest line, so that escaping them
// cannot go beyond, and for made transcripts, which repeat theirs, short enough
// to be fast.
const (
	readLimit = 64 << 10
	makeLimit = 2 << 10
)

// FuzzReadTranscript: whatever is read is written and read back equal.
func FuzzReadTranscript(f *testing.F) {
	f.Add([]byte(small))
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > readLimit {
			t.Skip("too long")
		}
		tr, err := results.ReadTranscript(bytes.NewReader(text))
		if err != nil {
			return
		}
		canonical := written(t, tr)
		back := read(t, canonical)
		if !reflect.DeepEqual(tr, back) {
			t.Errorf("read back differs:\n got %#v\nwant %#v\ntext %s", back, tr, canonical)
		}
		if again := written(t, back); !bytes.Equal(again, canonical) {
			t.Errorf("written again differs:\n got %s\nwant %s", again, canonical)
		}
	})
}

// FuzzTranscriptRoundTrip: a transcript with any bytes, strings and numbers
// survives, however its data was cut into segments.
func FuzzTranscriptRoundTrip(f *testing.F) {
	f.Add([]byte("220 go\r\nRCPT"), "note", "t1", int64(1e9), 8, uint16(0))
	f.Fuzz(func(t *testing.T, data []byte, text, mark string, n int64, cut int, pick uint16) {
		if len(data)+len(text)+len(mark) > makeLimit {
			t.Skip("too long")
		}
		roundTrip(t, fuzzTranscript(data, text, mark, n, cut, pick))
	})
}

// fuzzTranscript is a valid transcript that holds the given in every place.
func fuzzTranscript(data []byte, text, mark string, n int64, cut int, pick uint16) *results.Transcript {
	at, flag := time.Duration(n), pick&1 == 0
	tr := &results.Transcript{
		Case: text, Policy: mark, Target: text, Version: mark, Window: at, ClockFactor: float64(n) / 3,
		Started:     time.Unix(n&(1<<37-1), n&(1<<29-1)),
		Submissions: []results.Submission{{Canary: text, Recipient: mark, At: at, Reply: string(data), Fence: flag}},
		Sanity:      results.Sanity{Before: text, After: mark},
		Queries:     []results.Query{{At: at, Kind: text, Name: mark, Type: text, Answer: string(data)}},
		Messages:    []results.Message{{Session: int(n), Mark: mark, From: text, To: []string{mark, text}, Fence: flag}},
		Ended:       results.Ended{Why: chosen(results.EndReasons(), pick), At: at},
	}
	for id := range 2 {
		tr.Sessions = append(tr.Sessions, results.Session{
			ID: id + 1, Leg: chosen(results.Legs(), pick), Peer: text, Listener: mark, Client: text, Server: mark,
			TLS:    fuzzTLS(data, text, mark, int(n), flag),
			Events: fuzzEvents(data, text, mark, at, cut, pick),
			End:    chosen(results.SessionEnds(), pick), EndAt: at, Alike: int(n),
		})
	}
	return tr
}

func fuzzTLS(data []byte, text, mark string, n int, flag bool) []results.TLSFacts {
	facts := results.TLSFacts{
		Hello: &results.ClientHello{
			Versions: []string{text}, Suites: []string{mark, text, mark}, Groups: []string{""}, SNI: text,
			ALPN: []string{mark}, Length: n, Records: -n,
		},
		Version: text, Suite: mark, Group: text, ALPN: mark, Named: !flag, Requested: flag, Resumed: flag, Complete: !flag, Error: text, Verify: mark,
		Alerts: []results.Alert{{From: results.Server, Fatal: flag, Code: uint8(n), Name: text}},
	}
	if len(data) > 0 {
		facts.Chain, facts.ClientChain = [][]byte{data, data}, [][]byte{data}
	}
	return []results.TLSFacts{{}, facts}
}

func fuzzEvents(data []byte, text, mark string, at time.Duration, cut int, pick uint16) []results.Event {
	side, secure, stage := chosen(results.Sides(), pick), pick&2 == 0, chosen(results.Stages(), pick)
	var events []results.Event
	for rest := data; len(rest) > 0 && len(events) < 100; {
		n := min(max(cut, 1+len(data)/50), len(rest))
		events = append(events, results.Event{
			At: at, From: side, Kind: results.EventData, Secure: secure, Stage: stage, Mark: mark, Bytes: rest[:n],
		})
		rest = rest[n:]
	}
	return append(events,
		results.Event{At: -at, From: side, Kind: results.EventData, Secure: secure, Stage: stage, Mark: mark, Digest: &results.Digest{
			Length: int64(at), SHA256: text, Segments: cut, Head: data, Tail: data, Canaries: []int64{int64(at), int64(cut)},
		}},
		results.Event{At: at, From: side, Kind: chosen(results.EventKinds(), pick), Mark: mark, Bytes: data, Text: text},
	)
}

// chosen picks a member of a closed set.
func chosen[T any](set []T, pick uint16) T {
	return set[int(pick)%len(set)]
}
