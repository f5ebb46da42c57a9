package receiver_test

import (
	"crypto/tls"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"mailtls/fakes"
	"mailtls/results"
)

// ending is where and how an honest sender's session with a peer ends.
type ending struct {
	mark string
	end  results.SessionEnd
	// tls is the version that was chosen, with "!" behind it when the handshake
	// did not come about; "!" alone when none was chosen, empty when none began.
	tls string
	// alert is the fatal one: who sent it, and its number; or fin, reset or silence
	// where that broke a handshake.
	alert string
	// said is what the server said under the mark, from its beginning, bytes of a
	// handshake left out; empty when it said nothing.
	said string
}

// row is a peer with a way to play it.
type row struct {
	peer   string
	script fakes.Script
	want   ending
}

// by gives the script of a delivery after a handshake of one kind.
func by(h fakes.Hello) fakes.Script { return fakes.SendingPeer{Hello: h}.Deliver() }

// only is a handshake of one version.
func only(version uint16, suites ...uint16) fakes.Hello {
	return fakes.Hello{Min: version, Max: version, Suites: suites}
}

// The endings.
func missed(mark, said string) ending {
	return ending{mark: mark, end: results.EndMissed, said: said}
}
func failed(version, alert string) ending {
	return ending{mark: "handshake", end: results.EndMissed, tls: version + "!", alert: alert}
}
func delivered(version string) ending {
	return ending{mark: "quit", end: results.EndOurs, tls: version, said: "221 "}
}
func babbled(said string) ending {
	return ending{mark: "handshake", end: results.EndMissed, tls: "!", said: said}
}
func stopped(mark, said string) ending {
	return ending{mark: mark, end: results.EndMissed, tls: "1.3", said: said}
}

// both is a handshake with the versions of today.
func both() fakes.Hello { return fakes.Hello{Min: tls.VersionTLS12, Max: tls.VersionTLS13} }

func rows() []row {
	return slices.Concat(deliveredRows(), refusedRows(), handshakeRows(), versionRows(), insideRows(), accessRows())
}

// deliveredRows end well.
func deliveredRows() []row {
	var all []row
	for _, p := range strings.Fields(`opportunistic forgiving tls12-required enforcing minimum-strength certificate-asked-for partner-bound requiretls
		starttls-stripped keyword-on-greeting-line starttls-lower-case starttls-mixed-case keyword-with-parameter
		capabilities-before-tls-only capabilities-after-tls-only auth-before-tls-only auth-after-tls-only starttls-inside-tls
		bare-220 multi-line-220 delayed-220 split-220 injection-whole-line injection-delayed-reply injection-partial-line injection-221 injection-421 warning-after-220 tls13-only
		hello-retry-request four-tickets key-update
		self-signed expired not-yet-valid wrong-name unknown-ca missing-intermediate cn-only
		revoked wildcard wildcard-partial wildcard-deep wildcard-double nul-in-name next-hop-name long-chain
		leaf-as-ca path-length name-constraint rsa-1024 sha1-signature client-certificate`) {
		all = append(all, row{p, by(both()), delivered("1.3")})
	}
	return all
}

// refusedRows end before a handshake.
func refusedRows() []row {
	all := []row{
		{"greeting-silent", by(both()), ending{mark: "greeting", end: results.EndTimeout}},
		{"unsolicited-ehlo-reply", by(both()), ending{mark: "starttls", end: results.EndMissed, said: "250-mx"}},
		{"starttls-silent", by(both()), ending{mark: "starttls", end: results.EndTimeout}},
		{"starttls-fin", by(both()), ending{mark: "starttls", end: results.EndEOF}},
		{"starttls-reset", by(both()), ending{mark: "starttls", end: results.EndReset}},
		{"starttls-underscore", by(both()), missed("starttls", "220_Ready\r\n")},
		{"starttls-not-numeric", by(both()), missed("starttls", "ready to start TLS\r\n")},
		{"certificate-missing", by(both()), missed("starttls", "454 ")},
		{"pipelined-replies", by(both()), missed("starttls", "454 4.7.0 TLS is not available\r\n235 2.7.0 Ok\r\n250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 ")},
	}
	for _, code := range strings.Fields("221 354 421 500 501 530 554") {
		all = append(all, row{"greeting-" + code, by(both()), missed("greeting", code+" ")})
	}
	for _, code := range strings.Fields("220 221 354 421 500 501 502 504 530 550") {
		all = append(all, row{"ehlo-" + code, by(both()), missed("ehlo", code+" ")})
	}
	for _, code := range strings.Fields("221 250 354 421 450 451 454 500 501 502 530 554 999") {
		all = append(all, row{"starttls-" + code, by(both()), missed("starttls", code+" ")})
	}
	for _, p := range strings.Fields("tls-disabled keyword-masked enforcing-without-tls clear-login-without-tls") {
		all = append(all, row{p, by(both()), missed("starttls", "502 ")})
	}
	return all
}

