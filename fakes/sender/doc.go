// Package sender plays the scripts of fakes on a connection, byte for byte: what
// a step says is what is sent, one segment for each element. A missed
// expectation ends the session; what that means is for a judge to say.
//
// It sits right of fakes and wire, knows nothing of cases, and returns what was
// seen as a results.Session.
package sender
