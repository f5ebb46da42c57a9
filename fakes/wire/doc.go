// Package wire is the recorder: a net.Conn that writes down what passes on one
// connection, below TLS and above it, with segment boundaries and monotonic
// times. It stands between the peers, which act, and the transcript, which is
// judged; what it writes is a results.Session.
//
// Below TLS it reads the record layer itself. Whatever looks like a TLS record
// becomes a record event; whatever does not is clear data, and is shown as such
// even where TLS was expected, so that an SMTP reply in clear in the middle of a
// handshake, or after close_notify, cannot hide. Handshake messages give the
// TLSFacts, alerts are listed with their sender. Above TLS every call of Read
// and Write is one data event.
//
// What it does not do: it has no opinion on what it sees, it knows no mail
// protocol, it starts no goroutine, and it never alters what passes, but for the
// cuts that Cut asks for and the records that a script has it make (WriteRecord).
//
// Why it opens encrypted alerts (September 2026): crypto/tls tells alerts only
// through error texts, and not all of them; in TLS 1.3 nearly every alert is
// encrypted, and its record cannot be told from application data (RFC 8446
// §5.2). Our own end's key log is at hand, so the recorder derives the record
// keys for the AEAD suites and looks. Where it cannot (CBC and RC4 suites, a far
// end that left the sequence) the event says "alert (encrypted)" if the record
// type shows that it is one.
//
// Why crypto/tls keeps writing when our end was taken over (September 2026): it
// answers KeyUpdates and sends alerts by itself, whenever it reads. So its
// records are opened and sealed again under the keys that the far end expects,
// and a record of a script's own is one more in between.
//
// Why one event may stand for many segments: a message of megabytes must not be
// kept in memory nor in a transcript. Data events of up to 4 KiB are kept whole.
// Larger ones that follow each other are merged into one event with a digest,
// and so is a whole run of data events (same side, layer, stage and mark) once
// it exceeds 64 KiB.
package wire
