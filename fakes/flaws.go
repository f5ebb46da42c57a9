package fakes

// Flaw is something that a sender must not do, or must do and leaves out.
type Flaw string

// The flaws of the dialogue.
const (
	FlawAnyGreeting          Flaw = "any-greeting"           // goes on whatever the greeting says (RFC 5321 §3.1)
	FlawLaxCodes             Flaw = "lax-codes"              // takes every reply that is no refusal for the one it waits for
	FlawHeloInClear          Flaw = "helo-in-clear"          // sends in clear after HELO, where EHLO is refused, though the policy forbids it
	FlawNeverUpgrades        Flaw = "never-upgrades"         // sends in clear where STARTTLS is listed
	FlawCaseSensitiveKeyword Flaw = "case-sensitive-keyword" // overlooks STARTTLS that is not in capitals (RFC 5321 §2.4)
	FlawGreetingKeyword      Flaw = "greeting-keyword"       // takes STARTTLS on the first line of the EHLO reply for an offer (RFC 5321 §4.1.1.1)
	FlawStartTLSArgument     Flaw = "starttls-argument"      // sends a parameter with STARTTLS (RFC 3207 §4)
	FlawPipelinesBehind      Flaw = "pipelines-behind"       // sends EHLO in clear right behind STARTTLS (RFC 2920 §3.1)
	FlawStartsEarly          Flaw = "starts-early"           // begins the handshake before the go-ahead is complete
	FlawLoopsStartTLS        Flaw = "loops-starttls"         // asks for TLS again and again on a connection where it was refused
	FlawStartTLSAgain        Flaw = "starttls-again"         // asks for TLS inside TLS where it is listed there (RFC 3207 §4.2)
	FlawNoEhloAfterTLS       Flaw = "no-ehlo-after-tls"      // sends mail inside TLS without a new EHLO (RFC 3207 §4.2)
	FlawTakes354             Flaw = "takes-354"              // sends the content after 354 to STARTTLS
	FlawKeepCapabilities     Flaw = "keep-capabilities"      // uses after STARTTLS what was listed before (RFC 3207 §4.2)
	FlawInjectedReply        Flaw = "injected-reply"         // takes what came behind the go-ahead for the reply to EHLO inside TLS
	FlawPartialLine          Flaw = "partial-line"           // glues an unfinished line from before TLS to the first one inside
	FlawAuthInClear          Flaw = "auth-in-clear"          // sends credentials in clear
	FlawFalseDelivered       Flaw = "false-delivered"        // takes a reply that it did not ask for as the answer to the content
	FlawNoTimeout            Flaw = "no-timeout"             // waits for a silent peer without end
	FlawReuseAcross          Flaw = "reuse-across"           // sends mail of one policy over a connection made under another
)

// The flaws of the fallback: each sends in clear where the policy, or the moment,
// forbids it.
const (
	FlawFallsBack            Flaw = "falls-back"              // on a new connection though the policy forbids it
	FlawClearSame            Flaw = "clear-same"              // on the connection whose handshake failed
	FlawParsesAfter220       Flaw = "parses-after-220"        // on the connection that answers the ClientHello with a reply in clear
	FlawClearAt421           Flaw = "clear-at-421"            // on a new connection once STARTTLS got 421
	FlawClearAfterTLSSuccess Flaw = "clear-after-tls-success" // in a later attempt once the connection was lost at the end of the content
)

// The flaws of the handshake.
const (
	FlawIgnoresFloor     Flaw = "ignores-floor"     // speaks versions below the floor
	FlawTLS12Missing     Flaw = "tls12-missing"     // speaks nothing newer than TLS 1.1
	FlawOffersRC4        Flaw = "offers-rc4"        // offers suites with RC4 and 3DES (RFC 7465 §2)
	FlawAnyName          Flaw = "any-name"          // does not look at the name in the certificate
	FlawAnyIssuer        Flaw = "any-issuer"        // does not look at who issued the certificate
	FlawAnyDate          Flaw = "any-date"          // does not look at the dates of the certificate
	FlawAnyUsage         Flaw = "any-usage"         // does not look at what the certificate is for (RFC 5280 §4.2.1.12)
	FlawCommonName       Flaw = "common-name"       // takes the common name for a name where there is no other (RFC 9525 §6.3)
	FlawWildcardDeep     Flaw = "wildcard-deep"     // has a wildcard stand for several labels
	FlawWildcardPartial  Flaw = "wildcard-partial"  // has a wildcard stand for a part of a label
	FlawSNIAddress       Flaw = "sni-address"       // sends an address as server name (RFC 6066 §3)
	FlawResumeUnverified Flaw = "resume-unverified" // resumes sessions of other policies, and does not look at their certificates
)

// The flaws of the queue.
const (
	FlawLoses            Flaw = "loses"             // drops a deferred message
	FlawTwice            Flaw = "twice"             // delivers a message twice
	FlawOnlyFirstMX      Flaw = "only-first-mx"     // never tries the second host of a domain (RFC 5321 §5.1)
	FlawBounces454       Flaw = "bounces-454"       // gives a message back when STARTTLS gets 4xx
	FlawBouncesUntrusted Flaw = "bounces-untrusted" // gives a message back when the certificate does not hold
	FlawRetriesForever   Flaw = "retries-forever"   // does not give a message back when its lifetime is over
	FlawRetriesLate      Flaw = "retries-late"      // waits four times as long as it says between attempts
	FlawNeverRetries     Flaw = "never-retries"     // gives a message back when the first attempt is deferred
	FlawNoNotice         Flaw = "no-notice"         // gives up without a notification (RFC 5321 §4.5.4.1)
	FlawVagueNotice      Flaw = "vague-notice"      // does not say in the notification that TLS was the reason
)

// Flaws lists every flaw.
func Flaws() []Flaw {
	return []Flaw{
		FlawAnyGreeting, FlawLaxCodes, FlawHeloInClear, FlawNeverUpgrades, FlawCaseSensitiveKeyword, FlawGreetingKeyword,
		FlawStartTLSArgument, FlawPipelinesBehind, FlawStartsEarly, FlawLoopsStartTLS, FlawStartTLSAgain,
		FlawNoEhloAfterTLS, FlawTakes354, FlawKeepCapabilities, FlawInjectedReply, FlawPartialLine, FlawAuthInClear,
		FlawFalseDelivered, FlawNoTimeout, FlawReuseAcross,
		FlawFallsBack, FlawClearSame, FlawParsesAfter220, FlawClearAt421, FlawClearAfterTLSSuccess,
		FlawIgnoresFloor, FlawTLS12Missing, FlawOffersRC4, FlawAnyName, FlawAnyIssuer, FlawAnyDate, FlawAnyUsage,
		FlawCommonName, FlawWildcardDeep, FlawWildcardPartial, FlawSNIAddress, FlawResumeUnverified,
		FlawLoses, FlawTwice, FlawOnlyFirstMX, FlawBounces454, FlawBouncesUntrusted, FlawRetriesForever, FlawRetriesLate,
		FlawNeverRetries, FlawNoNotice, FlawVagueNotice,
	}
}
