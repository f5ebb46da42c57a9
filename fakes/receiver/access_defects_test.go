package receiver_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"mailtls/fakes"
	"mailtls/fakes/sender"
	"mailtls/results"
)

// defect is a change to an honest profile, and where it shows: the answers without
// it and with it.
type defect struct {
	name, peer         string
	change             func(*fakes.Profile)
	script             fakes.Script
	mark, honest, twin string
}

func keeping(k fakes.Keep) func(*fakes.Profile) {
	return func(p *fakes.Profile) { p.Keep = append(p.Keep, k) }
}
func accepting(l fakes.Lenient) func(*fakes.Profile) {
	return func(p *fakes.Profile) { p.Lenient = append(p.Lenient, l) }
}
func leavingOut(o fakes.Omit) func(*fakes.Profile) {
	return func(p *fakes.Profile) { p.Omit = append(p.Omit, o) }
}
func failing(f fakes.Fault) func(*fakes.Profile) {
	return func(p *fakes.Profile) { p.Faults = append(p.Faults, f) }
}

// handshaken is a handshake, and a moment of silence in which what comes unasked
// is written down.
func handshaken() fakes.Script {
	return fakes.Join(fakes.Handshake(both()), fakes.Script{{Mark: "unasked", Do: fakes.MoveListen, For: 150 * time.Millisecond}})
}

// imapStateDefects are about logins, and what is listed or carried into TLS.
func imapStateDefects() []defect {
	const peer = "imap-basic-after-tls"
	login := fakes.ImapLogin("login", "")
	upgrade := fakes.Join(imapClear(), fakes.ImapStartTLS(), fakes.Handshake(both()))
	return []defect{
		{"preauth", peer, accepting(fakes.LenientPreauth), fakes.Script{{Mark: "greeting", Do: fakes.MoveExpect}}, "greeting", "* OK", "* PREAUTH"},
		{"preauth serves", peer, accepting(fakes.LenientPreauth), fakes.Join(fakes.Script{{Mark: "greeting", Do: fakes.MoveExpect}}, fakes.Imap("select", "", "SELECT INBOX")), "select", "select BAD", "* 0 EXISTS"},
		{"login in clear", peer, accepting(fakes.LenientAuthInClear), fakes.Join(imapClear(), login), "login", "login NO [PRIVACYREQUIRED]", "login OK"},
		{"authenticate in clear", peer, accepting(fakes.LenientAuthInClear), fakes.Join(imapClear(), fakes.Imap("login", "", "AUTHENTICATE PLAIN {auth-plain}")), "login", "login NO [PRIVACYREQUIRED]", "login OK"},
		{"password told", peer, accepting(fakes.LenientPasswordTold), fakes.Join(imapClear(), login), "login", "login NO [PRIVACYREQUIRED] TLS comes first\r\n", "login NO [PRIVACYREQUIRED] TLS comes first, and"},
		{"LOGINDISABLED left out", peer, leavingOut(fakes.OmitDisabled), fakes.Join(imapClear(), fakes.ImapCapability("capability")), "capability", "STARTTLS LOGINDISABLED\r\n", "STARTTLS\r\n"},
		{"listed again", peer, keeping(fakes.KeepCapabilities), fakes.Join(upgrade, fakes.ImapCapability("capability")), "capability", "NAMESPACE AUTH=PLAIN AUTH=LOGIN\r\n", "STARTTLS LOGINDISABLED\r\n"},
		{"twice", peer, accepting(fakes.LenientDuplicateTLS), fakes.Join(upgrade, fakes.Imap("again", "", "STARTTLS")), "again", "again BAD", "again OK"},
		{"late", "imap-plain-login", accepting(fakes.LenientLateTLS), fakes.Join(imapClear(), fakes.ImapLogin("login", "OK"), fakes.Imap("late", "", "STARTTLS")), "late", "late BAD", "late OK"},
		{
			"user kept", "imap-plain-login", func(p *fakes.Profile) {
				p.Lenient, p.Keep = []fakes.Lenient{fakes.LenientLateTLS}, []fakes.Keep{fakes.KeepUser}
			},
			fakes.Join(imapClear(), fakes.ImapLogin("login", "OK"), fakes.Imap("late", "", "STARTTLS"), fakes.Handshake(both()), fakes.Imap("select", "", "SELECT INBOX")),
			"select", "", "* 0 EXISTS",
		},
		{
			"id kept", peer, keeping(fakes.KeepHelo),
			fakes.Join(imapClear(), fakes.Imap("id", "OK", `ID ("name" "me")`), fakes.ImapStartTLS(), fakes.Handshake(both()), fakes.Imap("id-tls", "", "ID NIL")),
			"id-tls", `* ID ("name" "mailtls")`, `* ID ("name" "mailtls" "client" "me")`,
		},
		{"compress", peer, accepting(fakes.LenientCompress), fakes.Join(imapClear(), fakes.Imap("compress", "", "COMPRESS DEFLATE")), "compress", "compress BAD", "compress OK"},
	}
}

