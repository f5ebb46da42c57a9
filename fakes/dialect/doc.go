// Package dialect reads and writes the lines of the mail protocols: which verb a
// line holds, what stage it belongs to, and how replies are put together. It is
// pure: it opens nothing and reads no clock.
//
// It sits between fakes and the engines, which use it to cut streams into lines,
// and is used by judges to read replies out of transcripts.
package dialect
