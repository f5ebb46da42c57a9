// Package sender plays the sending peers of fakes, in two ways.
//
// Play plays a script on a connection, in the dialect of its listener and byte for
// byte: what a step says is what is sent, one segment for each element. A missed
// expectation ends the session; what that means is for a judge to say. It returns
// what was seen as a results.Session.
//
// MTA plays policies: a mail transfer agent with a queue, retries, a way to fall
// back and notifications, honest but for the flaws of its policies. It records
// nothing, because its peers do.
//
// Both sit right of fakes and wire and know nothing of cases.
package sender
