// Package receiver plays a fakes.Profile as a mail server on a listener: the
// honest behaviour of its dialect, with the profile's gates, faults, and the
// things it wrongly keeps and accepts.
//
// SMTP, LMTP, IMAP and POP3 are spoken on one session: what differs by protocol is
// a tongue, all else is shared, TLS and faults included. A user's mail is one
// mailbox in memory, without flags; there is no compression, and of the SASL
// mechanisms PLAIN, LOGIN and EXTERNAL alone can succeed.
//
// It sits right of fakes and wire. It does not know which case a session serves
// and judges nothing; what it saw goes to the Report callback as a
// results.Session, accepted mail to the Deliver callback.
package receiver
