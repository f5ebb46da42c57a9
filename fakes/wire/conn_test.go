package wire_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"mailtls/fakes/wire"
	"mailtls/results"
)

func TestClearSegments(t *testing.T) {
	r := record(t, results.Server)
	r.rec.At(results.StageGreeting, "")
	for _, part := range []string{"220 ", "mx\r\n"} {
		if _, err := io.WriteString(r, part); err != nil {
			t.Fatal(err)
		}
	}
	r.rec.At(results.StageHello, "t1")
	for _, part := range []string{"EH", "LO x\r\n"} {
		if _, err := io.WriteString(r.far, part); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(r, make([]byte, len(part))); err != nil {
			t.Fatal(err)
		}
	}
	r.rec.Note("done")
	s := r.rec.Session()
	want := `S data   secure=false greeting  "220 "
S data   secure=false greeting  "mx\r\n"
C data   secure=false hello  "EH"
C data   secure=false hello  "LO x\r\n"
- note   secure=false hello done ""
`
	if got := dump(s); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if !slices.IsSortedFunc(s.Events, func(a, b results.Event) int { return cmp.Compare(a.At, b.At) }) {
		t.Error("the times are not in order")
	}
	if s.Events[1].Mark != "" || s.Events[2].Mark != "t1" {
		t.Error("the marks are wrong")
	}
	s.Events[0].Bytes[0] = 'x'
	if r.rec.Session().Events[0].Bytes[0] != '2' {
		t.Error("the session is no deep copy")
	}
}

// TestClearAfterCloseNotify has both ends speak in clear after TLS has ended.
func TestClearAfterCloseNotify(t *testing.T) {
	for _, ours := range sides {
		r, peer := connect(t, ours, clientConfig(), serverConfig(ecdsaPair(t)))
		wait := together(func() {
			_ = peer.CloseWrite()
			// crypto/tls has forbidden all writes.
			_ = r.far.SetDeadline(time.Now().Add(limit))
			_, _ = io.WriteString(r.far, "MAIL FROM:<>\r\n")
			_ = r.far.CloseWrite()
			drain(r.far)
		})
		drain(r)
		if err := r.CloseNotify(); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(r, "x"); err == nil {
			t.Error("TLS was written to after close_notify")
		}
		if _, err := r.WriteBelow([]byte("250 ok\r\n")); err != nil {
			t.Errorf("write in clear after close_notify: %v", err)
		}
		var left bytes.Buffer
		for buf := make([]byte, 4); ; {
			n, err := r.ReadBelow(buf)
			left.Write(buf[:n])
			if err != nil {
				break
			}
		}
		_ = r.Close()
		wait()
		s := r.rec.Session()
		if got := sent(s, other(ours), false); got != "MAIL FROM:<>\r\n" || left.String() != got {
			t.Errorf("they sent %q in clear, we read %q", got, &left)
		}
		if got := sent(s, ours, false); got != "250 ok\r\n" {
			t.Errorf("we sent %q in clear", got)
		}
		wantAlert(t, s, ours, "close_notify")
		wantAlert(t, s, other(ours), "close_notify")
	}
}

// TestDeadlineOutlivesCloseNotify sets a deadline that must still hold after it.
func TestDeadlineOutlivesCloseNotify(t *testing.T) {
	r, _ := connect(t, results.Client, clientConfig(), serverConfig(ecdsaPair(t)))
	if err := r.SetWriteDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if err := r.CloseNotify(); err != nil {
		t.Fatal(err)
	}
	chunk := make([]byte, 1<<20)
	for {
		if _, err := r.WriteBelow(chunk); err != nil {
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("error %v", err)
			}
			return
		}
	}
}

// dribble writes one byte a segment.
type dribble struct{ *net.TCPConn }

func (d dribble) Write(p []byte) (int, error) {
	for i := range p {
		if _, err := d.TCPConn.Write(p[i : i+1]); err != nil {
			return i, err
		}
	}
	return len(p), nil
}

