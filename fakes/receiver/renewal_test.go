package receiver_test

import (
	"crypto/tls"
	"slices"
	"testing"
	"time"

	"mailtls/fakes"
	"mailtls/results"
)

// inside is a session up to EHLO inside one version of TLS.
func inside(version uint16) fakes.Script {
	return fakes.Join(fakes.Greet(), fakes.Ehlo("ehlo"), fakes.StartTLS(),
		fakes.Handshake(fakes.Hello{Min: version, Max: version}), fakes.Ehlo("ehlo-tls"))
}

// renewals lists what was seen of handshake messages inside TLS.
func renewals(s results.Session) []string {
	var seen []string
	for _, e := range s.Events {
		if e.Kind == results.EventTLS && e.Secure {
			seen = append(seen, string(e.From)+" "+e.Text)
		}
	}
	return seen
}

func upgrading(faults ...fakes.Fault) fakes.Profile {
	return fakes.Profile{Name: "renewing", Offer: fakes.OfferStartTLS, Faults: faults}
}

// TestKeysChangeInAMessage plays both kinds of KeyUpdate against an honest server.
func TestKeysChangeInAMessage(t *testing.T) {
	st := serve(t, upgrading())
	s := st.play(t, fakes.Join(inside(tls.VersionTLS13),
		fakes.Say("mail", "250", "MAIL FROM:<{from}>\r\n"), fakes.Say("rcpt", "250", "RCPT TO:<{rcpt}>\r\n"), fakes.Say("data", "354", "DATA\r\n"),
		fakes.Script{
			{Mark: "body", Do: fakes.MoveSend, Body: fakes.Part{To: 640}, RecordSize: 100},
			{Mark: "update", Do: fakes.MoveKeyUpdate},
			{Mark: "more", Do: fakes.MoveSend, Body: fakes.Part{From: 640, To: 1280}, RecordSize: 1},
			{Mark: "rekey", Do: fakes.MoveRekey},
			{Mark: "end", Do: fakes.MoveSay, Text: []string{".\r\n"}, Want: "250"},
		}, fakes.Quit()))
	if s.End != results.EndOurs {
		t.Fatalf("ended %s: %+v", s.End, s.Events[len(s.Events)-1])
	}
	if got := renewals(s); !slices.Equal(got, []string{"C key_update", "C key_update", "S key_update"}) {
		t.Errorf("seen: %v", got)
	}
	seen := <-st.reported
	for _, e := range seen.Events {
		if e.Stage == results.StageUnknown && e.Kind == results.EventData {
			t.Errorf("content of no stage: %+v", e)
		}
	}
	if got := st.taken(); len(got) != 1 || len(got[0].Data) < 1280 {
		t.Errorf("taken: %d messages", len(got))
	}
}

func TestRenegotiationIsRefused(t *testing.T) {
	for _, tt := range []struct {
		faults []fakes.Fault
		want   []string
	}{
		{nil, []string{"C client_hello"}},
		{[]fakes.Fault{{At: results.StageRenewal, Do: fakes.ActionGoAlong}}, []string{"C client_hello", "S server_hello"}},
		{[]fakes.Fault{{At: results.StageRenewal, Do: fakes.ActionFin}}, []string{"C client_hello"}},
	} {
		for _, move := range []fakes.Move{fakes.MoveRenegotiate, fakes.MoveRenegotiateUnbound} {
			st := serve(t, upgrading(tt.faults...))
			s := st.play(t, fakes.Join(inside(tls.VersionTLS12), fakes.Script{
				{Mark: "again", Do: move}, {Mark: "answer", Do: fakes.MoveListen, For: 5 * time.Second},
			}))
			if got := renewals(s); !slices.Equal(got, tt.want) || s.End == results.EndOurs {
				t.Errorf("%s, %v: seen %v, ended %s", move, tt.faults, got, s.End)
			}
		}
	}
}

// TestMovesOfAnotherVersion miss what they expect.
func TestMovesOfAnotherVersion(t *testing.T) {
	for version, move := range map[uint16]fakes.Move{tls.VersionTLS12: fakes.MoveKeyUpdate, tls.VersionTLS13: fakes.MoveRenegotiateUnbound} {
		st := serve(t, upgrading(fakes.Fault{At: results.StageHandshake, When: fakes.After, Do: fakes.ActionTicket}))
		if s := st.play(t, fakes.Join(inside(version), fakes.Script{{Mark: "x", Do: move}})); s.End != results.EndMissed {
			t.Errorf("%s: ended %s", move, s.End)
		}
	}
}
