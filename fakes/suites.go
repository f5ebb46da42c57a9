package fakes

import "crypto/tls"

// LegacySuites are the suites of peers that speak TLS 1.0 and 1.1, with those
// for TLS 1.2 before them.
func LegacySuites() []uint16 {
	return []uint16{
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
		tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
		tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA,
		tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
		tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA,
		tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA,
		tls.TLS_RSA_WITH_AES_128_CBC_SHA,
		tls.TLS_RSA_WITH_AES_256_CBC_SHA,
		tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA,
	}
}

// The suites that are too weak to be used, by what is wrong with them. Anonymous
// ones are not among the others.

// RC4Suites encrypt with RC4 (RFC 7465 §2).
func RC4Suites() []uint16 { return []uint16{0xc007, 0xc011, 0x0005, 0x0004} }

// ExportSuites have keys of 40 or 56 bits (RFC 9325 §4.1).
func ExportSuites() []uint16 { return []uint16{0x0014, 0x0011, 0x0008, 0x0006, 0x0003} }

// NullSuites do not encrypt (RFC 9325 §4.1).
func NullSuites() []uint16 { return []uint16{0xc006, 0xc010, 0x003b, 0x0002, 0x0001} }

// AnonymousSuites have no certificate.
func AnonymousSuites() []uint16 {
	return []uint16{0xc019, 0xc018, 0x00a7, 0x00a6, 0x006d, 0x006c, 0x003a, 0x0034, 0x001b}
}

// TripleDESSuites encrypt with 3DES.
func TripleDESSuites() []uint16 { return []uint16{0xc008, 0xc012, 0x0016, 0x000a} }

// StaticRSASuites have no forward secrecy: the secret is sent under the key of
// the certificate.
func StaticRSASuites() []uint16 { return []uint16{0x009d, 0x009c, 0x003d, 0x003c, 0x0035, 0x002f} }

// DHESuites agree on their secret in a finite field that the server chooses.
func DHESuites() []uint16 { return []uint16{0xccaa, 0x009f, 0x009e, 0x006b, 0x0067, 0x0039, 0x0033} }

// SoundSuites are for TLS 1.2 and 1.3, and the least bad of those before.
func SoundSuites() []uint16 {
	return []uint16{
		0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8,
		0xc009, 0xc013, 0xc00a, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035,
	}
}

// The signalling values among the suites.
const (
	RenegotiationSignal = 0x00ff // secure renegotiation is known (RFC 5746 §3.3)
	FallbackSignal      = 0x5600 // a newer version was tried before (RFC 7507 §2)
)
