package dialect_test

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
	"testing"

	"mailtls/fakes/dialect"
	"mailtls/results"
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

// FuzzCutResponse: as FuzzCutReply, for IMAP.
func FuzzCutResponse(f *testing.F) {
	for _, seed := range []string{
		"* OK [CAPABILITY IMAP4rev1 STARTTLS] hi\r\n", "a OK\r\n", "a NO [PRIVACYREQUIRED] x\r\n", "+ \r\n", "+\n",
		"* 1 FETCH (BODY[] {4}\r\na OK)\r\n", "* x {3+}\r\nab\r\r\n", "a OK []  [x]\r\n", "* {1}\r\n", "\x00 OK\r\n", "* bye\r\n",
	} {
		f.Add([]byte(seed), uint16(len(seed)/2))
	}
	f.Fuzz(func(t *testing.T, b []byte, segment uint16) {
		r, rest, err := dialect.CutResponse(bytes.Clone(b))
		taken(t, b, rest, err)
		if err == nil {
			same, left, err := dialect.CutResponse([]byte(r.String() + "\r\n"))
			if err != nil || len(left) > 0 || same != r {
				t.Fatalf("%+v is written %q and reads as %+v, %q, %v", r, r, same, left, err)
			}
		}
		for _, tag := range []string{"", "a"} {
			_, left, err := dialect.Cut(results.IMAP, bytes.Clone(b), dialect.Command{Tag: tag})
			taken(t, b, left, err)
		}
		early, _, earlyErr := dialect.CutResponse(b[:min(int(segment), len(b))])
		if !errors.Is(earlyErr, dialect.ErrIncomplete) && (early != r || (earlyErr == nil) != (err == nil)) {
			t.Fatalf("%q reads as %v, %v, and cut at %d as %v, %v", b, r, err, segment, early, earlyErr)
		}
	})
}

// FuzzCutPOP3: as FuzzCutReply, for POP3.
func FuzzCutPOP3(f *testing.F) {
	for _, seed := range []string{"+OK\r\n", "+OK x\r\n..a\r\n.\r\n", "-ERR no\r\n", "+ \r\n", "+OK\n.\n", "+OKAY\r\n", "+OK \r\r\n.\r\r\n.\r\n"} {
		f.Add([]byte(seed), uint16(len(seed)/2), true)
		f.Add([]byte(seed), uint16(len(seed)/2), false)
	}
	f.Fuzz(func(t *testing.T, b []byte, segment uint16, multi bool) {
		r, rest, err := dialect.CutPOP3(bytes.Clone(b), multi)
		taken(t, b, rest, err)
		if err == nil {
			text := r.Code + " " + r.Lines[0] + "\r\n"
			if multi && r.Code == "+OK" {
				text = dialect.FormatPOP3(r.Code+" "+r.Lines[0], r.Lines[1:]...)
			}
			same, left, err := dialect.CutPOP3([]byte(text), multi)
			if err != nil || len(left) > 0 || !reflect.DeepEqual(same, r) {
				t.Fatalf("%+v is written %q and reads as %+v, %q, %v", r, text, same, left, err)
			}
		}
		early, _, earlyErr := dialect.CutPOP3(b[:min(int(segment), len(b))], multi)
		if !errors.Is(earlyErr, dialect.ErrIncomplete) && (!reflect.DeepEqual(early, r) || (earlyErr == nil) != (err == nil)) {
			t.Fatalf("%q reads as %v, %v, and cut at %d as %v, %v", b, r, err, segment, early, earlyErr)
		}
	})
}

// taken: the rest is the end of what was there, and something was taken off it
// unless more is needed.
func taken(t *testing.T, b, rest []byte, err error) {
	t.Helper()
	switch {
	case !bytes.HasSuffix(b, rest):
		t.Fatalf("the rest %q is no end of %q", rest, b)
	case errors.Is(err, dialect.ErrIncomplete) && len(rest) != len(b):
		t.Fatalf("of %q, which is not whole, something was taken off", b)
	case !errors.Is(err, dialect.ErrIncomplete) && len(rest) >= len(b):
		t.Fatalf("nothing was taken off %q: %v", b, err)
	case err != nil && !errors.Is(err, dialect.ErrIncomplete) && !errors.Is(err, dialect.ErrMalformed):
		t.Fatalf("unknown error %v", err)
	}
}

// FuzzCommands: what a client writes is cut into the same commands whatever
// protocol it is, and strings that are quoted are read again.
func FuzzCommands(f *testing.F) {
	f.Add("a LOGIN {2+}\r\nme pw\r\nb NOOP\r\n")
	f.Add("STLS\r\nCAPA\r\n")
	f.Add(`a LOGIN "x\"y" (z)` + "\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		lines := bytes.Count([]byte(text), []byte("\n"))
		for _, p := range []results.Protocol{results.SMTP, results.LMTP, results.IMAP, results.POP3} {
			all := dialect.Commands(p, text)
			if len(all) > lines || p != results.IMAP && len(all) != lines {
				t.Fatalf("%s: %d lines hold %d commands", p, lines, len(all))
			}
			for _, c := range all {
				dialect.Fields(c.Argument)
			}
		}
		if got, ok := dialect.Fields(dialect.Quote(text)); !ok || !slices.Equal(got, []string{text}) {
			t.Fatalf("%q is quoted %q and reads as %q, %v", text, dialect.Quote(text), got, ok)
		}
	})
}
