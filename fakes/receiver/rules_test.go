package receiver_test

import (
	"crypto/tls"
	"strings"
	"testing"

	"mailtls/fakes"
	"mailtls/fakes/sender"
	"mailtls/results"
)

// inTLS is a session up to EHLO inside TLS, after the given handshake.
func inTLS(h fakes.Hello) fakes.Script {
	return fakes.Join(fakes.Greet(), fakes.Ehlo("ehlo"), fakes.StartTLS(), fakes.Handshake(h), fakes.Say("ehlo-tls", "", "EHLO in.tls.example\r\n"))
}

// known is a receiving peer of the catalogue, changed.
func known(t *testing.T, name string, change func(*fakes.Profile)) fakes.Profile {
	t.Helper()
	p, err := fakes.Receiver(name)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(&p)
	}
	return p
}

func TestTicketsBelongToTheirName(t *testing.T) {
	for name, lenient := range map[string][]fakes.Lenient{"honest": nil, "twin": {fakes.LenientTicketName}} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			t.Run(name+" "+tls.VersionName(version), func(t *testing.T) {
				t.Parallel()
				st := serve(t, known(t, "opportunistic", func(p *fakes.Profile) { p.Lenient = lenient }))
				tickets := &sender.Tickets{}
				for i, want := range []bool{false, true, lenient != nil} {
					h := fakes.Hello{Min: version, Max: version}
					if i == 2 {
						h.SNI = "other.example"
					}
					s := st.playWith(t, fakes.Join(inTLS(h), fakes.Quit()), tickets)
					if s.End != results.EndOurs || s.TLS[0].Resumed != want {
						t.Errorf("session %d: ended %s, resumed is %v, want %v", i+1, s.End, s.TLS[0].Resumed, want)
					}
				}
			})
		}
	}
}

func TestResumedSessionsAreStrangers(t *testing.T) {
	for want, keep := range map[string][]fakes.Keep{"503": nil, "250": {fakes.KeepTicket}} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			st := serve(t, known(t, "opportunistic", func(p *fakes.Profile) { p.Keep = keep }))
			tickets := &sender.Tickets{}
			st.playWith(t, fakes.Join(inTLS(fakes.Hello{}), fakes.Quit()), tickets)
			s := st.playWith(t, fakes.Join(fakes.Greet(), fakes.Ehlo("ehlo"), fakes.StartTLS(), fakes.Handshake(fakes.Hello{}),
				fakes.Say("mail", "", "MAIL FROM:<a@client.example>\r\n"), fakes.Quit()), tickets)
			if !s.TLS[0].Resumed || !strings.HasPrefix(said(s, "mail"), want) {
				t.Errorf("resumed is %v, MAIL got %q, want %s", s.TLS[0].Resumed, said(s, "mail"), want)
			}
		})
	}
}

func TestPartnersMailIsBound(t *testing.T) {
	st := serve(t, known(t, "partner-bound", nil))
	from := "MAIL FROM:<a@" + fakes.PartnerDomain + ">\r\n"
	for _, tt := range []struct {
		name   string
		script fakes.Script
		want   string
	}{
		{"in clear", fakes.Join(fakes.Greet(), fakes.Ehlo("ehlo")), "550"},
		{"without a certificate", inTLS(fakes.Hello{}), "550"},
		{"unknown issuer", inTLS(fakes.Hello{Cert: fakes.CertClientUnknownCA}), "550"},
		{"expired", inTLS(fakes.Hello{Cert: fakes.CertClientExpired}), "550"},
		{"for servers", inTLS(fakes.Hello{Cert: fakes.CertClientWrongEKU}), "550"},
		{"good", inTLS(fakes.Hello{Cert: fakes.CertClient}), "250"},
	} {
		s := st.play(t, fakes.Join(tt.script, fakes.Say("mail", "", from), fakes.Quit()))
		if !strings.HasPrefix(said(s, "mail"), tt.want) {
			t.Errorf("%s: MAIL got %q, want %s", tt.name, said(s, "mail"), tt.want)
		}
	}
}