// imapWireDefects are about what lines are read, and what is sent.
func imapWireDefects() []defect {
	const peer = "imap-basic-after-tls"
	logged := fakes.Join(imapTLS(), fakes.ImapLogin("login", "OK"))
	return []defect{
		{
			"buffer kept", peer, keeping(fakes.KeepBuffer),
			fakes.Join(imapClear(), fakes.Say("starttls", "OK", "starttls STARTTLS\r\nX NOOP\r\n"), handshaken()), "unasked", "", "X OK Nothing done\r\n",
		},
		{
			"buffer kept with a login", peer, keeping(fakes.KeepBuffer),
			fakes.Join(imapClear(), fakes.Say("starttls", "OK", "starttls STARTTLS\r\nX LOGIN user secret\r\n"), fakes.Handshake(both()), fakes.Imap("select", "", "SELECT INBOX")),
			"select", "select BAD", "* 0 EXISTS",
		},
		{
			"partial line", peer, accepting(fakes.LenientPartialLine),
			fakes.Join(imapClear(), fakes.Say("starttls", "OK", "starttls STARTTLS\r\nX "), fakes.Handshake(both()), fakes.Say("noop", "", "NOOP\r\n"), fakes.Script{{Do: fakes.MoveListen, For: 100 * time.Millisecond}}),
			"noop", "NOOP BAD", "X OK",
		},
		{
			"bare line feed", peer, accepting(fakes.LenientBareLF),
			fakes.Join(imapClear(), fakes.Script{{Mark: "split", Do: fakes.MoveSend, Text: []string{"A STARTTLS\nX NOOP\r\n"}}, {Do: fakes.MoveExpect}}), "split", "A BAD", "A OK",
		},
		{"argument", peer, accepting(fakes.LenientArgument), fakes.Join(imapClear(), fakes.Imap("arg", "", "STARTTLS {3+}\r\nabc")), "arg", "arg BAD", "arg OK"},
		{
			"speaks first", peer, failing(fakes.Fault{At: results.StageHandshake, When: fakes.After, Do: fakes.ActionReply, Text: "* OK again\r\n"}),
			fakes.Join(imapClear(), fakes.ImapStartTLS(), handshaken()), "unasked", "", "* OK again\r\n",
		},
		{
			"tag filled in", peer, failing(fakes.Fault{At: results.StageNoop, Do: fakes.ActionReply, Text: "{tag} NO not now\r\n"}),
			fakes.Join(imapClear(), fakes.Imap("noop", "", "NOOP")), "noop", "noop OK", "noop NO not now",
		},
		{
			"rewritten", peer, failing(fakes.Fault{At: results.StageHello, Do: fakes.ActionRewrite, Text: "* CAPABILITY IMAP4rev1\r\n{tag} OK x\r\n"}),
			fakes.Join(imapClear(), fakes.ImapCapability("capability")), "capability", "* CAPABILITY IMAP4rev1 IMAP4rev2", "* CAPABILITY IMAP4rev1\r\ncapability OK x",
		},
		{
			"cleartext for the handshake", peer, accepting(fakes.LenientClearHandshake),
			fakes.Join(imapClear(), fakes.ImapStartTLS(), fakes.Imap("noop", "", "NOOP")), "noop", "", "noop OK",
		},
		{
			"halved", peer, failing(fakes.Fault{At: results.StageData, When: fakes.Before, Do: fakes.ActionTruncate}),
			fakes.Join(logged, fakes.ImapAppend("append"), fakes.Imap("fetch", "OK", "SELECT INBOX"), fakes.Imap("size", "", "FETCH 1 RFC822.SIZE")),
			"size", "* 1 FETCH (RFC822.SIZE 18)", "* 1 FETCH (RFC822.SIZE 0)",
		},
	}
}

