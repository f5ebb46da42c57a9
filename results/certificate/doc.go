// Package certificate makes and checks the document in which a lab says what a
// product was found to keep of its promises about TLS.
//
// It stands behind the river: it takes the report of a run that left nothing out,
// what the vendor says of the product (Subject), and profiles, and gives a
// Certificate. It judges no transcript and plays no case; who verifies a
// certificate has the transcripts judged again elsewhere, and compares.
//
// A certificate is a folder: what the run left, the subject as it was given,
// certificate.json with the SHA-256 of each other file, certificate.txt for people,
// and the signature of certificate.json. What it can prove is that the folder is as
// the holder of the key signed it, and that the verdicts follow from the
// transcripts. That the transcripts are of the product named is the signer's word.
//
// Why minisign (2026-11): its signatures are plain Ed25519 in a short text, its
// tools are in every distribution, and a third party needs no tool of ours to check
// the signature.
//
// Why a waived case is a failed one here (2026-11): a waiver says that a failure is
// expected. That serves whoever watches for new failures; whoever relies on a
// certificate meets the failure all the same.
package certificate
