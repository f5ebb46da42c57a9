// Package dialect reads and writes the lines of the mail protocols, SMTP, LMTP, IMAP
// and POP3: which verb a line holds, what stage it belongs to, how replies are put
// together, and where the whole answer to a command ends. It is pure: it opens
// nothing and reads no clock.
//
// It sits between fakes and the engines, which use it to cut streams into lines,
// and is used by judges to read replies out of transcripts.
package dialect
