package fakes

// Logins are the ways to log in that a server offers, in clear and inside TLS: the
// names of SASL mechanisms, LoginUser and LoginAPOP. What is offered is listed as
// the protocol has it, AUTH= or SASL, and what is not is refused; IMAP lists
// LOGINDISABLED where LoginUser is not among them. PLAIN, LOGIN and EXTERNAL can
// succeed; the other mechanisms get a challenge, and then a refusal, as from a
// server that knows nobody.
type Logins struct{ Clear, TLS []string }

// Ways to log in that are not SASL.
const (
	LoginUser = "USER" // LOGIN in IMAP, USER and PASS in POP3
	LoginAPOP = "APOP" // APOP in POP3 (RFC 1939 §7)
)

// loginBasic are the ways that show the password to whoever listens.
func loginBasic() []string { return []string{LoginUser, "PLAIN", "LOGIN"} }

// loginWindows are loginBasic, and two mechanisms that do not show it.
func loginWindows() []string { return append(loginBasic(), "NTLM", "GSSAPI") }

// BasicAnywhere takes basic logins, inside TLS or in clear.
func BasicAnywhere() Logins { return Logins{Clear: loginBasic(), TLS: loginBasic()} }

// BasicAfterTLS takes basic logins inside TLS, and none in clear (RFC 9051 §6.2.3,
// RFC 2595 §2.3).
func BasicAfterTLS() Logins { return Logins{TLS: loginBasic()} }

// byCertificate is BasicAfterTLS, with EXTERNAL for clients that show a certificate
// (RFC 8314 §4.2).
func byCertificate() Logins { return Logins{TLS: append(loginBasic(), "EXTERNAL")} }

// PlainTextLogin is a login type of Exchange's POP3 and IMAP4 services: no TLS is
// needed for any login.
func PlainTextLogin() Logins { return Logins{Clear: loginWindows(), TLS: loginWindows()} }

// PlainTextAuthentication is another: basic logins need TLS, the others do not.
func PlainTextAuthentication() Logins {
	return Logins{Clear: []string{"NTLM", "GSSAPI"}, TLS: loginWindows()}
}

// SecureLogin is the third, and the default: all logins need TLS.
func SecureLogin() Logins { return Logins{TLS: loginWindows()} }
