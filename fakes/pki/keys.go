package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
)

// KeyType is the kind of key a leaf has. The zero value means ECDSAP256.
type KeyType string

// The key types.
const (
	ECDSAP256 KeyType = "ecdsa-p256" // a new key for each certificate
	RSA2048   KeyType = "rsa-2048"   // one key for all certificates of an Authority, because making one is slow

	rsa1024 KeyType = "rsa-1024" // for the kind of that name
)

func (a *Authority) newKey(t KeyType) (crypto.Signer, error) {
	switch t {
	case "", ECDSAP256:
		return generateECDSA()
	case RSA2048:
		return a.rsaKey()
	case rsa1024:
		return rsa.GenerateKey(rand.Reader, 1024)
	default:
		return nil, fmt.Errorf("make key: unknown type %q, want %q or %q", t, ECDSAP256, RSA2048)
	}
}

func generateECDSA() (*ecdsa.PrivateKey, error) {
	return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
}

func generateRSA() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) }
