// Package bench drives mail sessions at a target and measures how long their
// parts take: a Pacer says when sessions are due, a dispatcher releases them, an
// engine of workers does them, and a meter watches the generator itself.
//
// It sits beside scenarios and makes a results.Run out of a results.Plan. It
// judges no conformance, and says whether its own figures can be believed.
//
// Why latency counts from when a session was due (2026-11): a generator that
// waits for a slow target before it begins the next session leaves out the
// sessions that would have suffered most. A session's time therefore begins with
// its place in the schedule; the time from its real begin is kept beside it, as
// raw.
package bench
