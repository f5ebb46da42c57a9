package receiver_test

import (
	"crypto/tls"
	"slices"
	"strings"
	"testing"
	"time"

	"mailtls/fakes"
	"mailtls/results"
)

// flying is a profile whose hellos get the flights.
func flying(flights ...fakes.Flight) fakes.Profile {
	return fakes.Profile{
		Name: "flying", Offer: fakes.OfferStartTLS,
		Faults: []fakes.Fault{{At: results.StageHandshake, Do: fakes.ActionFlight, Flights: flights}},
	}
}

// probe sends a hello after STARTTLS.
func probe(h fakes.RawHello) fakes.Script {
	return fakes.Join(fakes.Greet(), fakes.Ehlo("ehlo"), fakes.StartTLS(), fakes.Script{{Mark: "handshake", Do: fakes.MoveHello, Raw: &h}})
}

func TestFlightsAreRead(t *testing.T) {
	tls12 := fakes.RawHello{Suites: []uint16{0xc02f, 0x009e, 0x0003, 0x0034, 0x0018, 0x1a1a}, Compression: []uint8{1}}
	for name, c := range map[string]struct {
		flight fakes.Flight
		hello  fakes.RawHello
		want   results.TLSFacts
	}{
		"export":  {fakes.Flight{Version: tls.VersionTLS10, Suite: 0x0003}, tls12, results.TLSFacts{Version: "1.0", Suite: "TLS_RSA_EXPORT_WITH_RC4_40_MD5"}},
		"ssl3":    {fakes.Flight{Version: fakes.VersionSSL3, Suite: 0x0003}, tls12, results.TLSFacts{Version: "ssl3", Suite: "TLS_RSA_EXPORT_WITH_RC4_40_MD5"}},
		"dhe":     {fakes.Flight{Version: tls.VersionTLS12, Suite: 0x009e, DHBits: 768}, tls12, results.TLSFacts{Version: "1.2", Suite: "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", DHBits: 768}},
		"anon":    {fakes.Flight{Version: tls.VersionTLS12, Suite: 0x0018, DHBits: 512}, tls12, results.TLSFacts{Version: "1.2", Suite: "TLS_DH_anon_WITH_RC4_128_MD5", DHBits: 512}},
		"deflate": {fakes.Flight{Version: tls.VersionTLS12, Suite: 0xc02f, Compression: 1, Group: 23}, tls12, results.TLSFacts{Version: "1.2", Suite: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", Group: "secp256r1", Compression: "DEFLATE"}},
		"extensions": {
			fakes.Flight{Version: tls.VersionTLS12, Suite: 0x1a1a, Extensions: []uint16{23, 0xff01}}, tls12,
			results.TLSFacts{Version: "1.2", Suite: "GREASE(0x1a1a)", Extensions: []string{"extended_master_secret", "renegotiation_info"}},
		},
		"tls13": {
			fakes.Flight{Version: tls.VersionTLS13, Suite: 0x1301, Group: 0x2a2a}, tls12,
			results.TLSFacts{Version: "1.3", Suite: "TLS_AES_128_GCM_SHA256", Group: "GREASE(0x2a2a)", Extensions: []string{"supported_versions", "key_share"}},
		},
		"alert": {fakes.Flight{Alert: 86}, tls12, results.TLSFacts{Alerts: []results.Alert{{From: results.Server, Fatal: true, Code: 86, Name: "inappropriate_fallback"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, flying(c.flight)).play(t, probe(c.hello))
			if s.End != results.EndOurs || len(s.TLS) != 1 {
				t.Fatalf("the session ended %s with %d handshakes", s.End, len(s.TLS))
			}
			f := s.TLS[0]
			if f.Version != c.want.Version || f.Suite != c.want.Suite || f.Compression != c.want.Compression || f.Group != c.want.Group && c.want.Group != "" ||
				f.DHBits != c.want.DHBits || !slices.Equal(f.Extensions, c.want.Extensions) || !slices.Equal(f.Alerts, c.want.Alerts) {
				t.Errorf("seen as %+v", f)
			}
			if shown := name != "alert" && name != "anon" && name != "tls13"; shown != (len(f.Chain) > 0) {
				t.Errorf("%d certificates were shown", len(f.Chain))
			}
		})
	}
}

func TestSSL2IsAnswered(t *testing.T) {
	s := serve(t, flying(fakes.Flight{Version: fakes.VersionSSL2})).play(t, probe(fakes.RawHello{SSL2: true, Kinds: []uint32{0x010080}}))
	if b := said(s, "handshake"); s.End != results.EndOurs || len(b) < 3 || b[2] != 4 {
		t.Errorf("ended %s with %q", s.End, b)
	}
}

func TestOtherHellosAreServed(t *testing.T) {
	weak := fakes.HelloMatch{Newest: tls.VersionTLS12, Suite: 0x0003, Compression: true, Records: 2, Trickle: true}
	hello := fakes.RawHello{Suites: []uint16{0x0003}, Compression: []uint8{1}, Records: 20, Segment: 9, Gap: 100 * time.Millisecond}
	for name, c := range map[string]struct {
		change func(*fakes.RawHello)
		fits   bool
	}{
		"all that is asked for": {func(*fakes.RawHello) {}, true},
		"newer":                 {func(h *fakes.RawHello) { h.Versions = []uint16{0x1a1a, tls.VersionTLS13} }, false},
		"older":                 {func(h *fakes.RawHello) { h.Version = tls.VersionTLS11 }, false},
		"another suite":         {func(h *fakes.RawHello) { h.Suites = []uint16{0x0006} }, false},
		"no compression":        {func(h *fakes.RawHello) { h.Compression = nil }, false},
		"one record":            {func(h *fakes.RawHello) { h.Records = 0 }, false},
		"one segment":           {func(h *fakes.RawHello) { h.Segment = 0 }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := hello
			c.change(&h)
			s := serve(t, flying(fakes.Flight{To: weak, Alert: 99})).play(t, probe(h))
			if len(s.TLS) == 0 || len(s.TLS[0].Alerts) == 0 {
				t.Fatalf("no alert came: %s %+v", s.End, s.TLS)
			}
			if a := s.TLS[0].Alerts[0]; (a.Code == 99) != c.fits {
				t.Errorf("alert %d came", a.Code)
			}
		})
	}
}

func TestHonestHandshakeWithFlights(t *testing.T) {
	st := serve(t, flying(fakes.Flight{To: fakes.HelloMatch{Newest: tls.VersionTLS12}, Alert: 40}))
	modern, err := fakes.Sender("modern")
	if err != nil {
		t.Fatal(err)
	}
	s := st.play(t, modern.Deliver())
	if s.End != results.EndOurs || len(st.taken()) != 1 {
		t.Errorf("the session ended %s, %d messages taken", s.End, len(st.taken()))
	}
	r := <-st.reported
	if !r.TLS[0].Complete || strings.Contains(said(r, "handshake"), "fault") {
		t.Errorf("seen as %+v", r.TLS[0])
	}
}

func TestNoHelloIsServedHonestly(t *testing.T) {
	s := serve(t, flying(fakes.Flight{Alert: 99})).play(t, fakes.Join(fakes.Greet(), fakes.StartTLS(),
		fakes.Script{{Mark: "handshake", Do: fakes.MoveSend, Text: []string{"MAIL FROM:<x>\r\n"}}, {Do: fakes.MoveAwaitClose, For: 2e9}}))
	if s.End == results.EndTimeout || len(s.TLS) > 0 && len(s.TLS[0].Alerts) > 0 && s.TLS[0].Alerts[0].Code == 99 {
		t.Errorf("ended %s with %+v", s.End, s.TLS)
	}
}
