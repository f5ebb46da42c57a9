// Package pki makes certificates by kind: a valid one, and one for each defect that a mail peer may show or be shown
// (expired, wrong name, unknown issuer, ...). The kinds valid, wildcard, next-hop-name, long-chain and client have no
// defect, every other has exactly one, so that a target which refuses it refuses it for that reason.
//
// It sits below fakes/receiver and harness/targets, which ask for a certificate by kind and host name. It knows nothing of
// mail, opens no connection and reads no clock: the time is given to New and LoadAuthority.
//
// It does not pin (TLSA records are made elsewhere, from the chain that Issue returns and from RootPEM), and makes weak
// keys and signatures only for the kinds that are named after them. What is revoked is on a list to be handed over: no
// certificate says where one could be fetched (no CRL distribution point, no OCSP, no AIA), because nothing serves it.
//
// Why the authorities sign with ECDSA P-256 even above an RSA leaf (2026-11): making an RSA key takes a tenth of a second
// and more, and a new Authority is made for nearly every test. A client that can verify no ECDSA signature at all cannot
// verify these chains.
//
// Why root keys are thrown away (2026-11): only the intermediates sign leaves, so a saved authority holds no key that
// could sign another intermediate.
package pki
