// Package harness runs cases: it starts the target and the collector, plays the
// dialogues, sends fences and waits until everything has arrived, collects the
// transcripts, calls the judges, and assembles the report.
//
// It sits at the right end of the river, under the command line. Peers do not
// know which case a session belongs to; telling them apart is done here, by
// canary. It forms no opinion of its own: every verdict is scenarios.Decide over
// a transcript that was read back from storage.
package harness
