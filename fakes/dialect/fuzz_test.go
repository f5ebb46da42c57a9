package dialect_test

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	"mailtls/fakes/dialect"
)

// FuzzCutReply: whatever a server sends, reading goes on; what was read well can
// be written and read again; and it makes no difference where a segment ends.
func FuzzCutReply(f *testing.F) {
	for _, seed := range []string{
		"220 mx ESMTP\r\n", "250-mx\r\n250-STARTTLS\r\n250 SIZE 1\r\n", "250\r\n", "250-mx\r\n250\r\n", "250-mx\n250 ok\n",
		"250-mx\r\n220 STARTTLS\r\n", "2500 x\r\n", "25\r\n", "\r\n", "220\x00go\r\n", "250 a\r\r\n", "454 4.7.0 no\r\n250 more",
	} {
		f.Add([]byte(seed), uint16(len(seed)/2))
	}
	f.Fuzz(func(t *testing.T, b []byte, segment uint16) {
		r, rest, err := dialect.CutReply(bytes.Clone(b))
		if !bytes.HasSuffix(b, rest) {
			t.Fatalf("the rest %q is no end of %q", rest, b)
		}
		switch {
		case errors.Is(err, dialect.ErrIncomplete):
			return
		case len(rest) >= len(b):
			t.Fatalf("nothing was taken off %q: %v", b, err)
		case err == nil:
			again(t, r)
		case !errors.Is(err, dialect.ErrMalformed):
			t.Fatalf("unknown error %v", err)
		}
		early, _, earlyErr := dialect.CutReply(b[:min(int(segment), len(b))])
		if !errors.Is(earlyErr, dialect.ErrIncomplete) && (!reflect.DeepEqual(early, r) || (earlyErr == nil) != (err == nil)) {
			t.Fatalf("%q reads as %v, %v, and cut at %d as %v, %v", b, r, err, segment, early, earlyErr)
		}
	})
}

// again writes a reply and reads it.
func again(t *testing.T, r dialect.Reply) {
	t.Helper()
	text := dialect.Format(r.Code, r.Lines...)
	same, rest, err := dialect.CutReply([]byte(text))
	if err != nil || len(rest) > 0 || !reflect.DeepEqual(same, r) {
		t.Fatalf("%+v is written %q and reads as %+v, %q, %v", r, text, same, rest, err)
	}
}
