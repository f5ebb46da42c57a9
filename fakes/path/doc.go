// Package path is the box in the middle: it stands between a client and a server
// that are not ours, forwards what they say, and writes down what the client's
// side of it sees as a results.Session. What it does besides is a fakes.Path.
//
// It holds no keys. Below TLS it reads the hellos, so that the facts of a session
// say what was offered and chosen; what is inside stays records, whose stage is
// that of the handshake. Facts.Complete is never set: neither end is ours.
//
// In clear it follows SMTP closely enough to name the stage of what passes.
package path
