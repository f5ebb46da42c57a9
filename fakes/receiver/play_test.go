package receiver_test

import (
	"context"
	"crypto/tls"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mailtls/fakes"
	"mailtls/fakes/pki"
	"mailtls/fakes/receiver"
	"mailtls/fakes/sender"
	"mailtls/results"
)

// host is the name that the servers of these tests go by; of four labels, which
// certificates with a wildcard too far up need.
const host = "mx.in.mailtls.test"

// domain is the recipients' domain.
const domain = "mailtls.test"

// stage is a served profile, and what it has seen.
type stage struct {
	addr      string
	host      string
	authority *pki.Authority
	// listener is the kind that is served.
	listener fakes.Listener
	// mail are the mailboxes.
	mail *receiver.Mailboxes
	// patience of the clients that are played.
	patience time.Duration

	// reported are the records of sessions that have ended.
	reported chan results.Session

	mu       sync.Mutex
	messages []receiver.Message
}

// issuer makes the authority that all stages share: RSA keys are slow to make.
var issuer = sync.OnceValues(func() (*pki.Authority, error) { return pki.New(time.Now()) })

// serve plays a profile until the test ends.
func serve(t *testing.T, p fakes.Profile) *stage {
	t.Helper()
	authority, err := issuer()
	if err != nil {
		t.Fatal(err)
	}
	st := &stage{host: host, patience: 5 * time.Second, authority: authority, reported: make(chan results.Session, 16)}
	st.listener, st.mail = fakes.ListenSMTP, &receiver.Mailboxes{}
	if p.Protocol != "" {
		st.listener = p.Listener()
	}
	kind, key := p.Cert, pki.ECDSAP256
	if kind == "" {
		kind = fakes.CertValid
	}
	if p.RSA {
		key = pki.RSA2048
	}
	if kind == fakes.CertULabel {
		st.host = "xn--mller-kva.mailtls.test"
	}
	cert, err := authority.Issue(kind, key, kind.Name(st.host, domain))
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	st.addr = ln.Addr().String()
	start := time.Now()
	s := &receiver.Server{
		Profile: p, Listener: st.listener, Mail: st.mail, Host: st.host, Certificate: cert, ClientRoots: authority.Roots(),
		Accounts: map[string]string{"user": "secret"},
		Now:      func() time.Duration { return time.Since(start) }, Clock: time.Now,
		Deliver: func(_ context.Context, m receiver.Message) error {
			st.mu.Lock()
			defer st.mu.Unlock()
			st.messages = append(st.messages, m)
			return nil
		},
		Report: func(r results.Session) { st.reported <- r },
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := s.Serve(ctx, ln); err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	t.Cleanup(func() { cancel(); running.Wait() })
	return st
}

// play plays a script against the stage.
func (st *stage) play(t *testing.T, script fakes.Script) results.Session {
	t.Helper()
	return st.playWith(t, script, nil)
}

// playWith is play with a store of TLS sessions.
func (st *stage) playWith(t *testing.T, script fakes.Script, tickets *sender.Tickets) results.Session {
	t.Helper()
	start := time.Now()
	return sender.Play(t.Context(), sender.Session{
		Peer: "client", Script: script, Tickets: tickets,
		Certificate: func(kind fakes.Cert) (tls.Certificate, error) {
			return st.authority.Issue(kind, pki.ECDSAP256, fakes.ClientName)
		}, Listener: st.listener, Addr: st.addr, ServerName: st.host,
		Roots: st.authority.Roots(), Wall: start, Patience: st.patience,
		Vars: fakes.Vars{
			"helo": "client.example", "from": "a@client.example", "rcpt": "b@mailtls.test", "message": "Subject: x\r\n\r\nbody", "message-size": "18",
			"user": "user", "password": "secret", "auth-plain": "AHVzZXIAc2VjcmV0",
		},
		Now: func() time.Duration { return time.Since(start) },
	})
}

// taken returns the messages that were accepted.
func (st *stage) taken() []receiver.Message {
	st.mu.Lock()
	defer st.mu.Unlock()
	return slices.Clone(st.messages)
}

// said joins the server's data under a mark.
func said(s results.Session, mark string) string {
	var b strings.Builder
	for _, e := range s.Events {
		if e.Mark == mark && e.From == results.Server && e.Kind == results.EventData {
			b.Write(e.Bytes)
		}
	}
	return b.String()
}

func TestHonestPeersMeet(t *testing.T) {
	// Rows are receiving peers, columns sending peers; the word is the mark at
	// which the session stops, or the TLS version that the message went in.
	cells := map[string]map[string]string{
		"tls-disabled":   {"plain-only": "clear", "modern": "starttls", "tls10-only": "starttls", "tls12-only": "starttls", "tls13-only": "starttls"},
		"opportunistic":  {"plain-only": "clear", "modern": "1.3", "tls10-only": "handshake", "tls12-only": "1.2", "tls13-only": "1.3"},
		"tls10-only":     {"plain-only": "clear", "modern": "handshake", "tls10-only": "1.0", "tls12-only": "handshake", "tls13-only": "handshake"},
		"tls12-required": {"plain-only": "mail", "modern": "1.3", "tls10-only": "handshake", "tls12-only": "1.2", "tls13-only": "1.3"},
		"enforcing":      {"plain-only": "mail", "modern": "1.3", "tls10-only": "1.0", "tls12-only": "1.2", "tls13-only": "1.3"},
		"submission":     {"plain-only": "mail", "modern": "mail", "tls10-only": "handshake", "tls12-only": "mail", "tls13-only": "mail"},
	}
	for receiving, row := range cells {
		profile, err := fakes.Receiver(receiving)
		if err != nil {
			t.Fatal(err)
		}
		for sending, want := range row {
			t.Run(receiving+"/"+sending, func(t *testing.T) {
				t.Parallel()
				peer, err := fakes.Sender(sending)
				if err != nil {
					t.Fatal(err)
				}
				st := serve(t, profile)
				s := st.play(t, peer.Deliver())
				got := "clear"
				if len(s.TLS) > 0 && s.TLS[0].Complete {
					got = s.TLS[0].Version
				}
				if s.End != results.EndOurs {
					got = lastMark(s)
				}
				if got != want {
					t.Errorf("got %s, want %s: %+v", got, want, s.End)
				}
				if delivered := len(st.taken()) == 1; delivered != (s.End == results.EndOurs) {
					t.Errorf("delivered is %v, and the session ended %s", delivered, s.End)
				}
			})
		}
	}
}

func lastMark(s results.Session) string {
	for i := len(s.Events) - 1; i >= 0; i-- {
		if m := s.Events[i].Mark; m != "" {
			return m
		}
	}
	return ""
}

func TestImplicitTLSAndLogin(t *testing.T) {
	profile, err := fakes.Receiver("smtps")
	if err != nil {
		t.Fatal(err)
	}
	peer, err := fakes.Sender("modern")
	if err != nil {
		t.Fatal(err)
	}
	st := serve(t, profile)
	s := st.play(t, fakes.Join(
		peer.OpenImplicit(),
		fakes.Say("early", "530", "MAIL FROM:<a@client.example>\r\n"),
		fakes.Say("wrong", "535", "AUTH PLAIN AHVzZXIAd3Jvbmc=\r\n"),
		fakes.Say("login", "334", "AUTH LOGIN\r\n"), fakes.Say("name", "334", "dXNlcg==\r\n"), fakes.Say("word", "235", "c2VjcmV0\r\n"),
		fakes.Transaction(), fakes.Quit(),
	))
	if s.End != results.EndOurs {
		t.Fatalf("ended %s: %+v", s.End, s.Events)
	}
	got := st.taken()
	if len(got) != 1 || !strings.Contains(string(got[0].Data), "with ESMTPSA tls TLS_") {
		t.Errorf("want one message with a trace of TLS and login, got %v", got)
	}
}

func TestEveryActionStrikes(t *testing.T) {
	peer, err := fakes.Sender("plain-only")
	if err != nil {
		t.Fatal(err)
	}
	tests := map[fakes.Action]struct {
		end  results.SessionEnd
		said string
	}{
		fakes.ActionReply:     {results.EndMissed, "451 no\r\n"},
		fakes.ActionRewrite:   {results.EndMissed, "451 no\r\n"},
		fakes.ActionGarbage:   {results.EndMissed, "\xff"},
		fakes.ActionStall:     {results.EndTimeout, ""},
		fakes.ActionFin:       {results.EndEOF, ""},
		fakes.ActionReset:     {results.EndReset, ""},
		fakes.ActionHalfClose: {results.EndEOF, ""},
	}
	for action, want := range tests {
		t.Run(string(action), func(t *testing.T) {
			t.Parallel()
			st := serve(t, fakes.Profile{
				Name: "faulty", Offer: fakes.OfferNone, Idle: 2 * time.Second,
				Faults: []fakes.Fault{{At: results.StageMail, Do: action, Text: "451 no\r\n"}},
			})
			s := st.play(t, peer.Deliver())
			if s.End != want.end || !strings.HasPrefix(said(s, "mail"), want.said) {
				t.Errorf("ended %s after %q, want %s after %q", s.End, said(s, "mail"), want.end, want.said)
			}
			if len(st.taken()) != 0 {
				t.Error("a message was taken")
			}
		})
	}
}

func TestSkipAndTimesCountOccasions(t *testing.T) {
	st := serve(t, fakes.Profile{Name: "faulty", Offer: fakes.OfferNone, Faults: []fakes.Fault{
		{At: results.StageNoop, Skip: 1, Times: 1, Do: fakes.ActionReply, Text: "421 second\r\n"},
	}})
	s := st.play(t, fakes.Join(fakes.Greet(), fakes.Say("n1", "250", "NOOP\r\n"), fakes.Say("n2", "421", "NOOP\r\n"), fakes.Say("n3", "250", "NOOP\r\n"), fakes.Quit()))
	if s.End != results.EndOurs {
		t.Errorf("ended %s: the fault must strike at the second NOOP only", s.End)
	}
}

func TestServerRecordsWhatItSaw(t *testing.T) {
	profile, err := fakes.Receiver("opportunistic")
	if err != nil {
		t.Fatal(err)
	}
	peer, err := fakes.Sender("modern")
	if err != nil {
		t.Fatal(err)
	}
	st := serve(t, profile)
	st.play(t, peer.Deliver())
	seen := <-st.reported
	if len(seen.TLS) != 1 || !seen.TLS[0].Complete || seen.TLS[0].Hello == nil || seen.TLS[0].Hello.SNI != host {
		t.Fatalf("TLS facts are not complete: %+v", seen.TLS)
	}
	var stages []results.Stage
	for _, e := range seen.Events {
		if e.From == results.Client && e.Kind == results.EventData {
			stages = append(stages, e.Stage)
		}
	}
	want := []results.Stage{
		results.StageHello, results.StageStartTLS, results.StageHello, results.StageMail, results.StageRcpt,
		results.StageData, results.StageBody, results.StageQuit,
	}
	if !slices.Equal(stages, want) {
		t.Errorf("stages of the client's bytes are %v, want %v", stages, want)
	}
}