func pop3Defects() []defect {
	const peer = "pop3-basic-after-tls"
	upgrade := fakes.Join(pop3Clear(), fakes.Pop3STLS(), fakes.Handshake(both()))
	return []defect{
		{"login in clear", peer, accepting(fakes.LenientAuthInClear), fakes.Join(pop3Clear(), fakes.Pop3("user", "", "USER user"), fakes.Pop3("login", "", "PASS secret")), "login", "-ERR TLS", "+OK Welcome"},
		{"auth in clear", peer, accepting(fakes.LenientAuthInClear), fakes.Join(pop3Clear(), fakes.Pop3("login", "", "AUTH PLAIN {auth-plain}")), "login", "-ERR TLS", "+OK Welcome"},
		{"password told", peer, accepting(fakes.LenientPasswordTold), fakes.Join(pop3Clear(), fakes.Pop3("user", "", "USER user"), fakes.Pop3("login", "", "PASS secret")), "login", "-ERR TLS comes first\r\n", "-ERR TLS comes first, and"},
		{"listed again", peer, keeping(fakes.KeepCapabilities), fakes.Join(upgrade, fakes.Pop3Capa("capa")), "capa", "+OK That is all\r\nTOP\r\nUIDL\r\nRESP-CODES\r\nPIPELINING\r\nUSER", "+OK That is all\r\nTOP\r\nUIDL\r\nRESP-CODES\r\nPIPELINING\r\nSTLS"},
		{"twice", peer, accepting(fakes.LenientDuplicateTLS), fakes.Join(upgrade, fakes.Pop3("again", "", "STLS")), "again", "-ERR", "+OK Begin"},
		{"late", "pop3-plain-login", accepting(fakes.LenientLateTLS), fakes.Join(pop3Clear(), fakes.Pop3Login("user", "login", "+OK"), fakes.Pop3("late", "", "STLS")), "late", "-ERR", "+OK Begin"},
		{"argument", peer, accepting(fakes.LenientArgument), fakes.Join(pop3Clear(), fakes.Pop3("arg", "", "STLS x")), "arg", "-ERR", "+OK Begin"},
		{
			"buffer kept", peer, keeping(fakes.KeepBuffer),
			fakes.Join(pop3Clear(), fakes.Say("starttls", "+OK", "STLS\r\nNOOP\r\n"), handshaken()), "unasked", "", "+OK Nothing done\r\n",
		},
		{
			"user named in clear", "pop3-plain-login", keeping(fakes.KeepNamed),
			fakes.Join(pop3Clear(), fakes.Pop3("user", "+OK", "USER user"), fakes.Pop3STLS(), fakes.Handshake(both()), fakes.Pop3Capa("capa"), fakes.Pop3("pass", "", "PASS secret")),
			"pass", "-ERR USER", "+OK Welcome",
		},
	}
}

func TestDefectsOfAccessServers(t *testing.T) {
	for _, d := range slices.Concat(imapStateDefects(), imapWireDefects(), pop3Defects()) {
		for name, want := range map[string]string{"honest": d.honest, "twin": d.twin} {
			t.Run(d.peer+"/"+d.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				change := d.change
				if name == "honest" {
					change = nil
				}
				st := serve(t, known(t, d.peer, change))
				got := said(st.play(t, d.script), d.mark)
				if want == "" && got != "" || !strings.Contains(got, want) {
					t.Errorf("got %q, want %q", got, want)
				}
			})
		}
	}
}

// TestTruncatedAppend: a message that ends with the connection, or behind a closure
// of TLS that was not announced, is not stored.
func TestTruncatedAppend(t *testing.T) {
	for _, size := range []string{"{100}", "{100+}"} {
		for stored, change := range map[int]func(*fakes.Profile){0: nil, 1: accepting(fakes.LenientTruncated)} {
			st := serve(t, known(t, "imap-basic-after-tls", change))
			text := fakes.Script{{Mark: "append", Do: fakes.MoveSend, Text: []string{"append APPEND INBOX " + size + "\r\n"}}}
			if size == "{100}" {
				text = append(text, fakes.Step{Do: fakes.MoveExpect, Want: "+"})
			}
			st.play(t, fakes.Join(imapTLS(), fakes.ImapLogin("login", "OK"), text,
				fakes.Script{{Mark: "append-body", Do: fakes.MoveSend, Text: []string{"Subject: half\r\n"}}, {Do: fakes.MoveHalfClose}}))
			<-st.reported
			if got := st.mail.Messages("user"); len(got) != stored || stored == 1 && string(got[0].Data) != "Subject: half\r\n" {
				t.Errorf("%s: stored are %+v, want %d", size, got, stored)
			}
		}
	}
}

// TestDeletionNeedsQuit: what DELE marked stays when the connection ends without.
func TestDeletionNeedsQuit(t *testing.T) {
	for left, change := range map[int]func(*fakes.Profile){1: nil, 0: accepting(fakes.LenientUnsaved)} {
		st := serve(t, known(t, "pop3-basic-after-tls", change))
		if _, err := st.mail.Add("user", []byte("Subject: x\r\n")); err != nil {
			t.Fatal(err)
		}
		st.play(t, fakes.Join(pop3TLS(), fakes.Pop3Login("user", "login", "+OK"), fakes.Pop3("dele", "+OK", "DELE 1"), fakes.Script{{Do: fakes.MoveHalfClose}}))
		<-st.reported
		if got := len(st.mail.Messages("user")); got != left {
			t.Errorf("%d messages are left, want %d", got, left)
		}
	}
}

