package wire

import (
	"bytes"
	"encoding/binary"
	"testing"

	"mailtls/results"
)

// cut cuts data in parts of the lengths in cuts, over and over.
func cut(data, cuts []byte) [][]byte {
	var out [][]byte
	for i := 0; len(data) > 0; i++ {
		n := len(data)
		if len(cuts) > 0 {
			n = min(n, 1+int(cuts[i%len(cuts)]))
		}
		out = append(out, data[:n])
		data = data[n:]
	}
	return out
}

// wireBytes gives a piece as it stood on the wire.
func wireBytes(p piece) []byte {
	switch {
	case !p.record:
		return p.body
	case p.header.kind == typeSSLv2:
		return append(binary.BigEndian.AppendUint16(nil, uint16(p.header.length)|0x8000), p.body...)
	}
	out := binary.BigEndian.AppendUint16([]byte{p.header.kind}, p.header.version)
	return append(binary.BigEndian.AppendUint16(out, uint16(p.header.length)), p.body...)
}

// FuzzRecords cuts arbitrary bytes into arbitrary segments: every byte must come
// out once and in order, what is kept back is bounded, and the session that the
// bytes make can be told at any time.
func FuzzRecords(f *testing.F) {
	f.Add([]byte("\x16\x03\x01\x00\x04\x01\x00\x00\x00220 hi\r\n\x15\x03\x01\x00\x02\x02\x28"), []byte{0, 3})
	f.Add([]byte("\x80\x0c\x01\x03\x01\x00\x03\x00\x00\x00\x00abc\x14\x03\x03\x00\x01\x01"), []byte{})
	f.Fuzz(func(t *testing.T, data, cuts []byte) {
		var frame framer
		var out []byte
		for _, part := range cut(data, cuts) {
			frame.feed(ticket{}, part, func(p piece) { out = append(out, wireBytes(p)...) })
			if len(frame.head) >= headerLen || len(frame.body) > maxPayload {
				t.Fatalf("%d and %d bytes are kept back", len(frame.head), len(frame.body))
			}
		}
		if p, ok := frame.leftover(); ok {
			out = append(out, wireBytes(p)...)
		}
		if !bytes.Equal(out, data) {
			t.Fatalf("%x became %x", data, out)
		}
		if o, more := ReadOffer(data); o != nil && (more || o.Length > len(data)) {
			t.Fatalf("an offer of %d bytes in %d, more %v", o.Length, len(data), more)
		}
		follow(t, data, cuts)
	})
}

// follow has a tracker see data from both sides, as TLS 1.3 with keys and as
// whatever the data says.
func follow(t *testing.T, data, cuts []byte) {
	for _, version := range []uint16{0, version12, version13} {
		r := quiet()
		k := &tracker{log: &r.log}
		r.trackers = append(r.trackers, k)
		k.expect()
		k.current.version, k.current.suite = version, 0x1301
		if len(cuts) > 3 {
			k.current.secrets[labelMaster] = make([]byte, 48)
			k.current.secrets[labelServerHandshake] = make([]byte, 32)
		}
		for i, part := range cut(data, cuts) {
			k.segment(r.draw(), sideOf(i), part)
		}
		k.drain(k.current)
		s := r.Session()
		if len(data) > 0 && len(s.Events) == 0 {
			t.Fatalf("nothing is told of %x", data)
		}
	}
}

func sideOf(i int) results.Side {
	if i%3 == 0 {
		return results.Client
	}
	return results.Server
}

// FuzzHello reads arbitrary bytes as each of the messages that are read.
func FuzzHello(f *testing.F) {
	f.Add([]byte{3, 3})
	f.Fuzz(func(t *testing.T, body []byte) {
		client, ok := readClientHello(body)
		if ok && len(client.random) != 32 || len(body) >= 2 && len(client.offer.Versions) == 0 {
			t.Errorf("hello %+v", client)
		}
		if server, ok := readServerHello(body); ok && len(server.random) != 32 {
			t.Errorf("hello %+v", server)
		}
		for _, version := range []uint16{version12, version13} {
			for _, cert := range readCertificates(body, version) {
				if len(cert) > len(body) {
					t.Errorf("certificate of %d bytes", len(cert))
				}
			}
		}
		a := newAttempt()
		for kind := range byte(25) {
			a.message(results.Server, message{kind: kind, body: body, length: len(body) + 4, records: 1})
		}
		_ = a.copyFacts()
	})
}
