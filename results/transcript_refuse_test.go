package results_test

import (
	"strings"
	"testing"

	"mailtls/results"
)

// small is a transcript written by hand.
const small = `mailtls transcript 1
case a/b
target x

started 2026-11-05T08:15:30Z
window 30
clock 1
session 1 server=127.0.0.1:25   leg=probe
 0.5 S clear greeting - "220\u0020hi\r\n"
end eof 1.25
ended settled 2
`

func TestReadTranscriptByHand(t *testing.T) {
	tr := read(t, []byte(small))
	if got := string(tr.Sessions[0].Events[0].Bytes); got != "220 hi\r\n" {
		t.Errorf("bytes %q", got)
	}
	if got := tr.Sessions[0].EndAt.Seconds(); got != 1.25 {
		t.Errorf("end at %v", got)
	}
	roundTrip(t, tr)
}

func TestReadTranscriptRefuses(t *testing.T) {
	for _, tt := range []struct{ name, old, new, want string }{
		{"other version", "transcript 1", "transcript 2", `line 1: want "mailtls transcript 1"`},
		{"carriage return", "a/b\n", "a/b\r\n", "line 2: want printable ASCII, found byte 0x0d in column 9"},
		{"8-bit", "a/b", "a/\xc3", "line 2: want printable ASCII"},
		{"unknown line", "window", "wnidow", `line 6: unknown line "wnidow"; want case`},
		{"repeated line", "target x", "case c", "line 3: want one line case only"},
		{"empty value", "case a/b", "case", "line 2: want the case's id"},
		{"two values", "case a/b", "case a b", `line 2: unknown or repeated field "b"; want nothing more`},
		{"list for a value", "case a/b", "case a,b", "line 2: want the case's id"},
		{"local time", "30Z", "30+01:00", "line 5: want a time such as"},
		{"duration", "window 30", "window 30s", `line 6: want the window in seconds: found "30s"`},
		{"fine duration", "window 30", "window 3.0123456789", "line 6: want the window in seconds"},
		{"no decimals", "window 30", "window 3.", "line 6: want the window in seconds"},
		{"huge duration", "window 30", "window 9223372036.854775808", "line 6: want the window in seconds"},
		{"not a number", "clock 1", "clock NaN", "line 7: want a number for the clock factor"},
		{"unknown leg", "leg=probe", "leg=prob", `line 8: unknown leg "prob"; want one of [probe`},
		{"unknown field", "server=", "sever=", `line 8: unknown or repeated field "sever="; want leg=, peer=`},
		{"repeated field", "server=", "leg=", "line 8: "},
		{"session number", "session 1", "session 0", "line 8: want a session number"},
		{"unknown stage", "greeting", "greting", `line 9: unknown stage "greting"`},
		{"unknown side", " S ", " T ", `line 9: unknown side "T"`},
		{"unknown layer", "clear", "plain", `line 9: unknown layer "plain"; want clear or tls`},
		{"unknown kind", `"220`, `blurb "220`, `line 9: unknown kind "blurb"`},
		{"data as a word", `"220`, `data "220`, "line 9: want quoted bytes or digest"},
		{"no bytes", `"220\u0020hi\r\n"`, "", "line 9: want quoted bytes, digest, or a kind of event"},
		{"digest without length", `"220\u0020hi\r\n"`, "digest segments=1", "line 9: want a number for len="},
		{"open quote", `\r\n"`, `\r\n`, "line 9: want a quoted value"},
		{"no space", `- "220`, `-"220`, "line 9: want a space before"},
		{"unknown line in a session", "end eof", "edn eof", `line 10: unknown line "edn" in session 1`},
		{"session without end", "end eof 1.25\n", "", "line 10: unknown line"},
		{"unknown end", "end eof", "end of", `line 10: unknown end "of"`},
		{"hello without tls", " 0.5", "hello length=1 records=1\n 0.5", "line 9: want a line tls before hello"},
		{"two hellos", " 0.5", "tls\nhello length=1 records=1\nhello length=1 records=1\n 0.5", "line 11: want one line hello only"},
		{"no base64", " 0.5", "tls\nchain x\n 0.5", "line 10: want a certificate in base64"},
		{"alert code", " 0.5", "tls\nalert S fatal 256 x\n 0.5", "line 10: want the alert's code"},
		{"alert severity", " 0.5", "tls\nalert S bad 2 x\n 0.5", `line 10: unknown severity "bad"`},
		{"reason", "settled", "settle", `line 11: unknown reason "settle"`},
		{"line after the end", "settled 2\n", "settled 2\nclock 1\n", "line 12: want nothing after"},
		{"missing line", "clock 1\n", "", "line 11: want a line clock"},
		{"cut between lines", "ended settled 2\n", "", "line 11: want a line ended"},
		{"cut in a line", "settled 2\n", "settled 2", "line 11: want a newline at the end"},
		{"cut in a session", "end eof 1.25\nended settled 2\n", "", "line 10: want the line end of session 1"},
		{"long line", "a/b", strings.Repeat("a", 1<<20), "line 2: want at most 1048576 bytes"},
		{"empty file", small, "", "line 1: want a line case"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := strings.Replace(small, tt.old, tt.new, 1)
			if text == small {
				t.Fatal("nothing was changed")
			}
			_, err := results.ReadTranscript(strings.NewReader(text))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

func TestReadTranscriptSameNumber(t *testing.T) {
	again := small[strings.Index(small, "session"):strings.Index(small, "ended")]
	_, err := results.ReadTranscript(strings.NewReader(strings.Replace(small, "ended", again+"ended", 1)))
	if err == nil || !strings.Contains(err.Error(), "line 11: want a session number of its own") {
		t.Errorf("error %v", err)
	}
}
