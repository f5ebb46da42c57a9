// Package nightly keeps what runs and reports were, night after night, and says
// since when something is worse.
//
// It stands behind the river: others measure and judge, and hand it documents. A
// Store is a folder of them with an index. What is derived from a history (Series,
// Trend, Gate) is pure, and equal histories give equal answers.
//
// A figure of a night is the median of that night's runs. A series changes where
// E-divisive finds that its distribution does (changePoints), which needs no model
// of the noise. Two questions are asked of it: Trend asks where a whole series
// changed, Gate asks whether the newest night fits the last stretch without a
// change, or whether a change for the worse began not long ago.
//
// Why a canary (2026-11): a machine that becomes slower makes every target look
// slower. Bare TLS handshakes with nothing of a target in them are measured in the
// same night on the same machine; a change that they share is the machine's.
//
// Why the folder is as it is (2026-11): a document is written under a name that
// holds its digest and renamed into place before the index names it. The index
// only repeats what the documents say, so that whoever dies in between, and
// whatever becomes of the index, the next one to look finds all of them.
package nightly
