package receiver_test

import (
	"crypto/x509"
	"slices"
	"strings"
	"testing"
	"time"

	"mailtls/fakes"
	"mailtls/results"
)

// modern is the script of an ordinary sender.
func modern() fakes.Script { return by(fakes.Hello{}) }

func TestPeersListWhatTheySay(t *testing.T) {
	for peer, want := range map[string]struct{ clear, tls string }{
		"starttls-stripped":            {"mx PIPELINING SIZE 8BITMIME ENHANCEDSTATUSCODES", "PIPELINING SIZE 8BITMIME ENHANCEDSTATUSCODES"},
		"keyword-on-greeting-line":     {"STARTTLS PIPELINING 8BITMIME", "PIPELINING SIZE 8BITMIME ENHANCEDSTATUSCODES"},
		"starttls-lower-case":          {"mx starttls PIPELINING SIZE 8BITMIME ENHANCEDSTATUSCODES", "PIPELINING SIZE 8BITMIME ENHANCEDSTATUSCODES"},
		"starttls-mixed-case":          {"mx StartTLS PIPELINING SIZE 8BITMIME ENHANCEDSTATUSCODES", "PIPELINING SIZE 8BITMIME ENHANCEDSTATUSCODES"},
		"capabilities-before-tls-only": {"STARTTLS PIPELINING SIZE 8BITMIME", "8BITMIME"},
		"capabilities-after-tls-only":  {"STARTTLS 8BITMIME", "PIPELINING SIZE 8BITMIME ENHANCEDSTATUSCODES"},
		"auth-before-tls-only":         {"STARTTLS PIPELINING SIZE 8BITMIME ENHANCEDSTATUSCODES CHUNKING AUTH", "PIPELINING SIZE 8BITMIME ENHANCEDSTATUSCODES"},
		"auth-after-tls-only":          {"STARTTLS PIPELINING SIZE 8BITMIME ENHANCEDSTATUSCODES", "PIPELINING SIZE 8BITMIME ENHANCEDSTATUSCODES CHUNKING AUTH"},
		"starttls-inside-tls":          {"STARTTLS PIPELINING SIZE 8BITMIME ENHANCEDSTATUSCODES", "PIPELINING SIZE 8BITMIME ENHANCEDSTATUSCODES STARTTLS"},
		"keyword-masked":               {"XXXXXXXA PIPELINING SIZE 8BITMIME ENHANCEDSTATUSCODES", ""},
	} {
		t.Run(peer, func(t *testing.T) {
			t.Parallel()
			s := serve(t, known(t, peer, nil)).play(t, modern())
			if got := listed(s, "ehlo"); got != want.clear {
				t.Errorf("in clear it lists %q, want %q", got, want.clear)
			}
			if got := listed(s, "ehlo-tls"); got != want.tls {
				t.Errorf("inside TLS it lists %q, want %q", got, want.tls)
			}
		})
	}
	s := serve(t, known(t, "keyword-with-parameter", nil)).play(t, modern())
	if !strings.Contains(said(s, "ehlo"), "250-STARTTLS foo\r\n") {
		t.Errorf("EHLO got %q", said(s, "ehlo"))
	}
}

// listed are the first words of the lines under a mark, without the name of the
// host.
func listed(s results.Session, mark string) string {
	var words []string
	for line := range strings.Lines(said(s, mark)) {
		word, _, _ := strings.Cut(strings.TrimSpace(line[4:]), " ")
		if word != host {
			words = append(words, word)
		}
	}
	return strings.Join(words, " ")
}

func TestPeersShowWhatTheySay(t *testing.T) {
	for peer, want := range map[string]struct{ chain, name string }{
		"opportunistic":        {"ok", ""},
		"self-signed":          {"unknown authority", ""},
		"expired":              {"is after", ""},
		"not-yet-valid":        {"is before", ""},
		"wrong-name":           {"ok", "not " + host},
		"unknown-ca":           {"unknown authority", ""},
		"missing-intermediate": {"unknown authority", ""},
		"cn-only":              {"ok", "legacy Common Name"},
		"wildcard":             {"ok", ""},
		"wildcard-partial":     {"ok", "not " + host},
		"wildcard-deep":        {"ok", "not " + host},
		"revoked":              {"ok", ""},
		"wildcard-double":      {"ok", "not " + host},
		"nul-in-name":          {"ok", "not " + host},
		"next-hop-name":        {"ok", "not " + host},
		"long-chain":           {"ok", ""},
		"leaf-as-ca":           {"cannot sign this kind of certificate", ""},
		"path-length":          {"too many intermediates", ""},
		"name-constraint":      {"not authorized to sign for this name", ""},
		"rsa-1024":             {"ok", ""},
		"sha1-signature":       {"insecure algorithm", ""},
		"client-certificate":   {"incompatible key usage", ""},
	} {
		s := serve(t, known(t, peer, nil)).play(t, modern())
		f := s.TLS[0]
		if !strings.Contains(f.Verify, want.chain) {
			t.Errorf("%s: the chain is %q, want %q", peer, f.Verify, want.chain)
		}
		leaf, err := x509.ParseCertificate(f.Chain[0])
		if err != nil {
			t.Fatal(err)
		}
		switch err := leaf.VerifyHostname(host); {
		case (err == nil) != (want.name == ""), err != nil && !strings.Contains(err.Error(), want.name):
			t.Errorf("%s: the name gives %v, want %q", peer, err, want.name)
		}
	}
}