// sip reads one byte at a time.
type sip struct{ net.Conn }

func (s sip) Read(p []byte) (int, error) { return s.Conn.Read(p[:min(1, len(p))]) }

func TestOneByteSegments(t *testing.T) {
	for _, ours := range sides {
		client, server := tcpPair(t)
		mine, theirs := client, server
		if ours == results.Server {
			mine, theirs = server, client
		}
		rec := newRecorder()
		r := recorded{Conn: wire.New(sip{mine}, ours, rec, nil), rec: rec, far: theirs}
		own, peer := clientConfig(), tls.Server(dribble{theirs}, serverConfig(ecdsaPair(t)))
		if ours == results.Server {
			own, peer = serverConfig(ecdsaPair(t)), tls.Client(dribble{theirs}, clientConfig())
		}
		wait := together(func() { _ = peer.Handshake() })
		if err := r.Handshake(context.Background(), own); err != nil {
			t.Fatal(err)
		}
		wait()
		talk(t, r, peer)
		s := rec.Session()
		wantAlert(t, s, ours, "close_notify")
		wantAlert(t, s, other(ours), "close_notify")
		if got := sent(s, other(ours), false) + sent(s, ours, false); got != "" {
			t.Errorf("clear data %q", got)
		}
	}
}

func TestDigestAcrossSegments(t *testing.T) {
	const canary = "canary-7f3a"
	body := []byte(strings.Repeat("0123456789abcde\n", 20_000))
	var want []int64
	for _, at := range []int{0, 16_380, 70_001, len(body) - len(canary)} {
		copy(body[at:], canary)
		want = append(want, int64(at))
	}
	sum := sha256.Sum256(body)
	for _, secure := range []bool{false, true} {
		r := record(t, results.Server)
		r.rec.Canary(canary)
		peer := net.Conn(r.far)
		if secure {
			peer = r.secure(t, serverConfig(ecdsaPair(t)), clientConfig(), tls.Client)
		}
		r.rec.At(results.StageBody, "t1")
		wait := together(func() {
			_, _ = peer.Write(body)
			_ = r.far.CloseWrite()
		})
		drain(r)
		wait()
		d := bodyDigest(t, r.rec.Session())
		if d.Length != int64(len(body)) || d.SHA256 != hex.EncodeToString(sum[:]) || d.Segments < 2 {
			t.Errorf("digest %+v", d)
		}
		if !bytes.Equal(d.Head, body[:64]) || !bytes.Equal(d.Tail, body[len(body)-64:]) {
			t.Errorf("head %q, tail %q", d.Head, d.Tail)
		}
		if !slices.Equal(d.Canaries, want) {
			t.Errorf("canaries at %v, want %v", d.Canaries, want)
		}
	}
}

// bodyDigest gives the digest of the body, which must be one event.
func bodyDigest(t *testing.T, s results.Session) *results.Digest {
	t.Helper()
	var digests []*results.Digest
	for _, e := range s.Events {
		if e.Kind == results.EventData && e.Stage == results.StageBody {
			digests = append(digests, e.Digest)
		}
	}
	if len(digests) != 1 || digests[0] == nil {
		t.Fatalf("session:\n%s", dump(s))
	}
	return digests[0]
}

func TestManyRecordsAreCounted(t *testing.T) {
	r, peer := connect(t, results.Server, clientConfig(), serverConfig(ecdsaPair(t)))
	const lines = 200
	wait := together(func() {
		for range lines {
			_, _ = io.WriteString(peer, "x\r\n")
		}
		_ = peer.CloseWrite()
	})
	drain(r)
	wait()
	s := r.rec.Session()
	listed := 0
	for _, text := range texts(s, results.EventRecord) {
		if strings.HasPrefix(text, "C application_data") {
			listed++
		}
	}
	notes := texts(s, results.EventNote)
	// The client's Finished and its close_notify are such records too.
	if want := "- not listed: 138 records of application data from C, "; listed != 64 ||
		len(notes) != 1 || !strings.HasPrefix(notes[0], want) {
		t.Errorf("%d records listed, notes %q", listed, notes)
	}
	wantAlert(t, s, results.Client, "close_notify")
}

