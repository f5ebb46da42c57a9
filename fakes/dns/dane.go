package dns

import (
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"fmt"
)

// TLSAName is the name of a host's TLSA records for a TCP port:
// "_25._tcp.mx.example.test".
func TLSAName(host string, port uint16) string { return fmt.Sprintf("_%d._tcp.%s", port, host) }

// Association is the data of a TLSA record that a certificate matches. The selector
// is 0 for the certificate or 1 for its public key, the matching type 0 for the
// whole, 1 for its SHA-256 or 2 for its SHA-512.
func Association(selector, matching uint8, cert *x509.Certificate) ([]byte, error) {
	var whole []byte
	switch selector {
	case 0:
		whole = cert.Raw
	case 1:
		whole = cert.RawSubjectPublicKeyInfo
	default:
		return nil, fmt.Errorf("associate certificate: no selector %d", selector)
	}
	switch matching {
	case 0:
		return whole, nil
	case 1:
		sum := sha256.Sum256(whole)
		return sum[:], nil
	case 2:
		sum := sha512.Sum512(whole)
		return sum[:], nil
	default:
		return nil, fmt.Errorf("associate certificate: no matching type %d", matching)
	}
}