// TestWeakPeersChooseWhatIsOffered: what crypto/tls cannot finish ends with the
// server's flight.
func TestWeakPeersChooseWhatIsOffered(t *testing.T) {
	for peer, want := range map[string]struct {
		suites []uint16
		suite  string
		bits   int
	}{
		"export-only":    {fakes.ExportSuites(), "_EXPORT_", 0},
		"null-only":      {fakes.NullSuites(), "_WITH_NULL_", 0},
		"anonymous-only": {fakes.AnonymousSuites(), "_anon_", 0},
		"dhe-512":        {fakes.DHESuites(), "_DHE_", 512},
		"dhe-1024":       {fakes.DHESuites(), "_DHE_", 1024},
	} {
		for _, suite := range []uint16{want.suites[0], want.suites[len(want.suites)/2]} {
			t.Run(peer, func(t *testing.T) {
				t.Parallel()
				s := serve(t, known(t, peer, nil)).play(t, probe(fakes.RawHello{Suites: []uint16{0xc02f, suite}}))
				f := s.TLS[0]
				if s.End != results.EndOurs || !strings.Contains(f.Suite, want.suite) || want.bits > 0 && f.DHBits != want.bits {
					t.Errorf("ended %s, chosen are %s and %d bits", s.End, f.Suite, f.DHBits)
				}
			})
		}
	}
}

// TestDoubtfulGoAheadsAreFollowed both ways.
func TestDoubtfulGoAheadsAreFollowed(t *testing.T) {
	for _, peer := range []string{"starttls-221", "starttls-250", "starttls-354", "starttls-999"} {
		code := strings.TrimPrefix(peer, "starttls-")
		st := serve(t, known(t, peer, nil))
		begin := fakes.Join(fakes.Greet(), fakes.Ehlo("ehlo"), fakes.Say("starttls", code, "STARTTLS\r\n"))
		for _, script := range []fakes.Script{
			fakes.Join(begin, fakes.Handshake(fakes.Hello{}), fakes.Ehlo("ehlo-tls"), fakes.Transaction(), fakes.Quit()),
			fakes.Join(begin, fakes.Transaction(), fakes.Quit()),
		} {
			if s := st.play(t, script); s.End != results.EndOurs {
				t.Errorf("%s: ended %s at %s: %s", peer, s.End, lastMark(s), why(s))
			}
		}
		if got := st.taken(); len(got) != 2 || !got[0].Secure || got[1].Secure {
			t.Errorf("%s: taken are %+v", peer, got)
		}
	}
}

// TestRefusalsLeaveTheClearWayOpen: what is refused is refused, and mail is taken
// all the same on that connection, except where TLS is demanded.
func TestRefusalsLeaveTheClearWayOpen(t *testing.T) {
	ehlo := func(mark, code string) fakes.Script { return fakes.Say(mark, code, "EHLO {helo}\r\n") }
	helo := fakes.Join(fakes.Say("helo", "250", "HELO {helo}\r\n"), fakes.Transaction(), fakes.Quit())
	inside := fakes.Join(fakes.Greet(), fakes.Ehlo("ehlo"), fakes.StartTLS(), fakes.Handshake(fakes.Hello{}))
	scripts := map[string]fakes.Script{
		"greeting-554":           fakes.Join(fakes.Script{{Mark: "greeting", Do: fakes.MoveExpect, Want: "554"}}, ehlo("ehlo", "503"), fakes.Say("quit", "221", "QUIT\r\n")),
		"ehlo-refused-after-tls": fakes.Join(inside, ehlo("ehlo-tls", "500"), helo),
		"ehlo-502-after-tls":     fakes.Join(inside, ehlo("ehlo-tls", "502"), helo),
		"starttls-inside-tls":    fakes.Join(inside, ehlo("ehlo-tls", "250"), fakes.Say("again", "554", "STARTTLS\r\n"), helo),
		"enforcing-without-tls": fakes.Join(fakes.Greet(), fakes.Ehlo("ehlo"), fakes.Say("starttls", "502", "STARTTLS\r\n"),
			fakes.Say("mail", "530", "MAIL FROM:<{from}>\r\n"), fakes.Quit()),
	}
	for _, code := range strings.Fields("500 501 502 504 530 550") {
		scripts["ehlo-"+code] = fakes.Join(fakes.Greet(), ehlo("ehlo", code), helo)
	}
	for _, code := range strings.Fields("450 451 454 500 501 502 530 554") {
		scripts["starttls-"+code] = fakes.Join(fakes.Greet(), fakes.Ehlo("ehlo"), fakes.Say("starttls", code, "STARTTLS\r\n"), fakes.Transaction(), fakes.Quit())
	}
	for peer, script := range scripts {
		t.Run(peer, func(t *testing.T) {
			t.Parallel()
			if s := serve(t, known(t, peer, nil)).play(t, script); s.End != results.EndOurs {
				t.Errorf("ended %s at %s: %s", s.End, lastMark(s), why(s))
			}
		})
	}
}

