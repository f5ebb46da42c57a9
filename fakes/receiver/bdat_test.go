package receiver_test

import (
	"strings"
	"testing"

	"mailtls/fakes"
	"mailtls/results"
)

// open is a session up to the point where content may be sent.
func open() fakes.Script {
	return fakes.Join(fakes.Greet(), fakes.Ehlo("ehlo"), fakes.Say("mail", "250", "MAIL FROM:<{from}>\r\n"), fakes.Say("rcpt", "250", "RCPT TO:<{rcpt}>\r\n"))
}

func chunking(l ...fakes.Lenient) fakes.Profile {
	return fakes.Profile{Name: "chunking", Offer: fakes.OfferNone, Clear: []string{"CHUNKING"}, Lenient: l}
}

func TestChunksAreTakenAsTheyAre(t *testing.T) {
	for name, tt := range map[string]struct {
		profile fakes.Profile
		want    string
	}{
		"honest":    {chunking(), ".a\r\n.b"},
		"bdat-dots": {chunking(fakes.LenientBdatDots), "a\r\nb"},
	} {
		t.Run(name, func(t *testing.T) {
			st := serve(t, tt.profile)
			s := st.play(t, fakes.Join(open(), fakes.Say("one", "250", "BDAT 3\r\n", ".", "a\r"), fakes.Say("none", "250", "BDAT 0\r\n"),
				fakes.Say("data", "503", "DATA\r\n"), fakes.Say("last", "250", "BDAT 3 LAST\r\n\n.b"),
				fakes.Say("over", "503", "BDAT 4\r\nRSET"), fakes.Quit()))
			if s.End != results.EndOurs {
				t.Fatalf("ended %s: %+v", s.End, s.Events[len(s.Events)-1])
			}
			if got := st.taken(); len(got) != 1 || !strings.HasSuffix(string(got[0].Data), "\r\n"+tt.want) {
				t.Errorf("taken: %+v", got)
			}
		})
	}
}

// TestFailedChunksAreSkipped has what is refused read to its end.
func TestFailedChunksAreSkipped(t *testing.T) {
	st := serve(t, chunking())
	big := fakes.Step{Mark: "big", Do: fakes.MoveSay, Text: []string{"BDAT 60000000 LAST\r\n"}, Body: fakes.Part{To: 60000000, Raw: true}, Want: "552"}
	s := st.play(t, fakes.Join(fakes.Greet(), fakes.Ehlo("ehlo"), fakes.Say("early", "503", "BDAT 6 LAST\r\nQUIT\r\n"),
		fakes.Say("mail", "250", "MAIL FROM:<{from}>\r\n"), fakes.Say("no-rcpt", "503", "BDAT 6\r\nQUIT\r\n"),
		fakes.Say("rcpt", "250", "RCPT TO:<{rcpt}>\r\n"), fakes.Script{big}, fakes.Say("noop", "250", "NOOP\r\n"),
		fakes.Say("syntax", "501", "BDAT x\r\n")))
	if s.End != results.EndOurs || len(st.taken()) != 0 {
		t.Errorf("ended %s with %d messages: %+v", s.End, len(st.taken()), s.Events[len(s.Events)-1])
	}
}

func TestChunksNeedTheKeyword(t *testing.T) {
	st := serve(t, fakes.Profile{Name: "plain", Offer: fakes.OfferNone})
	if s := st.play(t, fakes.Join(open(), fakes.Say("bdat", "500", "BDAT 0 LAST\r\n"))); s.End != results.EndOurs {
		t.Errorf("ended %s", s.End)
	}
}

// TestCutContent ends a connection in the middle of a message.
func TestCutContent(t *testing.T) {
	cut := fakes.Join(open(), fakes.Say("data", "354", "DATA\r\n"), fakes.Script{
		{Mark: "body", Do: fakes.MoveSend, Text: []string{"Subject: x\r\n\r\nbo"}}, {Do: fakes.MoveHalfClose}, {Mark: "after", Do: fakes.MoveExpect},
	})
	for accepted, l := range [][]fakes.Lenient{nil, {fakes.LenientTruncated}} {
		st := serve(t, fakes.Profile{Name: "cut", Offer: fakes.OfferNone, Lenient: l})
		s := st.play(t, cut)
		if len(st.taken()) != accepted || strings.HasPrefix(said(s, "after"), "250") != (accepted == 1) {
			t.Errorf("lenient %v: %d messages, said %q", l, len(st.taken()), said(s, "after"))
		}
	}
}

// TestMeddling: the actions that change a session's state.
func TestMeddling(t *testing.T) {
	st := serve(t, fakes.Profile{Name: "halves", Offer: fakes.OfferNone, Faults: []fakes.Fault{
		{At: results.StageBody, When: fakes.Before, Do: fakes.ActionTruncate},
		{At: results.StageNoop, When: fakes.After, Do: fakes.ActionDrop},
	}})
	st.play(t, fakes.Join(open(), fakes.Say("data", "354", "DATA\r\n"), fakes.Say("body", "250", "a: b\r\n\r\none\r\n.\r\n"), fakes.Quit()))
	if got := st.taken(); len(got) != 1 || !strings.HasSuffix(string(got[0].Data), "\r\na: b\r\n") {
		t.Errorf("taken: %+v", got)
	}
	s := st.play(t, fakes.Join(fakes.Greet(), fakes.Say("noop", "250", "NOOP\r\nQUIT\r\n"), fakes.Say("noop-2", "250", "NOOP\r\n")))
	if s.End != results.EndOurs {
		t.Errorf("ended %s: what came behind NOOP is to be dropped", s.End)
	}
}