// TestResumedAccessIsAnonymous: who shows a ticket of a session with a login is not
// logged in by it.
func TestResumedAccessIsAnonymous(t *testing.T) {
	for _, tt := range []struct{ peer, honest, twin, probe string }{
		{"imaps", "probe BAD", "* 0 EXISTS", "probe SELECT INBOX"},
		{"pop3s", "-ERR Log in", "+OK 0 0", "STAT"},
		{"imap-basic-after-tls", "probe BAD", "* 0 EXISTS", "probe SELECT INBOX"},
	} {
		for want, change := range map[string]func(*fakes.Profile){tt.honest: nil, tt.twin: keeping(fakes.KeepTicket)} {
			st := serve(t, known(t, tt.peer, change))
			tickets := &sender.Tickets{}
			open := fakes.Join(fakes.Handshake(both()), fakes.Script{{Mark: "greeting", Do: fakes.MoveExpect}})
			if tt.peer == "imap-basic-after-tls" {
				open = imapTLS()
			}
			login := fakes.ImapLogin("login", "OK")
			if tt.peer == "pop3s" {
				login = fakes.Pop3Login("user", "login", "+OK")
			}
			st.playWith(t, fakes.Join(open, login), tickets)
			s := st.playWith(t, fakes.Join(open, fakes.Say("probe", "", tt.probe+"\r\n")), tickets)
			if got := said(s, "probe"); !strings.HasPrefix(got, want) || len(s.TLS) == 0 || !s.TLS[0].Resumed {
				t.Errorf("%s: got %q, want %q: %s", tt.peer, got, want, why(s))
			}
		}
	}
}

// TestExternalNeedsACertificate (RFC 8314 §4.2).
func TestExternalNeedsACertificate(t *testing.T) {
	st := serve(t, known(t, "imaps", func(p *fakes.Profile) {
		p.ClientCert, p.Logins.TLS = fakes.ClientCertOptional, append(p.Logins.TLS, "EXTERNAL")
	}))
	for cert, want := range map[fakes.Cert]string{
		fakes.CertClient: "login OK", fakes.CertClientExpired: "login NO", fakes.CertClientUnknownCA: "login NO", fakes.CertNone: "login NO",
	} {
		s := st.play(t, fakes.Join(fakes.Handshake(fakes.Hello{Cert: cert}), fakes.ImapGreet(), fakes.Imap("login", "", "AUTHENTICATE EXTERNAL =")))
		if got := said(s, "login"); !strings.HasPrefix(got, want) {
			t.Errorf("with a certificate of kind %q: got %q, want %q", cert, got, want)
		}
	}
}

// TestLocalDelivery: a reply for each recipient, in order and inside TLS; LHLO and
// no other greeting (RFC 2033 §4).
func TestLocalDelivery(t *testing.T) {
	rcpts := []string{"a@mailtls.test", "b@mailtls.test", "a@mailtls.test"}
	peer, err := fakes.Sender("lmtp-starttls")
	if err != nil {
		t.Fatal(err)
	}
	st := serve(t, known(t, "lmtp-starttls", nil))
	s := st.play(t, fakes.Join(peer.Open(), fakes.LocalTransaction(rcpts...), fakes.Quit()))
	all := said(s, "body") + said(s, "reply2") + said(s, "reply3")
	if s.End != results.EndOurs || strings.Count(all, "250 ") != 3 || strings.Index(all, "<a@") > strings.Index(all, "<b@") {
		t.Errorf("ended %s, and each got %q", s.End, all)
	}
	if got := st.taken(); len(got) != 1 || !slices.Equal(got[0].To, rcpts) || !strings.Contains(string(got[0].Data), " with LMTPS ") {
		t.Errorf("taken were %+v", got)
	}
	talk(t, st, fakes.Greet(), []step{{"EHLO x", "500"}, {"HELO x", "500"}, {"LHLO x", "250-"}})
	if got := said(st.play(t, fakes.Greet()), "greeting"); !strings.Contains(got, "LMTP") {
		t.Errorf("greets with %q", got)
	}
	st = serve(t, known(t, "lmtp-starttls", leavingOut(fakes.OmitRecipients)))
	st.patience = 300 * time.Millisecond
	if s := st.play(t, fakes.Join(peer.Open(), fakes.LocalTransaction(rcpts...))); s.End != results.EndTimeout || lastMark(s) != "reply2" {
		t.Errorf("with one reply for all it ended %s at %s", s.End, lastMark(s))
	}
	st = serve(t, known(t, "lmtp-starttls", keeping(fakes.KeepBuffer)))
	s = st.play(t, fakes.Join(fakes.Greet(), fakes.Lhlo("lhlo"), fakes.Say("starttls", "220", "STARTTLS\r\nLHLO x\r\n"), handshaken()))
	if got := said(s, "unasked"); !strings.HasPrefix(got, "250-") {
		t.Errorf("LHLO behind STARTTLS got %q inside TLS", got)
	}
}
