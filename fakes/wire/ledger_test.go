package wire

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"time"

	"mailtls/results"
)

// shape writes the data events of a session: the bytes' length, or d and the
// digest's length and segments.
func shape(r *Recorder) []int64 {
	var out []int64
	for _, e := range r.Session().Events {
		switch {
		case e.Digest != nil:
			out = append(out, -e.Digest.Length, -int64(e.Digest.Segments))
		case e.Kind == results.EventData:
			out = append(out, int64(len(e.Bytes)))
		}
	}
	return out
}

// quiet is a recorder whose clock stands still.
func quiet() *Recorder { return NewRecorder(func() time.Duration { return 0 }) }

func TestMerging(t *testing.T) {
	const kib = 1 << 10
	for _, c := range []struct {
		name  string
		sizes []int // of segments; 0 is a note, -1 a change of stage, -2 a record
		want  []int64
	}{
		{"small", []int{1, 4 * kib, 2}, []int64{1, 4 * kib, 2}},
		{"large", []int{4*kib + 1}, []int64{-(4*kib + 1), -1}},
		{"large-in-a-row", []int{5 * kib, 6 * kib, 7 * kib}, []int64{-18 * kib, -3}},
		{"small-between", []int{1, 5 * kib, 2, 6 * kib, 6 * kib, 3}, []int64{1, -5 * kib, -1, 2, -12 * kib, -2, 3}},
		{"many-small", slices.Repeat([]int{4 * kib}, 16), slices.Repeat([]int64{4 * kib}, 16)},
		{"too-many-small", slices.Repeat([]int{4 * kib}, 17), []int64{-68 * kib, -17}},
		{"large-then-small", append([]int{60 * kib}, slices.Repeat([]int{kib}, 6)...), []int64{-66 * kib, -7}},
		{"huge", []int{1, 100 * kib, 2}, []int64{-(100*kib + 3), -3}},
		{"note-between", []int{5 * kib, 0, 5 * kib}, []int64{-5 * kib, -1, -5 * kib, -1}},
		{"stage-between", []int{5 * kib, -1, 5 * kib}, []int64{-5 * kib, -1, -5 * kib, -1}},
		{"record-between", []int{5 * kib, -2, 5 * kib}, []int64{-10 * kib, -2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := quiet()
			for i, n := range c.sizes {
				switch n {
				case 0:
					r.Note("note")
				case -1:
					r.At(results.StageBody, "")
				case -2:
					r.event(results.Client, results.EventRecord, "application_data")
				default:
					r.data(r.ticket(), results.Client, bytes.Repeat([]byte{byte(i)}, n))
				}
				_ = r.Session() // must not change anything
			}
			if got := shape(r); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestDigestOfMergedRun(t *testing.T) {
	r := quiet()
	r.Canary("marker")
	var all []byte
	for i := range 2000 {
		part := []byte(strings.Repeat("x", i%97) + "mark")
		if i%500 == 0 {
			part = append(part, "er"...)
		}
		all = append(all, part...)
		r.data(r.ticket(), results.Server, part)
	}
	sum := sha256.Sum256(all)
	d := r.Session().Events[0].Digest
	if d == nil || d.SHA256 != hex.EncodeToString(sum[:]) || d.Segments != 2000 || d.Length != int64(len(all)) {
		t.Fatalf("digest %+v", d)
	}
	if len(d.Canaries) != 4 || !bytes.HasPrefix(all[d.Canaries[3]:], []byte("marker")) {
		t.Errorf("canaries at %v", d.Canaries)
	}
	if !bytes.Equal(d.Head, all[:edge]) || !bytes.Equal(d.Tail, all[len(all)-edge:]) {
		t.Error("head or tail is wrong")
	}
}

func TestCanaryEverySplit(t *testing.T) {
	encoded := base64.StdEncoding.EncodeToString([]byte("ab marker cd"))
	text := "marker" + "markmarkermarker-" + encoded + "-marke"
	want := []int64{0, 10, 16, int64(23 + strings.Index(encoded, "bWFya2Vy"))}
	patterns := [][]byte{[]byte("marker")}
	for _, f := range base64Forms("marker") {
		patterns = append(patterns, f.text)
	}
	for size := 1; size <= len(text); size++ {
		d := newDigester(patterns)
		for part := range slices.Chunk([]byte(text), size) {
			d.add(part)
		}
		if got := d.digest().Canaries; !slices.Equal(got, want) {
			t.Fatalf("in parts of %d: %v, want %v", size, got, want)
		}
	}
}

func TestHide(t *testing.T) {
	const secret = "s3cr3t-pass"
	plain := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	for _, text := range []string{
		"PASS " + secret + "\r\n",
		plain(secret), plain("u" + secret), plain("us" + secret),
		plain("\x00user\x00" + secret), plain("x" + secret + "yz"), plain("xy" + secret + "z"),
		secret + secret,
	} {
		for size := 1; size <= len(text); size++ {
			r := quiet()
			for part := range slices.Chunk([]byte(text), size) {
				r.data(r.ticket(), results.Client, part)
				r.data(r.ticket(), results.Server, []byte("."))
			}
			r.Note("said " + text)
			r.Hide(secret, "[hidden]")
			checkHidden(t, r.Session(), secret, text)
		}
	}
}

func checkHidden(t *testing.T, s results.Session, secret, text string) {
	t.Helper()
	var said []byte
	for _, e := range s.Events {
		if e.From == results.Client {
			said = append(said, e.Bytes...)
		}
	}
	for _, all := range []string{string(said), s.Events[len(s.Events)-1].Text} {
		if !strings.Contains(all, "[hidden]") || strings.Contains(all, secret) {
			t.Errorf("%q became %q", text, all)
		}
		before, after, _ := strings.Cut(all, "[hidden]")
		for _, rest := range []string{before, after} {
			for n := range 4 {
				decoded, _ := base64.RawStdEncoding.DecodeString(rest[min(n, len(rest)):])
				if bytes.Contains(decoded, []byte(secret[:2])) {
					t.Errorf("%q became %q, which still has a part of it", text, all)
				}
			}
		}
	}
}

func TestHideInDigests(t *testing.T) {
	const secret = "a-long-secret-that-crosses-the-cut"
	r := quiet()
	r.Hide(secret, "[hidden]")
	r.Hide("", "nothing")
	r.Hide("y", "[why]")
	body := strings.Repeat("x", 50) + secret + strings.Repeat("x", 5000) + secret[:10]
	r.data(r.ticket(), results.Client, []byte(body))
	r.data(r.ticket(), results.Client, []byte(secret[10:]+"y"))
	events := r.Session().Events
	d := events[0].Digest
	if want := strings.Repeat("x", 50) + "[hidden]" + "xxxxxx"; string(d.Head) != want {
		t.Errorf("head %q, want %q", d.Head, want)
	}
	if want := strings.Repeat("x", edge-8) + "[hidden]"; string(d.Tail) != want {
		t.Errorf("tail %q, want %q", d.Tail, want)
	}
	if got := string(events[1].Bytes); got != "[why]" {
		t.Errorf("next event %q", got)
	}
	if d.Length != int64(len(body)) {
		t.Errorf("length %d", d.Length)
	}
}

// TestLateWrite has a write finish after the answer to it was read.
func TestLateWrite(t *testing.T) {
	r := quiet()
	r.At(results.StageMail, "")
	question := r.ticket()
	r.At(results.StageRcpt, "")
	r.data(r.ticket(), results.Server, []byte("answer"))
	r.data(question, results.Client, []byte("question"))
	events := r.Session().Events
	if string(events[0].Bytes) != "question" || events[0].Stage != results.StageMail || len(events) != 2 {
		t.Errorf("events: %+v", events)
	}
}

func TestFollow(t *testing.T) {
	r := quiet()
	r.Hide("secret", "***")
	var told []string
	r.Follow(func(e results.Event) {
		told = append(told, string(e.Kind)+" "+e.Text+string(e.Bytes[:min(10, len(e.Bytes))]))
	})
	k := &tracker{log: &r.log}
	r.trackers = append(r.trackers, k)
	k.segment(r.draw(), results.Client, []byte("a secret"))
	k.segment(r.draw(), results.Client, make([]byte, runLimit))
	k.segment(r.draw(), results.Client, []byte("merged"))
	r.Note("note")
	k.segment(r.draw(), results.Server, bytes.Repeat([]byte("x"), runLimit+1))
	k.expect()
	k.segment(r.draw(), results.Server, []byte("\x15\x03\x01\x00\x02\x02\x28\x15"))
	_, _ = r.Session(), r.Session()
	want := []string{
		"data a ***", "note note", "data xxxxxxxxxx", "record alert v=1.0 len=2", "alert fatal handshake_failure(40)",
	}
	if !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
}
