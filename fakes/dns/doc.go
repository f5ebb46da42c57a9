// Package dns is the resolver that a mail server under test asks: it answers MX,
// A, TLSA, TXT and the like out of a Zone, with and without AD, and reports every
// question for the transcript. The Zone is data that a case may edit while it is
// served, and a Fault makes it misbehave for one name.
//
// It stands beside fakes/wire and fakes/pki, below those who place peers and edit
// zones; it writes results.Query and knows neither mail nor cases. The messages
// are read and written by github.com/miekg/dns; sockets, goroutines and answers
// are its own.
//
// It answers as a recursive resolver does (RA, never AA), for the whole tree from
// the root down: what no Zone knows does not exist. Only addresses of 127.0.0.0/8
// have a name of their own accord, see Pointer.
//
// It does not sign: AD says that a name was marked Secure and that the client asked
// (DO or AD in the query, RFC 6840 §5.7), as a validating resolver would say it, but
// there is no RRSIG to check. Data that fails validation is a Fault with ServFail.
// It knows no wildcards, no delegation and no transfers.
//
// Why AD is marked and not earned (November 2026): a mail server leaves validation
// to its resolver and reads one bit. Signing would put a validating resolver of
// somebody else's between the target and the log, with a cache that hides questions
// and keeps what a case has edited.
//
// Why every record has a lifetime of 0 (November 2026): a record that is edited must
// be seen by the next question.
package dns
