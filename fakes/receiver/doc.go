// Package receiver plays a fakes.Profile as a mail server on a listener: the
// honest behaviour of its dialect, with the profile's gates, faults, and the
// things it wrongly keeps and accepts.
//
// It sits right of fakes and wire. It does not know which case a session serves
// and judges nothing; what it saw goes to the Report callback as a
// results.Session, accepted mail to the Deliver callback.
package receiver
