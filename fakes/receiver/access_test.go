package receiver_test

import (
	"bufio"
	"crypto/md5"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"testing"

	"mailtls/fakes"
	"mailtls/results"
)

// via gives the script of a sending peer after a handshake of one kind.
func via(name string, h fakes.Hello) fakes.Script {
	p, _ := fakes.Sender(name)
	p.Hello = h
	return p.Deliver()
}

// accessRows are honest clients that meet the peers which serve mailboxes, and those
// for local delivery.
func accessRows() []row {
	old := fakes.Hello{Min: tls.VersionTLS10, Max: tls.VersionTLS10}
	rows := []row{
		{"lmtp", via("lmtp-plain", both()), ending{mark: "quit", end: results.EndOurs, said: "221 "}},
		{"lmtp", via("lmtp-starttls", both()), missed("starttls", "502 ")},
		{"lmtp-starttls", via("lmtp-plain", both()), ending{mark: "quit", end: results.EndOurs, said: "221 "}},
		{"lmtp-starttls", via("lmtp-starttls", both()), delivered("1.3")},
	}
	for _, service := range []struct {
		name, upgrade, refused, never, bye, mark string
		said                                     string
	}{
		{"imap", "imap-starttls", "login NO [PRIVACYREQUIRED] TLS comes first", "starttls BAD", "* BYE", "logout", "login"},
		{"pop3", "pop3-stls", "-ERR TLS comes first", "-ERR", "+OK Bye", "quit", "user"},
	} {
		plain, implicit := service.name+"-plain", service.name+"s"
		good := func(version string) ending {
			return ending{mark: service.mark, end: results.EndOurs, tls: version, said: service.bye}
		}
		rows = append(rows,
			row{service.name + "-basic-after-tls", via(plain, both()), missed(service.said, service.refused)},
			row{service.name + "-basic-after-tls", via(service.upgrade, both()), good("1.3")},
			row{service.name + "-plain-login", via(plain, both()), good("")},
			row{service.name + "-plain-login", via(service.upgrade, both()), good("1.3")},
			row{service.name + "-tls-off", via(plain, both()), good("")},
			row{service.name + "-tls-off", via(service.upgrade, both()), missed("starttls", service.never)},
			row{service.name + "-tls12-required", via(plain, both()), missed(service.said, service.refused)},
			row{service.name + "-tls12-required", via(service.upgrade, only(tls.VersionTLS12)), good("1.2")},
			row{service.name + "-tls12-required", via(service.upgrade, old), failed("", "S70")},
			row{service.name + "-tls10-only", via(service.upgrade, old), good("1.0")},
			row{service.name + "-tls10-only", via(service.upgrade, both()), failed("", "S70")},
			row{service.name + "-client-certificate", via(service.upgrade, both()), good("1.3")},
			row{implicit + "-client-certificate", via(implicit, fakes.Hello{Cert: fakes.CertClient}), good("1.3")},
			row{implicit, via(implicit, both()), good("1.3")},
			row{implicit + "-tls10-only", via(implicit, old), good("1.0")},
			row{implicit + "-tls10-only", via(implicit, both()), failed("", "S70")},
		)
	}
	return rows
}

// step is one command to a server and what its answer begins with; the tag is put
// before it for IMAP.
type step struct{ command, want string }

// talk plays commands after an opening, and compares the answers. In IMAP the whole
// answer is looked at, untagged lines included: a want of several is a series of
// texts that it must hold.
func talk(t *testing.T, st *stage, opening fakes.Script, steps []step) results.Session {
	t.Helper()
	script := opening
	for n, s := range steps {
		mark := "s" + string(rune('a'+n))
		if st.listener.Protocol() == results.IMAP {
			script = fakes.Join(script, fakes.Imap(mark, "", s.command))
		} else {
			script = fakes.Join(script, fakes.Say(mark, "", s.command+"\r\n"))
		}
	}
	s := st.play(t, script)
	for n, step := range steps {
		got := said(s, "s"+string(rune('a'+n)))
		for _, want := range strings.Split(step.want, " & ") {
			if absent, no := strings.CutPrefix(want, "no "); no && !strings.Contains(got, absent) || !no && strings.Contains(got, want) {
				continue
			}
			t.Errorf("%s got %q, want %q", step.command, got, want)
		}
	}
	return s
}

// The openings.
func imapClear() fakes.Script { return fakes.ImapGreet() }
func imapTLS() fakes.Script {
	return fakes.Join(fakes.ImapGreet(), fakes.ImapStartTLS(), fakes.Handshake(both()))
}
func pop3Clear() fakes.Script { return fakes.Pop3Greet() }
func pop3TLS() fakes.Script {
	return fakes.Join(fakes.Pop3Greet(), fakes.Pop3STLS(), fakes.Handshake(both()))
}

