package sender_test

import (
	"bytes"
	"encoding/base64"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"mailtls/fakes"
	"mailtls/fakes/sender"
	"mailtls/results"
)

// TestSegmentsArriveAsScripted: what a step says is what the server reads, byte
// for byte and, where there are gaps, segment for segment.
func TestSegmentsArriveAsScripted(t *testing.T) {
	const gap = 200 * time.Millisecond
	segments := []string{"MAIL FROM:<x", "@\x00\xff\r", "\n", "RCPT TO:<{helo}>\r\nDATA\r\n.\n", "{nobody}"}
	want := []string{"MAIL FROM:<x", "@\x00\xff\r", "\n", "RCPT TO:<client.example>\r\nDATA\r\n.\n", "{nobody}"}
	var reads []string
	for range 5 { // a busy machine may sleep over a gap, and then read two at once
		got := make(chan []string, 1)
		addr := listen(t, func(c *net.TCPConn) { got <- readings(c) })
		s := sender.Play(t.Context(), session(addr, fakes.Script{{Mark: "all", Do: fakes.MoveSend, Text: segments, Gap: gap}}))
		if s.End != results.EndOurs {
			t.Fatalf("ended %s: %+v", s.End, s.Events)
		}
		checkSegments(t, s, want, gap)
		if reads = <-got; strings.Join(reads, "") != strings.Join(want, "") || slices.Equal(reads, want) {
			break
		}
	}
	if !slices.Equal(reads, want) {
		t.Errorf("the server read %q, want %q", reads, want)
	}
}

// readings lists what each read gives until the client is gone.
func readings(r io.Reader) []string {
	var all []string
	for b := make([]byte, 1<<10); ; {
		n, err := r.Read(b)
		if err != nil {
			return all
		}
		all = append(all, string(b[:n]))
	}
}

// checkSegments wants an event for each segment in the record, so far apart.
func checkSegments(t *testing.T, s results.Session, want []string, gap time.Duration) {
	t.Helper()
	var sent []string
	var last time.Duration
	for _, e := range s.Events {
		if e.From != results.Client || e.Kind != results.EventData {
			continue
		}
		if len(sent) > 0 && e.At-last < gap {
			t.Errorf("segment %d came %v after the one before", len(sent), e.At-last)
		}
		sent, last = append(sent, string(e.Bytes)), e.At
	}
	if !slices.Equal(sent, want) {
		t.Errorf("the record says %q, want %q", sent, want)
	}
}

// TestLargeSegmentArrivesWhole: a payload that no socket takes at once.
func TestLargeSegmentArrivesWhole(t *testing.T) {
	payload := strings.Repeat("0123456789abcdef", 1<<18) // 4 MiB
	got := make(chan string, 1)
	addr := listen(t, func(c *net.TCPConn) {
		got <- rest(c)
	})
	s := session(addr, fakes.Script{{Mark: "all", Do: fakes.MoveSend, Text: []string{payload}}})
	s.Canary = "0123456789abcdef"
	seen := sender.Play(t.Context(), s)
	if text := <-got; text != payload {
		t.Errorf("%d bytes arrived of %d", len(text), len(payload))
	}
	for _, e := range seen.Events {
		if e.From == results.Client && e.Kind == results.EventData {
			if e.Digest == nil || e.Digest.Length != int64(len(payload)) || len(e.Digest.Canaries) == 0 {
				t.Errorf("the record holds %d bytes and the digest %+v", len(e.Bytes), e.Digest)
			}
		}
	}
}

// TestStagesFollowTheScript: judges find what they look for by mark and stage.
func TestStagesFollowTheScript(t *testing.T) {
	addr := listen(t, func(c *net.TCPConn) {
		say(c, "220 mx\r\n")
		for hear(c) != "" {
			say(c, "250 ok\r\n")
		}
	})
	script := fakes.Join(
		fakes.Greet(), fakes.Ehlo("first"), fakes.Say("m", "250", "mail FROM:<a@b>\r\n"),
		fakes.Script{{Do: fakes.MoveSay, Text: []string{"NOOP\r\n"}}},
		fakes.Say("body", "250", "{message}\r\n"), fakes.Say("odd", "250", "FAKE\r\n"),
	)
	s := sender.Play(t.Context(), session(addr, script))
	type place struct {
		stage results.Stage
		mark  string
	}
	var got []place
	for _, e := range s.Events {
		if p := (place{e.Stage, e.Mark}); e.Kind == results.EventData && !slices.Contains(got, p) {
			got = append(got, p)
		}
	}
	want := []place{
		{results.StageGreeting, "greeting"}, {results.StageHello, "first"}, {results.StageMail, "m"},
		{results.StageBody, "body"}, {results.StageUnknown, "odd"},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestSecretsStayOutOfTheRecord, though the server gets them.
func TestSecretsStayOutOfTheRecord(t *testing.T) {
	const password = "correct horse battery"
	plain := base64.StdEncoding.EncodeToString([]byte("\x00user\x00" + password))
	got := make(chan string, 1)
	addr := listen(t, func(c *net.TCPConn) {
		line := hear(c) + hear(c)
		say(c, "535 "+password+" is wrong\r\n")
		got <- line + rest(c)
	})
	var told bytes.Buffer
	s := session(addr, fakes.Script{
		{Mark: "auth", Do: fakes.MoveSend, Text: []string{"AUTH PLAIN {auth}\r\n"}},
		{Mark: "pass", Do: fakes.MoveSay, Text: []string{"PASS correct ho", "rse battery\r\n"}, Want: "235"},
	})
	s.Vars = fakes.Vars{"auth": plain}
	s.Hide = map[string]string{password: "<password>"}
	s.Watch = func(e results.Event) { told.Write(e.Bytes) }
	seen := sender.Play(t.Context(), s)
	if text, want := <-got, "AUTH PLAIN "+plain+"\r\nPASS "+password+"\r\n"; text != want {
		t.Errorf("the server got %q, want %q", text, want)
	}
	var record strings.Builder
	for _, e := range seen.Events {
		record.Write(e.Bytes)
		record.WriteString(e.Text)
	}
	hidden := base64.StdEncoding.EncodeToString([]byte(password))
	for _, secret := range []string{password, plain, hidden[:20], "rse battery"} {
		if strings.Contains(record.String(), secret) {
			t.Errorf("the record holds %q: %q", secret, record.String())
		}
	}
	if n := strings.Count(record.String(), "<password>"); n < 4 { // two sent, one received, one noted
		t.Errorf("<password> stands %d times in the record: %q", n, record.String())
	}
	// Who watches sees event by event, and so a secret that two segments share.
	if strings.Contains(told.String(), plain) || !strings.Contains(told.String(), "AUTH PLAIN") {
		t.Errorf("who watches is told %q", told.String())
	}
}

// TestWhereItWent: addresses, name and listener are in the record.
func TestWhereItWent(t *testing.T) {
	from := make(chan string, 1)
	addr := listen(t, func(c *net.TCPConn) {
		from <- c.RemoteAddr().String()
		_, _ = io.Copy(io.Discard, c)
	})
	s := session(addr, nil)
	s.From = loopback(t, "127.80.1.2")
	seen := sender.Play(t.Context(), s)
	if client := <-from; seen.Client != client || !strings.HasPrefix(client, "127.80.1.2:") {
		t.Errorf("the server saw %s, and the record says %s", client, seen.Client)
	}
	if seen.Server != addr || seen.Peer != "client" || seen.Listener != "smtp" || seen.End != results.EndOurs || seen.EndAt == 0 {
		t.Errorf("got %+v", seen)
	}
}