func TestParametersOfMailMustBeListed(t *testing.T) {
	st := serve(t, known(t, "requiretls", nil))
	for parameters, want := range map[string]string{
		"": "250", " SIZE=10 body=8BITMIME": "250", " FOO=1": "555", " SIZE=1 REQUIRETLS": "555",
	} {
		s := st.play(t, fakes.Join(fakes.Greet(), fakes.Ehlo("ehlo"), fakes.Say("mail", "", "MAIL FROM:<a@client.example>"+parameters+"\r\n"), fakes.Quit()))
		if !strings.HasPrefix(said(s, "mail"), want) {
			t.Errorf("%q in clear: MAIL got %q, want %s", parameters, said(s, "mail"), want)
		}
	}
	s := st.play(t, fakes.Join(inTLS(fakes.Hello{}), fakes.Say("mail", "", "MAIL FROM:<a@client.example> REQUIRETLS\r\n"), fakes.Quit()))
	if !strings.HasPrefix(said(s, "mail"), "250") {
		t.Errorf("REQUIRETLS inside TLS: MAIL got %q, want 250", said(s, "mail"))
	}
}

func TestWeakTLSServesQuitOnly(t *testing.T) {
	st := serve(t, known(t, "minimum-strength", nil))
	for version, want := range map[uint16]string{tls.VersionTLS11: "554", tls.VersionTLS12: "250"} {
		s := st.play(t, fakes.Join(inTLS(fakes.Hello{Min: version, Max: version}), fakes.Say("noop", "", "NOOP\r\n"), fakes.Quit()))
		if !strings.HasPrefix(said(s, "noop"), want) || !strings.HasPrefix(said(s, "quit"), "221") {
			t.Errorf("%s: NOOP got %q, QUIT %q; want %s and 221", tls.VersionName(version), said(s, "noop"), said(s, "quit"), want)
		}
	}
}

func TestMissingCertificateGets454(t *testing.T) {
	st := serve(t, known(t, "certificate-missing", nil))
	s := st.play(t, fakes.Join(fakes.Greet(), fakes.Ehlo("ehlo"), fakes.Say("starttls", "454", "STARTTLS\r\n"), fakes.Say("noop", "250", "NOOP\r\n"), fakes.Quit()))
	if s.End != results.EndOurs || strings.Contains(said(s, "ehlo"), "STARTTLS") {
		t.Errorf("ended %s; EHLO got %q", s.End, said(s, "ehlo"))
	}
}

func TestEveryCountsSessions(t *testing.T) {
	st := serve(t, fakes.Profile{Name: "faulty", Offer: fakes.OfferNone, Faults: []fakes.Fault{
		{At: results.StageNoop, Every: 2, Do: fakes.ActionReply, Text: "421 now\r\n"},
	}})
	for i, want := range []string{"250", "421", "250", "421"} {
		s := st.play(t, fakes.Join(fakes.Greet(), fakes.Say("noop", want, "NOOP\r\n"), fakes.Quit()))
		if s.End != results.EndOurs {
			t.Errorf("session %d: NOOP got %q, want %s", i+1, said(s, "noop"), want)
		}
	}
}

func TestAGateWith421Closes(t *testing.T) {
	for reply, want := range map[string]results.SessionEnd{"421 4.7.66 Too old": results.EndEOF, "454 4.7.0 Later": results.EndTimeout} {
		st := serve(t, known(t, "opportunistic", func(p *fakes.Profile) { p.Gates = []fakes.Gate{{Only: []string{"NOOP"}, Reply: reply}} }))
		s := st.play(t, fakes.Join(fakes.Greet(), fakes.Ehlo("ehlo"), fakes.Say("noop", reply[:3], "NOOP\r\n"), fakes.Script{{Do: fakes.MoveAwaitClose, For: 1e9}}))
		if s.End != want || said(s, "noop") != reply+"\r\n" {
			t.Errorf("%s: ended %s, NOOP got %q; want %s", reply, s.End, said(s, "noop"), want)
		}
	}
}