func TestImapDialogue(t *testing.T) {
	st := serve(t, known(t, "imap-basic-after-tls", nil))
	s := talk(t, st, imapClear(), []step{
		{"CAPABILITY", "STARTTLS & LOGINDISABLED & no AUTH= & IMAP4rev2 & sa OK"},
		{"LOGIN user secret", "sb NO [PRIVACYREQUIRED]"},
		{"LOGIN user wrong", "sc NO [PRIVACYREQUIRED]"},
		{"LOGIN {4}", "sd NO & no +"},
		{"AUTHENTICATE PLAIN", "se NO [PRIVACYREQUIRED] & no + "},
		{"AUTHENTICATE PLAIN AHVzZXIAc2VjcmV0", "sf NO [PRIVACYREQUIRED]"},
		{"AUTHENTICATE XOAUTH2 x", "sg NO [CANNOT]"},
		{"STARTTLS x", "sh BAD"},
		{"STARTTLS {3+}\r\nabc", "si BAD"},
		{"SELECT INBOX", "sj BAD"},
		{"COMPRESS DEFLATE", "sk BAD"},
		{"FOO", "sl BAD"},
		{`ID ("name" "me" "x" NIL)`, `* ID ("name" "mailtls" "client" "me")`},
		{"noop", "sn OK"},
		{"NOOP\x00", "so BAD"},
		{"LOGOUT", "* BYE & sp OK"},
	})
	greeting := said(s, "greeting")
	if !strings.HasPrefix(greeting, "* OK [CAPABILITY IMAP4rev1 IMAP4rev2") || !strings.Contains(greeting, "STARTTLS LOGINDISABLED]") {
		t.Errorf("greets with %q", greeting)
	}
	talk(t, st, imapTLS(), []step{
		{"CAPABILITY", "no STARTTLS & no LOGINDISABLED & AUTH=PLAIN & AUTH=LOGIN"},
		{"ID NIL", `* ID ("name" "mailtls")`},
		{"STARTTLS", "sc BAD"},
		{"LOGIN user wrong", "sd NO [AUTHENTICATIONFAILED]"},
		{"LOGIN nobody secret", "se NO [AUTHENTICATIONFAILED]"},
		{"AUTHENTICATE PLAIN !!", "sf BAD"},
		{`LOGIN "user" {6+}` + "\r\nsecret", "sg OK"},
		{"LOGIN user secret", "sh BAD"},
		{"ENABLE IMAP4rev2 X", "* ENABLED IMAP4rev2\r\n"},
		{"NAMESPACE", "* NAMESPACE"},
		{"COMPRESS DEFLATE", "sk NO"},
		{"SELECT inbox", "* 0 EXISTS & sl OK [READ-WRITE]"},
		{"APPEND INBOX {18+}\r\nSubject: x\r\n\r\nbody", "* 1 EXISTS & sm OK [APPENDUID 1 1]"},
		{"FETCH 1:* (UID BODY.PEEK[])", "* 1 FETCH (UID 1 BODY[] {18}\r\nSubject: x\r\n\r\nbody)"},
		{"UID FETCH 2 RFC822", "so OK & no FETCH ("},
		{"STATUS INBOX (MESSAGES)", "* STATUS INBOX (MESSAGES 1)"},
		{"APPEND other {3}", "sq NO [TRYCREATE] & no +"},
		{`LIST "" "*"`, `* LIST () "/" INBOX`},
		{"UNSELECT", "ss OK"},
		{"FETCH 1 FLAGS", "st BAD"},
		{"LOGOUT", "su OK"},
	})
	if got := st.mail.Messages("user"); len(got) != 1 || string(got[0].Data) != "Subject: x\r\n\r\nbody" {
		t.Errorf("stored are %+v", got)
	}
}

// TestImapLiterals: what the client waits with is asked for, and is no command.
func TestImapLiterals(t *testing.T) {
	st := serve(t, known(t, "imap-plain-login", nil))
	s := st.play(t, fakes.Join(imapClear(),
		fakes.Imap("login", "+", "LOGIN {4}"), fakes.Say("", "+", "user {6}\r\n"), fakes.Say("", "OK", "secret\r\n"),
		fakes.ImapAppend("append"), fakes.ImapLogout()))
	if s.End != results.EndOurs || len(st.mail.Messages("user")) != 1 {
		t.Fatalf("ended %s: %s", s.End, why(s))
	}
	want := map[string]results.Stage{"login": results.StageAuth, "append": results.StageData, "append-body": results.StageBody, "logout": results.StageQuit}
	for _, seen := range []results.Session{s, <-st.reported} {
		for _, e := range seen.Events {
			if e.Kind == results.EventData && e.From == results.Client && e.Mark != "" && want[e.Mark] != "" && e.Stage != want[e.Mark] {
				t.Errorf("%q is at the stage %s", e.Bytes, e.Stage)
			}
		}
	}
}