// handshakeRows end in it.
func handshakeRows() []row {
	all := []row{
		{"fin-after-220", by(both()), failed("", "fin")},
		{"reset-after-220", by(both()), failed("", "reset")},
		{"silent-after-220", by(both()), failed("", "silence")},
		{"garbage-after-220", by(both()), babbled("\xff")},
		{"http-after-220", by(both()), babbled("HTTP/1.1 400 ")},
		{"cleartext-454-after-220", by(both()), babbled("454 ")},
		{"cleartext-reply-after-220", by(both()), babbled("250-mx")},
		{"server-hello-then-close", by(both()), failed("1.3", "fin")},
		{"server-hello-then-close", by(only(tls.VersionTLS12)), failed("1.2", "fin")},
		{"bad-signature", by(both()), failed("1.3", "C51")},
		{"bad-signature", by(only(tls.VersionTLS12)), failed("1.2", "C47")},
		{"u-label", by(both()), failed("1.3", "C50")},
		{"wrong-finished", by(both()), failed("1.3", "C51")},
		{"wrong-finished", by(only(tls.VersionTLS12)), failed("1.2", "C40")},
		{"wrong-finished", by(only(tls.VersionTLS12, tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256)), failed("1.2", "C40")},
		{"warning-after-220", by(only(tls.VersionTLS12)), delivered("1.2")},
		{"signature-scheme-not-offered", by(both()), failed("1.2", "C47")},
		{"signature-scheme-not-offered", by(only(tls.VersionTLS12)), failed("1.2", "C47")},
		{"signature-scheme-not-offered", by(only(tls.VersionTLS13)), failed("", "S70")},
	}
	for _, p := range strings.Fields("rc4-only 3des-only static-rsa-only export-only null-only anonymous-only dhe-512 dhe-1024") {
		all = append(all, row{p, by(both()), failed("", "S40")})
	}
	for peer, code := range map[string]string{
		"tls10-only": "70", "tls11-only": "70", "alert-70-after-220": "70", "alert-80-after-220": "80", "alert-112-after-220": "112",
		"alert-after-220": "40", "enforcing-alert-after-220": "40", "clear-login-alert-after-220": "40",
	} {
		all = append(all, row{peer, by(both()), failed("", "S"+code)})
	}
	return all
}

// versionRows depend on what the client offers.
func versionRows() []row {
	return []row{
		{"tls10-only", by(only(tls.VersionTLS10)), delivered("1.0")},
		{"enforcing-tls10-only", by(only(tls.VersionTLS10)), delivered("1.0")},
		{"self-signed-tls10", by(only(tls.VersionTLS10)), delivered("1.0")},
		{"enforcing-tls10-only", by(both()), failed("", "S70")},
		{"tls11-only", by(only(tls.VersionTLS11)), delivered("1.1")},
		{"tls11-only", by(only(tls.VersionTLS10)), failed("", "S70")},
		{"tls12-only", by(both()), delivered("1.2")},
		{"tls12-only", by(only(tls.VersionTLS13)), failed("", "S70")},
		{"tls13-only", by(only(tls.VersionTLS12)), failed("", "S70")},
		{"ssl3-server-hello", by(both()), failed("ssl3", "C70")},
		{"version-not-offered", by(both()), failed("0x0305", "C70")},
		{"downgrade-sentinel", by(both()), failed("1.2", "C47")},
		{"downgrade-sentinel", by(only(tls.VersionTLS12)), delivered("1.2")},
		{"rc4-only", by(only(tls.VersionTLS12, fakes.RC4Suites()...)), delivered("1.2")},
		{"3des-only", by(only(tls.VersionTLS12, fakes.TripleDESSuites()...)), delivered("1.2")},
		{"static-rsa-only", by(only(tls.VersionTLS12, tls.TLS_RSA_WITH_AES_256_GCM_SHA384)), delivered("1.2")},
	}
}

