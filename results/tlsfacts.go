package results

// TLSFacts is what is known of one handshake. Versions are written "1.0" to
// "1.3", "ssl3" and "ssl2"; suites, groups, extensions, compression methods and
// alerts by their IANA names, or as "0x1a2b" where there is none. A number of
// RFC 8701 §2 is written as "GREASE(0x1a1a)".
type TLSFacts struct {
	// Hello is what the client offered; nil when no ClientHello was seen.
	Hello *ClientHello
	// Version, Suite, Group that the server chose; empty when it did not.
	Version, Suite, Group string
	// Retry is the group that a HelloRetryRequest asked for; empty when there
	// was none.
	Retry string
	// Compression that the server chose; empty when it chose none.
	Compression string
	// Extensions that the ServerHello held, by their IANA names.
	Extensions []string
	// DHBits is the size of the prime in the server's DHE parameters; 0 when it
	// sent none.
	DHBits int
	// ALPN that was agreed; empty when none was.
	ALPN string
	// Named is true when the server said that it made use of the name asked for
	// (RFC 6066 §3).
	Named bool
	// Requested is true when the server asked for a client certificate.
	Requested bool
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
	// Compression methods other than none.
	Compression []string
	// Extensions by their IANA names, in order.
	Extensions []string
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
