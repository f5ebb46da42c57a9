package wire

import (
	"crypto/tls"
	"fmt"
	"strings"
)

const (
	version12 = 0x0303
	version13 = 0x0304
)

// versionName writes a protocol version as results.TLSFacts has it.
func versionName(v uint16) string {
	switch {
	case v == 0x0002:
		return "ssl2"
	case v == 0x0300:
		return "ssl3"
	case v > 0x0300 && v <= version13:
		return fmt.Sprintf("1.%d", v-0x0301)
	}
	return numberName(v)
}

// suiteName gives the IANA name of a cipher suite.
func suiteName(v uint16) string {
	if name := tls.CipherSuiteName(v); !strings.HasPrefix(name, "0x") {
		return name
	}
	return lookup(suiteTable, v)
}

// groupName gives the IANA name of a group for key exchange.
func groupName(v uint16) string { return lookup(groupTable, v) }

// extensionName gives the IANA name of an extension.
func extensionName(v uint16) string { return lookup(extensionTable, v) }

// compressionName gives the IANA name of a compression method (RFC 3749 §2).
func compressionName(method uint8) string { return lookup(compressionTable, uint16(method)) }

// alertName gives the IANA name of an alert.
func alertName(code uint8) string { return lookup(alertTable, uint16(code)) }

// messageName gives the IANA name of a handshake message.
func messageName(kind byte) string { return lookup(messageTable, uint16(kind)) }

// recordName gives the IANA name of a record type.
func recordName(kind byte) string { return lookup(recordTable, uint16(kind)) }

// lookup finds the name of v in a table whose lines are a number in four
// hexadecimal digits, a space and a name.
func lookup(table string, v uint16) string {
	_, rest, ok := strings.Cut(table, fmt.Sprintf("\n%04x ", v))
	if !ok {
		return numberName(v)
	}
	name, _, _ := strings.Cut(rest, "\n")
	return name
}

// numberName writes a number that has no name. The values of RFC 8701 §2, which
// clients offer so that servers stay tolerant of unknown ones, are marked.
func numberName(v uint16) string {
	if v&0x0f0f == 0x0a0a && v>>8 == v&0xff {
		return fmt.Sprintf("GREASE(0x%04x)", v)
	}
	if v < 0x100 {
		return fmt.Sprintf("0x%02x", v)
	}
	return fmt.Sprintf("0x%04x", v)
}

const recordTable = `
0014 change_cipher_spec
0015 alert
0016 handshake
0017 application_data
0018 heartbeat
`

const messageTable = `
0000 hello_request
0001 client_hello
0002 server_hello
0003 hello_verify_request
0004 new_session_ticket
0005 end_of_early_data
0008 encrypted_extensions
000b certificate
000c server_key_exchange
000d certificate_request
000e server_hello_done
000f certificate_verify
0010 client_key_exchange
0014 finished
0015 certificate_url
0016 certificate_status
0017 supplemental_data
0018 key_update
0019 compressed_certificate
00fe message_hash
`

const compressionTable = `
0000 NULL
0001 DEFLATE
0040 LZS
`

const extensionTable = `
0000 server_name
0001 max_fragment_length
0002 client_certificate_url
0003 trusted_ca_keys
0004 truncated_hmac
0005 status_request
0006 user_mapping
0007 client_authz
0008 server_authz
0009 cert_type
000a supported_groups
000b ec_point_formats
000c srp
000d signature_algorithms
000e use_srtp
000f heartbeat
0010 application_layer_protocol_negotiation
0011 status_request_v2
0012 signed_certificate_timestamp
0013 client_certificate_type
0014 server_certificate_type
0015 padding
0016 encrypt_then_mac
0017 extended_master_secret
0018 token_binding
0019 cached_info
001b compress_certificate
001c record_size_limit
0022 delegated_credential
0023 session_ticket
0029 pre_shared_key
002a early_data
002b supported_versions
002c cookie
002d psk_key_exchange_modes
002f certificate_authorities
0030 oid_filters
0031 post_handshake_auth
0032 signature_algorithms_cert
0033 key_share
fe0d encrypted_client_hello
ff01 renegotiation_info
`

const alertTable = `
0000 close_notify
000a unexpected_message
0014 bad_record_mac
0015 decryption_failed
0016 record_overflow
001e decompression_failure
0028 handshake_failure
0029 no_certificate
002a bad_certificate
002b unsupported_certificate
002c certificate_revoked
002d certificate_expired
002e certificate_unknown
002f illegal_parameter
0030 unknown_ca
0031 access_denied
0032 decode_error
0033 decrypt_error
0034 too_many_cids_requested
003c export_restriction
0046 protocol_version
0047 insufficient_security
0050 internal_error
0056 inappropriate_fallback
005a user_canceled
0064 no_renegotiation
006d missing_extension
006e unsupported_extension
006f certificate_unobtainable
0070 unrecognized_name
0071 bad_certificate_status_response
0072 bad_certificate_hash_value
0073 unknown_psk_identity
0074 certificate_required
0075 general_error
0078 no_application_protocol
0079 ech_required
`

const groupTable = `
0001 sect163k1
0002 sect163r1
0003 sect163r2
0004 sect193r1
0005 sect193r2
0006 sect233k1
0007 sect233r1
0008 sect239k1
0009 sect283k1
000a sect283r1
000b sect409k1
000c sect409r1
000d sect571k1
000e sect571r1
000f secp160k1
0010 secp160r1
0011 secp160r2
0012 secp192k1
0013 secp192r1
0014 secp224k1
0015 secp224r1
0016 secp256k1
0017 secp256r1
0018 secp384r1
0019 secp521r1
001a brainpoolP256r1
001b brainpoolP384r1
001c brainpoolP512r1
001d x25519
001e x448
001f brainpoolP256r1tls13
0020 brainpoolP384r1tls13
0021 brainpoolP512r1tls13
0029 curveSM2
0100 ffdhe2048
0101 ffdhe3072
0102 ffdhe4096
0103 ffdhe6144
0104 ffdhe8192
0200 MLKEM512
0201 MLKEM768
0202 MLKEM1024
11eb SecP256r1MLKEM768
11ec X25519MLKEM768
11ed SecP384r1MLKEM1024
6399 X25519Kyber768Draft00
639a SecP256r1Kyber768Draft00
`
