// Package results is the vocabulary that the rest of mailtls speaks: what a
// target claims, what was seen on the wire (Transcript), what a judge concluded
// (Verdict), and what is handed to the reader (Report), with the plain codecs
// that store them.
//
// It sits at the far left of the river: every other package imports it and it
// imports none of them. It opens no connection, reads no clock and holds no
// opinion about mail; a stored transcript read back by this package is equal to
// the one that was written, so that it can be judged again years later.
//
// Why text transcripts (2026-11): a transcript is evidence that people quote in
// bug reports and compare with diff, so it is stored one event a line rather
// than as JSON; report.json stays the document for programs.
package results
