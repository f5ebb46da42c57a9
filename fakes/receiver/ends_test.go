package receiver_test

import (
	"strings"
	"testing"

	"mailtls/fakes"
)

func TestOnlyWhatAProfileTakesForItEndsAMessage(t *testing.T) {
	ends := map[fakes.Lenient]string{
		"":                     "\r\n.\r\n",
		fakes.LenientLFDotLF:   "\n.\n",
		fakes.LenientLFDotCRLF: "\n.\r\n",
		fakes.LenientCRDotCR:   "\r.\r",
		fakes.LenientCRLFDotLF: "\r\n.\n",
		fakes.LenientNULDot:    "\r\n\x00.\r\n",
	}
	for lenient := range ends {
		for _, inTLS := range []bool{false, true} {
			p, err := fakes.Receiver("opportunistic")
			if err != nil {
				t.Fatal(err)
			}
			p.Lenient, p.LenientTLS = []fakes.Lenient{lenient}, nil
			if inTLS {
				p.Lenient, p.LenientTLS = nil, p.Lenient
			}
			st := serve(t, p)
			for _, end := range ends {
				early := end == "\r\n.\r\n" || !inTLS && lenient != "" && strings.HasSuffix(end, ends[lenient])
				if got := st.content(t, "one"+end+"NOOP\r\n.\r\n"); strings.Contains(got, "NOOP") == early {
					t.Errorf("%q with %q, inside TLS only %v: in clear the message is %q", lenient, end, inTLS, got)
				}
			}
		}
	}
}

// content sends content in clear, byte by byte, and returns what was taken of it.
func (st *stage) content(t *testing.T, content string) string {
	t.Helper()
	before := len(st.taken())
	body := fakes.Script{{Mark: "body", Do: fakes.MoveSay, Text: strings.Split(content, ""), Want: "250"}}
	st.play(t, fakes.Join(fakes.Greet(), fakes.Ehlo("ehlo"), fakes.Say("mail", "250", "MAIL FROM:<{from}>\r\n"),
		fakes.Say("rcpt", "250", "RCPT TO:<{rcpt}>\r\n"), fakes.Say("data", "354", "DATA\r\n"), body, fakes.Quit()))
	var got []string
	for _, m := range st.taken()[before:] {
		got = append(got, string(m.Data))
	}
	if len(got) != 1 || !strings.HasSuffix(got[0], "\r\n") {
		t.Fatalf("%q gave the messages %q; want one that ends in CRLF", content, got)
	}
	return got[0]
}
