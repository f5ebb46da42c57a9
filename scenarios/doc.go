// Package scenarios holds the cases: what each one requires, what our peers do
// for it, and the judge that reads the transcript. One file of cases a
// behaviour area.
//
// It sits between the peers and the harness, which plays the dialogues and
// collects the transcript. A judge is a pure function: it sees the transcript
// and the claims, and no network, clock or file, so that a stored transcript
// can be judged again.
//
// Why a case names one level a set of claims (2026-11): the same behaviour, such
// as TLS 1.0 being refused, binds a target that calls itself modern and is only
// recorded for one that keeps old peers; the first entry of Levels that fits
// decides.
package scenarios