// insideRows end inside TLS.
func insideRows() []row {
	all := []row{
		{"ehlo-refused-after-tls", by(both()), stopped("ehlo-tls", "500 ")},
		{"ehlo-502-after-tls", by(both()), stopped("ehlo-tls", "502 ")},
		{"ehlo-421-after-tls", by(both()), stopped("ehlo-tls", "421 4.7.66 ")},
		{"greeting-inside-tls", by(both()), stopped("ehlo-tls", "220 ")},
		{"extra-reply-after-rcpt", by(both()), stopped("data", "250 ")},
		{"fin-at-mail-tls10", by(only(tls.VersionTLS10)), ending{mark: "mail", end: results.EndEOF, tls: "1.0"}},
		{"fin-without-close-notify", by(both()), ending{mark: "quit", end: results.EndEOF, tls: "1.3"}},
		{"hello-request-in-data", by(both()), ending{mark: "body", end: results.EndReset, tls: "1.2"}},
		{"submission", by(both()), stopped("mail", "530 ")},
		{"clear-login", by(both()), stopped("mail", "530 ")},
		{"smtps", fakes.Join(fakes.SendingPeer{Hello: both()}.OpenImplicit(), fakes.Transaction()), stopped("mail", "530 ")},
		{"smtps-relay", fakes.Join(fakes.SendingPeer{Hello: both()}.OpenImplicit(), fakes.Transaction(), fakes.Quit()), delivered("1.3")},
		{"certificate-demanded", by(both()), ending{mark: "ehlo-tls", end: results.EndReset, tls: "1.3", alert: "S116"}},
		{"certificate-demanded", by(fakes.Hello{Cert: fakes.CertClient}), delivered("1.3")},
	}
	for _, at := range []struct{ name, mark string }{{"ehlo", "ehlo-tls"}, {"mail", "mail"}, {"rcpt", "rcpt"}, {"final-dot", "body"}} {
		all = append(all,
			row{"fin-at-" + at.name, by(both()), ending{mark: at.mark, end: results.EndEOF, tls: "1.3"}},
			row{"reset-at-" + at.name, by(both()), ending{mark: at.mark, end: results.EndReset, tls: "1.3"}})
	}
	return all
}

// TestPeersDoWhatTheySay plays an honest sender against every peer of the
// catalogue.
func TestPeersDoWhatTheySay(t *testing.T) {
	missing := map[string]bool{}
	for _, p := range fakes.Receivers() {
		missing[p.Name] = true
	}
	for i, r := range rows() {
		delete(missing, r.peer)
		t.Run(fmt.Sprintf("%s/%d", r.peer, i), func(t *testing.T) {
			t.Parallel()
			st := serve(t, known(t, r.peer, nil))
			if strings.Contains(r.peer, "silent") {
				st.patience = time.Second
			}
			s := st.play(t, r.script)
			if got := seen(s, r.want); got != r.want {
				t.Errorf("got %+v, want %+v: %s", got, r.want, why(s))
			}
			if r.peer == "hello-request-in-data" {
				return // crypto/tls breaks off when it hears of it, before or after the content
			}
			if st.listener.Protocol() == results.IMAP || st.listener.Protocol() == results.POP3 {
				return // where no mail is handed over
			}
			took := r.want.mark == "quit" || strings.HasSuffix(r.peer, "-at-final-dot")
			if got := len(st.taken()); (got == 1) != took {
				t.Errorf("%d messages were taken", got)
			}
		})
	}
	for name := range missing {
		t.Errorf("%s is played by nobody", name)
	}
}

// seen is how a session ended, with no more of what was said than is wanted.
func seen(s results.Session, want ending) ending {
	got := ending{mark: lastMark(s), end: s.End}
	for _, f := range s.TLS {
		if f.Hello == nil { // STARTTLS was answered, and nothing came of it
			continue
		}
		got.tls = f.Version
		if !f.Complete {
			got.tls += "!"
		}
		for text, cause := range map[string]string{"EOF": "fin", "reset by peer": "reset", "timeout": "silence", "deadline": "silence"} {
			if strings.HasSuffix(f.Error, text) || strings.Contains(f.Error, text+" exceeded") {
				got.alert = cause
			}
		}
		for _, a := range f.Alerts {
			if a.Fatal {
				got.alert += fmt.Sprintf("%s%d", a.From, a.Code)
			}
		}
	}
	text := said(s, got.mark)
	got.said = text[:min(len(text), max(1, len(want.said)))]
	return got
}

// why is the last note of a session.
func why(s results.Session) string {
	text := ""
	for _, e := range s.Events {
		if e.Kind == results.EventNote {
			text = e.Text
		}
	}
	return text
}