// segments are what the server sent under a mark, one for each write.
func segments(s results.Session, mark string) (text []string, at []time.Duration) {
	for _, e := range s.Events {
		if e.Mark == mark && e.From == results.Server && e.Kind == results.EventData {
			text, at = append(text, string(e.Bytes)), append(at, e.At)
		}
	}
	return text, at
}

func TestGoAheadsComeAsTheyAreSaidTo(t *testing.T) {
	for peer, want := range map[string][]string{
		"multi-line-220":         {"220-Wait for it\r\n220 Ready to start TLS\r\n"},
		"bare-220":               {"220\r\n"},
		"delayed-220":            {"220 2.0.0 Ready to start TLS\r\n"},
		"split-220":              {"22", "0 2.0.0 Ready", " to start TLS\r\n"},
		"injection-whole-line":   {"220 2.0.0 Ready to start TLS\r\n250-injected.example\r\n250-SIZE 52428800\r\n250 AUTH PLAIN LOGIN\r\n"},
		"injection-partial-line": {"220 2.0.0 Ready to start TLS\r\n250-injected.example\r\n250-SIZE 52428800\r\n250-AUTH PLAIN LOGIN "},
	} {
		t.Run(peer, func(t *testing.T) {
			t.Parallel()
			s := serve(t, known(t, peer, nil)).play(t, modern())
			text, at := segments(s, "starttls")
			if !slices.Equal(text, want) {
				t.Errorf("STARTTLS got %q, want %q", text, want)
			}
			_, asked := segments(s, "ehlo")
			if late := at[len(at)-1] - asked[len(asked)-1]; peer == "delayed-220" && late < 2*time.Second || peer == "split-220" && late < time.Second {
				t.Errorf("the go-ahead came after %v", late)
			}
		})
	}
	s := serve(t, known(t, "unsolicited-ehlo-reply", nil)).play(t, modern())
	if text, _ := segments(s, "greeting"); len(text) != 1 || !strings.Contains(text[0], "220 mx ESMTP mailtls\r\n250-mx\r\n250 8BITMIME\r\n") {
		t.Errorf("the greeting is %q", text)
	}
}

// TestPeersSeeWhatFailedClientsDo: each has the hello on record, and those that
// leave it to the client to end the connection what it says behind that in clear.
func TestPeersSeeWhatFailedClientsDo(t *testing.T) {
	for peer, listens := range map[string]bool{
		"fin-after-220": true, "reset-after-220": false, "silent-after-220": true, "garbage-after-220": true, "http-after-220": true,
		"cleartext-454-after-220": true, "alert-after-220": true, "server-hello-then-close": true,
	} {
		t.Run(peer, func(t *testing.T) {
			t.Parallel()
			st := serve(t, known(t, peer, nil))
			st.play(t, stubborn())
			r := <-st.reported
			if len(r.TLS) == 0 || r.TLS[0].Hello == nil {
				t.Error("the hello was not seen")
			}
			heard := slices.ContainsFunc(r.Events, func(e results.Event) bool {
				return e.From == results.Client && e.Kind == results.EventData && strings.HasPrefix(string(e.Bytes), "MAIL ")
			})
			if heard != listens {
				t.Errorf("MAIL in clear was heard: %v", heard)
			}
		})
	}
}

// stubborn sends the smallest of hellos and, whatever comes of it, MAIL in clear.
func stubborn() fakes.Script {
	body := "\x03\x03" + strings.Repeat("r", 32) + "\x00" + "\x00\x02\xc0\x2b" + "\x01\x00"
	message := "\x01\x00\x00" + string([]byte{byte(len(body))}) + body
	hello := "\x16\x03\x01\x00" + string([]byte{byte(len(message))}) + message
	return fakes.Join(fakes.Greet(), fakes.Ehlo("ehlo"), fakes.StartTLS(), fakes.Script{
		{Mark: "stubborn", Do: fakes.MoveSend, Text: []string{hello, "MAIL FROM:<{from}>\r\n"}, Gap: 200 * time.Millisecond},
		{Do: fakes.MoveListen, For: 200 * time.Millisecond},
	})
}
