package wire

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"mailtls/results"
)

func TestSealAndOpen(t *testing.T) {
	secret := bytes.Repeat([]byte{7}, 48)
	for _, suite := range []uint16{0x1301, 0x1302, 0x1303, 0xc02f, 0xc030, 0xcca8} {
		p, err := protect13(suite, secret)
		if suite>>8 != 0x13 {
			p, err = protect12(suite, secret, []byte("client"), []byte("server"), results.Client)
		}
		if err != nil {
			t.Fatal(err)
		}
		record := p.seal(3, typeAlert, []byte{1, 0})
		h := header{kind: record[0], version: version12, length: len(record) - headerLen}
		plain, kind, err := p.open(nil, 3, h, record[headerLen:])
		if err != nil || kind != typeAlert || !bytes.Equal(plain, []byte{1, 0}) || int(record[4]) != h.length {
			t.Errorf("%04x: opened %x type %d error %v", suite, plain, kind, err)
		}
		if _, _, err := p.open(nil, 4, h, record[headerLen:]); err == nil {
			t.Errorf("%04x: opened with another number", suite)
		}
		if _, _, err := p.open(nil, 3, h, record[headerLen:headerLen+4]); err == nil {
			t.Errorf("%04x: opened a stump", suite)
		}
	}
	if _, err := protect13(0x002f, secret); err == nil {
		t.Error("a CBC suite was protected")
	}
	if _, err := protect12(0x002f, secret, nil, nil, results.Client); err == nil {
		t.Error("a CBC suite was protected")
	}
}

// TestPRF uses a vector of the IETF's TLS working group for SHA-256.
func TestPRF(t *testing.T) {
	p, err := paramsOf(0xc02f)
	if err != nil {
		t.Fatal(err)
	}
	secret := []byte{0x9b, 0xbe, 0x43, 0x6b, 0xa9, 0x40, 0xf0, 0x17, 0xb1, 0x76, 0x52, 0x84, 0x9a, 0x71, 0xdb, 0x35}
	seed := []byte{0xa0, 0xba, 0x9f, 0x93, 0x6c, 0xda, 0x31, 0x18, 0x27, 0xa6, 0xf7, 0x96, 0xff, 0xd5, 0x19, 0x8c}
	want := []byte{0xe3, 0xf2, 0x29, 0xba, 0x72, 0x7b, 0xe1, 0x7b, 0x8d, 0x12, 0x26, 0x20, 0x55, 0x7c, 0xd4, 0x53}
	if got := prf12(p.hash, secret, append([]byte("test label"), seed...), 100); !bytes.Equal(got[:16], want) {
		t.Errorf("got %x", got[:16])
	}
}

// established gives a recorded client and a plain server with TLS up.
func established(t *testing.T, config *tls.Config) (*Conn, *tls.Conn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	peers := make(chan *tls.Conn, 1)
	go func() {
		defer close(peers)
		raw, err := listener.Accept()
		if err != nil {
			return
		}
		peer := tls.Server(raw, config)
		_ = peer.Handshake()
		peers <- peer
	}()
	raw, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_ = raw.SetDeadline(time.Now().Add(5 * time.Second))
	c := New(raw, results.Client, quiet(), nil)
	if err := c.Handshake(context.Background(), &tls.Config{InsecureSkipVerify: true}); err != nil {
		t.Fatal(err)
	}
	peer := <-peers
	t.Cleanup(func() { _, _ = c.Close(), peer.Close() })
	return c, peer
}

// TestKeyUpdate writes a KeyUpdate with the keys that the recorder follows, as a
// script that takes over our end's records would, and more records after it. The
// server answers with its own, so that both directions change keys.
func TestKeyUpdate(t *testing.T) {
	c, peer := established(t, &tls.Config{Certificates: []tls.Certificate{selfSigned(t)}, MinVersion: tls.VersionTLS13})
	d := c.track.current.dir(results.Client)
	keys, seq := d.keys, d.seq
	if keys == nil {
		secret := c.track.current.secrets[labelClientTraffic]
		var err error
		if keys, err = protect13(c.track.current.suite, secret); err != nil {
			t.Fatal(err)
		}
		seq = 0
	}
	next, err := keys.next()
	if err != nil {
		t.Fatal(err)
	}
	script := keys.seal(seq, typeHandshake, []byte{msgKeyUpdate, 0, 0, 1, 1})
	script = append(script, next.seal(0, typeApplicationData, []byte("NOOP\r\n"))...)
	if _, err := c.WriteBelow(script); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 6)
	if _, err := io.ReadFull(peer, buf); err != nil || string(buf) != "NOOP\r\n" {
		t.Fatalf("the server read %q and met %v", buf, err)
	}
	if _, err := io.WriteString(peer, "250\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := peer.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(c); err != nil {
		t.Fatal(err)
	}
	if _, err := c.WriteBelow(next.seal(1, typeAlert, []byte{1, 0})); err != nil {
		t.Fatal(err)
	}
	alerts := c.rec.Session().TLS[0].Alerts
	if len(alerts) != 2 || alerts[0].From != results.Server || alerts[1].From != results.Client {
		t.Errorf("alerts %+v", alerts)
	}
}

// TestSequenceIsGivenUp sends so much rubbish that the sequence is lost.
func TestSequenceIsGivenUp(t *testing.T) {
	c, _ := established(t, &tls.Config{Certificates: []tls.Certificate{selfSigned(t)}})
	junk := append([]byte{typeApplicationData, 3, 3, 0, 32}, make([]byte, 32)...)
	c.rec.mu.Lock()
	for range missLimit + 2 {
		c.track.segment(c.rec.draw(), results.Client, junk)
	}
	lost := c.track.current.dir(results.Client).lost
	c.rec.mu.Unlock()
	if !lost {
		t.Error("it goes on and on")
	}
}

func TestParkingIsBounded(t *testing.T) {
	r := quiet()
	k := &tracker{log: &r.log}
	k.expect()
	k.current.version = version13
	record := append([]byte{typeApplicationData, 3, 3, 0x40, 0}, make([]byte, 1<<14)...)
	for i := range 40 {
		k.segment(r.draw(), results.Server, record)
		d := k.current.dir(results.Server)
		if d.parkedBytes > parkLimit || i > 20 && (!d.lost || d.parked != nil) {
			t.Fatalf("record %d: %d bytes are parked", i, d.parkedBytes)
		}
	}
}

func TestMasterOf(t *testing.T) {
	good := append([]byte{3, 3, 1, 0xc0, 0x2f, 0, 0, 0, 0, 0, 0, 0, 0, 48}, bytes.Repeat([]byte{9}, 60)...)
	if got, ok := masterOf(good); !ok || len(got) != 48 {
		t.Errorf("got %x", got)
	}
	if _, ok := masterOf(good[:40]); ok {
		t.Error("read a stump")
	}
	if _, _, ok := readKeyLog("CLIENT_RANDOM 00"); ok {
		t.Error("read half a line")
	}
}

func TestFailingKeyLogIsNoted(t *testing.T) {
	r, w := io.Pipe()
	_ = r.Close()
	c := New(nil, results.Client, quiet(), w)
	tap := keyTap{conn: c, attempt: newAttempt()}
	if n, err := tap.Write([]byte("CLIENT_RANDOM 00 00\n")); n != 20 || err != nil {
		t.Errorf("wrote %d and met %v", n, err)
	}
	if e := c.rec.Session().Events; len(e) != 1 || !strings.Contains(e[0].Text, "key log: ") {
		t.Errorf("events %+v", e)
	}
}
