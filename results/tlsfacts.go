package results

// TLSFacts is what is known of one handshake. Versions are written "1.0" to
// "1.3" and "ssl3"; suites, groups and alerts by their IANA names, or as
// "0x1a2b" where there is none.
type TLSFacts struct {
	// Hello is what the client offered; nil when no ClientHello was seen.
	Hello *ClientHello
	// Version, Suite, Group that the server chose; empty when it did not.
	Version, Suite, Group string
	// ALPN that was agreed; empty when none was.
	ALPN string
	// Named is true when the server said that it made use of the name asked for
	// (RFC 6066 §3).
	Named bool
	// Resumed is true when the session was resumed.
	Resumed bool
	// Complete is true when our end finished the handshake.
	Complete bool
	// Error is what our end said when it did not.
	Error string
	// Tickets that the server gave for resumption, and the most bytes of early
	// data that one of them permits (RFC 8446 §4.6.1); 0 when none did.
	Tickets   int
	EarlyData uint32
	// Alerts in the order in which they were seen.
	Alerts []Alert
	// Chain that the server presented, leaf first, each in DER.
	Chain [][]byte
	// ClientChain that the client presented, leaf first, each in DER.
	ClientChain [][]byte
	// Verify is "ok" or why the server's chain could not be verified against
	// the roots that the target's owner named; empty when no check was made.
	Verify string
}

// ClientHello is what a client offered.
type ClientHello struct {
	Versions []string
	Suites   []string
	Groups   []string
	SNI      string
	ALPN     []string
	// Length of the handshake message in bytes, Records it was sent in.
	Length, Records int
}

// Alert is one TLS alert (RFC 8446 §6).
type Alert struct {
	From  Side
	Fatal bool
	// Code is the number, Name its IANA name.
	Code uint8
	Name string
}
