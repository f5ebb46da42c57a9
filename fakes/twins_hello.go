package fakes

import (
	"crypto/tls"

	"mailtls/results"
)

// helloTwins are the twins of the cases about what a ClientHello can offer.
func helloTwins() []Model {
	const (
		ecdheRSA   = 0xc02f // TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
		ecdheECDSA = 0xc02b // TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
		dhe        = 0x009e // TLS_DHE_RSA_WITH_AES_128_GCM_SHA256
		rsa3DES    = 0x000a // TLS_RSA_WITH_3DES_EDE_CBC_SHA
		decode     = 50     // the alert decode_error
	)
	renegotiation := []uint16{0xff01}
	at12 := func(suite uint16) HelloMatch { return HelloMatch{Newest: tls.VersionTLS12, Suite: suite} }
	return []Model{
		twin("segments-not-joined", "default", "Takes the first segment for the whole of a ClientHello.",
			flight(Flight{To: HelloMatch{Trickle: true}, Alert: decode})),
		twin("records-not-joined", "default", "Takes the first record for the whole of a ClientHello.",
			flight(Flight{To: HelloMatch{Records: 2}, Alert: decode})),
		twin("grease-refused", "default", "Refuses a ClientHello with a suite that it does not know.",
			flight(Flight{To: HelloMatch{Suite: Grease(2)}, Alert: decode})),
		twin("grease-suite-chosen", "default", "Chooses a reserved suite.",
			flight(Flight{To: HelloMatch{Suite: Grease(2)}, Version: tls.VersionTLS12, Suite: Grease(2), Extensions: renegotiation})),
		twin("grease-group-chosen", "default", "Chooses a reserved group.",
			flight(Flight{To: HelloMatch{Suite: Grease(2)}, Version: tls.VersionTLS13, Suite: tls.TLS_AES_128_GCM_SHA256, Group: Grease(3)})),
		twin("ssl3-accepted", "default", "Takes SSL 3.0.",
			flight(Flight{To: HelloMatch{Newest: VersionSSL3}, Version: VersionSSL3, Suite: rsa3DES}), rsaKey),
		twin("ssl2-accepted", "default", "Takes SSL 2.0.",
			flight(Flight{To: HelloMatch{Newest: VersionSSL2}, Version: VersionSSL2}), rsaKey),
		twin("rc4-accepted", "default", "Takes RC4.", rsaKey, suites(tls.TLS_ECDHE_RSA_WITH_RC4_128_SHA, tls.TLS_RSA_WITH_RC4_128_SHA)),
		twin("export-accepted", "default", "Takes suites with export keys.", rsaKey,
			flight(Flight{To: at12(0x0003), Version: tls.VersionTLS12, Suite: 0x0003, Extensions: renegotiation})),
		twin("null-accepted", "default", "Takes suites without encryption.", rsaKey,
			flight(Flight{To: at12(0x003b), Version: tls.VersionTLS12, Suite: 0x003b, Extensions: renegotiation})),
		twin("3des-accepted", "default", "Takes 3DES.", rsaKey, suites(tls.TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA)),
		twin("static-rsa-accepted", "default", "Takes key exchange without forward secrecy.", rsaKey, suites(tls.TLS_RSA_WITH_AES_128_GCM_SHA256)),
		twin("short-dhe-prime", "default", "Has Diffie-Hellman parameters of 1024 bits.", rsaKey,
			flight(Flight{To: at12(dhe), Version: tls.VersionTLS12, Suite: dhe, DHBits: 1024, Extensions: renegotiation})),
		twin("compression-chosen", "default", "Chooses DEFLATE where it is offered.", rsaKey,
			flight(Flight{To: HelloMatch{Compression: true}, Version: tls.VersionTLS12, Suite: ecdheRSA, Compression: 1, Extensions: renegotiation})),
		twin("extended-master-secret-missing", "default", "Does not know extended_master_secret.",
			flight(Flight{To: at12(ecdheECDSA), Version: tls.VersionTLS12, Suite: ecdheECDSA, Extensions: renegotiation})),
	}
}

// flight has hellos that fit answered with it.
func flight(f Flight) func(*Model) {
	return fault(Fault{At: results.StageHandshake, Do: ActionFlight, Flights: []Flight{f}})
}

// rsaKey has a model show a certificate with an RSA key.
func rsaKey(m *Model) { m.Receives.RSA = true }

// suites has a model take the suites in TLS 1.2 and below, and no others.
func suites(list ...uint16) func(*Model) { return func(m *Model) { m.Receives.Suites = list } }
