package pki

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
)

// revokedSerials is how many serial numbers an authority revokes beforehand. Whoever
// asks for more certificates of the kind gets a number twice.
const revokedSerials = 64

// drawSerials draws the serial numbers that are revoked from the beginning, so that
// the list of them can be handed out before they are used.
func drawSerials() []*big.Int {
	serials := make([]*big.Int, revokedSerials)
	for i := range serials {
		b := make([]byte, 16)
		_, _ = rand.Read(b)     // never fails
		b[0] = b[0]&0x7f | 0x40 // a positive number, and always as long (RFC 5280 §4.1.2.2)
		serials[i] = new(big.Int).SetBytes(b)
	}
	return serials
}

// RevocationList returns the list (RFC 5280 §5) of what the intermediate of Roots has revoked, in PEM: all certificates of
// the kind revoked that this value issues, before or after. It holds from an hour before the authority's time for 90 days.
// Nothing of it is saved: an authority that is loaded has another list.
func (a *Authority) RevocationList() ([]byte, error) {
	from, until := current.around(a.now)
	list := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: from, NextUpdate: until}
	for _, serial := range a.revoked {
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: serial, RevocationTime: from})
	}
	by := a.trusted.intermediate
	key, ok := by.PrivateKey.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("make revocation list: a %T cannot sign", by.PrivateKey)
	}
	der, err := x509.CreateRevocationList(rand.Reader, list, by.Leaf, key)
	if err != nil {
		return nil, fmt.Errorf("make revocation list: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der}), nil
}