func TestPop3Dialogue(t *testing.T) {
	st := serve(t, known(t, "pop3-basic-after-tls", nil))
	for _, data := range []string{"Subject: 1\r\n\r\n.dot\r\nend\r\n", "Subject: 2\r\n\r\n"} {
		if _, err := st.mail.Add("user", []byte(data)); err != nil {
			t.Fatal(err)
		}
	}
	talk(t, st, pop3Clear(), []step{
		{"CAPA", "STLS\r\n & no USER & no SASL & \r\n.\r\n"},
		{"USER user", "-ERR TLS"},
		{"PASS secret", "-ERR TLS"},
		{"AUTH PLAIN", "-ERR TLS & no + "},
		{"AUTH PLAIN AHVzZXIAc2VjcmV0", "-ERR TLS"},
		{"APOP user 0123", "-ERR There is no"},
		{"STAT", "-ERR Log in"},
		{"STLS x", "-ERR STLS"},
		{"FOO", "-ERR"},
		{"NOOP", "+OK"},
		{"QUIT", "+OK Bye"},
	})
	inbox := []step{
		{"CAPA", "no STLS & USER\r\n & SASL PLAIN LOGIN\r\n"},
		{"STLS", "-ERR"},
		{"PASS secret", "-ERR USER"},
		{"USER user", "+OK"},
		{"NOOP", "+OK"},
		{"PASS secret", "-ERR USER"},
		{"AUTH PLAIN AHVzZXIAd3Jvbmc=", "-ERR [AUTH]"},
		{"USER user", "+OK"},
		{"PASS secret", "+OK"},
		{"USER user", "-ERR"},
		{"STLS", "-ERR"},
		{"STAT", "+OK 2 39\r\n"},
		{"LIST", "+OK That is all\r\n1 25\r\n2 14\r\n.\r\n"},
		{"UIDL 2", "+OK 2 2\r\n"},
		{"RETR 1", "octets\r\nSubject: 1\r\n\r\n..dot\r\nend\r\n.\r\n"},
		{"TOP 1 1", "Subject: 1\r\n\r\n..dot\r\n.\r\n"},
		{"DELE 1", "+OK"},
		{"RETR 1", "-ERR"},
		{"STAT", "+OK 1 14\r\n"},
	}
	talk(t, st, pop3TLS(), inbox)
	if got := st.mail.Messages("user"); len(got) != 2 {
		t.Errorf("without QUIT %d messages are left", len(got))
	}
	talk(t, st, pop3TLS(), append(inbox, step{"QUIT", "+OK"}))
	if got := st.mail.Messages("user"); len(got) != 1 || got[0].UID != 2 {
		t.Errorf("after QUIT there are %+v", got)
	}
}

// TestApop takes a digest of the stamp of its own session, and no other.
func TestApop(t *testing.T) {
	st := serve(t, known(t, "pop3-plain-login", func(p *fakes.Profile) { p.Logins.Clear = append(p.Logins.Clear, fakes.LoginAPOP) }))
	conn, err := net.Dial("tcp", st.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	r := bufio.NewReader(conn)
	greeting, err := r.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	stamp := greeting[strings.IndexByte(greeting, '<') : strings.IndexByte(greeting, '>')+1]
	for _, try := range []struct{ stamp, want string }{{"<1896.697170952@dbc.mtview.ca.us>", "-ERR [AUTH]"}, {stamp, "+OK Welcome"}} {
		if _, err := fmt.Fprintf(conn, "APOP user %x\r\n", md5.Sum([]byte(try.stamp+"secret"))); err != nil {
			t.Fatal(err)
		}
		if line, err := r.ReadString('\n'); err != nil || !strings.HasPrefix(line, try.want) {
			t.Errorf("the digest of %s got %q, %v, want %q", try.stamp, line, err, try.want)
		}
	}
}

func TestLoginTypes(t *testing.T) {
	for _, tt := range []struct {
		name               string
		logins             fakes.Logins
		clear, ntlm, plain string
	}{
		{"PlainTextLogin", fakes.PlainTextLogin(), "no LOGINDISABLED & AUTH=PLAIN & AUTH=NTLM", "+ ", "sc OK"},
		{"PlainTextAuthentication", fakes.PlainTextAuthentication(), "LOGINDISABLED & no AUTH=PLAIN & AUTH=NTLM", "+ ", "sc NO [PRIVACYREQUIRED]"},
		{"SecureLogin", fakes.SecureLogin(), "LOGINDISABLED & no AUTH=", "sb NO [PRIVACYREQUIRED]", "sc NO [PRIVACYREQUIRED]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			st := serve(t, known(t, "imap-basic-after-tls", func(p *fakes.Profile) { p.Logins = tt.logins }))
			talk(t, st, imapClear(), []step{{"CAPABILITY", tt.clear}})
			script := fakes.Join(imapClear(), fakes.Imap("sb", "", "AUTHENTICATE NTLM"))
			if tt.ntlm == "+ " {
				script = fakes.Join(script, fakes.Say("", "NO", "TlRMTVNTUAABAAAA\r\n"))
			}
			s := st.play(t, fakes.Join(script, fakes.Imap("sc", "", "LOGIN user secret")))
			if !strings.HasPrefix(said(s, "sb"), tt.ntlm) || !strings.HasPrefix(said(s, "sc"), tt.plain) {
				t.Errorf("NTLM got %q, LOGIN got %q", said(s, "sb"), said(s, "sc"))
			}
			talk(t, st, imapTLS(), []step{{"CAPABILITY", "no LOGINDISABLED & AUTH=PLAIN & AUTH=NTLM"}, {"LOGIN user secret", "sb OK"}})
		})
	}
}
