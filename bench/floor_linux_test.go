package bench

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/netip"
	"syscall"
	"testing"
)

// floor is the least that a session of TLS 1.3 with X25519 and ECDSA over P-256
// costs a client that is written in Go: making a key, agreeing on a secret,
// verifying a signature, and the calls to the system that move the bytes, to the
// end of the connection, which is the server's to bring about. It has no key
// schedule, no records, no parsing, and waits in the system, not with Go's poller.
type floor struct {
	to     *syscall.SockaddrInet4
	peer   *ecdh.PublicKey
	signer *ecdsa.PublicKey
	signed [sha256.Size]byte
	sign   []byte
	b      [2048]byte
}

func newFloor(addr string) (*floor, error) {
	to, err := netip.ParseAddrPort(addr)
	if err != nil {
		return nil, err
	}
	f := &floor{to: &syscall.SockaddrInet4{Addr: to.Addr().As4(), Port: int(to.Port())}}
	agreed, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	f.peer, f.signer = agreed.PublicKey(), &key.PublicKey
	f.signed = sha256.Sum256(f.b[:130]) // of as many bytes as RFC 8446 §4.4.3 has signed
	f.sign, err = ecdsa.SignASN1(rand.Reader, key, f.signed[:])
	return f, err
}

// session does the least.
func (f *floor) session() (err error) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("socket: %w", err)
	}
	defer func() { err = errors.Join(err, syscall.Close(fd)) }()
	if err := syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1); err != nil { // as Go does
		return err
	}
	if err := syscall.Connect(fd, f.to); err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	key, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	for i, turn := range floorTurns {
		if _, err := syscall.Write(fd, f.b[:turn[0]]); err != nil {
			return fmt.Errorf("write: %w", err)
		}
		for left := turn[1]; left > 0; {
			n, err := syscall.Read(fd, f.b[:])
			if err != nil || n <= 0 {
				return fmt.Errorf("read: %d bytes: %w", n, err)
			}
			left -= n
		}
		if i > 0 {
			continue
		}
		if _, err := key.ECDH(f.peer); err != nil {
			return err
		}
		if !ecdsa.VerifyASN1(f.signer, f.signed[:], f.sign) {
			return errors.New("the signature is wrong")
		}
	}
	if n, err := syscall.Read(fd, f.b[:]); n != 0 || err != nil {
		return fmt.Errorf("await the end: %d bytes: %w", n, err)
	}
	return nil
}

func TestFloorComesToItsEnd(t *testing.T) {
	f, err := newFloor(startHelper(t, "peer floor").word)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.session(); err != nil {
		t.Error(err)
	}
}

// BenchmarkFloor measures the least that a session can cost.
func BenchmarkFloor(b *testing.B) {
	f, err := newFloor(startHelper(b, "peer floor").word)
	if err != nil {
		b.Fatal(err)
	}
	loop(b, f.session)
}
