package receiver_test

import (
	"strings"
	"testing"

	"mailtls/fakes"
	"mailtls/results"
)

// TestLinesAreReadAsTheProfileSays: each line in clear, and the code it gets.
func TestLinesAreReadAsTheProfileSays(t *testing.T) {
	honest := fakes.Profile{Name: "honest", Offer: fakes.OfferNone}
	capitals := fakes.Profile{Name: "capitals", Offer: fakes.OfferNone, Strict: []fakes.Strict{fakes.StrictCase}}
	careless := fakes.Profile{Name: "careless", Offer: fakes.OfferNone, Lenient: []fakes.Lenient{fakes.LenientNUL}}
	for _, tt := range []struct {
		profile    fakes.Profile
		line, code string
	}{
		{honest, "NOOP", "250"},
		{honest, "nOoP", "250"},
		{honest, "NOOP \t", "250"},
		{honest, "NOOP\x00", "500"},
		{honest, "NOOP\nNOOP", "500"},
		{capitals, "NOOP", "250"},
		{capitals, "nOoP", "500"},
		{careless, "NOOP\x00", "250"},
		{careless, "NO\x00OP", "500"},
	} {
		t.Run(tt.profile.Name+"/"+tt.line, func(t *testing.T) {
			s := serve(t, tt.profile).play(t, fakes.Join(fakes.Greet(), fakes.Say("line", "", tt.line+"\r\n"), fakes.Quit()))
			if got := said(s, "line"); !strings.HasPrefix(got, tt.code) || strings.Count(got, "\r\n") != 1 {
				t.Errorf("got %q, want one reply %s", got, tt.code)
			}
		})
	}
}

// TestClearBytesBeforeImplicitTLS: they break the handshake, or are run inside
// TLS where the profile keeps them.
func TestClearBytesBeforeImplicitTLS(t *testing.T) {
	script := fakes.Join(
		fakes.Script{{Mark: "clear", Do: fakes.MoveSend, Text: []string{"NOOP\r\n"}, Below: true}},
		fakes.Handshake(fakes.Hello{}), fakes.Greet(), fakes.Script{{Mark: "unasked", Do: fakes.MoveExpect, Want: "250"}}, fakes.Quit(),
	)
	p := fakes.Profile{Name: "implicit", Offer: fakes.OfferImplicit}
	if s := serve(t, p).play(t, script); len(s.TLS) != 1 || s.TLS[0].Complete {
		t.Errorf("honest: want a failed handshake, got %+v", s.TLS)
	}
	p.Keep = []fakes.Keep{fakes.KeepBuffer}
	if s := serve(t, p).play(t, script); s.End != results.EndOurs {
		t.Errorf("kept: ended %s: %+v", s.End, s.Events)
	}
}
