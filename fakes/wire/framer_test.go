package wire

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"mailtls/results"
)

func selfSigned(t testing.TB) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// frames writes what a framer makes of text given in parts of a size; all of it
// in one part if size is 0.
func frames(text string, size int) []string {
	if size == 0 {
		size = max(1, len(text))
	}
	var out []string
	var f framer
	give := func(p piece) {
		if p.record {
			out = append(out, fmt.Sprintf("<%d %q>", p.header.kind, p.body))
		} else {
			out = append(out, string(p.body))
		}
	}
	for part := range slices.Chunk([]byte(text), size) {
		f.feed(ticket{}, part, give)
	}
	if p, ok := f.leftover(); ok {
		out = append(out, fmt.Sprintf("left %q", p.body))
	}
	return out
}

func TestFramer(t *testing.T) {
	const alert = "\x15\x03\x01\x00\x02\x02\x28"
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"record", alert, []string{`<21 "\x02(">`}},
		{"two", alert + alert, []string{`<21 "\x02(">`, `<21 "\x02(">`}},
		{"empty-record", "\x17\x03\x03\x00\x00" + alert, []string{`<23 "">`, `<21 "\x02(">`}},
		{"text", "220 hi\r\n", []string{"220 hi\r\n"}},
		{"text-after-record", alert + "QUIT\r\n", []string{`<21 "\x02(">`, "QUIT\r\n"}},
		{"record-after-text", "QUIT\r\n" + alert, []string{"QUIT\r\n", `<21 "\x02(">`}},
		{"false-start", "\x16\x16" + alert, []string{"\x16\x16", `<21 "\x02(">`}},
		{"too-long", "\x16\x03\x01\xff\xff", []string{"\x16\x03\x01\xff\xff"}},
		{"longest", "\x16\x03\x01\x48\x00", []string{`left ""`}},
		{"one-more", "\x16\x03\x01\x48\x01", []string{"\x16\x03\x01\x48\x01"}},
		{"half-header", "\x16\x03\x01", []string{`left "\x16\x03\x01"`}},
		{"half-record", "\x16\x03\x01\x00\x05ab", []string{`left "ab"`}},
		{"sslv2", "\x80\x0c\x01\x03\x01\x00\x03\x00\x00\x00\x00abc" + alert, []string{`<128 "\x01\x03\x01\x00\x03\x00\x00\x00\x00abc">`, `<21 "\x02(">`}},
		{"sslv2-of-2.0", "\x80\x09\x01\x00\x02\x00\x00\x00\x00\x00\x00", []string{`<128 "\x01\x00\x02\x00\x00\x00\x00\x00\x00">`}},
		{"sslv2-too-short", "\x80\x08\x01\x03\x01", []string{"\x80\x08\x01\x03\x01"}},
		{"sslv2-too-long", "\xff\xff\x01\x03\x01", []string{"\xff\xff\x01\x03\x01"}},
		{"sslv2-too-late", alert + "\x80\x0c\x01\x03\x01", []string{`<21 "\x02(">`, "\x80\x0c\x01\x03\x01"}},
		{"utf-8", "\u00fcber\r\n", []string{"\u00fcber\r\n"}},
	} {
		if got := frames(c.text, 0); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
		for size := 1; size < len(c.text); size++ {
			got, want := frames(c.text, size), strings.Join(c.want, "")
			if strings.Join(got, "") != want {
				t.Errorf("%s in parts of %d: got %q, want %q", c.name, size, got, c.want)
			}
		}
	}
}

// TestUnfinishedRecordsAreTold looks at sessions that ended within a record.
func TestUnfinishedRecordsAreTold(t *testing.T) {
	r := quiet()
	k := &tracker{log: &r.log}
	r.trackers = append(r.trackers, k)
	k.expect()
	if s := r.Session(); len(s.TLS) != 0 {
		t.Errorf("facts of nothing: %+v", s.TLS)
	}
	k.segment(r.draw(), results.Client, []byte("\x16\x03\x01\x02\x00\x01\x00"))
	k.segment(r.draw(), results.Server, []byte("\x15\x03"))
	s := r.Session()
	if len(s.Events) != 2 || s.Events[0].Text != "handshake v=1.0 len=512 (incomplete: 2 came)" ||
		s.Events[1].Kind != results.EventData || string(s.Events[1].Bytes) != "\x15\x03" {
		t.Errorf("events %+v", s.Events)
	}
	k.segment(r.draw(), results.Server, []byte("\x01\x00\x02\x02\x28"))
	if s := r.Session(); s.Events[len(s.Events)-1].Text != "fatal handshake_failure(40)" {
		t.Errorf("events %+v", s.Events)
	}
}

func TestFloodsAreCounted(t *testing.T) {
	r := quiet()
	k := &tracker{log: &r.log}
	r.trackers = append(r.trackers, k)
	k.expect()
	const many = 10_000
	for range many {
		k.segment(r.draw(), results.Client, []byte("\x16\x03\x01\x00\x00"))
		k.segment(r.draw(), results.Server, []byte("\x15\x03\x01\x00\x02\x01\x00"))
	}
	s := r.Session()
	if len(s.Events) > 2*listOther+listAlerts+8 || len(s.TLS[0].Alerts) != listAlerts {
		t.Errorf("%d events, %d alerts", len(s.Events), len(s.TLS[0].Alerts))
	}
	notes := 0
	for _, e := range s.Events {
		if e.Kind == results.EventNote {
			notes++
		}
	}
	if notes != 3 {
		t.Errorf("%d notes, want 3", notes)
	}
}

func TestAssembler(t *testing.T) {
	var a assembler
	hello := append([]byte{msgClientHello, 0, 1, 0}, make([]byte, 256)...)
	finished := []byte{msgFinished, 0, 0, 0}
	stream := slices.Concat(hello, finished, finished, hello)
	for size := 1; size < len(stream); size += 7 {
		var kinds []byte
		var began []byte
		for part := range slices.Chunk(stream, size) {
			b, ended := a.add(part)
			began = append(began, b...)
			for _, m := range ended {
				kinds = append(kinds, m.kind)
				if m.kind == msgClientHello && (m.length != 260 || len(m.body) != 256 || m.records < 260/size) {
					t.Errorf("message of %d bytes in %d records", m.length, m.records)
				}
			}
		}
		if want := []byte{1, 20, 20, 1}; !bytes.Equal(kinds, want) || !bytes.Equal(began, want) {
			t.Errorf("parts of %d: began %v, ended %v", size, began, kinds)
		}
	}
}

// TestLongMessageIsFollowed has a message that is too long to be read, and one
// after it.
func TestLongMessageIsFollowed(t *testing.T) {
	var a assembler
	const length = 1 << 20
	_, ended := a.add([]byte{msgCertificate, length >> 16, 0, 0})
	for range length >> 14 {
		if len(a.kept) > maxMessage {
			t.Fatalf("%d bytes are kept", len(a.kept))
		}
		_, ended = a.add(make([]byte, 1<<14))
	}
	if len(ended) != 1 || ended[0].length != length+4 || len(ended[0].body) != maxMessage-4 {
		t.Fatalf("%d messages", len(ended))
	}
	if _, ended = a.add([]byte{msgFinished, 0, 0, 0}); len(ended) != 1 || ended[0].kind != msgFinished {
		t.Errorf("the next message was lost")
	}
}