func TestHalfCloseAndReset(t *testing.T) {
	r, peer := connect(t, results.Client, clientConfig(), serverConfig(ecdsaPair(t)))
	var farErr error
	wait := together(func() {
		_, farErr = peer.Read(make([]byte, 1))
		_, _ = io.WriteString(peer, "bye")
		_ = r.far.CloseWrite()
	})
	if err := r.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	got, _ := io.ReadAll(r)
	wait()
	if string(got) != "bye" || !errors.Is(farErr, io.EOF) {
		t.Errorf("we read %q, the far end met %v", got, farErr)
	}
	if err := r.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	s := r.rec.Session()
	if got := texts(s, results.EventClose); !slices.Equal(got, []string{"C half-close", "S fin", "C close"}) {
		t.Errorf("closes: %q", got)
	}
	if got := texts(s, results.EventAlert); len(got) != 0 {
		t.Errorf("alerts: %q", got)
	}

	r, peer = connect(t, results.Server, clientConfig(), serverConfig(ecdsaPair(t)))
	if err := r.Reset(); err != nil {
		t.Fatal(err)
	}
	if _, err := peer.Read(make([]byte, 1)); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("the far end met %v, want a reset", err)
	}
	if got := texts(r.rec.Session(), results.EventClose); !slices.Equal(got, []string{"S reset"}) {
		t.Errorf("closes: %q", got)
	}
}

func TestCloseSaysCloseNotify(t *testing.T) {
	r, peer := connect(t, results.Client, clientConfig(), serverConfig(ecdsaPair(t)))
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := peer.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("the far end met %v", err)
	}
	wantAlert(t, r.rec.Session(), results.Client, "close_notify")
}

func TestDeadlinesAndAddresses(t *testing.T) {
	r := record(t, results.Client)
	if err := r.SetReadDeadline(time.Now().Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("read: %v", err)
	}
	if err := r.SetDeadline(time.Now().Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Write([]byte("x")); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("write: %v", err)
	}
	if r.RemoteAddr().String() != r.far.LocalAddr().String() || r.LocalAddr().String() != r.far.RemoteAddr().String() {
		t.Error("the addresses are not those of the connection")
	}
	if s := r.rec.Session(); len(s.Events) != 0 {
		t.Errorf("something passed:\n%s", dump(s))
	}
}

func TestPipesCannotBeReset(t *testing.T) {
	a, b := net.Pipe()
	defer b.Close()
	c := wire.New(a, results.Client, newRecorder(), nil)
	if c.Reset() == nil || c.CloseWrite() == nil {
		t.Error("a pipe was reset or half-closed")
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

// TestAnswerNeverPrecedesQuestion writes and reads from two goroutines.
func TestAnswerNeverPrecedesQuestion(t *testing.T) {
	r := record(t, results.Client)
	wait := together(func() {
		buf := make([]byte, 1)
		for {
			if _, err := r.far.Read(buf); err != nil {
				return
			}
			_, _ = r.far.Write(buf)
		}
	})
	const rounds = 300
	for i := range rounds {
		answered := together(func() { _, _ = r.Read(make([]byte, 1)) })
		if _, err := r.Write([]byte{'a' + byte(i%2)}); err != nil {
			t.Fatal(err)
		}
		answered()
		_ = r.rec.Session()
	}
	_ = r.Close()
	wait()
	var order []results.Side
	for _, e := range r.rec.Session().Events {
		if e.Kind == results.EventData {
			order = append(order, e.From)
		}
	}
	for i, from := range order {
		if want := sides[i%2]; from != want {
			t.Fatalf("event %d is from %s, want %s", i, from, want)
		}
	}
}
