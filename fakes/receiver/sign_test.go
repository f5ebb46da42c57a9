package receiver

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"encoding/binary"
	"testing"

	"golang.org/x/crypto/cryptobyte"

	"mailtls/fakes"
)

func TestUnofferedSchemeIsNeverOffered(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	digests := map[uint16]crypto.Hash{0x0203: crypto.SHA1, 0x0303: crypto.SHA224, 0x0103: crypto.MD5}
	for _, tt := range []struct {
		offered []uint16
		want    uint16
	}{
		{nil, 0x0303},
		{[]uint16{0x0403, 0x0804}, 0x0203},
		{[]uint16{0x0403, 0x0203}, 0x0303},
		{[]uint16{0x0203, 0x0303, 0x0403}, 0x0103},
	} {
		var b cryptobyte.Builder
		addSignature(&b, fakes.Flight{Version: tls.VersionTLS12, Unoffered: true}, tt.offered, []byte("signed"), tls.Certificate{PrivateKey: key})
		out, err := b.Bytes()
		if err != nil || len(out) < 4 {
			t.Fatalf("%x: %v", tt.offered, err)
		}
		if got := binary.BigEndian.Uint16(out); got != tt.want {
			t.Errorf("%x: signed with %#x, want %#x", tt.offered, got, tt.want)
		}
		digest := digests[tt.want].New()
		digest.Write([]byte("signed"))
		if !ecdsa.VerifyASN1(&key.PublicKey, digest.Sum(nil), out[4:]) {
			t.Errorf("%x: the signature does not hold", tt.offered)
		}
	}
}
