package path_test

import (
	"bytes"
	"context"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mailtls/fakes"
	"mailtls/fakes/path"
	"mailtls/fakes/pki"
	"mailtls/fakes/receiver"
	"mailtls/fakes/sender"
	"mailtls/results"
)

const host = "mx.mailtls.test"

// passage is what was seen of one connection: by the client, in the box, and by
// the server.
type passage struct{ client, box, server results.Session }

// through has a script played against a peer, with a box in between.
func through(t *testing.T, way, peer string, script fakes.Script) passage {
	t.Helper()
	authority, err := pki.New(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	cert, err := authority.Issue(fakes.CertValid, pki.ECDSAP256, host)
	if err != nil {
		t.Fatal(err)
	}
	profile, err := fakes.Receiver(peer)
	if err != nil {
		t.Fatal(err)
	}
	p, err := fakes.PathNamed(way)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	now := func() time.Duration { return time.Since(start) }
	seen, served := make(chan results.Session, 1), make(chan results.Session, 1)
	behind, front := listen(t), listen(t)
	server := &receiver.Server{
		Profile: profile, Listener: fakes.ListenSMTP, Host: host, Certificate: cert, Now: now, Clock: time.Now,
		Deliver: func(context.Context, receiver.Message) error { return nil },
		Report:  func(s results.Session) { served <- s },
	}
	box := &path.Box{Path: p, Server: behind.Addr().String(), Now: now, Report: func(s results.Session) { seen <- s }}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = server.Serve(ctx, behind) })
	running.Go(func() {
		if err := box.Serve(ctx, front); err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	t.Cleanup(func() { cancel(); running.Wait() })
	client := sender.Play(t.Context(), sender.Session{
		Peer: "client", Script: script, Listener: fakes.ListenSMTP, Addr: front.Addr().String(), ServerName: host,
		Roots: authority.Roots(), Wall: start, Patience: 5 * time.Second, Now: now,
		Vars: fakes.Vars{"helo": "client.example", "from": "a@client.example", "rcpt": "b@mailtls.test", "message": "Subject: x\r\n\r\nbody"},
	})
	return passage{client, <-seen, <-served}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return ln
}

// text is all that a side said in clear.
func text(s results.Session, from results.Side) string {
	var b bytes.Buffer
	for _, e := range s.Events {
		if e.Kind == results.EventData && e.From == from && !e.Secure {
			b.Write(e.Bytes)
		}
	}
	return b.String()
}

// stages are those that a side's clear data was written down under.
func stages(s results.Session, from results.Side) []results.Stage {
	var all []results.Stage
	for _, e := range s.Events {
		if e.Kind == results.EventData && e.From == from && (len(all) == 0 || all[len(all)-1] != e.Stage) {
			all = append(all, e.Stage)
		}
	}
	return all
}

// closing is how a side ended the connection.
func closing(s results.Session, from results.Side) string {
	for _, e := range s.Events {
		if e.Kind == results.EventClose && e.From == from {
			return e.Text
		}
	}
	return ""
}

func upgrading() fakes.Script {
	return fakes.Join(fakes.Opening(fakes.ListenSMTP, true, fakes.Hello{}), fakes.Transaction(), fakes.Quit())
}

func plainly() fakes.Script {
	return fakes.Join(fakes.Opening(fakes.ListenSMTP, false, fakes.Hello{}), fakes.Transaction(), fakes.Quit())
}

func TestForwardsAndReadsTheHellos(t *testing.T) {
	t.Parallel()
	got := through(t, "pass", "opportunistic", upgrading())
	if len(got.box.TLS) != 1 || len(got.client.TLS) != 1 {
		t.Fatalf("handshakes: the box saw %d, the client %d", len(got.box.TLS), len(got.client.TLS))
	}
	f, want := got.box.TLS[0], got.client.TLS[0]
	if !want.Complete || f.Version != want.Version || f.Suite != want.Suite || f.Version != "1.3" {
		t.Errorf("the box saw %s %s, the client %s %s", f.Version, f.Suite, want.Version, want.Suite)
	}
	if f.Hello == nil || f.Hello.SNI != host {
		t.Errorf("the hello is %+v", f.Hello)
	}
	if said := text(got.box, results.Client); strings.Contains(said, "MAIL") || !strings.HasSuffix(said, "STARTTLS\r\n") {
		t.Errorf("in clear the client said %q", said)
	}
	if e := got.box.Events; e[len(e)-1].Stage != results.StageHandshake {
		t.Errorf("what is inside TLS is of stage %s", e[len(e)-1].Stage)
	}
	wantStages := []results.Stage{results.StageGreeting, results.StageHello, results.StageStartTLS}
	if s := stages(got.box, results.Server); !slices.Equal(s, wantStages) {
		t.Errorf("the server's stages are %v", s)
	}
}

func TestFollowsMailInClear(t *testing.T) {
	t.Parallel()
	got := through(t, "pass", "tls-disabled", plainly())
	if c, s := text(got.box, results.Client), text(got.server, results.Client); c != s || !strings.Contains(c, "body\r\n.\r\n") {
		t.Errorf("the box saw %q, the server %q", c, s)
	}
	want := []results.Stage{results.StageHello, results.StageMail, results.StageRcpt, results.StageData, results.StageBody, results.StageQuit}
	if s := stages(got.box, results.Client); !slices.Equal(s, want) {
		t.Errorf("the client's stages are %v", s)
	}
	if s := stages(got.box, results.Server); !slices.Equal(s, append([]results.Stage{results.StageGreeting}, want...)) {
		t.Errorf("the server's stages are %v", s)
	}
}

// TestContentInOneSegmentWithCommands: pipelining (RFC 2920, RFC 3030) brings both
// together, and the stage is that of the content.
func TestContentInOneSegmentWithCommands(t *testing.T) {
	t.Parallel()
	body := fakes.Join(fakes.Opening(fakes.ListenSMTP, false, fakes.Hello{}),
		fakes.Say("mail", "250", "MAIL FROM:<{from}>\r\n"), fakes.Say("rcpt", "250", "RCPT TO:<{rcpt}>\r\n"), fakes.Say("data", "354", "DATA\r\n"),
		fakes.Say("body", "250", "Subject: x\r\n\r\nMAIL\r\n.\r\nQUIT\r\n"))
	got := through(t, "pass", "tls-disabled", body)
	want := []results.Stage{results.StageHello, results.StageMail, results.StageRcpt, results.StageData, results.StageBody}
	if s := stages(got.box, results.Client); !slices.Equal(s, want) || !strings.Contains(text(got.box, results.Server), "221 ") {
		t.Errorf("DATA: the client's stages are %v", s)
	}
	chunk := fakes.Join(fakes.Opening(fakes.ListenSMTP, false, fakes.Hello{}),
		fakes.Say("mail", "250", "MAIL FROM:<{from}>\r\nRCPT TO:<{rcpt}>\r\nBDAT 7 LAST\r\nQUIT\r\n\nQUIT\r\n"))
	got = through(t, "pass", "tls-disabled", chunk)
	if s := stages(got.box, results.Client); !slices.Equal(s, []results.Stage{results.StageHello, results.StageBdat}) {
		t.Errorf("BDAT: the client's stages are %v", s)
	}
}

func TestHidesStartTLS(t *testing.T) {
	t.Parallel()
	for way, shown := range map[string]string{"strip": "", "mask": "250-" + fakes.MaskedStartTLS} {
		got := through(t, way, "opportunistic", plainly())
		c, s := text(got.client, results.Server), text(got.server, results.Server)
		if strings.Contains(c, "STARTTLS") || !strings.Contains(c, shown) || !strings.Contains(s, "STARTTLS") || !strings.Contains(c, "\r\n250 ") {
			t.Errorf("%s: the server said %q, the client heard %q", way, s, c)
		}
		if strings.Count(c, "\n") != strings.Count(s, "\n")-map[string]int{"strip": 1}[way] {
			t.Errorf("%s: more was changed than the keyword: %q", way, c)
		}
	}
}

func TestInjects(t *testing.T) {
	t.Parallel()
	got := through(t, "inject-command", "opportunistic", upgrading())
	if s := text(got.server, results.Client); !strings.HasSuffix(s, "STARTTLS\r\nRSET\r\n") || strings.Contains(text(got.client, results.Client), "RSET") {
		t.Errorf("the server heard %q", s)
	}
	got = through(t, "inject-reply", "opportunistic", upgrading())
	if c := text(got.client, results.Server); !strings.HasSuffix(c, "250 injected\r\n") || strings.Contains(text(got.server, results.Server), "injected") {
		t.Errorf("the client heard %q", c)
	}
}

func TestCutsAtTheClientHello(t *testing.T) {
	t.Parallel()
	for way, end := range map[string]string{"fin-at-hello": "fin", "reset-at-hello": "reset"} {
		got := through(t, way, "opportunistic", upgrading())
		if len(got.client.TLS) != 1 || got.client.TLS[0].Complete || got.client.TLS[0].Version != "" {
			t.Errorf("%s: the client's TLS is %+v", way, got.client.TLS)
		}
		c, s := closing(got.client, results.Server), closing(got.server, results.Client)
		if c != end || s != end || got.box.End != results.EndOurs {
			t.Errorf("%s: the client saw %q, the server %q, the box ends %s", way, c, s, got.box.End)
		}
		if f := got.box.TLS; len(f) != 1 || f[0].Hello == nil {
			t.Errorf("%s: the box read no hello: %+v", way, f)
		}
	}
}

func TestServerThatIsAway(t *testing.T) {
	t.Parallel()
	gone := listen(t)
	_ = gone.Close()
	front, seen := listen(t), make(chan results.Session, 1)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	box := &path.Box{Server: gone.Addr().String(), Now: func() time.Duration { return 0 }, Report: func(s results.Session) { seen <- s }}
	running.Go(func() { _ = box.Serve(ctx, front) })
	t.Cleanup(func() { cancel(); running.Wait() })
	if conn, err := net.Dial("tcp", front.Addr().String()); err == nil { // else the reset was faster
		_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
		if n, err := conn.Read(make([]byte, 1)); n != 0 || err == nil {
			t.Errorf("read %d bytes, %v", n, err)
		}
		_ = conn.Close()
	}
	if s := <-seen; s.End != results.EndOurs || !strings.Contains(s.LastNote(), "cannot be reached") {
		t.Errorf("got %s, %q", s.End, s.LastNote())
	}
}

func TestPathsHaveNames(t *testing.T) {
	for _, p := range fakes.Paths() {
		if got, err := fakes.PathNamed(p.Name); err != nil || got.Doc == "" {
			t.Errorf("%s: %+v, %v", p.Name, got, err)
		}
	}
	if _, err := fakes.PathNamed("none"); err == nil || !strings.Contains(err.Error(), "reset-at-hello") {
		t.Errorf("got %v", err)
	}
}
